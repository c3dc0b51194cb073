//! Ending the sessions of an sshd before the sshd itself.
//!
//! A session is a process group of its own and outlives the listener until its client leaves. So its command is ended
//! first; then the session ends by itself (or is told to) while its parent is still there to bury it.

use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

const GRACE: Duration = Duration::from_millis(500);

pub(super) fn end_all(sshd: u32) {
    let sessions = children(sshd);
    let commands: Vec<_> = sessions.iter().flat_map(|session| descendants(*session)).collect();
    for command in &commands {
        let _ = kill_process(*command, Signal::TERM);
    }
    for session in &sessions {
        if !ended(*session) {
            let _ = kill_process(*session, Signal::TERM);
            ended(*session);
        }
    }
}

fn children(parent: u32) -> Vec<Pid> {
    let listed =
        std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// The deepest first.
fn descendants(parent: Pid) -> Vec<Pid> {
    let children = children(parent.as_raw_nonzero().get().unsigned_abs());
    children.into_iter().flat_map(|child| [descendants(child), vec![child]].concat()).collect()
}

fn ended(pid: Pid) -> bool {
    let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let limit = Timespec::try_from(GRACE).ok();
    poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], limit.as_ref()).is_ok_and(|ended| ended > 0)
}
