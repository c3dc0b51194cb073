//! What we know of the objects on an engine cluster: in which state they were seen last, and what we wrote into them.
//!
//! It survives attempts, so that what is unchanged is not written again. It only ever saves requests: a write carries the
//! state that it is for, so what is known wrongly here is a conflict there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::engine::hash::Hash;
use domain::engine::plan::Observed;
use domain::operation::Generation;

use super::key::Key;

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Index(Mutex<HashMap<Key, Known>>);

/// What is known of one object.
#[derive(Debug)]
struct Known {
    observed: Observed,
    /// Whether its hash is what was seen. Who watches drops who wrote which field, and cannot tell.
    hashed: bool,
    /// What we wrote, and what of it the API server called ours then: it may spell it in another way.
    wrote: Option<Wrote>,
}

#[derive(Clone, Copy, Debug)]
struct Wrote {
    wanted: Hash,
    owned: Hash,
}

impl Index {
    /// How the object was seen last, for who wants it to be this. None: nobody has looked, or not closely enough.
    pub(super) fn observed(
        &self,
        key: &Key,
        wanted: Hash,
        generation: Option<Generation>,
    ) -> Option<Observed> {
        let all = self.all();
        let known = all.get(key)?;
        // The generation is in the object: where it differs, so does the rest.
        if !known.hashed && known.observed.generation == generation {
            return None;
        }
        let mut observed = known.observed.clone();
        if known.wrote.is_some_and(|wrote| wrote.wanted == wanted && wrote.owned == observed.hash) {
            observed.hash = wanted;
        }
        Some(observed)
    }

    /// It was seen, with all there is of it.
    pub(super) fn saw(&self, key: &Key, observed: Observed) {
        let mut all = self.all();
        let before = all.remove(key).filter(|known| known.observed.uid == observed.uid);
        let wrote = before.and_then(|known| known.wrote);
        all.insert(key.clone(), Known { observed, hashed: true, wrote });
    }

    /// It was seen by somebody who cannot tell what in it is ours. Argo CD writes into our objects all the time, so that
    /// there is a new version says nothing about that; another object does, or another generation.
    pub(super) fn glimpsed(&self, key: &Key, mut observed: Observed) {
        let mut all = self.all();
        let same = |known: &Known| {
            (&known.observed.uid, known.observed.generation) == (&observed.uid, observed.generation)
        };
        let before = all.remove(key).filter(same);
        let (hashed, wrote) = before.as_ref().map_or((false, None), |known| (known.hashed, known.wrote));
        if let Some(known) = before {
            observed.hash = known.observed.hash;
        }
        all.insert(key.clone(), Known { observed, hashed, wrote });
    }

    pub(super) fn wrote(&self, key: &Key, observed: Observed, wanted: Hash) {
        let wrote = Some(Wrote { wanted, owned: observed.hash });
        self.all().insert(key.clone(), Known { observed, hashed: true, wrote });
    }

    /// Whether it is known to be there.
    pub(super) fn holds(&self, key: &Key) -> bool {
        self.all().contains_key(key)
    }

    pub(super) fn forget(&self, key: &Key) {
        self.all().remove(key);
    }

    pub(super) fn forget_all(&self) {
        self.all().clear();
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Key, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
