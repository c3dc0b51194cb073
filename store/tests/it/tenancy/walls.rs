//! The walls between tenants, as PostgreSQL keeps them: looked at with bare SQL, as the roles of production.

use testbed::Database;
use testbed::postgres::query;

use super::people::{owner, place, tenant, value};
use crate::support::PASSWORD;

/// Tables that say whose a row is, but for partitions, which nobody but their parent may touch.
const OF_TENANTS: &str = "select c.relname from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and (c.relname = 'tenants'
            or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'))
     order by 1";

async fn tables(database: &Database) -> Vec<String> {
    database.query(OF_TENANTS).await.unwrap().into_iter().map(|row| row[0].clone().unwrap()).collect()
}

async fn as_backend(database: &Database, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
    let url = database.url_as("argosy_backend", PASSWORD);
    query(&url, sql).await.map_err(|error| format!("{error:#}"))
}

#[tokio::test]
async fn every_table_with_a_tenant_has_a_wall_that_holds_its_owner_too() {
    let place = place().await;
    let open = place
        .database
        .query(&format!(
            "select relname from pg_class where relname in ({OF_TENANTS}) and relnamespace = 'public'::regnamespace
                and not (relrowsecurity and relforcerowsecurity)"
        ))
        .await
        .unwrap();
    assert_eq!(open, Vec::<Vec<Option<String>>>::new(), "tables without a wall");
    assert!(tables(&place.database).await.len() >= 8, "this test looks at nothing");
}

#[tokio::test]
async fn nobody_reaches_a_partition_past_its_parent() {
    let place = place().await;
    let open = place
        .database
        .query(
            "select c.relname, r.rolname from pg_class c, pg_roles r
              where c.relispartition and c.relkind = 'r' and r.rolname like 'argosy\\_%'
                and has_table_privilege(r.oid, c.oid, 'select, insert, update, delete')",
        )
        .await
        .unwrap();
    assert_eq!(open, Vec::<Vec<Option<String>>>::new());
}

#[tokio::test]
async fn a_query_without_scope_sees_nothing() {
    let place = place().await;
    tenant(&place.store, "acme", "corp:ann").await;
    let filled = ["tenants", "members", "tenant_ledger", "audit", "feed"];
    for table in filled {
        assert_ne!(value(&place.database, &format!("select count(*) from {table}")).await, "0", "{table}");
    }
    for table in tables(&place.database).await {
        match as_backend(&place.database, &format!("select count(*) from {table}")).await {
            Ok(rows) => assert_eq!(rows, [[Some("0".to_owned())]], "{table}"),
            // Nothing is granted: it sees even less.
            Err(error) => assert!(error.contains("permission denied"), "{table}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_scope_ends_with_its_transaction() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await.tenant();
    let seen = |rows: Vec<Vec<Option<String>>>| {
        rows.into_iter().map(|row| row[0].clone().unwrap()).collect::<Vec<_>>()
    };
    for end in ["commit", "rollback"] {
        let sql = format!(
            "begin; set local argosy.tenant = '{acme}'; select count(*) from tenants; {end};
             select count(*) from tenants; select coalesce(argosy_tenant()::text, 'nobody')"
        );
        assert_eq!(seen(as_backend(&place.database, &sql).await.unwrap()), ["1", "0", "nobody"], "{end}");
    }
}

#[tokio::test]
async fn one_tenant_neither_sees_nor_touches_what_is_anothers() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await.tenant();
    let globex = tenant(&place.store, "globex", "corp:bob").await.tenant();
    let in_acme = |sql: &str| format!("begin; set local argosy.tenant = '{acme}'; {sql}; commit");

    for table in ["members", "tenant_ledger", "audit", "feed"] {
        let sql = in_acme(&format!("select count(*) from {table} where tenant_id <> '{acme}'"));
        assert_eq!(as_backend(&place.database, &sql).await.unwrap()[0][0].as_deref(), Some("0"), "{table}");
    }
    for change in [
        format!("update members set role = 'owner' where tenant_id = '{globex}'"),
        format!("delete from members where tenant_id = '{globex}'"),
        format!("update tenant_ledger set max_api_keys = 9 where tenant_id = '{globex}'"),
        format!("update tenants set display_name = 'mine' where id = '{globex}'"),
    ] {
        as_backend(&place.database, &in_acme(&change)).await.unwrap();
    }
    let there = "select string_agg(principal || ' ' || role, ',' order by principal) from members";
    assert_eq!(value(&place.database, there).await, "corp:ann owner,corp:bob owner");
    assert_eq!(value(&place.database, "select max(max_api_keys)::text from tenant_ledger").await, "50");
    assert_eq!(value(&place.database, "select max(display_name) from tenants").await, "");

    for smuggled in [
        format!(
            "insert into members (tenant_id, principal, role, made_by) values ('{globex}', 'corp:ann', 'owner', 'x')"
        ),
        format!("update members set tenant_id = '{globex}' where tenant_id = '{acme}'"),
        format!(
            "insert into audit (tenant_id, principal, action, noun, resource_id) values ('{globex}', 'corp:bob', 'x', 'x', '{acme}')"
        ),
        "insert into platform_members (principal, role, made_by) values ('corp:ann', 'operator', 'x')"
            .to_owned(),
    ] {
        let error = as_backend(&place.database, &in_acme(&smuggled)).await.unwrap_err();
        assert!(error.contains("row-level security"), "{smuggled}: {error}");
    }
}

#[tokio::test]
async fn what_was_done_cannot_be_undone_in_the_audit() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    owner(&acme);
    for change in ["update audit set principal = 'corp:eve'", "delete from audit"] {
        let sql = format!("begin; set local argosy.tenant = '{}'; {change}; commit", acme.tenant());
        let error = as_backend(&place.database, &sql).await.unwrap_err();
        assert!(error.contains("permission denied"), "{error}");
    }
}
