//! Who plays in these tests, and a place for them.

use domain::access::{KeyScope, PlatformRole, Principal, Role};
use domain::ids::ApiKeyId;
use domain::text::{DisplayName, Name};
use store::access::{Operator, Owner};
use store::api_keys::{NewApiKey, NewOperatorKey};
use store::tenants::NewTenant;
use store::{Access, Admitted, Call, Caller, Reference, Store};
use testbed::{Database, Postgres};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

/// A migrated database, and a store on it as the backend's role.
pub(super) struct Place {
    pub(super) database: Database,
    pub(super) store: Store,
}

pub(super) async fn place() -> Place {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let store = support::store(database.url_as("argosy_backend", PASSWORD), 10);
    Place { database, store }
}

pub(super) fn principal(raw: &str) -> Principal {
    Principal::parse(raw).unwrap()
}

/// Somebody with a token.
pub(super) fn person(raw: &str) -> Caller {
    Caller::of_token(principal(raw), Vec::new())
}

pub(super) fn named(raw: &str) -> Reference {
    Reference::parse(raw).unwrap()
}

pub(super) fn call(request: &str) -> Call {
    Call { request_id: request.to_owned(), ..Call::default() }
}

/// Somebody who runs the platform, by way of a key as `create-operator-key` makes it.
pub(super) async fn operator(store: &Store) -> Access<Operator> {
    let hash = [7; 32];
    let id = ApiKeyId(Uuid::new_v4());
    let wanted = NewOperatorKey {
        id,
        hash,
        name: DisplayName::parse("bootstrap").unwrap(),
        role: PlatformRole::Operator,
        expires_at: None,
    };
    store.create_operator_key(&store.platform_access(), &wanted).await.unwrap();
    let caller = store.authenticate_key(id, &hash).await.unwrap().expect("a new key is good");
    store.admit_operator(&caller).await.unwrap().expect("an operator's key is an operator's")
}

/// A tenant with this first owner, and the owner let in.
pub(super) async fn tenant(store: &Store, name: &str, owner: &str) -> Admitted {
    let operator = operator(store).await;
    let wanted = NewTenant {
        name: Name::chosen(name).unwrap(),
        display_name: DisplayName::parse("").unwrap(),
        owner: principal(owner),
    };
    store.create_tenant(&operator, &wanted, &call("make")).await.unwrap().unwrap();
    let owner = match wanted.owner.as_str().strip_prefix("group:") {
        Some(_) => Caller::of_token(principal("corp:somebody"), vec![wanted.owner.clone()]),
        None => person(owner),
    };
    store.admit(&owner, &named(name)).await.unwrap().expect("the first owner is let in")
}

pub(super) fn owner(admitted: &Admitted) -> Access<Owner> {
    admitted.owner().expect("an owner")
}

/// Lets somebody in.
pub(super) async fn member(store: &Store, by: &Admitted, who: &str, role: Role) {
    store.put_member(&owner(by), (&principal(who), role), &call("let in")).await.unwrap().unwrap();
}

/// A key to be made, which may at most this.
pub(super) fn key(role: Role, scopes: &[KeyScope]) -> NewApiKey {
    let id = Uuid::new_v4();
    NewApiKey {
        id: ApiKeyId(id),
        hash: [id.as_bytes()[0]; 32],
        name: DisplayName::parse("ci").unwrap(),
        role,
        scopes: scopes.to_vec(),
        expires_at: None,
    }
}

/// Whoever shows this key.
pub(super) async fn holder(store: &Store, key: &NewApiKey) -> Option<Caller> {
    store.authenticate_key(key.id, &key.hash).await.unwrap()
}

/// The one value of a query, as the superuser sees it.
pub(super) async fn value(database: &Database, sql: &str) -> String {
    let rows = database.query(sql).await.unwrap();
    rows[0][0].clone().unwrap_or_default()
}
