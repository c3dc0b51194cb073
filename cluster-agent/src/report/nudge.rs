//! Applications that the controller found invalid are shown to it again.
//!
//! Argo CD watches Applications, projects and Secrets separately. An Application may be seen before the project that was
//! written first; then it is called invalid, and nothing but a refresh makes the controller look again.

use std::collections::HashMap;
use std::time::Duration;

use domain::ids::DeploymentId;
use domain::operation::Generation;
use tokio::time::Instant;

use crate::cluster::Key;

/// After it was first seen to be invalid. If it is still, it is.
const AFTER: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// Who is to be shown again, and when.
#[derive(Debug, Default)]
pub(super) struct Nudges(HashMap<DeploymentId, Nudge>);

#[derive(Debug)]
struct Nudge {
    place: Key,
    /// Of the row that the object was made from: a new one begins anew.
    generation: Generation,
    since: Instant,
    done: usize,
}

impl Nudges {
    /// It is invalid in this generation.
    pub(super) fn invalid(
        &mut self,
        deployment: DeploymentId,
        generation: Generation,
        place: Key,
        since: Instant,
    ) {
        let nudge = self.0.entry(deployment).or_insert_with(|| Nudge {
            place: place.clone(),
            generation,
            since,
            done: 0,
        });
        if nudge.generation != generation {
            *nudge = Nudge { place, generation, since, done: 0 };
        }
    }

    /// It is not, or not any more, or it is gone.
    pub(super) fn well(&mut self, deployment: DeploymentId) {
        self.0.remove(&deployment);
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.values().filter_map(Nudge::due).min()
    }

    /// Those that are due now.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Key> {
        let due = self.0.values_mut().filter(|nudge| nudge.due().is_some_and(|due| due <= now));
        due.map(|nudge| {
            nudge.done += 1;
            nudge.place.clone()
        })
        .collect()
    }
}

impl Nudge {
    fn due(&self) -> Option<Instant> {
        AFTER.get(self.done).map(|after| self.since + *after)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::cluster::Kind;

    #[test]
    fn an_invalid_application_is_shown_again_four_times_for_each_generation() {
        let (mut nudges, deployment) = (Nudges::default(), DeploymentId(Uuid::nil()));
        let place = Key { kind: Kind::Application, namespace: "argocd".to_owned(), name: "a".to_owned() };
        let begin = Instant::now();
        let mut times = Vec::new();
        nudges.invalid(deployment, Generation(1), place.clone(), begin);
        while let Some(due) = nudges.next() {
            assert_eq!(nudges.take(due - Duration::from_millis(1)), []);
            assert_eq!(nudges.take(due), std::slice::from_ref(&place));
            // It is still invalid: that changes nothing.
            nudges.invalid(deployment, Generation(1), place.clone(), due);
            times.push((due - begin).as_secs());
        }
        assert_eq!(times, [1, 2, 5, 10]);
        nudges.invalid(deployment, Generation(2), place, begin);
        assert!(nudges.next().is_some());
        nudges.well(deployment);
        assert!(nudges.next().is_none());
    }
}
