//! Whether a run suits its deployment.

use super::SyncRunSpec;
use crate::field::{Code, Errors, FieldError, Flaw};
use crate::intent::deployment::{DeploymentSpec, Policy, SyncOption};

impl SyncRunSpec {
    /// Whether the deployment, as it is now, can be synced so; or all that speaks against it. That a suspended
    /// deployment is not synced at all is no mistake in a body: who reads the row says that.
    pub fn suits(&self, deployment: &DeploymentSpec) -> Result<(), Vec<FieldError>> {
        let mut errors = Errors::new();
        self.check_revisions(&mut errors, deployment);
        if self.force && deployment.sync_options.switches.get(&SyncOption::ServerSideApply) == Some(&true) {
            let detail = "the deployment has `ServerSideApply=true`, which nothing can be forced with";
            errors.note("force", Flaw::new(Code::Conflict, detail));
        }
        errors.finish(Some(()))
    }

    fn check_revisions(&self, errors: &mut Errors, deployment: &DeploymentSpec) {
        if self.revisions.is_empty() {
            return;
        }
        let sources = deployment.sources.len();
        let field = if self.revisions.len() == 1 { "revision" } else { "revisions" };
        if sources != self.revisions.len() {
            let detail = match sources {
                1 => "the deployment has one source: give one `revision`".to_owned(),
                many => format!("the deployment has {many} sources: give `revisions`, one for each"),
            };
            errors.note(field, Flaw::new(Code::Conflict, detail));
            return;
        }
        match deployment.policy {
            // It would be synced back at once.
            Policy::Automated { .. } if !self.dry_run && !deployment.suspended => {
                let detail = "the deployment syncs what it declares by itself; change its revision, or make its policy manual";
                errors.note(field, Flaw::new(Code::Conflict, detail));
            }
            Policy::Automated { .. } | Policy::Manual => {}
        }
        for (index, (revision, source)) in self.revisions.iter().zip(&deployment.sources).enumerate() {
            let Err(flaw) = revision.of(source) else { continue };
            if sources == 1 {
                errors.note(field, flaw);
            } else {
                errors.inside(field, |errors| errors.note(&index.to_string(), flaw));
            }
        }
    }
}
