//! Connection checks: asked for, found, and what they let go on.

use domain::ids::Generation;
use domain::intent::environment::{ConnectionReport, ConnectionVerdict, Permission};
use serde_json::json;
use store::Refused;

use super::ground::{Ground, SERVER, an_environment, call, named};

fn passed() -> ConnectionReport {
    ConnectionReport {
        verdict: ConnectionVerdict::Passed,
        version: Some("v1.36.0".to_owned()),
        user: Some("system:serviceaccount:shop:argosy".to_owned()),
        permissions: vec![Permission { what: "list deployments.apps".to_owned(), allowed: true }],
    }
}

fn failed() -> ConnectionReport {
    let verdict = ConnectionVerdict::Failed { why: "the token was refused; rotate it".to_owned() };
    ConnectionReport { verdict, version: None, user: None, permissions: Vec::new() }
}

#[tokio::test]
async fn a_check_that_is_asked_for_twice_is_one_operation() {
    let ground = Ground::new().await;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await;
    ground.settle().await;
    let check =
        async || ground.store.request_check(&ground.access, &named("prod"), &call()).await.unwrap().unwrap();
    let (one, two) = (check().await, check().await);
    assert_eq!(one.operation, two.operation);
    assert_eq!(ground.open().await, ["connection_check due 1"]);
    assert_eq!(ground.environment("prod").await.generation, Generation(1));
}

#[tokio::test]
async fn without_an_engine_nobody_can_check() {
    let ground = Ground::new().await;
    ground.run("update engine_instances set state = 'cordoned'").await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await;
    assert_eq!(made.operation, None);
    let refused =
        ground.store.request_check(&ground.access, &named("prod"), &call()).await.unwrap().unwrap_err();
    assert!(matches!(refused, Refused::State { code: "no_engine", .. }), "{refused:?}");
}

#[tokio::test]
async fn what_a_check_found_is_shown_and_told_in_the_feed() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    let agent = ground.agent.agent_access();
    assert!(ground.agent.record_check(&agent, (made.id, Generation(1)), failed()).await.unwrap());
    let there = ground.environment("prod").await;
    assert_eq!((there.check.unwrap().report, there.passed_once), (failed(), false));
    assert!(ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap());
    let there = ground.environment("prod").await;
    assert_eq!((there.check.unwrap().report, there.passed_once), (passed(), true));
    assert_eq!(
        ground.run("select change, facts #>> '{check,result}' from feed order by position").await,
        [["created", ""], ["status", "failed"], ["status", "passed"]]
    );
}

#[tokio::test]
async fn the_same_finding_again_is_no_news() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    let agent = ground.agent.agent_access();
    for _ in 0..3 {
        ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap();
    }
    assert_eq!(ground.one("select count(*) from feed").await, "2");
}

#[tokio::test]
async fn a_late_report_about_what_was_before_changes_nothing() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "a"}))).await.thing;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "b"}))).await;
    let agent = ground.agent.agent_access();
    assert!(ground.agent.record_check(&agent, (made.id, Generation(2)), failed()).await.unwrap());
    assert!(!ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap());
    assert!(!ground.agent.record_check(&agent, (made.id, Generation(9)), passed()).await.unwrap());
    let there = ground.environment("prod").await;
    assert_eq!((there.check.unwrap().report, there.passed_once), (failed(), false));
}

/// What passed for the generation before says nothing about this one.
#[tokio::test]
async fn only_a_check_of_what_is_now_counts_as_passed() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "a"}))).await.thing;
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "b"}))).await;
    let agent = ground.agent.agent_access();
    assert!(ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap());
    assert!(!ground.environment("prod").await.passed_once);
}

#[tokio::test]
async fn the_first_check_that_passes_lets_everything_go_on_that_waited_for_it() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    ground.place(made.id).await;
    let shop = ground.deploy("shop", made.id, "https://git.example.com/a").await;
    ground.refuse(shop).await;
    ground.run("update environments set refused_generation = 1, refusal = 'not checked'").await;
    ground.settle().await;
    let agent = ground.agent.agent_access();
    ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap();
    assert_eq!(ground.open().await, ["environment due 1", "deployment due 1"]);
    assert_eq!(ground.one("select refused_generation, refusal from deployments").await, "0 ");
    assert_eq!(ground.environment("prod").await.refusal, None);

    ground.settle().await;
    ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap();
    assert_eq!(ground.open().await, [""; 0], "the second one changes nothing");
}

#[tokio::test]
async fn an_environment_that_moves_elsewhere_has_to_pass_again_and_one_that_stays_does_not() {
    let ground = Ground::new().await;
    let made = ground.put(&an_environment("prod", json!({"server": SERVER, "token": "t"}))).await.thing;
    let agent = ground.agent.agent_access();
    ground.agent.record_check(&agent, (made.id, Generation(1)), passed()).await.unwrap();
    ground.put(&an_environment("prod", json!({"server": SERVER, "token": "another"}))).await;
    assert!(ground.environment("prod").await.passed_once);
    let moved = json!({"server": "https://new.example.com", "token": "another"});
    assert!(!ground.put(&an_environment("prod", moved)).await.thing.passed_once);
    assert!(!ground.environment("prod").await.passed_once);
}
