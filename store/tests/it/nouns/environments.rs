//! What is said about environments.

use domain::field::Code;
use domain::ids::Generation;
use domain::text::Selector;
use serde_json::json;
use store::{Access, Call, Condition, Effect, Filter, Page, Reference, Refused, Would};

use super::counting::Statements;
use super::ground::{Ground, SERVER, an_environment, call, named};

#[tokio::test]
async fn an_environment_is_made_with_its_check_its_audit_and_its_place_in_the_feed() {
    let ground = Ground::new().await;
    let done = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "hunter2"}))).await;
    assert_eq!((done.effect, done.thing.generation), (Effect::Created, Generation(1)));
    assert_eq!(ground.open().await, ["connection_check due 1"]);
    assert_eq!(
        ground.one("select id from operations").await,
        done.operation.expect("somebody checks it").to_string()
    );
    assert_eq!(
        ground.one("select principal, action, resource_name, generation, request_id from audit").await,
        "corp:ada environment.put prod 1 a-request"
    );
    assert_eq!(
        ground.one("select position, noun, change, generation from feed").await,
        "1 environment created 1"
    );
    assert_eq!(ground.one("select environments, open_operations from tenant_ledger").await, "1 1");
    let there = ground.environment("prod").await;
    assert_eq!((&there.spec, there.version()), (&done.thing.spec, done.thing.version()));
    let mark = there.secret.unwrap();
    assert_eq!((mark.set_by.as_str(), mark.fingerprint.len()), ("corp:ada", 16));
}

#[tokio::test]
async fn a_put_takes_four_round_trips_and_one_that_changes_nothing_three_and_no_write() {
    let ground = Ground::new().await;
    let prod = |label: &str| {
        an_environment("prod", json!({"server": SERVER, "token": "hunter2", "labels": {"tier": label}}))
    };
    ground.put(&prod("a")).await;
    ground.put(&prod("b")).await;
    let (statements, done) = Statements::of(ground.put(&prod("c"))).await;
    assert_eq!(done.effect, Effect::Changed);
    // And the one that begins, of which sqlx does not tell.
    assert_eq!(statements.len() + 1, 4, "{statements:?}");

    let marks =
        "select (select count(*) from audit), (select count(*) from feed), (select count(*) from operations),
                        (select xmin from environments), (select xmin from tenant_ledger)";
    let before = ground.one(marks).await;
    let (statements, done) = Statements::of(ground.put(&prod("c"))).await;
    assert_eq!((done.effect, done.operation), (Effect::Unchanged, None));
    assert!(statements.len() < 3, "{statements:?}");
    assert_eq!(ground.one(marks).await, before);
}

#[tokio::test]
async fn what_is_put_again_without_its_secret_is_unchanged() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "hunter2"}))).await;
    let again = ground.put(&an_environment("prod", json!({"server": SERVER}))).await;
    assert_eq!(again.effect, Effect::Unchanged);
}

#[tokio::test]
async fn a_condition_is_judged_under_the_lock() {
    let ground = Ground::new().await;
    let prod = |namespace: &str| {
        an_environment("prod", json!({"server": SERVER, "token": "t", "namespaces": [namespace]}))
    };
    let with = |condition| Call { condition, ..call() };
    assert_eq!(
        ground.put_refused(&prod("a"), &with(Condition::Exists)).await,
        Refused::Condition { current: None }
    );
    let made = ground.put(&prod("a")).await.thing.version();
    assert_eq!(
        ground.put_refused(&prod("b"), &with(Condition::Absent)).await,
        Refused::Condition { current: Some(Generation(1)) }
    );
    let only = with(Condition::Is(vec![made]));
    ground.store.put_environment(&ground.access, &prod("b"), &only).await.unwrap().unwrap();
    assert_eq!(
        ground.put_refused(&prod("c"), &only).await,
        Refused::Condition { current: Some(Generation(2)) }
    );
}

#[tokio::test]
async fn eight_who_put_the_same_name_at_once_make_one_environment() {
    let ground = Ground::new().await;
    let put = async |number: u8| {
        let body = json!({"server": SERVER, "token": "t", "namespaces": [format!("n{number}")]});
        ground.put(&an_environment("prod", body)).await
    };
    let done = tokio::join!(put(0), put(1), put(2), put(3), put(4), put(5), put(6), put(7));
    let effects = [
        done.0.effect,
        done.1.effect,
        done.2.effect,
        done.3.effect,
        done.4.effect,
        done.5.effect,
        done.6.effect,
        done.7.effect,
    ];
    assert_eq!(effects.iter().filter(|effect| **effect == Effect::Created).count(), 1, "{effects:?}");
    assert_eq!(ground.environment("prod").await.generation, Generation(8));
    assert_eq!(ground.one("select environments from tenant_ledger").await, "1");
    assert_eq!(ground.one("select count(*), max(position) from feed").await, "8 8");
}

#[tokio::test]
async fn a_secret_is_not_sent_elsewhere() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "hunter2"}))).await;
    for body in [
        json!({"server": "https://evil.example.com:6443"}),
        json!({"server": "https://k8s.example.com"}),
        json!({"server": SERVER, "skipTlsVerify": true}),
    ] {
        let refused = ground.put_refused(&an_environment("prod", body.clone()), &call()).await;
        let Refused::Fields(errors) = refused else { panic!("{refused:?}") };
        assert_eq!((errors[0].code, errors[0].pointer.as_str()), (Code::SecretRequired, "/token"), "{body}");
    }
    assert_eq!(ground.environment("prod").await.generation, Generation(1));
    let moved = json!({"server": "https://new.example.com", "token": "another"});
    assert_eq!(ground.put(&an_environment("prod", moved)).await.effect, Effect::Changed);
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_and_does_nothing() {
    let ground = Ground::new().await;
    let dry = Call { dry_run: true, ..call() };
    let effect = async |body| {
        let wanted = an_environment("prod", body);
        ground.store.put_environment(&ground.access, &wanted, &dry).await.unwrap().unwrap().effect
    };
    assert_eq!(effect(json!({"server": SERVER, "token": "t"})).await, Effect::WouldBe(Would::Create));
    assert_eq!(ground.one("select count(*) from environments").await, "0");
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await;
    assert_eq!(effect(json!({"server": SERVER})).await, Effect::WouldBe(Would::Leave));
    assert_eq!(effect(json!({"server": SERVER, "namespaces": ["a"]})).await, Effect::WouldBe(Would::Change));
    // Nobody finds a secret by asking whether this one would be another.
    assert_eq!(effect(json!({"server": SERVER, "token": "t"})).await, Effect::WouldBe(Would::Change));
    assert_eq!(effect(json!({"server": SERVER, "token": "u"})).await, Effect::WouldBe(Would::Change));
    assert_eq!(ground.environment("prod").await.generation, Generation(1));
}

#[tokio::test]
async fn what_another_tenant_has_does_not_exist() {
    let ground = Ground::new().await;
    let stranger = ground.stranger().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    let absent = Refused::Absent { noun: "environment" };
    for which in [named("prod"), Reference::Id(made.id.0)] {
        let seen = ground.store.environment(&stranger, &which).await.unwrap();
        assert_eq!(seen.unwrap_err(), absent);
    }
    let mut wanted = an_environment("x", json!({"server": SERVER, "token": "t"}));
    wanted.reference = Reference::Id(made.id.0);
    let put = ground.store.put_environment(&stranger, &wanted, &call()).await.unwrap();
    assert_eq!(put.unwrap_err(), absent);
    assert_eq!(names(&ground, &stranger, Filter::default(), 10).await, [""; 0]);
}

#[tokio::test]
async fn what_is_kept_elsewhere_is_only_shown() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await;
    ground.run("update environments set door = 'custom_resource', lives_in = 'ns/prod'").await;
    let refused = ground.put_refused(&an_environment("prod", json!({"server": SERVER})), &call()).await;
    assert_eq!(refused, Refused::ReadOnly { lives_in: "ns/prod".to_owned() });
}

#[tokio::test]
async fn a_tenant_has_as_many_environments_as_it_may() {
    let ground = Ground::new().await;
    ground.run("update tenant_ledger set max_environments = 1").await;
    ground.put(&an_environment("one", json!({"server": SERVER, "token": "t"}))).await;
    let two = an_environment("two", json!({"server": SERVER, "token": "t"}));
    assert_eq!(ground.put_refused(&two, &call()).await, Refused::Quota { limit: "environments" });
    assert_eq!(ground.one("select count(*) from environments").await, "1");
}

async fn names(
    ground: &Ground,
    access: &Access<store::access::Deployer>,
    filter: Filter,
    limit: u16,
) -> Vec<String> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = Page { after, limit };
        let listed = ground.store.environments(access, &filter, &page).await.unwrap();
        assert!(listed.items.len() <= usize::from(limit));
        found.extend(listed.items.into_iter().map(|item| item.name.to_string()));
        after = listed.next;
        if after.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn lists_go_page_by_page_by_prefix_and_by_labels() {
    let ground = Ground::new().await;
    for (name, tier) in
        [("prod-b", "web"), ("prod-a", "db"), ("stage", "web"), ("prod-c", "web"), ("pro", "web")]
    {
        let body = json!({"server": SERVER, "token": "t", "labels": {"tier": tier, "name": name}});
        ground.put(&an_environment(name, body)).await;
    }
    let all = names(&ground, &ground.access, Filter::default(), 2).await;
    assert_eq!(all, ["pro", "prod-a", "prod-b", "prod-c", "stage"]);
    let by = async |prefix: &str, labels: &str| {
        let filter = Filter { prefix: prefix.to_owned(), labels: Selector::parse(labels).unwrap() };
        names(&ground, &ground.access, filter, 1).await
    };
    assert_eq!(by("prod-", "").await, ["prod-a", "prod-b", "prod-c"]);
    assert_eq!(by("prod-", "tier=web").await, ["prod-b", "prod-c"]);
    assert_eq!(by("", "tier!=web").await, ["prod-a"]);
    assert_eq!(by("", "tier,!absent,name!=pro,tier=web").await, ["prod-b", "prod-c", "stage"]);
    assert_eq!(by("", "absent").await, [""; 0]);
    assert_eq!(by("%", "").await, [""; 0]);
}

/// A change clears what was refused because of it and asks again; what is only being written gets an heir.
#[tokio::test]
async fn a_change_is_told_to_the_engine_and_cures_what_depends_on_it() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "old"}))).await.thing;
    ground.place(made.id).await;
    let url = "https://git.example.com/org/app";
    let refused = ground.deploy("refused", made.id, url).await;
    let well = ground.deploy("well", made.id, url).await;
    ground.refuse(refused).await;
    ground.settle().await;
    ground.run("update environments set refused_generation = 1, refusal = 'the token was refused'").await;

    let done = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "new"}))).await;
    assert_eq!((done.thing.generation, done.thing.refusal), (Generation(2), None));
    assert_eq!(ground.open().await, ["connection_check due 2", "environment due 2", "deployment due 1"]);
    assert_eq!(
        ground.one("select resource_id from operations where kind = 'deployment'").await,
        refused.to_string()
    );
    assert_ne!(refused, well);
    assert_eq!(ground.one("select sum(refused_generation) from deployments").await, "0");
    assert_eq!(ground.one("select refused_generation from environments").await, "0");
    let held = ground.one("select id from operations where kind = 'environment'").await;
    assert_eq!(done.operation.unwrap().to_string(), held);
}

#[tokio::test]
async fn a_deployment_that_is_being_written_is_written_again_after_a_change() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "old"}))).await.thing;
    ground.place(made.id).await;
    let shop = ground.deploy("shop", made.id, "https://git.example.com/org/app").await;
    ground.settle().await;
    ground
        .run(&format!(
            "insert into operations (id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, state,
                                     deadline_at, token, session_id)
             values (gen_random_uuid(), '{}', '{}', 'deployment', '{shop}', 'application/{shop}', 1, 1, 'running',
                     now() + interval '10 min', 1, gen_random_uuid())",
            ground.tenant, ground.cluster
        ))
        .await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "new"}))).await;
    assert_eq!(
        ground
            .run("select state, heir is not null from operations where kind = 'deployment' order by place")
            .await,
        [["running", "t"], ["gated", "f"]]
    );
}
