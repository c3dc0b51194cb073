//! Sealing anew while others serve.

use domain::intent::environment::EnvironmentSecret;
use serde_json::json;
use store::Store;

use super::ground::{Ground, SERVER, a_credential, an_environment, ring};
use crate::support::{self, PASSWORD};

fn store(ground: &Ground, role: &str, keys: &[(&str, u8)]) -> Store {
    support::store(ground.database.url_as(role, PASSWORD), 4).with_seals(ring(keys))
}

async fn keys(ground: &Ground) -> Vec<String> {
    let sealed = ground.store.sealed(&ground.store.platform_access()).await.unwrap();
    sealed.into_iter().map(|one| format!("{} {} {}", one.table, one.key, one.values)).collect()
}

/// Name, row id and token of each environment, as an agent with these keys reads them.
async fn tokens(ground: &Ground, agent: &Store) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for row in ground.run("select id, name from environments order by name").await {
        let id = row[0].parse().unwrap();
        let facts = agent.environment_facts(&agent.agent_access(), id).await.unwrap().unwrap();
        let Some(EnvironmentSecret::Token(token)) = &facts.secret else { panic!() };
        found.push((row[1].clone(), token.expose().clone()));
    }
    found
}

#[tokio::test]
async fn everything_is_under_the_new_key_and_nothing_else_has_changed() {
    let ground = Ground::new().await;
    ground.run("update tenant_ledger set max_environments = 1000, max_open_operations = 10000").await;
    for number in 0..3 {
        let body = json!({"server": SERVER, "token": format!("t{number}")});
        ground.put(&an_environment(&format!("e{number}"), body)).await;
    }
    // More than a batch.
    ground
        .run(
            "insert into environments (id, tenant_id, name, spec, door)
             select gen_random_uuid(), tenant_id, 'x' || n, spec, 'rest' from environments, generate_series(1, 250) n
              where name = 'e0'",
        )
        .await;
    let body = json!({"prefix": "https://git.example.com/org", "bearer": {"token": "t"}});
    ground.put_credential(&a_credential("org", body)).await;
    let rest = "select md5(string_agg((to_jsonb(e) - 'secret' - 'secret_key')::text, ',' order by id)),
                       (select feed_position from tenant_ledger), (select count(*) from audit) from environments e";
    let before = ground.one(rest).await;
    assert_eq!(keys(&ground).await, ["environments one 3", "repository_credentials one 1"]);

    let rotating = store(&ground, "argosy_backend", &[("two", 2), ("one", 1)]);
    let mut told = 0;
    let done = rotating.reseal(&rotating.platform_access(), |_| told += 1).await.unwrap();
    assert_eq!((done.resealed, done.unopened, done.left), (4, 0, 0), "{done:?}");
    assert!(told >= 2);
    assert_eq!(keys(&ground).await, ["environments two 3", "repository_credentials two 1"]);
    assert_eq!(ground.one(rest).await, before);

    // The old key can go.
    ground.run("delete from environments where secret is null").await;
    let agent = store(&ground, "argosy_agent", &[("two", 2)]);
    let expected: Vec<_> = (0..3).map(|number| (format!("e{number}"), format!("t{number}"))).collect();
    assert_eq!(tokens(&ground, &agent).await, expected);
    let again = rotating.reseal(&rotating.platform_access(), |_| ()).await.unwrap();
    assert_eq!(again.resealed, 0);
}

#[tokio::test]
async fn who_gives_a_new_secret_meanwhile_is_not_undone() {
    let ground = Ground::new().await;
    for number in 0..20 {
        let body = json!({"server": SERVER, "token": "before"});
        ground.put(&an_environment(&format!("e{number:02}"), body)).await;
    }
    // Serves with the old key still, as a process does that was not restarted yet.
    let writing = async {
        for round in 0..5 {
            for number in 0..20 {
                let body = json!({"server": SERVER, "token": format!("round{round}")});
                ground.put(&an_environment(&format!("e{number:02}"), body)).await;
            }
        }
    };
    let rotating = store(&ground, "argosy_backend", &[("two", 2), ("one", 1)]);
    let platform = rotating.platform_access();
    let sealing = async {
        let mut resealed = 0;
        for _ in 0..20 {
            resealed += rotating.reseal(&platform, |_| ()).await.unwrap().resealed;
        }
        resealed
    };
    let ((), resealed) = tokio::join!(writing, sealing);
    assert!(resealed > 0, "they did not meet");
    let last = rotating.reseal(&platform, |_| ()).await.unwrap();
    assert_eq!(last.left, 0, "{last:?}");
    assert_eq!(keys(&ground).await, ["environments two 20"]);
    let agent = store(&ground, "argosy_agent", &[("two", 2)]);
    let lost: Vec<_> =
        tokens(&ground, &agent).await.into_iter().filter(|(_, token)| token != "round4").collect();
    assert_eq!(lost, []);
    assert_eq!(ground.one("select min(generation), max(generation) from environments").await, "6 6");
}

#[tokio::test]
async fn what_does_not_open_is_named_and_left_and_the_rest_goes_on() {
    let ground = Ground::new().await;
    for name in ["a", "b"] {
        ground.put(&an_environment(name, json!({"server": SERVER, "token": "t"}))).await;
    }
    ground.run("update environments set secret = set_byte(secret, 30, 255 - get_byte(secret, 30)) where name = 'a'").await;
    let rotating = store(&ground, "argosy_backend", &[("two", 2), ("one", 1)]);
    let done = rotating.reseal(&rotating.platform_access(), |_| ()).await.unwrap();
    assert_eq!((done.resealed, done.unopened, done.left), (1, 1, 0), "{done:?}");
    assert!(done.reasons[0].contains("does not open"), "{done:?}");
    assert_eq!(keys(&ground).await, ["environments one 1", "environments two 1"]);
}
