//! Another revision than the deployment's.

use crate::field::Flaw;
use crate::intent::source::{ArtifactRevision, GitRevision, Source, VersionRange};
use crate::text::checked_text;

checked_text!(
    /// A branch, a tag, a commit, a version or a digest: what it is, its source knows.
    RunRevision,
    |raw| {
        if raw.is_empty() {
            return Err(Flaw::required("name a revision, or leave it out to sync what the deployment declares"));
        }
        let any = [
            GitRevision::parse(raw).is_ok(),
            VersionRange::parse(raw).is_ok(),
            ArtifactRevision::parse(raw).is_ok(),
        ];
        if any.contains(&true) {
            return Ok(());
        }
        Err(Flaw::malformed("name a branch, a tag, a commit, a version of a chart, or a digest of an artifact"))
    }
);

impl RunRevision {
    /// Whether a source of this sort has such revisions.
    pub(super) fn of(&self, source: &Source) -> Result<(), Flaw> {
        match source {
            Source::Git(_) => GitRevision::parse(self.as_str()).map(drop),
            Source::Helm(_) => VersionRange::parse(self.as_str()).map(drop),
            Source::Oci(_) => ArtifactRevision::parse(self.as_str()).map(drop),
        }
    }
}
