//! Processes always end, whatever happens to whoever started them.

use std::time::Duration;

use testbed::{Ending, Folder, Launch, Port, wait};

const SOON: Duration = Duration::from_secs(10);

fn shell(folder: &Folder, script: &str) -> Launch {
    Launch::new("shell", "/bin/sh", folder.path()).args(["-c", script])
}

fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn a_process_and_its_children_end_with_the_handle() {
    let folder = Folder::in_target("process").unwrap();
    let mut process = shell(&folder, "sleep 600 & echo $!; wait").start().unwrap();
    let child = first_line(&mut process);
    assert!(alive(process.pid()) && alive(child));

    let pid = process.pid();
    drop(process);

    assert!(!alive(pid), "the process is left");
    // The group is killed before the leader is reaped; its death needs no more than the kernel's attention.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(gone(child));
}

#[test]
fn a_process_ends_when_its_test_panics() {
    let folder = Folder::in_target("process").unwrap();
    let launch = shell(&folder, "sleep 600");
    let (sender, receiver) = std::sync::mpsc::channel();
    let panicking = std::thread::spawn(move || {
        let process = launch.start().unwrap();
        sender.send(process.pid()).unwrap();
        panic!("as a failing test does");
    });
    let pid = receiver.recv().unwrap();
    assert!(panicking.join().is_err());
    assert!(!alive(pid));
}

#[test]
fn one_that_will_not_end_is_killed() {
    let folder = Folder::in_target("process").unwrap();
    let mut process = shell(&folder, "trap '' TERM; echo 1; while :; do sleep 600; done").start().unwrap();
    first_line(&mut process);
    let status = process.stop_within(Duration::from_millis(50)).unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
}

#[test]
fn one_that_ends_in_order_is_asked_first() {
    let folder = Folder::in_target("process").unwrap();
    let launch = shell(&folder, "trap 'echo bye; exit 3' INT; echo 1; while :; do sleep 0.01; done");
    let mut process = launch.ending(Ending::Interrupt).start().unwrap();
    first_line(&mut process);
    let status = process.stop().unwrap();
    assert_eq!(status.code(), Some(3));
    assert!(process.log_end().contains("bye"));
}

#[tokio::test]
async fn a_wait_says_that_the_process_ended_and_shows_its_log() {
    let folder = Folder::in_target("process").unwrap();
    let mut process = shell(&folder, "echo the disk is full >&2; exit 4").start().unwrap();
    let waited = process.ready(SOON, || async { Err(anyhow::anyhow!("no answer")) }).await;
    let error = format!("{:#}", waited.unwrap_err());
    assert!(error.contains("ended by itself") && error.contains("the disk is full"), "{error}");
}

#[tokio::test]
async fn a_wait_that_fails_says_what_was_seen_last() {
    let mut looks = 0;
    let waited = wait::until::<(), _>("the moon", Duration::from_millis(100), || {
        looks += 1;
        let seen = format!("cloud {looks}");
        async move { Err(seen) }
    });
    let error = waited.await.unwrap_err().to_string();
    assert!(error.contains("the moon") && error.contains(&format!("cloud {looks}")), "{error}");
}

#[tokio::test]
async fn a_look_that_hangs_does_not_outlive_the_deadline() {
    let waited = wait::until::<(), _>("nothing", Duration::from_millis(50), std::future::pending);
    assert!(waited.await.is_err());
}

#[test]
fn nothing_of_the_surroundings_reaches_a_process() {
    let folder = Folder::in_target("process").unwrap();
    let mut process = shell(&folder, "env").env("ONLY", "this").start().unwrap();
    assert!(process.wait(SOON));
    let seen = process.log_end();
    assert!(seen.contains("ONLY=this"), "{seen}");
    assert!(!seen.contains("CARGO"), "cargo's environment leaked: {seen}");
}

#[test]
fn ports_are_never_given_twice() {
    let ports: Vec<Port> = (0..50).map(|_| Port::free().unwrap()).collect();
    for port in &ports {
        assert!(Port::try_take(port.number()).unwrap().is_none(), "{} was given twice", port.number());
    }
    let number = ports[0].number();
    drop(ports);
    assert!(Port::try_take(number).unwrap().is_some());
}

/// Wait for the first line of output, a number.
fn first_line(process: &mut testbed::Process) -> u32 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let look = wait::until("a first line", SOON, || {
        let text = process.log_end();
        let number = text.lines().next().filter(|_| text.contains('\n')).and_then(|line| line.parse().ok());
        async move { number.ok_or(text) }
    });
    runtime.block_on(look).unwrap()
}

async fn gone(pid: u32) {
    wait::until("the child to be gone", SOON, || async move {
        if alive(pid) { Err(pid.to_string()) } else { Ok(()) }
    })
    .await
    .unwrap();
}
