//! What is answered when something else is not well: the database, or too much to do.

use reqwest::Method;
use testbed::wait;

use super::ground::{Served, TENANT, deployment};
use crate::support::SOON;

#[tokio::test]
async fn a_database_that_hangs_is_503_within_the_deadline_and_needs_no_restart() {
    let served = Served::begin_with(&["--request-deadline", "4s"]).await;
    let shop = format!("{TENANT}/deployments/shop");
    served.put(&shop, deployment("a")).await.is(201);
    served.proxy.black_hole();
    let begun = std::time::Instant::now();
    let read = served.get(&shop).await;
    assert_eq!(read.status, 503, "{read:?}");
    assert!(!read.header("retry-after").is_empty(), "{read:?}");
    let write = served.put(&shop, deployment("b")).await;
    assert_eq!(write.status, 503, "{write:?}");
    assert!(begun.elapsed().as_secs() < 12, "{:?}", begun.elapsed());
    served.proxy.heal();
    wait::until("an answer", SOON, async || {
        let answer = served.get(&shop).await;
        if answer.status == 200 { Ok(()) } else { Err(format!("{answer:?}")) }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn who_comes_when_there_is_no_room_is_told_at_once() {
    let served = Served::begin_with(&["--waits-at-once", "1"]).await;
    let events = format!("{TENANT}/events");
    let listen = || served.as_ann(Method::GET, &events).header("accept", "text/event-stream");
    let mut first = listen().stream().await;
    assert!(first.chunk().await.unwrap().is_some());
    let second = listen().await_it().await.problem(503, "overloaded");
    assert!(!second.header("retry-after").is_empty());
    served.get(TENANT).await.is(200);
}

#[tokio::test]
async fn both_versions_of_http_are_spoken() {
    let served = Served::begin().await;
    let client = reqwest::Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    let asked = client.get(served.url(TENANT)).bearer_auth(served.token("ann"));
    let answer = asked.send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
}
