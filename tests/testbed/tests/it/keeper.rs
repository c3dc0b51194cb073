//! The keeper holds what tests share for exactly as long as somebody uses it.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use testbed::{Folder, Launch, Process, cache, redis, wait};

const SOON: Duration = Duration::from_secs(20);

struct Kept {
    keeper: Process,
    folder: Folder,
}

impl Kept {
    fn start() -> Self {
        let folder = Folder::in_target("kept").unwrap();
        let program = cache::programs().unwrap().join("argosy-testbed");
        // The surroundings that find the cache are those of whoever runs the tests.
        let keeper = Launch::new("keeper", program, folder.path())
            .env("ARGOSY_CACHE", cache::folder().unwrap().display().to_string())
            .args(["keep", "--idle-seconds", "0", "--folder", &folder.path().display().to_string()]);
        Self { keeper: keeper.start().unwrap(), folder }
    }

    /// A lease, and the redis that was asked for with it.
    async fn redis(&mut self) -> (TcpStream, redis::Site) {
        let address = self.folder.join("keeper.json");
        let port = wait::until("the keeper's address", SOON, || async {
            let text = std::fs::read_to_string(&address).map_err(|error| error.to_string())?;
            let address: serde_json::Value =
                serde_json::from_str(&text).map_err(|error| error.to_string())?;
            address["port"].as_u64().ok_or(text)
        });
        let port = u16::try_from(port.await.unwrap()).unwrap();
        let mut lease = TcpStream::connect(("127.0.0.1", port)).unwrap();
        writeln!(lease, "\"Redis\"").unwrap();
        let mut answer = String::new();
        BufReader::new(&lease).read_line(&mut answer).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let port = answer["Ok"]["port"].as_u64().ok_or(&answer).unwrap();
        (lease, redis::Site { port: u16::try_from(port).unwrap() })
    }
}

async fn until_gone(redis: &redis::Site) {
    wait::until("redis to be gone", SOON, || async {
        if redis.probe().await.is_ok() { Err("it answers") } else { Ok(()) }.map_err(str::to_owned)
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_keeper_whose_last_lease_ends_takes_everything_down_and_ends() {
    let mut kept = Kept::start();
    let (lease, redis) = kept.redis().await;
    redis.probe().await.unwrap();

    drop(lease);

    assert!(kept.keeper.wait(SOON), "the keeper runs on: {}", kept.keeper.log_end());
    until_gone(&redis).await;
    assert!(!kept.folder.join("keeper.json").exists(), "its address is left");
}

#[tokio::test]
async fn a_keeper_that_is_killed_leaves_nothing_behind() {
    let mut kept = Kept::start();
    let (_lease, redis) = kept.redis().await;

    // Only the keeper: its children must go by the kernel's hand.
    kept.keeper.signal(rustix::process::Signal::KILL).unwrap();

    until_gone(&redis).await;
}
