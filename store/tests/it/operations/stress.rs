//! Many hands at once, at random; then calm. Whatever happened, the promises of the pure model hold for the rows.

use std::collections::BTreeSet;
use std::sync::Mutex;

use domain::ids::DeploymentId;
use domain::operation::{Generation, Obstacle, OperationId, Outcome, Refusal, Subject, Thing, Wish};
use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::scene::{Scene, done};

const SHOPS: usize = 6;

/// What may never be, at any moment: each line is one that is.
const BROKEN: &str = "
    select 'two heads in ' || lane from operations where state in ('due', 'running') group by lane having count(*) > 1
    union all
    select 'two wait for ' || kind || resource_id from operations where state <> 'running'
     group by kind, resource_id having count(*) > 1
    union all
    select 'nobody is before ' || id from operations o where gate = 'lane' and not exists (
           select from operations h where h.lane = o.lane and h.state in ('due', 'running'))
    union all
    select 'the head does not know that somebody follows in ' || h.lane from operations h
     where h.state in ('due', 'running') and not h.followed
       and exists (select from operations o where o.lane = h.lane and o.gate = 'lane')
    union all
    select 'running ' || h.running || ' but ' || x.number from operation_heads h,
           lateral (select count(*) as number from operations o where o.state = 'running'
                       and o.tenant_id = h.tenant_id and o.engine_cluster_id = h.engine_cluster_id) x
     where h.running <> x.number
    union all
    select 'open ' || l.open_operations || ' but ' || x.number from tenant_ledger l,
           lateral (select count(*) as number from operations o where o.tenant_id = l.tenant_id) x
     where l.open_operations <> x.number
    union all
    select 'open and ended: ' || id from operations join operations_ended using (id)";

fn outcome(dice: &mut StdRng, seen: u64) -> Outcome {
    match dice.random_range(0..6) {
        0 => Outcome::Conflict,
        1 => Outcome::Unreachable(Obstacle::EngineBusy { message: "429".to_owned() }),
        2 => Outcome::Refused { seen: Generation(seen), why: Refusal::Unplaced },
        3 => Outcome::Broke { message: "a defect".to_owned() },
        _ => done(seen),
    }
}

/// A person, or the sweep: changes shops, asks for refreshes and projects.
async fn wishes(scene: &Scene, shops: &[DeploymentId], seed: u64, held: &Mutex<BTreeSet<OperationId>>) {
    let mut dice = StdRng::seed_from_u64(seed);
    for _ in 0..60 {
        let shop = shops[dice.random_range(0..SHOPS)];
        let subject = match dice.random_range(0..3) {
            0 => Subject::refresh(shop.into()),
            1 | 2 => Subject::apply(Thing::Deployment, shop.into()),
            _ => unreachable!("of three"),
        };
        let bump = format!(
            "update deployments set generation = generation + 1 where id = '{shop}' returning generation"
        );
        let target: u64 = scene.one(&bump).await.parse().unwrap();
        let wish = Wish { subject, target: Generation(target), gate: None };
        let ids = scene.store.wish(&scene.agent, scene.tenant, scene.cluster, &[wish]).await.unwrap();
        held.lock().unwrap().extend(ids);
    }
}

/// An agent that works, forgets, gives back, and dies.
async fn works(scene: &Scene, seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut session = scene.another_agent().await;
    for _ in 0..80 {
        let claims = scene.claim_as(session, 3).await;
        for claim in claims {
            match dice.random_range(0..8) {
                0 => drop(scene.store.give_back(&scene.agent, &[claim]).await.unwrap()),
                1 => {
                    scene.lose(session).await;
                    scene.recover().await;
                    session = scene.another_agent().await;
                    let late = scene.finish(&claim, done(claim.operation.target.0)).await;
                    assert!(!late, "a late finish changed something");
                    break;
                }
                _ => {
                    let seen = claim.operation.target.0;
                    scene.finish(&claim, outcome(&mut dice, seen)).await;
                }
            }
        }
        if dice.random_range(0..10) == 0 {
            scene.pauses_end().await;
        }
    }
    scene.lose(session).await;
}

async fn watches(scene: &Scene) {
    for _ in 0..60 {
        assert_eq!(scene.run(BROKEN).await, Vec::<Vec<String>>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_hands_break_no_promise_and_leave_nothing_stuck() {
    let seed: u64 = 20_261_121;
    let scene = Scene::new().await;
    let mut shops = vec![scene.shop];
    for _ in 1..SHOPS {
        let shop = DeploymentId(Uuid::new_v4());
        scene.make_deployment(scene.tenant, shop).await;
        shops.push(shop);
    }
    let held = Mutex::default();
    tokio::join!(
        join_all((0..3).map(|number| wishes(&scene, &shops, seed + number, &held))),
        join_all((10..13).map(|number| works(&scene, seed + number))),
        watches(&scene),
    );

    // Calm: one agent that does everything, and a little time.
    for round in 0.. {
        assert!(
            round < 200,
            "it never comes to rest: {:?}",
            scene.run("select to_jsonb(o)::text from operations o").await
        );
        scene.recover().await;
        scene.pauses_end().await;
        let claims = scene.claim(10).await;
        if claims.is_empty() && scene.one("select count(*)::text from operations").await == "0" {
            break;
        }
        for claim in claims {
            assert!(scene.finish(&claim, done(claim.operation.target.0)).await);
        }
    }
    assert_eq!(scene.run(BROKEN).await, Vec::<Vec<String>>::new());
    let ended = scene.run("select id::text from operations_ended").await.concat();
    let distinct: BTreeSet<&String> = ended.iter().collect();
    assert_eq!(distinct.len(), ended.len(), "each ends once");
    for id in held.lock().unwrap().iter() {
        assert!(distinct.contains(&id.to_string()), "{id} has no end");
    }
    let chained = "select count(*)::text from operations_ended e
                    where ending = 'superseded' and not exists (select from operations_ended b where b.id = e.by_id)";
    assert_eq!(scene.one(chained).await, "0", "who was superseded can follow to an end");
}
