//! From what a body says to what it means, and back.

use super::body::{RawDeployment, RawDifference, RawRetry};
use super::destination::Destination;
use super::difference::Difference;
use super::policy::Policy;
use super::retry::Retry;
use super::sync_option::SyncOptions;
use super::{DeploymentSpec, RawPolicy};
use crate::field::{Code, Errors, FieldError, Flaw};
use crate::intent::source::{RawSource, parse_all};
use crate::intent::stored::Stored;
use crate::intent::terms::Terms;
use crate::text::labels;

/// Bytes of a specification as rows keep it. An Application repeats its sources in every entry of its history, and must
/// fit into etcd with them.
const LONGEST: usize = 64 * 1024;
const MOST_HISTORY: i64 = 20;
/// As Argo CD has it.
const HISTORY: u8 = 10;

/// Reads a deployment with all that it leaves out, or says all that is wrong with it.
pub fn parse(raw: RawDeployment, terms: &Terms<'_>) -> Result<DeploymentSpec, Vec<FieldError>> {
    let mut errors = Errors::new();
    let spec = read(&mut errors, raw, terms);
    if let Some(spec) = &spec {
        let size = Stored::of(spec).to_string().len();
        if size > LONGEST {
            let detail = format!("the deployment has {size} bytes, and may have {LONGEST}");
            errors.note_here(Flaw::new(Code::TooLong, detail));
        }
    }
    errors.finish(spec)
}

fn read(errors: &mut Errors, raw: RawDeployment, terms: &Terms<'_>) -> Option<DeploymentSpec> {
    let sources = parse_all(errors, raw.source, raw.sources, terms);
    let destination = errors
        .inside("destination", |errors| Destination::parse(errors, raw.destination.unwrap_or_default()));
    let policy = errors.inside("policy", |errors| Policy::parse(errors, &raw.policy));
    let sync_options = SyncOptions::parse(errors, raw.sync_options);
    let retry = match raw.retry {
        Some(raw) => errors.inside("retry", |errors| Retry::parse(errors, raw, policy.as_ref())).map(Some),
        None => Some(None),
    };
    let differences = Difference::parse_all(errors, raw.ignore_differences);
    let history = errors.optional("revisionHistoryLimit", raw.revision_history_limit, |limit| {
        let limit = Some(limit).filter(|limit| (0..=MOST_HISTORY).contains(limit));
        let limit = limit.and_then(|limit| u8::try_from(limit).ok());
        limit.ok_or_else(|| Flaw::new(Code::OutOfRange, format!("give a number from 0 to {MOST_HISTORY}")))
    });
    let labels = labels(errors, "labels", raw.labels);
    Some(DeploymentSpec {
        sources: sources?,
        destination: destination?,
        policy: policy?,
        suspended: raw.suspended,
        sync_options: sync_options?,
        retry: retry?,
        ignore_differences: differences?,
        revision_history_limit: history?.unwrap_or(HISTORY),
        labels: labels?,
    })
}

/// The body that says the same, with what was filled in: what answers show, and what a merge patch is applied to.
impl From<&DeploymentSpec> for RawDeployment {
    fn from(spec: &DeploymentSpec) -> Self {
        let mut sources: Vec<RawSource> = spec.sources.iter().map(RawSource::from).collect();
        let several = sources.len() > 1;
        Self {
            source: if several { None } else { sources.pop() },
            sources: several.then_some(sources),
            destination: (&spec.destination).into(),
            policy: RawPolicy::from(&spec.policy),
            suspended: spec.suspended,
            sync_options: spec.sync_options.written(),
            retry: spec.retry.map(RawRetry::from),
            ignore_differences: spec.ignore_differences.iter().map(RawDifference::from).collect(),
            revision_history_limit: Some(spec.revision_history_limit.into()),
            labels: spec.labels.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        }
    }
}
