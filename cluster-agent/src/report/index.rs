//! What is known of each Application, in little memory: what was written of it, and whether the last list had it.

use std::collections::HashMap;

use domain::engine::hash::Hash;
use domain::ids::DeploymentId;
use store::status::Written;

/// Of each deployment of one engine cluster.
#[derive(Debug, Default)]
pub(super) struct Index {
    known: HashMap<DeploymentId, Known>,
    /// Counts the lists.
    list: u32,
    /// A list was complete, so that what is not known is not there.
    complete: bool,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// What we believe to be written. None: nothing, or we are not sure.
    written: Option<Hash>,
    /// What was seen last. None: it is only known from its row.
    seen: Option<Hash>,
    /// The last list, or watch after it, that had it.
    list: u32,
}

impl Index {
    /// What earlier mirrors wrote.
    pub(super) fn of(written: impl IntoIterator<Item = Written>) -> Self {
        let known = |row: Written| (row.deployment, Known { written: Some(row.hash), seen: None, list: 0 });
        Self { known: written.into_iter().map(known).collect(), list: 0, complete: false }
    }

    /// A list begins.
    pub(super) fn begin_list(&mut self) {
        self.list = self.list.wrapping_add(1);
    }

    /// The list is complete: what it did not have is gone.
    pub(super) fn end_list(&mut self) -> Vec<DeploymentId> {
        self.complete = true;
        let list = self.list;
        let gone: Vec<_> =
            self.known.iter().filter(|(_, known)| known.list != list).map(|(id, _)| *id).collect();
        for id in &gone {
            self.known.remove(id);
        }
        gone
    }

    /// An Application is there and says this. Answers whether it is to be written.
    pub(super) fn see(&mut self, deployment: DeploymentId, hash: Hash) -> bool {
        let list = self.list;
        let known = self.known.entry(deployment).or_insert(Known { written: None, seen: None, list });
        known.list = list;
        known.seen = Some(hash);
        known.written != Some(hash)
    }

    /// It is there, and what it says cannot be read.
    pub(super) fn is_there(&mut self, deployment: DeploymentId) {
        let list = self.list;
        self.known.entry(deployment).or_insert(Known { written: None, seen: None, list }).list = list;
    }

    /// It is gone. Answers whether it was known.
    pub(super) fn forget(&mut self, deployment: DeploymentId) -> bool {
        self.known.remove(&deployment).is_some()
    }

    /// This was written of it.
    pub(super) fn wrote(&mut self, deployment: DeploymentId, hash: Hash) {
        if let Some(known) = self.known.get_mut(&deployment) {
            known.written = Some(hash);
        }
    }

    /// Whether an Application of this deployment is there; None as long as no list was complete.
    pub(super) fn has(&self, deployment: DeploymentId) -> Option<bool> {
        self.complete.then(|| self.known.contains_key(&deployment))
    }

    /// It is no deployment's: nothing is kept of it.
    pub(super) fn is_nobodys(&mut self, deployment: DeploymentId) {
        if let Some(known) = self.known.get_mut(&deployment) {
            known.written = None;
        }
    }

    /// Whether all rows say what we believe them to say. These are all there are.
    pub(super) fn agrees(&self, rows: &[Written]) -> bool {
        let rows: HashMap<_, _> = rows.iter().map(|row| (row.deployment, row.hash)).collect();
        let believed = |known: &Known| known.written.filter(|written| known.seen == Some(*written));
        self.known
            .iter()
            .filter_map(|(deployment, known)| Some((deployment, believed(known)?)))
            .all(|(deployment, written)| rows.get(deployment) == Some(&written))
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::TenantId;
    use uuid::Uuid;

    use super::*;

    fn deployment(number: u128) -> DeploymentId {
        DeploymentId(Uuid::from_u128(number))
    }

    fn hash(number: u8) -> Hash {
        Hash::from_bytes([number; 16])
    }

    fn row(number: u128, said: u8) -> Written {
        Written { deployment: deployment(number), tenant: TenantId(Uuid::nil()), hash: hash(said) }
    }

    #[test]
    fn what_was_written_already_is_not_written_again() {
        let mut index = Index::of([row(1, 7)]);
        index.begin_list();
        assert!(!index.see(deployment(1), hash(7)));
        assert!(index.see(deployment(1), hash(8)));
        assert!(index.see(deployment(1), hash(8)), "not until it is written");
        index.wrote(deployment(1), hash(8));
        assert!(!index.see(deployment(1), hash(8)));
    }

    #[test]
    fn what_a_complete_list_does_not_have_is_gone_and_nothing_else() {
        let mut index = Index::of([row(1, 1), row(2, 2), row(3, 3)]);
        assert_eq!(index.has(deployment(1)), None, "no list yet");
        index.begin_list();
        index.see(deployment(1), hash(1));
        // It broke, and begins anew.
        index.begin_list();
        index.see(deployment(2), hash(2));
        assert_eq!(index.has(deployment(3)), None, "no list was complete");
        let mut gone = index.end_list();
        gone.sort_unstable();
        assert_eq!(gone, [deployment(1), deployment(3)]);
        assert_eq!((index.has(deployment(2)), index.has(deployment(3))), (Some(true), Some(false)));
        // What came after the list is there, and the next list must have it.
        index.see(deployment(4), hash(4));
        index.begin_list();
        index.see(deployment(4), hash(4));
        assert_eq!(index.end_list(), [deployment(2)]);
    }

    #[test]
    fn rows_that_lost_what_was_written_are_noticed() {
        let mut index = Index::default();
        index.see(deployment(1), hash(1));
        assert!(index.agrees(&[]), "nothing is believed yet");
        index.wrote(deployment(1), hash(1));
        assert!(index.agrees(&[row(1, 1), row(2, 2)]));
        assert!(!index.agrees(&[row(1, 9)]) && !index.agrees(&[]));
        index.is_nobodys(deployment(1));
        assert!(index.agrees(&[]));
    }

    /// Ten thousand Applications are a few megabytes.
    #[test]
    fn an_application_is_known_in_less_than_300_bytes() {
        assert!(size_of::<(DeploymentId, Known)>() * 2 + 2 < 300, "{}", size_of::<(DeploymentId, Known)>());
    }
}
