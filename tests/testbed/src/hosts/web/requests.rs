//! The log of requests, so that a test can say "these credentials were used", and when one came to nothing.

use std::sync::{Mutex, PoisonError};

use super::access::Credential;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Http,
    Https,
    Ssh,
}

/// One request, in the order they arrived. No times: what matters is which came before which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub sequence: usize,
    pub transport: Transport,
    /// The repository asked for, without `.git`; empty where a part has none.
    pub repository: String,
    /// Path and query; over ssh, the git command.
    pub path: String,
    pub credential: Credential,
    /// `None` while it is unanswered: it hangs, or the caller went away.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
pub(super) struct RequestLog(Mutex<Vec<Request>>);

impl RequestLog {
    /// Number it and keep it; returns the number.
    pub(super) fn add(&self, mut request: Request) -> usize {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        request.sequence = requests.len();
        requests.push(request);
        requests.len() - 1
    }

    pub(super) fn answered(&self, sequence: usize, status: u16) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(request) = requests.get_mut(sequence) {
            request.status = Some(status);
        }
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
