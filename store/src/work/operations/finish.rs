//! Finishing and giving back: behind the fence, in one transaction for a whole batch.

use domain::engine::sync_run::Verdict;
use domain::ids::{DeploymentId, SyncRunId};
use domain::operation::{Event, OperationId, Outcome};

use super::after::Rings;
use super::claim::Claim;
use super::happened::{Finding, Happening};
use super::written::Locked;
use crate::access::{Access, Agent};
use crate::change::{TRIES, moved_on};
use crate::{Result, Scope, Store, Tx};

/// How an attempt went.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What was claimed.
    pub claim: Claim,
    /// How it went.
    pub outcome: Outcome,
    /// What was found out besides.
    pub finding: Option<Finding>,
}

/// What is seen on an engine, and concerns operations though none of them did it.
#[derive(Clone, Copy, Debug)]
enum Outside<'a> {
    /// A run is over.
    Judged(SyncRunId, &'a Verdict),
    /// An Application is gone.
    Gone(DeploymentId),
}

impl Tx {
    async fn seen_outside(&mut self, event: &Outside<'_>) -> Result<(bool, Rings)> {
        match event {
            Outside::Judged(run, verdict) => self.run_is_over(*run, (*verdict).clone()).await,
            Outside::Gone(deployment) => self.deployment_is_gone(*deployment).await,
        }
    }
}

impl Store {
    /// Finishes attempts. Answers those whose claim was the last one; for all others somebody else acts by now, and nothing
    /// was changed.
    pub async fn finish(&self, _: &Access<Agent>, finished: Vec<Finished>) -> Result<Vec<OperationId>> {
        let happenings = finished.into_iter().map(|one| {
            let Finished { claim, outcome, finding } = one;
            let event = Event::Finished { token: claim.token, outcome };
            Happening { id: claim.operation.id, subject: claim.operation.subject, event, finding }
        });
        self.happen_to_claims(happenings.collect()).await
    }

    /// Gives claims back that were not worked on to an end. They are due at once, and it does not count as an attempt.
    pub async fn give_back(&self, _: &Access<Agent>, claims: &[Claim]) -> Result<Vec<OperationId>> {
        let happenings = claims.iter().map(|claim| Happening {
            id: claim.operation.id,
            subject: claim.operation.subject,
            event: Event::GivenBack { token: claim.token },
            finding: None,
        });
        self.happen_to_claims(happenings.collect()).await
    }

    /// The Application of a deployment that is being taken down has gone for good: its row goes too, if nothing is open for
    /// it. For whoever watches. Answers whether it went.
    pub async fn gone(&self, _: &Access<Agent>, deployment: DeploymentId) -> Result<bool> {
        self.in_tries(Outside::Gone(deployment)).await
    }

    /// A run has ended so. The next one of its deployment may start. Answers whether it had no verdict yet.
    pub async fn record_verdict(&self, _: &Access<Agent>, run: SyncRunId, verdict: &Verdict) -> Result<bool> {
        self.in_tries(Outside::Judged(run, verdict)).await
    }

    /// In a transaction that is begun anew while others are in its way.
    async fn in_tries(&self, event: Outside<'_>) -> Result<bool> {
        let mut tries = 1;
        loop {
            let mut tx = self.begin_in(Scope::All).await?;
            match tx.seen_outside(&event).await {
                Ok((done, rings)) => {
                    tx.commit().await?;
                    rings.ring(self);
                    return Ok(done);
                }
                Err(error) if tries < TRIES && moved_on(&error) => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    async fn happen_to_claims(&self, happenings: Vec<Happening>) -> Result<Vec<OperationId>> {
        let happened = self.happen(Scope::All, &happenings, Locked::Wait).await?;
        Ok(happened.into_iter().map(|one| one.after.id).collect())
    }
}
