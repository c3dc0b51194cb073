//! Taking down.

use domain::engine::facts::{Life, Prune};
use store::deployments::Parting;
use store::sync_runs::{RunState, WantedRun};
use store::{Call, Done, Effect, Named, Reference, Refused};

use super::scene::{SHOP, Scene, Tenant, from};

async fn delete(scene: &Scene, tenant: &Tenant, parting: Parting) -> Result<Done<Named>, Refused> {
    let shop = Reference::parse("shop").unwrap();
    scene.backend.delete_deployment(&tenant.owner, &shop, (parting, &Call::default())).await.unwrap()
}

#[tokio::test]
async fn a_deployment_goes_when_its_object_is_gone() {
    let (scene, acme) = Scene::furnished().await;
    let shop = scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    let gone = delete(&scene, &acme, Parting::Prune).await.unwrap();
    assert_eq!((gone.effect, gone.thing.id), (Effect::Deleting, shop.id.0));
    assert_eq!(scene.open(&acme).await, ["deployment_take_down due"]);
    let there = scene.get(&acme, "shop").await.unwrap();
    assert!(there.deleting && there.generation.0 == 2);
    let facts = scene.agents.deployment_facts(&scene.agent, shop.id).await.unwrap().unwrap();
    assert_eq!((facts.life, facts.prune), (Life::Deleting, Prune::Cascade));
    // Again is the same.
    let again = delete(&scene, &acme, Parting::Prune).await.unwrap();
    assert_eq!((again.effect, again.operation), (Effect::Deleting, gone.operation));

    scene.work().await;
    assert_eq!(
        delete(&scene, &acme, Parting::Prune).await.unwrap_err(),
        Refused::Absent { noun: "deployment" }
    );
    assert_eq!(scene.one("select deployments || ' ' || open_operations from tenant_ledger").await, "0 0");
    let operation = scene.backend.operation(&acme.owner, gone.operation.unwrap()).await.unwrap();
    assert_eq!(operation.expect("it outlives what it was about").state, "succeeded");
}

#[tokio::test]
async fn what_cannot_be_taken_down_can_still_be_let_go() {
    let (scene, acme) = Scene::furnished().await;
    let shop = scene.made(&acme, "shop", from(SHOP)).await;
    scene.work().await;
    let first = delete(&scene, &acme, Parting::Prune).await.unwrap();
    let second = delete(&scene, &acme, Parting::Abandon).await.unwrap();
    assert_eq!(second.operation, first.operation, "it joins the one that waits");
    let facts = scene.agents.deployment_facts(&scene.agent, shop.id).await.unwrap().unwrap();
    assert_eq!((facts.prune, facts.generation.0), (Prune::Abandon, 3));
}

#[tokio::test]
async fn what_no_engine_knows_goes_at_once() {
    let scene = Scene::new().await;
    let acme = scene.tenant("acme").await;
    scene.environment(&acme, "prod").await;
    scene.made(&acme, "shop", from(SHOP)).await;
    let gone = delete(&scene, &acme, Parting::Prune).await.unwrap();
    assert_eq!((gone.effect, gone.operation), (Effect::Deleted, None));
    assert_eq!(scene.one("select count(*) from deployments").await, "0");
    assert_eq!(scene.one("select deployments from tenant_ledger").await, "0");
}

#[tokio::test]
async fn a_take_down_ends_what_waits_and_runs_get_their_verdict() {
    let (scene, acme) = Scene::furnished().await;
    scene.made(&acme, "shop", from(SHOP)).await;
    let shop = Reference::parse("shop").unwrap();
    let wanted = WantedRun { spec: domain::intent::sync_run::SyncRunSpec::default(), rollback_to: None };
    let call = Call::default();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let done = scene.backend.start_sync_run(&acme.owner, &shop, (&wanted, &call)).await.unwrap().unwrap();
        runs.push(done.thing.id);
    }
    let gone = delete(&scene, &acme, Parting::Prune).await.unwrap();
    let open = scene.open(&acme).await;
    assert_eq!(open, ["deployment_take_down due", "environment due", "tenant due"]);
    for run in runs {
        let run = scene.backend.sync_run(&acme.owner, run).await.unwrap().unwrap();
        let RunState::Ended { verdict, .. } = run.state else { panic!("{run:?}") };
        assert_eq!(verdict.message, "its deployment was taken down");
    }
    let late = scene.backend.start_sync_run(&acme.owner, &shop, (&wanted, &call)).await.unwrap();
    assert_eq!(late.unwrap_err(), Refused::Deleting);
    scene.work().await;
    assert_eq!(scene.state(gone.operation.unwrap()).await, "succeeded");
}
