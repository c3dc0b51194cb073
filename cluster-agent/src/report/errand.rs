//! What is done on the side, so that watching and writing need not wait for it.

use domain::engine::sync_run::Verdict;
use domain::ids::{DeploymentId, SyncRunId};
use futures::future::BoxFuture;
use store::status::Leaving;

use super::Mirroring;
use crate::cluster::{Key, Kind};

/// What came of an errand.
pub(super) enum Done {
    /// An Application was shown to its controller again, or could not be.
    Nudged,
    /// These are over as soon as their Applications are gone. None: the rows could not be read.
    Leaving(Option<Vec<Leaving>>),
    /// A deployment is over, or was not yet.
    Left,
    /// A verdict is recorded.
    Judged,
    /// It is not, and is to be tried again.
    NotJudged(DeploymentId, SyncRunId, Box<Verdict>),
}

pub(super) type Errand<'a> = BoxFuture<'a, Done>;

/// Shows an Application to its controller again.
pub(super) fn nudge(who: &Mirroring, application: Key) -> Errand<'_> {
    Box::pin(async move {
        if let Err(why) = who.engine.look_again(&application).await {
            tracing::debug!(engine = who.engine.name(), name = application.name, %why, "not asked to look again");
        }
        Done::Nudged
    })
}

/// Finds out who is leaving.
pub(super) fn leaving(who: &Mirroring) -> Errand<'_> {
    Box::pin(async move {
        let leaving = who.store.leaving(&who.access, who.cluster).await;
        let leaving = leaving.inspect_err(|error| tracing::debug!(%error, "cannot tell who is leaving"));
        Done::Leaving(leaving.ok())
    })
}

/// Looks for an Application that was not seen, and ends its deployment when it is really not there.
pub(super) fn leave(who: &Mirroring, Leaving { deployment, namespace }: Leaving) -> Errand<'_> {
    Box::pin(async move {
        let engine = who.engine.name();
        let key = Key { kind: Kind::Application, namespace, name: deployment.application_name() };
        match who.engine.get(&key).await {
            Ok(None) => match gone(who, deployment).await {
                Ok(true) => tracing::info!(engine, %deployment, "a deployment is gone"),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(engine, %deployment, %error, "the end of a deployment is not recorded")
                }
            },
            Ok(Some(_)) => {}
            Err(why) => tracing::debug!(engine, %deployment, %why, "cannot tell whether it is gone"),
        }
        Done::Left
    })
}

/// Records how a sync run ended.
pub(super) fn judge(
    who: &Mirroring,
    deployment: DeploymentId,
    run: SyncRunId,
    verdict: Box<Verdict>,
) -> Errand<'_> {
    Box::pin(async move {
        match recorded(who, run, &verdict).await {
            Ok(_) => Done::Judged,
            Err(error) => {
                tracing::warn!(engine = who.engine.name(), %run, %error, "a verdict is not recorded; will try again");
                Done::NotJudged(deployment, run, verdict)
            }
        }
    })
}

/// A box of its own: the compiler cannot tell otherwise that what is in it may be sent (rust-lang/rust#102211).
fn gone(who: &Mirroring, deployment: DeploymentId) -> BoxFuture<'_, store::Result<bool>> {
    Box::pin(who.store.gone(&who.access, deployment))
}

/// As above.
fn recorded<'a>(
    who: &'a Mirroring,
    run: SyncRunId,
    verdict: &'a Verdict,
) -> BoxFuture<'a, store::Result<bool>> {
    Box::pin(who.store.record_verdict(&who.access, run, verdict))
}
