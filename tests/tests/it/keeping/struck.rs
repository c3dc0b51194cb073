//! Something dies in the middle of many wishes: what was acknowledged is there, the rest is there whole or not at all,
//! and who asks again under the same key learns which.

use std::time::Duration;

use testbed::{Postgres, Proxy};

use super::books;
use super::storm::{AT_ONCE, Fate, settle, storm};
use crate::world::{Door, Rest};

/// How often the backend is killed: as often as fits into a test of half a minute. For a proof, make it 20 and more.
const KILLED: usize = 8;

/// How often the database is killed, and how often it is cut off.
const DOWN: usize = 2;

/// Besides the deadline of the request: this machine may be busy.
const SLACK: Duration = Duration::from_secs(5);

/// Too short for many wishes at once, and long enough for one.
const HURRY: Duration = Duration::from_millis(700);

/// When in a round to strike: after so many acknowledgements, spread over the round.
fn when(round: usize) -> usize {
    5 + (round * 37) % (AT_ONCE - 60)
}

/// What is true after every strike, once the door is open again.
async fn nothing_is_lost(door: &Door, tenant: &Rest, round: usize, fates: &[Fate]) {
    books::agree(door, round).await;
    books::keep_what_was_acknowledged(door, round, fates).await;
    settle(tenant, round, fates).await;
    books::agree(door, round).await;
    books::have_everything(door, round).await;
}

/// Every answer but an acknowledgement says, in time, to try again. How many there were.
fn refused_in_time(fates: &[Fate], deadline: Duration) -> usize {
    let refused = fates.iter().filter_map(|fate| match fate {
        Fate::Acknowledged(_) => None,
        Fate::Refused(answer, took) => Some((answer, took)),
        Fate::Lost => panic!("the backend lives, and did not answer"),
    });
    let told = refused.map(|(answer, took)| {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(!answer.header("retry-after").is_empty());
        assert!(*took < deadline + SLACK, "after {took:?}: {answer:?}");
    });
    told.count()
}

#[tokio::test]
async fn a_backend_killed_among_many_wishes_loses_none_that_it_acknowledged() {
    let postgres = Postgres::shared().await.unwrap();
    let mut door = Door::on(&postgres).await;
    let acme = door.tenant("acme", "ann").await;
    let mut open = 0;
    for round in 0..KILLED {
        let backend = &mut door.backend;
        let fates = storm(&acme, round, when(round), async || backend.kill()).await;
        open += fates.iter().filter(|fate| matches!(fate, Fate::Lost)).count();
        door.start_again().await;
        nothing_is_lost(&door, &acme, round, &fates).await;
    }
    assert!(open >= KILLED, "it was killed when all was over: only {open} wishes were open");
}

#[tokio::test]
async fn a_killed_database_is_answered_with_503_and_nothing_acknowledged_is_lost() {
    let mut postgres = Postgres::start().await.unwrap();
    let mut door = Door::on(&postgres).await;
    let acme = door.tenant("acme", "ann").await;
    for round in 0..DOWN {
        let fates = storm(&acme, round, when(round), async || postgres.kill().unwrap()).await;
        assert!(refused_in_time(&fates, door.deadline) > 0, "it was killed when all was over");
        acme.get("/deployments").await.refused(503, "unavailable");
        postgres.restart().await.unwrap();
        door.until_ready().await;
        nothing_is_lost(&door, &acme, round, &fates).await;
    }
}

#[tokio::test]
async fn a_database_behind_a_black_hole_is_answered_with_503_and_nothing_acknowledged_is_lost() {
    let postgres = Postgres::shared().await.unwrap();
    let proxy = Proxy::to(postgres.address()).unwrap();
    let mut door = Door::through(&postgres, &proxy).await;
    let acme = door.tenant("acme", "ann").await;
    for round in 0..DOWN {
        let fates = storm(&acme, round, when(round), async || proxy.black_hole()).await;
        assert!(refused_in_time(&fates, door.deadline) > 0, "it was cut off when all was over");
        let begun = std::time::Instant::now();
        let answer = acme.get("/deployments").await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(begun.elapsed() < door.deadline + SLACK, "{:?}: {answer:?}", begun.elapsed());
        if round.is_multiple_of(2) {
            // What was under way is lost, and not only late.
            proxy.cut();
        }
        proxy.heal();
        door.until_ready().await;
        nothing_is_lost(&door, &acme, round, &fates).await;
    }
}

#[tokio::test]
async fn a_wish_that_ran_out_of_time_is_settled_by_its_repetition_and_spoils_nothing_for_others() {
    let postgres = Postgres::shared().await.unwrap();
    let door = Door::in_a_hurry(&postgres, HURRY).await;
    let acme = door.tenant("acme", "ann").await;
    for round in 0..DOWN {
        let fates = storm(&acme, round, 0, async || {}).await;
        assert!(refused_in_time(&fates, door.deadline) > 0, "nobody ran out of time");
        nothing_is_lost(&door, &acme, round, &fates).await;
    }
}
