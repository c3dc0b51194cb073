//! How many questions one host gets at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// From this many hosts on, those that nobody asks are forgotten.
const MANY: usize = 1024;

/// A few places for each host.
#[derive(Debug)]
pub(super) struct Hosts {
    each: usize,
    known: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Hosts {
    pub(super) fn new(each: u16) -> Self {
        Self { each: each.into(), known: Mutex::default() }
    }

    /// A place at this host, as soon as there is one. None: never, since nobody closes them.
    pub(super) async fn place(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= MANY {
                known.retain(|_, places| places.available_permits() < self.each);
            }
            let places = known.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(self.each)));
            Arc::clone(places)
        };
        places.acquire_owned().await.ok()
    }
}
