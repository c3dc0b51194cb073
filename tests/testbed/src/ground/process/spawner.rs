//! The one thread that starts processes.
//!
//! The kernel's parent-death signal fires when the *thread* that forked ends, not the process. Test threads and
//! runtime workers come and go, so all processes are forked by one thread that lives as long as we do.

use std::process::{Child, Command};
use std::sync::mpsc;
use std::sync::{LazyLock, Mutex, PoisonError};

type Request = (Command, mpsc::SyncSender<std::io::Result<Child>>);

static SPAWNER: LazyLock<Mutex<mpsc::Sender<Request>>> = LazyLock::new(|| {
    let (requests, inbox) = mpsc::channel::<Request>();
    std::thread::Builder::new()
        .name("testbed-spawner".to_owned())
        .spawn(move || {
            for (mut command, answer) in inbox {
                // Whoever asked may be gone (a cancelled test): then the child's handle comes back and is ended here.
                if let Err(mpsc::SendError(Ok(mut orphan))) = answer.send(command.spawn()) {
                    let _ = orphan.kill();
                    let _ = orphan.wait();
                }
            }
        })
        .expect("the operating system has room for one more thread");
    Mutex::new(requests)
});

pub(super) fn spawn(command: Command) -> std::io::Result<Child> {
    let (answer, outcome) = mpsc::sync_channel(1);
    SPAWNER
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, answer))
        .expect("the spawner thread lives as long as the process");
    outcome.recv().expect("the spawner answers every request")
}
