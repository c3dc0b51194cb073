//! What admissions found, remembered for a while.
//!
//! Only what is allowed is remembered, for at most half a minute, and only while this process hears of changes: each
//! change of a membership or a key is told (`NOTIFY argosy_access`, from a trigger) and forgotten here. A process whose
//! listener is down remembers nothing; one whose network swallows everything forgets by age.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::access::PlatformRole;
use domain::ids::{ApiKeyId, TenantId};

use super::admit::Found;
use super::caller::Caller;
use crate::Reference;

/// However deaf a process is without knowing, a revocation is true after this.
const OLDEST: Duration = Duration::from_secs(30);
/// Of each sort. A process that serves more callers at once asks the database more often.
const MOST: usize = 20_000;

/// What this process remembers. One for all clones of a store.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether changes reach us.
    hears: bool,
    /// How often something was forgotten: what was read before the last time may be out of date.
    forgotten: u64,
    admitted: Shelf<(Caller, Reference), Found>,
    platform: Shelf<Caller, BTreeSet<PlatformRole>>,
    keys: Shelf<ApiKeyId, Known>,
    /// Keys that were used and whose rows do not say so yet.
    used: BTreeSet<ApiKeyId>,
}

/// A key that was shown and is good.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) hash: [u8; 32],
    pub(super) caller: Caller,
    /// None: a key of the platform.
    pub(super) tenant: Option<TenantId>,
}

/// When somebody began to ask the database.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    forgotten: u64,
    at: Instant,
}

#[derive(Debug)]
struct Shelf<K, V>(HashMap<K, (Instant, V)>);

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash, V: Clone> Shelf<K, V> {
    fn get(&self, key: &K, now: Instant) -> Option<V> {
        self.0.get(key).filter(|(until, _)| now < *until).map(|(_, value)| value.clone())
    }

    fn put(&mut self, key: K, until: Instant, value: V) {
        if self.0.len() >= MOST {
            self.0.retain(|_, (until, _)| Instant::now() < *until);
        }
        if self.0.len() < MOST {
            self.0.insert(key, (until, value));
        }
    }
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics, and what is remembered is whole at every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before asking the database.
    pub(super) fn ask(&self) -> Asked {
        Asked { forgotten: self.state().forgotten, at: Instant::now() }
    }

    pub(super) fn admitted(&self, caller: &Caller, tenant: &Reference) -> Option<Found> {
        self.state().admitted.get(&(caller.clone(), tenant.clone()), Instant::now())
    }

    pub(super) fn admit(&self, asked: Asked, of: (Caller, Reference), found: Found) {
        self.put(asked, |state, until| state.admitted.put(of, until, found));
    }

    pub(super) fn platform(&self, caller: &Caller) -> Option<BTreeSet<PlatformRole>> {
        self.state().platform.get(caller, Instant::now())
    }

    pub(super) fn admit_to_platform(&self, asked: Asked, caller: Caller, roles: BTreeSet<PlatformRole>) {
        self.put(asked, |state, until| state.platform.put(caller, until, roles));
    }

    pub(super) fn key(&self, id: ApiKeyId) -> Option<Known> {
        self.state().keys.get(&id, Instant::now())
    }

    /// A key, and for how long it is good if that ends.
    pub(super) fn know(&self, asked: Asked, id: ApiKeyId, known: Known, good_for: Option<Duration>) {
        self.put(asked, |state, until| {
            let until = good_for.map_or(until, |left| until.min(asked.at + left));
            state.keys.put(id, until, known);
        });
    }

    fn put(&self, asked: Asked, put: impl FnOnce(&mut State, Instant)) {
        let mut state = self.state();
        if state.hears && state.forgotten == asked.forgotten {
            put(&mut state, asked.at + OLDEST);
        }
    }

    pub(super) fn used(&self, id: ApiKeyId) {
        self.state().used.insert(id);
    }

    pub(super) fn take_used(&self) -> BTreeSet<ApiKeyId> {
        std::mem::take(&mut self.state().used)
    }

    /// What one may in this tenant, or on the platform, has changed.
    pub(super) fn forget(&self, tenant: Option<TenantId>) {
        let mut state = self.state();
        state.forgotten += 1;
        state.keys.0.retain(|_, (_, known)| known.tenant != tenant);
        match tenant {
            Some(tenant) => state.admitted.0.retain(|_, (_, found)| found.tenant != tenant),
            None => state.platform.0.clear(),
        }
    }

    /// Whether changes reach us from now on. Either way, what we remember may have changed in between.
    pub(super) fn hear(&self, hears: bool) {
        let mut state = self.state();
        let (forgotten, used) = (state.forgotten + 1, std::mem::take(&mut state.used));
        *state = State { hears, forgotten, used, ..State::default() };
    }
}
