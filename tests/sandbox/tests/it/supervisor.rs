//! The supervisor with real processes that are small.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Result, bail};
use rustix::process::{Pid, Signal};
use sandbox::supervisor::{Part, State, Status, supervise};
use testbed::{Launch, wait};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(20);

/// A supervisor in this process, with what it last said.
struct Supervised {
    folder: tempfile::TempDir,
    seen: Arc<Mutex<Vec<Vec<Status>>>>,
    stop: CancellationToken,
    ended: Option<JoinHandle<Result<()>>>,
}

impl Supervised {
    fn start(parts: impl FnOnce(&Path) -> Vec<Part>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = CancellationToken::new();
        let record = {
            let seen = Arc::clone(&seen);
            move |statuses: &[Status]| seen.lock().unwrap().push(statuses.to_vec())
        };
        let run = supervise(parts(folder.path()), folder.path().to_owned(), record, stop.clone());
        let ended = tokio::runtime::Handle::current().spawn(run);
        Self { folder, seen, stop, ended: Some(ended) }
    }

    fn now(&self, name: &str) -> Option<Status> {
        let seen = self.seen.lock().unwrap();
        seen.last()?.iter().find(|status| status.name == name).cloned()
    }

    async fn until(&self, name: &str, wanted: impl Fn(&Status) -> bool) -> Status {
        let look = async || match self.now(name) {
            Some(status) if wanted(&status) => Ok(status),
            other => Err(format!("{other:?}")),
        };
        wait::until(name, LIMIT, look).await.unwrap()
    }

    async fn ready(&self, name: &str) -> Status {
        self.until(name, |status| status.state.serves()).await
    }

    /// What lay in the folder is still there to be read.
    async fn stop(&mut self) -> Vec<Vec<Status>> {
        self.stop.cancel();
        self.ended.take().unwrap().await.unwrap().unwrap();
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// A shell that runs this and then sleeps, well as soon as `sign` is there.
fn shell(name: &'static str, folder: &Path, script: &str, sign: &str) -> Part {
    let launch = Launch::new(name, "/bin/sh", folder).args(["-c", &format!("{script}\nexec sleep 1000")]);
    let sign = folder.join(sign);
    Part::keep(
        name,
        move || std::future::ready(Ok(launch.clone())),
        move || {
            let sign = sign.clone();
            async move { if sign.exists() { Ok(()) } else { bail!("{} is not there", sign.display()) } }
        },
    )
}

fn kill(status: &Status, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(status.pid.unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

fn lives(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_comes_back_and_its_end_is_told() {
    let mut sandbox = Supervised::start(|folder| vec![shell("one", folder, "touch up", "up")]);
    let before = sandbox.ready("one").await;
    kill(&before, Signal::KILL);
    let after = sandbox.until("one", |status| status.state == State::Ready && status.starts == 2).await;
    assert_ne!(before.pid, after.pid);
    let trouble = after.trouble.unwrap().text;
    assert!(trouble.contains("signal: 9"), "the end is told: {trouble}");
    let seen = sandbox.stop().await;
    assert!(seen.iter().flatten().any(|status| status.state == State::Down), "it was called down meanwhile");
    assert!(!lives(after.pid.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_its_group_left_goes_before_it_is_started_again() {
    let script = "sleep 1000 & echo $! > child-$$; touch up";
    let mut sandbox = Supervised::start(|folder| vec![shell("one", folder, script, "up")]);
    let before = sandbox.ready("one").await;
    let child = sandbox.folder.path().join(format!("child-{}", before.pid.unwrap()));
    let child: u32 = std::fs::read_to_string(child).unwrap().trim().parse().unwrap();
    assert!(lives(child));
    kill(&before, Signal::KILL);
    sandbox.until("one", |status| status.starts == 2).await;
    wait::until("the child to be gone", LIMIT, async || {
        if lives(child) { Err("it lives".to_owned()) } else { Ok(()) }
    })
    .await
    .unwrap();
    sandbox.stop().await;
}

/// Serves until SIGTERM, and then leaves its name in the file `ended`.
fn leaving(name: &'static str, folder: &Path, first: &str) -> Part {
    let script = format!(
        "{first}; trap 'echo {name} >> ended; exit 0' TERM; touch {name}; while :; do sleep 0.02; done"
    );
    shell(name, folder, &script, name)
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_start_after_what_they_need_and_stop_before_it() {
    let mut sandbox = Supervised::start(|folder| {
        let (base, done) = (folder.join("base"), folder.join("done"));
        let step = Part::once("step", move || {
            std::future::ready(match base.exists() {
                true => std::fs::write(&done, "").map_err(Into::into),
                false => Err(anyhow::anyhow!("the step ran before what it needs")),
            })
        });
        vec![
            leaving("top", folder, "test -e done || exit 3").after(&["step"]),
            step.after(&["base"]),
            leaving("base", folder, "true"),
        ]
    });
    for name in ["step", "top"] {
        let status = sandbox.ready(name).await;
        assert_eq!((status.starts, status.trouble), (1, None), "{name} was not started too early");
    }
    let seen = sandbox.stop().await;
    assert_eq!(std::fs::read_to_string(sandbox.folder.path().join("ended")).unwrap(), "top\nbase\n");
    let last = seen.last().unwrap();
    assert!(last.iter().all(|status| status.state == State::Stopped), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_lives_but_does_not_serve_is_called_so() {
    let mut sandbox = Supervised::start(|folder| vec![shell("one", folder, "touch up", "up")]);
    let before = sandbox.ready("one").await;
    std::fs::remove_file(sandbox.folder.path().join("up")).unwrap();
    let sick = sandbox.until("one", |status| status.state == State::Unready).await;
    assert_eq!(sick.pid, before.pid, "it is not ended for that");
    assert!(sick.seen.unwrap().contains("is not there"));
    std::fs::write(sandbox.folder.path().join("up"), "").unwrap();
    sandbox.ready("one").await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_is_tried_again_and_says_why() {
    let mut sandbox =
        Supervised::start(|folder| vec![shell("one", folder, "test -e fuel || exit 7; touch up", "up")]);
    let down = sandbox.until("one", |status| status.state == State::Down && status.starts >= 2).await;
    assert!(down.trouble.unwrap().text.contains("exit status: 7"));
    assert!(!down.was_ready);
    std::fs::write(sandbox.folder.path().join("fuel"), "").unwrap();
    sandbox.ready("one").await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_need_that_no_part_meets_is_refused_at_once() {
    let part = Part::once("one", || std::future::ready(Ok(()))).after(&["nobody"]);
    let folder = tempfile::tempdir().unwrap();
    let refused = supervise(vec![part], folder.path().to_owned(), |_| {}, CancellationToken::new()).await;
    assert!(refused.unwrap_err().to_string().contains("nobody"));
}
