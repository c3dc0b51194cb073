//! What people wish of sync runs.

use backend::app::{Call, Refused, Rollback, RunPage, RunState, WishRefused};
use serde_json::json;

use super::deployments::{furnished, put, said};
use super::ground::{Ground, body, call, fields, named};

const WHOLE: &str = "https://git.example.com/acme/shop.git";

/// As an agent reports it: it was synced before, from this repository.
async fn history(ground: &Ground, repository: &str) {
    history_of(ground, repository, "deploy").await;
}

async fn history_of(ground: &Ground, repository: &str, path: &str) {
    let report = json!({"history": [{
        "id": 3,
        "revisions": ["0123456789012345678901234567890123456789"],
        "sources": [{"repository": repository, "path": path, "revision": "main"}],
    }]});
    let sql = format!(
        "insert into deployment_status (deployment_id, tenant_id, engine_cluster_id, sync, health, report, hash, fence)
         select id, tenant_id, gen_random_uuid(), 'Synced', 'Healthy', '{report}', decode(md5('x'), 'hex'), 1 from deployments
         returning 1"
    );
    ground.one(&sql).await;
}

async fn roll_back(
    ground: &Ground,
    to: i64,
    make_manual: bool,
) -> Result<(Option<i64>, Vec<String>), Refused> {
    let rollback = Rollback { to, make_manual };
    let done = ground.app.roll_back(&ground.access, named("shop"), rollback, &call()).await?;
    let revisions = done.thing.spec.revisions.iter().map(ToString::to_string).collect();
    Ok((done.thing.rollback_to, revisions))
}

#[tokio::test]
async fn a_rollback_is_a_run_to_what_was_synced_then() {
    let ground = furnished().await;
    put(&ground, said()).await.unwrap();
    history(&ground, WHOLE).await;
    let (to, revisions) = roll_back(&ground, 3, false).await.unwrap();
    assert_eq!((to, revisions), (Some(3), vec!["0123456789012345678901234567890123456789".to_owned()]));
    let unknown = fields(roll_back(&ground, 4, false).await.unwrap_err());
    assert_eq!(unknown, [("/to".to_owned(), "not_found".to_owned())]);
}

#[tokio::test]
async fn an_automated_deployment_is_rolled_back_only_if_it_becomes_manual() {
    let ground = furnished().await;
    let mut automated = said();
    automated["policy"] = json!({"mode": "automated"});
    put(&ground, automated).await.unwrap();
    history(&ground, WHOLE).await;
    let refused = roll_back(&ground, 3, false).await.unwrap_err();
    assert!(matches!(refused, Refused::Wish(WishRefused::State { code: "automated", .. })), "{refused:?}");
    roll_back(&ground, 3, true).await.unwrap();
    assert_eq!(
        ground.one("select spec -> 'policy' ->> 'mode', generation from deployments").await,
        "manual 2"
    );
    let runs = "select count(*) from sync_runs where rollback_to = 3";
    assert_eq!(ground.one(runs).await, "1");
}

#[tokio::test]
async fn nobody_goes_back_to_other_sources() {
    for (repository, path) in [("https://git.example.com/acme/other.git", "deploy"), (WHOLE, "former")] {
        let ground = furnished().await;
        put(&ground, said()).await.unwrap();
        history_of(&ground, repository, path).await;
        let refused = roll_back(&ground, 3, false).await.unwrap_err();
        assert!(
            matches!(refused, Refused::Wish(WishRefused::State { code: "sources_changed", .. })),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_run_is_of_its_deployment_and_outlives_it() {
    let ground = furnished().await;
    let shop = put(&ground, said()).await.unwrap().thing.id;
    let other = body(said());
    ground.app.put_deployment(&ground.access, named("other"), other, &call()).await.unwrap();
    let run =
        ground.app.start_sync_run(&ground.access, named("shop"), body(json!({})), &call()).await.unwrap();
    let run = run.thing.id;
    let elsewhere = ground.app.sync_run(&ground.access, &named("other"), run).await.unwrap_err();
    assert!(matches!(elsewhere, Refused::Wish(WishRefused::Absent { noun: "sync_run" })), "{elsewhere:?}");
    let stopped =
        ground.app.stop_sync_run(&ground.access, &named("shop"), run, &Call::default()).await.unwrap();
    assert!(matches!(stopped.thing.state, RunState::Ended { .. }));
    ground.one("delete from deployments where name = 'shop' returning 1").await;
    let by_id = backend::app::Reference::Id(shop.0);
    assert_eq!(ground.app.sync_run(&ground.access, &by_id, run).await.unwrap().number, 1);
    let page = RunPage { before: None, limit: 10 };
    let listed = ground.app.list_sync_runs(&ground.access, &named("other"), page).await.unwrap();
    assert!(listed.is_empty());
}
