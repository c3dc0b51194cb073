//! Names for programs and sentences for people.

use std::collections::BTreeSet;

use domain::operation::{
    Failure, Hold, Kind, Obstacle, Poison, Refusal, Subject, Thing, UnknownKind, superseded,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{Debug, Display};

use super::scene::{id, resource};

#[test]
fn every_kind_has_a_name_of_its_own_and_is_known_by_it() {
    let names: BTreeSet<&str> = Kind::all().map(Kind::name).collect();
    assert_eq!(names.len(), Kind::all().count());
    assert!(Kind::all().all(|kind| kind.name().parse() == Ok(kind)));
    let newer: Result<Kind, UnknownKind> = "teleport".parse();
    assert_eq!(
        newer.map_err(|error| error.to_string()),
        Err("no operation of this version is called `teleport`".into())
    );
}

#[test]
fn lanes_are_called_after_the_object_they_stand_for() {
    let lanes = [
        Subject::apply(Thing::Deployment, resource(7)).lane(),
        Subject::sync_run(resource(1), resource(7)).lane(),
        Subject::refresh(resource(7)).lane(),
        Subject::take_down(Thing::Deployment, resource(7)).lane(),
    ];
    assert!(lanes.iter().all(|lane| lane.to_string() == "application/00000000-0000-0000-0000-000000000007"));
    let others = [
        Subject::termination(resource(1), resource(7)).lane(),
        Subject::connection_check(resource(7)).lane(),
        Subject::apply(Thing::Environment, resource(7)).lane(),
        Subject::apply(Thing::Tenant, resource(7)).lane(),
        Subject::apply(Thing::RepositoryCredential, resource(7)).lane(),
    ];
    let names: BTreeSet<String> = others.iter().chain(&lanes).map(ToString::to_string).collect();
    assert_eq!(names.len(), others.len() + 1);
}

fn speaks<T: Serialize + DeserializeOwned + Display + Debug + PartialEq>(reason: &T, sentence: &str) {
    assert_eq!(reason.to_string(), sentence);
    let stored = serde_json::to_string(reason).expect("it can be stored");
    assert_eq!(&serde_json::from_str::<T>(&stored).expect("it can be read back"), reason, "{stored}");
}

#[test]
fn reasons_say_what_happened_and_what_to_do() {
    speaks(
        &Refusal::EnvironmentCredential { environment: "prod".into(), status: 401 },
        "the API server of environment \"prod\" refused the token (401); rotate it with PUT on the environment",
    );
    speaks(
        &Refusal::EnvironmentPermission { environment: "prod".into(), what: "list deployments".into() },
        "the token of environment \"prod\" may not list deployments; grant it there, or rotate the token with PUT on \
         the environment",
    );
    speaks(&Refusal::Unplaced, "no engine is available for it; it is placed as soon as there is one");
    let obstacle = Obstacle::EngineUnreachable { message: "connection refused".into() };
    speaks(&obstacle, "the engine did not answer: connection refused");
    speaks(
        &Failure::Obstructed { obstacle },
        "it was not done in time; the last attempt: the engine did not answer: connection refused",
    );
    speaks(
        &Failure::NoTurn { gate: Hold::Verdict },
        "it was not done in time: a sync run before it has no verdict yet",
    );
    speaks(
        &Poison::Breaks { times: 5, obstacle: Obstacle::WorkerVanished },
        "it broke 5 attempts and was set aside, the last one: the agent that worked on it vanished; an operator has to \
         look at it",
    );
    assert_eq!(
        superseded(id(3)),
        "a later change took its place; see operation 00000000-0000-0000-0000-000000000003"
    );
}

#[test]
fn a_stored_reason_has_a_stable_code() {
    let stored =
        serde_json::to_value(Refusal::RepositoryCredential { repository: "https://git.example/a".into() });
    let expected =
        serde_json::json!({ "code": "repository_credential", "repository": "https://git.example/a" });
    assert_eq!(stored.expect("it can be stored"), expected);
}
