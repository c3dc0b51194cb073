//! Repository credentials: which is used where, and who is told.

use domain::field::Code;
use domain::ids::Generation;
use domain::intent::repository_credential::CredentialSecret;
use domain::operation::ResourceId;
use serde_json::{Value, json};
use store::environments::Environment;
use store::{Effect, Refused};
use uuid::Uuid;

use super::counting::Statements;
use super::ground::{Ground, SERVER, a_credential, an_environment, call};

const APP: &str = "https://git.example.com/org/app";

fn org(token: &str) -> Value {
    json!({"prefix": "https://git.example.com/org", "bearer": {"token": token}})
}

async fn placed(ground: &Ground) -> Environment {
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    ground.place(made.id).await;
    ground.settle().await;
    made
}

/// Name of the credential, its addresses, generation and state, for each seat.
async fn seats(ground: &Ground) -> Vec<String> {
    let rows = ground
        .run(
            "select c.name, s.repositories, s.generation, s.state from seats s
               join repository_credentials c on c.id = s.resource_id order by c.name, s.made_at",
        )
        .await;
    rows.into_iter().map(|row| row.join(" ")).collect()
}

#[tokio::test]
async fn a_credential_that_nobody_needs_yet_is_kept_and_told_to_no_engine() {
    let ground = Ground::new().await;
    let done = ground.put_credential(&a_credential("org", org("t"))).await;
    assert_eq!((done.effect, done.operation), (Effect::Created, None));
    assert_eq!(seats(&ground).await, [""; 0]);
    assert_eq!(
        ground.one("select action, noun from audit").await,
        "repository_credential.put repository_credential"
    );
    assert_eq!(ground.one("select repository_credentials from tenant_ledger").await, "1");
}

#[tokio::test]
async fn a_new_credential_is_told_where_its_addresses_are_in_use() {
    let ground = Ground::new().await;
    let prod = placed(&ground).await;
    ground.deploy("shop", prod.id, APP).await;
    ground.deploy("other", prod.id, "https://git.example.com/elsewhere/x").await;
    let done = ground.put_credential(&a_credential("org", org("t"))).await;
    assert_eq!(seats(&ground).await, [format!("org {{{APP}}} 1 active")]);
    assert_eq!(ground.open().await, ["repository_credential due 1"]);
    assert_eq!(ground.one("select id from operations").await, done.operation.unwrap().to_string());
    assert_eq!(ground.one("select engine_key, repo_server from private_urls").await, format!("{APP} main"));
}

#[tokio::test]
async fn a_changed_secret_is_told_to_each_seat_and_an_unchanged_one_to_nobody() {
    let ground = Ground::new().await;
    let prod = placed(&ground).await;
    ground.deploy("shop", prod.id, APP).await;
    ground.put_credential(&a_credential("org", org("old"))).await;
    ground.settle().await;
    ground.run("update seats set refused_generation = 1, refusal = 'no'").await;
    let same = ground.put_credential(&a_credential("org", org("old"))).await;
    assert_eq!((same.effect, ground.open().await), (Effect::Unchanged, vec![]));
    let (statements, done) = Statements::of(ground.put_credential(&a_credential("org", org("new")))).await;
    assert_eq!((done.effect, done.thing.generation), (Effect::Changed, Generation(2)));
    assert_eq!(statements.len() + 1, 4, "{statements:?}");
    assert_eq!(seats(&ground).await, [format!("org {{{APP}}} 2 active")]);
    assert_eq!(ground.open().await, ["repository_credential due 2"]);
    assert_eq!(ground.one("select refused_generation, refusal from seats").await, "0 ");
}

#[tokio::test]
async fn a_credential_that_fits_better_takes_over() {
    let ground = Ground::new().await;
    let prod = placed(&ground).await;
    ground.deploy("shop", prod.id, APP).await;
    ground.deploy("lib", prod.id, "https://git.example.com/org/lib").await;
    ground.put_credential(&a_credential("org", org("t"))).await;
    ground.settle().await;
    let exact = json!({"repository": APP, "bearer": {"token": "t"}});
    ground.put_credential(&a_credential("app", exact)).await;
    assert_eq!(
        seats(&ground).await,
        [format!("app {{{APP}}} 1 active"), "org {https://git.example.com/org/lib} 2 active".to_owned()]
    );
    assert_eq!(ground.open().await, ["repository_credential due 2", "repository_credential due 1"]);
}

#[tokio::test]
async fn a_credential_that_is_needed_nowhere_any_more_is_taken_down_there() {
    let ground = Ground::new().await;
    let prod = placed(&ground).await;
    ground.deploy("shop", prod.id, APP).await;
    ground.put_credential(&a_credential("org", org("t"))).await;
    ground.settle().await;
    let moved = json!({"prefix": "https://git.example.com/org2", "bearer": {"token": "t"}});
    ground.put_credential(&a_credential("org", moved)).await;
    assert_eq!(seats(&ground).await, ["org {} 2 deleting"]);
    assert_eq!(ground.open().await, ["repository_credential_take_down due 2"]);

    // And when it is needed again, the new seat waits for the end of the old.
    ground.put_credential(&a_credential("org", org("t"))).await;
    assert_eq!(seats(&ground).await, ["org {} 2 deleting".to_owned(), format!("org {{{APP}}} 1 active")]);
    assert_eq!(
        ground.one("select state, gate, gate_id = (select id from seats where state = 'deleting') from operations
                     where kind = 'repository_credential'").await,
        "gated taken_down t"
    );
}

#[tokio::test]
async fn a_credential_is_not_told_where_another_tenant_holds_the_repository() {
    let ground = Ground::new().await;
    let stranger = ground.stranger().await;
    let prod = placed(&ground).await;
    ground.deploy("shop", prod.id, APP).await;
    ground
        .run(&format!(
            "insert into private_urls (repo_server, key_hash, engine_key, tenant_id)
             values ('main', sha256(convert_to('{APP}', 'UTF8')), '{APP}', '{}')",
            stranger.tenant()
        ))
        .await;
    let done = ground.put_credential(&a_credential("org", org("t"))).await;
    assert_eq!((done.effect, done.operation), (Effect::Created, None));
    assert_eq!(seats(&ground).await, [""; 0]);
    assert_eq!(ground.one("select count(*) from private_urls").await, "1");
}

#[tokio::test]
async fn a_credential_cures_the_deployments_that_read_with_it() {
    let ground = Ground::new().await;
    let prod = placed(&ground).await;
    let shop = ground.deploy("shop", prod.id, APP).await;
    let other = ground.deploy("other", prod.id, "https://git.example.com/elsewhere/x").await;
    ground.refuse(shop).await;
    ground.refuse(other).await;
    ground.put_credential(&a_credential("org", org("t"))).await;
    assert_eq!(ground.open().await, ["repository_credential due 1", "deployment due 1"]);
    assert_eq!(
        ground.run("select name, refused_generation from deployments order by name").await,
        [["other", "1"], ["shop", "0"]]
    );
    assert_eq!(
        ground.one("select resource_id from operations where kind = 'deployment'").await,
        shop.to_string()
    );
}

#[tokio::test]
async fn a_stored_secret_is_not_sent_to_another_host() {
    let ground = Ground::new().await;
    ground.put_credential(&a_credential("org", org("t"))).await;
    let moved = a_credential("org", json!({"prefix": "https://evil.example.com/org", "bearer": {}}));
    let refused = ground.store.put_repository_credential(&ground.access, &moved, &call()).await.unwrap();
    let Refused::Fields(errors) = refused.unwrap_err() else { panic!() };
    assert_eq!((errors[0].code, errors[0].pointer.as_str()), (Code::SecretRequired, "/bearer/token"));
    let first = a_credential("new", json!({"prefix": "https://git.example.com/org", "bearer": {}}));
    let refused = ground.store.put_repository_credential(&ground.access, &first, &call()).await.unwrap();
    assert!(matches!(refused.unwrap_err(), Refused::Fields(_)));
}

#[tokio::test]
async fn an_agent_reads_what_a_seat_is_for() {
    let ground = Ground::new().await;
    let prod = placed(&ground).await;
    ground.deploy("shop", prod.id, APP).await;
    let made = ground.put_credential(&a_credential("org", org("hunter2"))).await.thing;
    let seat: Uuid = ground.one("select id from seats").await.parse().unwrap();
    let agent = ground.agent.agent_access();
    let facts = ground.agent.credential_facts(&agent, ResourceId(seat)).await.unwrap().unwrap();
    assert_eq!(
        (facts.credential, facts.generation, facts.seat.instance),
        (made.id, Generation(1), ground.instance)
    );
    assert!(matches!(&facts.secret, Some(CredentialSecret::Token(token)) if token.expose() == "hunter2"));
    let urls: Vec<&str> = facts.urls.iter().map(|url| url.declared()).collect();
    assert_eq!(urls, [APP]);
    assert!(ground.agent.credential_facts(&agent, ResourceId(Uuid::nil())).await.unwrap().is_none());
}
