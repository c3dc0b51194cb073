//! Waiting for what becomes of a wish.

use std::time::Duration;

use backend::app::{Parting, Refused, WishRefused};
use domain::ids::OperationId;

use super::deployments::{furnished, put, said};
use super::ground::{Ground, call, named};

/// As an agent ends it.
async fn end(ground: &Ground, id: OperationId) {
    let sql = format!(
        "with gone as (delete from operations where id = '{id}' returning *)
         insert into operations_ended (id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, made_at,
                                       deadline_at, attempts, breaks, token, ending, seen)
         select id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, made_at,
                deadline_at, attempts, breaks, token, 'succeeded', target from gone returning 1"
    );
    ground.one(&sql).await;
}

#[tokio::test]
async fn who_waits_is_answered_when_it_has_ended() {
    let ground = furnished().await;
    let operation = put(&ground, said()).await.unwrap().operation.unwrap();
    let long = Duration::from_secs(20);
    let waiting = ground.app.wait_for_operation(&ground.access, operation, long);
    let ending = end(&ground, operation);
    let (answer, ()) = tokio::join!(waiting, ending);
    let answer = answer.unwrap();
    assert_eq!((answer.state.as_str(), answer.id), ("succeeded", operation));
}

#[tokio::test]
async fn who_has_no_patience_is_answered_how_it_is_now() {
    let ground = furnished().await;
    let operation = put(&ground, said()).await.unwrap().operation.unwrap();
    let now = ground.app.wait_for_operation(&ground.access, operation, Duration::ZERO).await.unwrap();
    assert_eq!((now.state.as_str(), now.ended_at), ("waiting", None));
    let patient =
        ground.app.wait_for_operation(&ground.access, operation, Duration::from_millis(50)).await.unwrap();
    assert_eq!(patient.state, "waiting");
    let absent = OperationId(uuid::Uuid::nil());
    let refused = ground.app.wait_for_operation(&ground.access, absent, Duration::ZERO).await.unwrap_err();
    assert!(matches!(refused, Refused::Wish(WishRefused::Absent { noun: "operation" })), "{refused:?}");
}

#[tokio::test]
async fn an_operation_is_there_after_what_it_was_about_is_gone() {
    let ground = furnished().await;
    put(&ground, said()).await.unwrap();
    let gone =
        ground.app.delete_deployment(&ground.access, named("shop"), Parting::Prune, &call()).await.unwrap();
    let operation = gone.operation.unwrap();
    end(&ground, operation).await;
    ground.one("delete from deployments returning 1").await;
    let there = ground.app.wait_for_operation(&ground.access, operation, Duration::ZERO).await.unwrap();
    assert_eq!((there.kind.as_str(), there.state.as_str()), ("deployment_take_down", "succeeded"));
    let all = ground.app.list_operations(&ground.access, Some(gone.thing.id), None, 10).await.unwrap();
    assert_eq!(all.len(), 2, "the take-down, and what it took the place of");
}
