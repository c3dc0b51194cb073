//! One attempt: the rows are read as they are now, reconciled, and what came of it is said in the words of operations.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use domain::engine::facts::{DeploymentFacts, EnvironmentFacts};
use domain::ids::{DeploymentId, EnvironmentId, SyncRunId};
use domain::operation::{Generation, Kind, Obstacle, Outcome, Refusal, Thing};
use futures::FutureExt;
use futures::future::BoxFuture;
use store::{Claim, Disposition, Finding, Finished};

use super::hand::Hand;
use crate::reconcile::{self, Done, Look, Report};

/// What was read for several at once.
pub(super) type Read = HashMap<DeploymentId, DeploymentFacts>;

/// Works on a claim. It always comes to something, and in time.
pub(super) async fn attempt(hand: &Hand, claim: Claim, read: &Read) -> Finished {
    let attempt = AssertUnwindSafe(tried(hand, &claim, read)).catch_unwind();
    let (outcome, finding) = match tokio::time::timeout(hand.args.attempt_timeout, attempt).await {
        Ok(Ok(Ok(done))) => said(hand, &claim, done).await,
        Ok(Ok(Err(error))) => (unread(&error), None),
        Ok(Err(panic)) => (Outcome::Broke { message: last_words(&*panic) }, None),
        Err(_elapsed) => {
            let message = "it took too long".to_owned();
            (Outcome::Unreachable(Obstacle::EngineUnreachable { message }), None)
        }
    };
    tracing::debug!(
        operation = %claim.operation.id,
        kind = %claim.operation.subject.kind(),
        tenant = %claim.tenant,
        ?outcome,
        trace = claim.trace.as_deref(),
        "attempted"
    );
    Finished { claim, outcome, finding }
}

/// What is needed of the rows before it is worth to begin: for all deployments of a stage at once.
pub(super) async fn read(hand: &Hand, claims: &[Claim]) -> Read {
    let is_one = |claim: &&Claim| match claim.operation.subject.kind() {
        Kind::Apply(Thing::Deployment) | Kind::TakeDown(Thing::Deployment) | Kind::Refresh => true,
        Kind::Apply(_) | Kind::TakeDown(_) | Kind::ConnectionCheck | Kind::SyncRun | Kind::Termination => {
            false
        }
    };
    let ids: Vec<_> = claims
        .iter()
        .filter(is_one)
        .map(|claim| DeploymentId(claim.operation.subject.resource().0))
        .collect();
    if ids.is_empty() {
        return Read::new();
    }
    match hand.store.deployment_facts_many(&hand.access, &ids).await {
        Ok(facts) => facts.into_iter().map(|facts| (facts.id, facts)).collect(),
        Err(error) => {
            // Each tries for itself, and says what came of it.
            tracing::debug!(%error, "deployments could not be read together");
            Read::new()
        }
    }
}

/// Who is claimed and has no facts: the row is gone, or nobody serves it any more.
fn without_facts(claim: &Claim) -> Done {
    let seen = claim.operation.target;
    match claim.operation.subject.kind() {
        // Nothing can be there, and nothing is wished.
        Kind::TakeDown(_) => {
            Done { outcome: Outcome::Done { seen }, report: Some(Report::TakenDown { gone: true }) }
        }
        Kind::Termination => Outcome::Done { seen }.into(),
        Kind::Apply(_) | Kind::ConnectionCheck | Kind::SyncRun | Kind::Refresh => {
            Outcome::Refused { seen, why: Refusal::Unplaced }.into()
        }
    }
}

/// Boxes, here and below: the compiler cannot tell otherwise that what is in them may be sent (rust-lang/rust#102211).
fn tried<'a>(hand: &'a Hand, claim: &'a Claim, read: &'a Read) -> BoxFuture<'a, store::Result<Done>> {
    match claim.operation.subject.kind() {
        Kind::Apply(Thing::Tenant) | Kind::TakeDown(Thing::Tenant) => Box::pin(tenant(hand, claim)),
        Kind::Apply(Thing::RepositoryCredential) | Kind::TakeDown(Thing::RepositoryCredential) => {
            Box::pin(credential(hand, claim))
        }
        Kind::Apply(Thing::Environment) | Kind::TakeDown(Thing::Environment) | Kind::ConnectionCheck => {
            Box::pin(environment(hand, claim))
        }
        Kind::Apply(Thing::Deployment) | Kind::TakeDown(Thing::Deployment) | Kind::Refresh => {
            Box::pin(deployment(hand, claim, read))
        }
        Kind::SyncRun | Kind::Termination => Box::pin(sync_run(hand, claim)),
    }
}

async fn tenant(hand: &Hand, claim: &Claim) -> store::Result<Done> {
    let subject = claim.operation.subject;
    let Some(facts) = hand.store.tenant_facts(&hand.access, subject.resource()).await? else {
        return Ok(without_facts(claim));
    };
    Ok(if takes_down(subject.kind()) {
        reconcile::tenant::take_down(&hand.engine, &facts).await
    } else {
        reconcile::tenant::apply(&hand.engine, &facts).await
    })
}

async fn credential(hand: &Hand, claim: &Claim) -> store::Result<Done> {
    let subject = claim.operation.subject;
    let Some(facts) = hand.store.credential_facts(&hand.access, subject.resource()).await? else {
        return Ok(without_facts(claim));
    };
    Ok(if takes_down(subject.kind()) {
        reconcile::repository_credential::take_down(&hand.engine, &facts).await
    } else {
        reconcile::repository_credential::apply(&hand.engine, &facts).await
    })
}

async fn environment(hand: &Hand, claim: &Claim) -> store::Result<Done> {
    let subject = claim.operation.subject;
    let id = EnvironmentId(subject.resource().0);
    let Some(facts) = hand.store.environment_facts(&hand.access, id).await? else {
        return Ok(without_facts(claim));
    };
    Ok(match subject.kind() {
        Kind::TakeDown(_) => without_environment(hand, &facts).await,
        Kind::ConnectionCheck => reconcile::connection_check::apply(&hand.targets, &facts).await,
        Kind::Apply(_) | Kind::SyncRun | Kind::Termination | Kind::Refresh => {
            with_environment(hand, &facts).await
        }
    })
}

fn with_environment<'a>(hand: &'a Hand, facts: &'a EnvironmentFacts) -> BoxFuture<'a, Done> {
    Box::pin(reconcile::environment::apply(&hand.engine, &hand.targets, facts))
}

fn without_environment<'a>(hand: &'a Hand, facts: &'a EnvironmentFacts) -> BoxFuture<'a, Done> {
    Box::pin(reconcile::environment::take_down(&hand.engine, facts))
}

async fn deployment(hand: &Hand, claim: &Claim, read: &Read) -> store::Result<Done> {
    let Hand { store, access, engine, targets, .. } = hand;
    let id = DeploymentId(claim.operation.subject.resource().0);
    let own;
    let facts = match read.get(&id) {
        Some(facts) => facts,
        None => match store.deployment_facts(access, id).await? {
            Some(facts) => {
                own = facts;
                &own
            }
            None => return Ok(without_facts(claim)),
        },
    };
    Ok(match claim.operation.subject.kind() {
        Kind::TakeDown(_) => match store.environment_facts(access, facts.environment).await? {
            Some(environment) => reconcile::deployment::take_down(engine, targets, facts, &environment).await,
            None => without_facts(claim),
        },
        Kind::Refresh => reconcile::refresh::apply(engine, facts, Look::Normal).await,
        Kind::Apply(_) | Kind::ConnectionCheck | Kind::SyncRun | Kind::Termination => {
            reconcile::deployment::apply(engine, facts).await
        }
    })
}

async fn sync_run(hand: &Hand, claim: &Claim) -> store::Result<Done> {
    let subject = claim.operation.subject;
    let run = SyncRunId(subject.resource().0);
    let Some(facts) = hand.store.sync_run_facts(&hand.access, run).await? else {
        return Ok(without_facts(claim));
    };
    Ok(if subject.kind() == Kind::SyncRun {
        reconcile::sync_run::apply(&hand.engine, &facts).await
    } else {
        reconcile::termination::apply(&hand.engine, &facts).await
    })
}

fn takes_down(kind: Kind) -> bool {
    match kind {
        Kind::TakeDown(_) => true,
        Kind::Apply(_) | Kind::ConnectionCheck | Kind::SyncRun | Kind::Termination | Kind::Refresh => false,
    }
}

/// Writes what was learned by the way, and says the rest.
async fn said(hand: &Hand, claim: &Claim, done: Done) -> (Outcome, Option<Finding>) {
    let Done { outcome, report } = done;
    match report {
        None => (outcome, None),
        Some(Report::TakenDown { gone: true }) => (outcome, Some(Finding::Gone)),
        Some(Report::TakenDown { gone: false }) => match claim.operation.subject.kind() {
            // The watch sees it go.
            Kind::TakeDown(Thing::Deployment) => (outcome, None),
            // Nobody watches these: they are looked at until they are gone.
            Kind::TakeDown(Thing::Tenant | Thing::Environment | Thing::RepositoryCredential)
            | Kind::Apply(_)
            | Kind::ConnectionCheck
            | Kind::SyncRun
            | Kind::Termination
            | Kind::Refresh => {
                let what = "what holds it on the engine to let go".to_owned();
                (Outcome::Unreachable(Obstacle::NotReady { what }), None)
            }
        },
        Some(Report::Check(report)) => {
            let seen = seen(&outcome).unwrap_or(claim.operation.target);
            let environment = EnvironmentId(claim.operation.subject.resource().0);
            match hand.store.record_check(&hand.access, (environment, seen), report).await {
                Ok(_) => (outcome, None),
                Err(error) => (unread(&error), None),
            }
        }
    }
}

/// The generation that was read.
fn seen(outcome: &Outcome) -> Option<Generation> {
    match outcome {
        Outcome::Done { seen } | Outcome::Refused { seen, .. } => Some(*seen),
        Outcome::Conflict | Outcome::Unreachable(_) | Outcome::Broke { .. } => None,
    }
}

/// The rows could not be read or written.
fn unread(error: &store::Error) -> Outcome {
    match error.disposition() {
        Disposition::RetryLater | Disposition::RetryNow | Disposition::Conflict => Outcome::Conflict,
        Disposition::Terminal => match error {
            store::Error::Misconfigured(why) => {
                tracing::error!(why, "this agent is not set up for its work");
                Outcome::Unreachable(Obstacle::NotReady {
                    what: "an operator to set up the agent".to_owned(),
                })
            }
            store::Error::Unavailable(_)
            | store::Error::OutcomeUnknown(_)
            | store::Error::Contended(_)
            | store::Error::Conflict(_)
            | store::Error::Bug(_) => {
                tracing::error!(error = error as &dyn std::error::Error, "rows cannot be read");
                Outcome::Broke { message: "its rows cannot be read".to_owned() }
            }
        },
    }
}

fn last_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message");
    tracing::error!(panic = text, "an attempt broke");
    "a defect of ours".to_owned()
}
