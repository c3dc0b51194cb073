//! Tenants, members and keys as the doors use them.

use backend::access::{Caller, hash};
use backend::app::{App, Effect, Idempotency, Maker, RawApiKey, RawTenant, Reference, Refused, WishRefused};
use domain::access::{ApiKey, KeyScope, PlatformRole, Principal, Role};
use domain::egress::Policy;
use domain::intent::Unverified;
use domain::secret::Secret;
use store::{Call, DigestKey, Store};
use testbed::{Database, Postgres};

use crate::support::{PASSWORD, migrated};

struct Ground {
    app: App,
    store: Store,
    _database: Database,
}

async fn ground() -> Ground {
    let postgres = Postgres::shared().await.unwrap();
    let database = migrated(&postgres).await;
    let args = store::Args {
        database_url: Some(database.url_as("argosy_backend", PASSWORD).into()),
        direct_database_url: None,
        database_password_file: None,
        database_connections: 4,
        database_acquire_timeout: std::time::Duration::from_secs(5),
    };
    let store = args.open("access-test").unwrap();
    let digest = DigestKey(Secret::new(vec![1; 32]));
    let app = App::new(store.clone(), Policy::default(), Unverified::Refused, digest);
    Ground { app, store, _database: database }
}

fn principal(raw: &str) -> Principal {
    Principal::parse(raw).unwrap()
}

fn person(raw: &str) -> Caller {
    Caller::of_token(principal(raw), Vec::new())
}

fn new(name: &str, owner: Option<&str>) -> RawTenant {
    RawTenant { name: name.to_owned(), display_name: None, owner: owner.map(ToOwned::to_owned) }
}

fn fields(refused: Refused) -> Vec<String> {
    let Refused::Wish(WishRefused::Fields(errors)) = refused else { panic!("{refused:?}") };
    errors.into_iter().map(|error| error.pointer.as_str().to_owned()).collect()
}

impl Ground {
    async fn operator(&self) -> Caller {
        let key =
            backend::access::create_operator_key(&self.store, "first", (PlatformRole::Operator, None)).await;
        let key = ApiKey::parse(key.unwrap().expose()).unwrap();
        self.store.authenticate_key(key.id, &hash(&key)).await.unwrap().unwrap()
    }

    async fn maker(&self, caller: &Caller) -> Option<Maker> {
        self.app.admit_maker(caller).await.unwrap()
    }
}

#[tokio::test]
async fn operators_make_tenants_for_others_and_founders_for_themselves() {
    let ground = ground().await;
    let (app, call) = (&ground.app, Call::default());
    let operator = ground.operator().await;
    let access = app.admit_operator(&operator).await.unwrap().unwrap();
    let founder = (&principal("corp:fred"), PlatformRole::Founder);
    app.put_platform_member(&access, founder, &call).await.unwrap();
    let fred = person("corp:fred");
    let (operators, freds) = (ground.maker(&operator).await.unwrap(), ground.maker(&fred).await.unwrap());
    assert!(ground.maker(&person("corp:eve")).await.is_none());

    let ownerless = app.create_tenant((&operators, &operator), new("a", None), &call).await.unwrap_err();
    assert_eq!(fields(ownerless), ["/owner"], "a key cannot own anything");
    app.create_tenant((&operators, &operator), new("a", Some("corp:ann")), &call).await.unwrap();
    app.create_tenant((&freds, &fred), new("b", None), &call).await.unwrap();
    let for_another =
        app.create_tenant((&freds, &fred), new("c", Some("corp:ann")), &call).await.unwrap_err();
    assert_eq!(fields(for_another), ["/owner"]);
    let wrong = app
        .create_tenant((&operators, &operator), new("Not A Name", Some("key:x")), &call)
        .await
        .unwrap_err();
    assert_eq!(fields(wrong), ["/name", "/owner"], "all mistakes at once");

    let let_in = async |who: &str, tenant: &str| {
        let tenant = Reference::parse(tenant).unwrap();
        app.admit(&person(who), &tenant).await.unwrap().is_some()
    };
    assert!(let_in("corp:ann", "a").await && let_in("corp:fred", "b").await);
    assert!(!let_in("corp:fred", "a").await, "who founds one is nothing in another");
}

#[tokio::test]
async fn the_secret_of_a_key_is_told_once_and_is_good() {
    let ground = ground().await;
    let (app, operator) = (&ground.app, ground.operator().await);
    let maker = ground.maker(&operator).await.unwrap();
    app.create_tenant((&maker, &operator), new("acme", Some("corp:ann")), &Call::default()).await.unwrap();
    let acme = Reference::parse("acme").unwrap();
    let ann = app.admit(&person("corp:ann"), &acme).await.unwrap().unwrap();
    let body = || RawApiKey {
        name: "CI".to_owned(),
        role: Role::Deployer,
        scopes: vec![KeyScope::Deploy, KeyScope::Read, KeyScope::Deploy],
        expires_at: None,
    };
    let named = Idempotency {
        key: "k".to_owned(),
        method: "POST",
        path: "/v1/tenants/acme/api-keys".to_owned(),
        body: [0; 32],
    };
    let call = Call { idempotency: Some(named), ..Call::default() };
    let made = app.create_api_key(&ann, body(), &call).await.unwrap();
    assert_eq!((made.effect, made.thing.key.scopes.len()), (Effect::Created, 2));
    let text = made.thing.secret.expect("it is told once");
    let key = ApiKey::parse(text.expose()).unwrap();
    assert_eq!(key.id, made.thing.key.id);
    let holder = ground.store.authenticate_key(key.id, &hash(&key)).await.unwrap().expect("it is good");
    assert!(app.admit(&holder, &acme).await.unwrap().unwrap().deployer().is_some());

    let again = app.create_api_key(&ann, body(), &call).await.unwrap();
    assert_eq!((again.effect, again.thing.key.id), (Effect::Replayed { status: 201 }, key.id));
    assert!(again.thing.secret.is_none(), "a replay tells no secret");
    let nothing =
        RawApiKey { name: " ".to_owned(), scopes: Vec::new(), expires_at: Some("soon".to_owned()), ..body() };
    let wrong = app.create_api_key(&ann, nothing, &Call::default()).await.err().unwrap();
    assert_eq!(fields(wrong), ["/name", "/scopes", "/expiresAt"]);
}
