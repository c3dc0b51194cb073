//! No secret is found where it does not belong, and none opens elsewhere.

use domain::intent::environment::EnvironmentSecret;
use serde_json::json;
use store::{Error, Refused};

use super::ground::{Ground, SERVER, a_credential, an_environment, call, ring};
use crate::support::{self, PASSWORD};

const CANARY: &str = "canary-5f1c7e";

/// Every row of every table, as text.
async fn dump(ground: &Ground) -> String {
    let tables = ground
        .run("select c.oid::regclass::text from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace")
        .await;
    let mut text = String::new();
    for table in tables {
        for row in ground.run(&format!("select t::text from {} t", table[0])).await {
            text.push_str(&row.join("\n"));
        }
    }
    text
}

#[tokio::test]
async fn a_dump_of_the_database_shows_no_secret() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": CANARY}))).await;
    let body =
        json!({"prefix": "https://git.example.com/org", "basic": {"username": "bot", "password": CANARY}});
    ground.put_credential(&a_credential("org", body)).await;
    let dump = dump(&ground).await;
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = "Y2FuYXJ5LTVmMWM3ZQ";
    for form in [CANARY, hex.as_str(), base64] {
        assert!(!dump.contains(form), "{form} is in the dump");
    }
    assert!(dump.contains("k8s.example.com") && dump.contains("bot"), "the dump does not dump");
}

#[tokio::test]
async fn an_agent_opens_what_was_sealed() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": CANARY}))).await.thing;
    let agent = ground.agent.agent_access();
    let facts = ground.agent.environment_facts(&agent, made.id).await.unwrap().unwrap();
    let Some(EnvironmentSecret::Token(token)) = &facts.secret else { panic!() };
    assert_eq!(token.expose(), CANARY);
    assert_eq!((facts.seat, facts.in_use, facts.passed_once), (None, false, false));

    ground.place(made.id).await;
    ground.deploy("shop", made.id, "https://git.example.com/a").await;
    let facts = ground.agent.environment_facts(&agent, made.id).await.unwrap().unwrap();
    let seat = facts.seat.unwrap();
    assert_eq!(
        (seat.cluster, seat.instance, seat.namespace.as_str()),
        (ground.cluster, ground.instance, "argocd")
    );
    assert!(facts.in_use);
}

#[tokio::test]
async fn a_sealed_value_that_is_copied_to_another_row_does_not_open_there() {
    let ground = Ground::new().await;
    let put = async |name: &str, token: &str| {
        ground.put(&an_environment(name, json!({"server": SERVER, "token": token}))).await.thing.id
    };
    let (victim, mine) = (put("victim", CANARY).await, put("mine", "mine").await);
    ground
        .run(&format!(
            "update environments set secret = (select secret from environments where id = '{victim}') where id = '{mine}'"
        ))
        .await;
    let agent = ground.agent.agent_access();
    let error = ground.agent.environment_facts(&agent, mine).await.err().unwrap();
    assert!(matches!(&error, Error::Misconfigured(why) if why.contains("tampered")), "{error}");
    assert!(!error.to_string().contains(CANARY));
}

#[tokio::test]
async fn without_keys_nothing_is_sealed_and_the_operator_reads_what_to_do() {
    let ground = Ground::new().await;
    let keyless = support::store(ground.database.url_as("argosy_backend", PASSWORD), 1);
    let wanted = an_environment("prod", json!({"server": SERVER, "token": "t"}));
    let error = keyless.put_environment(&ground.access, &wanted, &call()).await.err().unwrap();
    assert!(matches!(&error, Error::Misconfigured(why) if why.contains("ARGOSY_SEALING_KEYS")), "{error}");
    assert_eq!(ground.one("select count(*) from environments").await, "0");
    // What needs no key goes on.
    let absent = keyless.environment(&ground.access, &wanted.reference).await.unwrap().unwrap_err();
    assert_eq!(absent, Refused::Absent { noun: "environment" });
}

#[tokio::test]
async fn who_lost_a_key_reads_which() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": CANARY}))).await.thing;
    let other =
        support::store(ground.database.url_as("argosy_agent", PASSWORD), 1).with_seals(ring(&[("two", 2)]));
    let error = other.environment_facts(&other.agent_access(), made.id).await.err().unwrap().to_string();
    assert!(error.contains("`one.key` back into"), "{error}");
}

#[tokio::test]
async fn a_fingerprint_stays_while_the_secret_does() {
    let ground = Ground::new().await;
    let put = async |body| ground.put(&an_environment("prod", body)).await.thing.secret.unwrap();
    let first = put(json!({"server": SERVER, "token": "a"})).await;
    let kept = put(json!({"server": SERVER, "namespaces": ["x"]})).await;
    assert_eq!(first, kept);
    let other = put(json!({"server": SERVER, "namespaces": ["x"], "token": "b"})).await;
    assert_ne!(first.fingerprint, other.fingerprint);
    let back = put(json!({"server": SERVER, "namespaces": ["x"], "token": "a"})).await;
    assert_eq!(first.fingerprint, back.fingerprint);
}
