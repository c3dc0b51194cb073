//! From what a body says to what it means, and back.

use super::body::{RawSelection, RawStrategy, RawSyncRun};
use super::revision::RunRevision;
use super::selection::Selection;
use super::{Strategy, SyncRunSpec};
use crate::field::{Code, Errors, FieldError, Flaw};

/// No deployment has more sources.
const MOST_SOURCES: usize = 10;
/// Who wants more of a deployment wants all of it.
const MOST_RESOURCES: usize = 100;

/// Reads a sync run with all that it leaves out, or says all that is wrong with it.
pub fn parse(raw: RawSyncRun) -> Result<SyncRunSpec, Vec<FieldError>> {
    let mut errors = Errors::new();
    let spec = read(&mut errors, raw);
    errors.finish(spec)
}

fn read(errors: &mut Errors, raw: RawSyncRun) -> Option<SyncRunSpec> {
    if raw.revision.is_some() && !raw.revisions.is_empty() {
        errors.note("revisions", Flaw::new(Code::Conflict, "give either `revision` or `revisions`"));
    }
    let one = errors.optional("revision", raw.revision, |raw| RunRevision::parse(&raw));
    let several = errors.each_text("revisions", MOST_SOURCES, raw.revisions, RunRevision::parse);
    let resources = errors.each("resources", MOST_RESOURCES, raw.resources, Selection::parse);
    Some(SyncRunSpec {
        revisions: one?.into_iter().chain(several?).collect(),
        resources: resources?,
        prune: raw.prune,
        dry_run: raw.dry_run,
        force: raw.force,
        strategy: raw.strategy.map(Into::into).unwrap_or_default(),
    })
}

/// The body that says the same, with what was filled in: what answers show.
impl From<&SyncRunSpec> for RawSyncRun {
    fn from(spec: &SyncRunSpec) -> Self {
        let mut revisions: Vec<String> = spec.revisions.iter().map(ToString::to_string).collect();
        let revision = if revisions.len() == 1 { revisions.pop() } else { None };
        let strategy = match spec.strategy {
            Strategy::Hook => RawStrategy::Hook,
            Strategy::Apply => RawStrategy::Apply,
        };
        Self {
            revision,
            revisions,
            resources: spec.resources.iter().map(RawSelection::from).collect(),
            prune: spec.prune,
            dry_run: spec.dry_run,
            force: spec.force,
            strategy: Some(strategy),
        }
    }
}
