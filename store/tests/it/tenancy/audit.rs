//! The audit: who did what, page by page.

use domain::access::Role;
use store::audit::{AuditFilter, AuditPage};

use super::people::{member, operator, owner, place, tenant};

fn actions(page: &AuditPage) -> Vec<&str> {
    page.items.iter().map(|row| row.action.as_str()).collect()
}

#[tokio::test]
async fn the_newest_comes_first_and_pages_miss_nothing() {
    let place = place().await;
    let acme = tenant(&place.store, "acme", "corp:ann").await;
    tenant(&place.store, "globex", "corp:bob").await;
    for who in ["corp:m1", "corp:m2", "corp:m3"] {
        member(&place.store, &acme, who, Role::Viewer).await;
    }
    let (access, all) = (owner(&acme), AuditFilter::default());
    let first = place.store.audit(&access, &all, (None, 3)).await.unwrap();
    assert_eq!(actions(&first), ["member.put", "member.put", "member.put"]);
    assert_eq!(first.items[0].resource_name, "corp:m3");
    assert_eq!(
        (first.items[0].principal.as_str(), first.items[0].request_id.as_str()),
        ("corp:ann", "let in")
    );
    // What comes in between does not move the pages.
    member(&place.store, &acme, "corp:m4", Role::Viewer).await;
    let second = place.store.audit(&access, &all, (first.next, 3)).await.unwrap();
    assert_eq!((actions(&second), second.next), (vec!["tenant.create"], None));
    assert!(second.items.iter().all(|row| row.tenant == Some(acme.tenant())));

    let one = AuditFilter {
        noun: Some("member".to_owned()),
        principal: Some("corp:ann".to_owned()),
        ..all.clone()
    };
    assert_eq!(place.store.audit(&access, &one, (None, 50)).await.unwrap().items.len(), 4);
    let nobody = AuditFilter { principal: Some("corp:bob".to_owned()), ..all };
    assert_eq!(place.store.audit(&access, &nobody, (None, 50)).await.unwrap().items, []);
}

#[tokio::test]
async fn an_auditor_sees_the_platform_and_all_tenants() {
    let place = place().await;
    tenant(&place.store, "acme", "corp:ann").await;
    tenant(&place.store, "globex", "corp:bob").await;
    let access = operator(&place.store).await;
    let made = AuditFilter { noun: Some("tenant".to_owned()), ..AuditFilter::default() };
    let page = place.store.platform_audit(&access, &made, (None, 50)).await.unwrap();
    let names: Vec<_> = page.items.iter().map(|row| row.resource_name.as_str()).collect();
    assert_eq!(names, ["globex", "acme"]);
    let keys = AuditFilter { noun: Some("api_key".to_owned()), ..AuditFilter::default() };
    let page = place.store.platform_audit(&access, &keys, (None, 50)).await.unwrap();
    assert!(page.items.iter().all(|row| row.tenant.is_none()) && page.items.len() == 3, "{page:?}");
}
