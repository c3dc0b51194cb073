//! What an Application says, in the words of `domain`.

use domain::engine::marks::{self, Owner};
use domain::engine::observed;
use domain::engine::sync_run::{Verdict, verdict};
use domain::ids::{DeploymentId, SyncRunId};
use domain::operation::Generation;
use store::status::Sighting;

use crate::cluster::Application;

/// What an Application says.
pub(super) struct Sight {
    pub(super) sighting: Sighting,
    /// The generation of the row that it was made from.
    pub(super) generation: Generation,
    /// The controller calls its specification invalid.
    pub(super) invalid: bool,
    /// The sync run that was started last, if it is over, and how.
    pub(super) verdict: Option<(SyncRunId, Verdict)>,
}

/// Whose it is. None: it carries our label, and is nevertheless not ours.
pub(super) fn whose(application: &Application) -> Option<(DeploymentId, Owner)> {
    let owner = Owner::of(&application.marks)?;
    let deployment = DeploymentId(owner.resource);
    // A label can be copied onto something else; a name cannot.
    (application.key.name == deployment.application_name()).then_some((deployment, owner))
}

/// What it says. An error is why it cannot be read.
pub(super) fn sight(
    application: &Application,
    deployment: DeploymentId,
    owner: Owner,
) -> Result<Sight, String> {
    let read = application.read.as_ref().map_err(Clone::clone)?;
    let report = observed::report(read);
    let hash = report.hash();
    let invalid = read.status.conditions.iter().any(|condition| condition.sort == "InvalidSpecError");
    Ok(Sight {
        sighting: Sighting { deployment, tenant: owner.tenant, report, hash },
        generation: marks::generation(&application.marks).unwrap_or_default(),
        invalid,
        verdict: judged(read),
    })
}

fn judged(read: &observed::Application) -> Option<(SyncRunId, Verdict)> {
    let run = read.metadata.annotations.get(marks::LAST_SYNC_RUN)?.parse().ok()?;
    Some((run, verdict(run, read)?))
}
