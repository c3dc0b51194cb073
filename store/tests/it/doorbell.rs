//! The doorbell: heard across processes, and honest about being deaf.

use std::time::Duration;

use domain::ids::{EngineClusterId, TenantId};
use store::Store;
use testbed::{Postgres, Proxy};
use uuid::Uuid;

use crate::support::{self, PASSWORD};

const SOON: Duration = Duration::from_secs(20);

async fn until_hears(store: &Store, wanted: bool) {
    let mut hearing = store.doorbell().hearing();
    tokio::time::timeout(SOON, hearing.wait_for(|hears| *hears == wanted)).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_ring_is_heard_by_whom_it_is_for() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let ringing = support::store(database.url_as("argosy_backend", PASSWORD), 2);
    let hearing = support::store(database.url_as("argosy_agent", PASSWORD), 2);
    let (cluster, tenant) = (EngineClusterId(Uuid::new_v4()), TenantId(Uuid::new_v4()));
    let mut work = hearing.doorbell().hear_work(cluster);
    let mut feed = hearing.doorbell().hear_feed(tenant);
    let others = hearing.doorbell().hear_feed(TenantId(Uuid::new_v4()));
    let mut access = hearing.doorbell().hear_access();
    let test = async {
        until_hears(&hearing, true).await;
        work.mark_unchanged();
        feed.mark_unchanged();
        let before = *others.borrow();
        for _ in 0..1000 {
            ringing.doorbell().work(cluster);
            ringing.doorbell().feed(tenant);
        }
        tokio::time::timeout(SOON, async { tokio::join!(work.changed(), feed.changed()) })
            .await
            .unwrap()
            .0
            .unwrap();
        database.query("select pg_notify('argosy_access', 'somebody')").await.unwrap();
        let said = tokio::time::timeout(SOON, access.recv()).await.unwrap().unwrap();
        assert_eq!(said, "somebody");
        assert_eq!(*others.borrow(), before, "others hear nothing");
        assert!(*work.borrow() < 100, "a thousand rings are few: {}", *work.borrow());
    };
    tokio::select! {
        () = test => {}
        () = hearing.doorbell().listen(std::future::pending()) => panic!("it stopped listening"),
        () = ringing.doorbell().ring(std::future::pending()) => panic!("it stopped ringing"),
    }
}

#[tokio::test]
async fn who_cannot_hear_says_so_and_takes_everything_for_rung_when_it_hears_again() {
    let postgres = Postgres::shared().await.unwrap();
    let database = support::migrated(&postgres).await;
    let proxy = Proxy::to(postgres.address()).unwrap();
    let store = support::store(database.url_through(proxy.port(), "argosy_agent", PASSWORD), 2);
    let mut work = store.doorbell().hear_work(EngineClusterId(Uuid::new_v4()));
    assert!(!store.doorbell().hears(), "nobody listens yet");
    let test = async {
        until_hears(&store, true).await;
        proxy.cut();
        until_hears(&store, false).await;
        work.mark_unchanged();
        proxy.heal();
        until_hears(&store, true).await;
        assert!(work.has_changed().unwrap());
        // A network that swallows everything says nothing of it.
        proxy.black_hole();
        until_hears(&store, false).await;
        proxy.heal();
        until_hears(&store, true).await;
    };
    tokio::select! {
        () = test => {}
        () = store.doorbell().listen(std::future::pending()) => panic!("it stopped listening"),
    }
}
