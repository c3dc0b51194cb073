//! What is to be asked: each repository once for each tenant and credential.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use domain::engine::facts::CredentialFacts;
use domain::ids::{DeploymentId, TenantId};
use domain::intent::repository_url::RepositoryUrl;
use domain::intent::source::{GitRevision, Source};
use store::status::Followed;

use super::Waking;

/// Deployments read at a time.
const ROWS: u16 = 500;

/// One repository, for one tenant.
pub(super) struct Question {
    pub(super) repository: RepositoryUrl,
    pub(super) login: Option<Arc<CredentialFacts>>,
    pub(super) revisions: Vec<GitRevision>,
    /// Who follows it.
    pub(super) deployments: Vec<DeploymentId>,
}

/// How to log in, by tenant and declared address.
pub(super) type Logins = HashMap<(TenantId, String), Arc<CredentialFacts>>;

impl Question {
    /// When in the period it is asked: always at the same place, wherever others are.
    pub(super) fn offset(&self, every: Duration) -> Duration {
        offset(&(self.repository.declared(), self.deployments.first()), every)
    }
}

/// A place in the period.
pub(super) fn offset(what: &impl Hash, every: Duration) -> Duration {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    every.mul_f64(f64::from(u32::try_from(hasher.finish() >> 32).unwrap_or_default()) / f64::from(u32::MAX))
}

/// All that is followed.
pub(super) async fn followed(waking: &Waking) -> store::Result<Vec<Followed>> {
    let mut all: Vec<Followed> = Vec::new();
    loop {
        let after = all.last().map(|one| one.deployment);
        let page = waking.store.followed(&waking.access, waking.cluster, after, ROWS).await?;
        let last = page.len() < usize::from(ROWS);
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// How to log in wherever a credential is in use. One that cannot be read is as if there was none: its repositories are
/// then asked without, and what is private is followed by the slow way alone.
pub(super) async fn logins(waking: &Waking) -> store::Result<Logins> {
    let mut logins = Logins::new();
    for seat in waking.store.credential_seats(&waking.access, waking.cluster).await? {
        match waking.store.credential_facts(&waking.access, seat).await {
            Ok(Some(facts)) => {
                let facts = Arc::new(facts);
                for url in &facts.urls {
                    logins.insert((facts.tenant, url.declared().to_owned()), Arc::clone(&facts));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(seat = %seat.0, %error, "a repository credential cannot be read"),
        }
    }
    Ok(logins)
}

/// What is to be asked for those who follow.
pub(super) fn questions(followed: &[Followed], logins: &Logins) -> Vec<Question> {
    let mut questions: BTreeMap<(TenantId, String), Question> = BTreeMap::new();
    for one in followed {
        for source in &one.sources {
            let Source::Git(git) = source else { continue };
            let key = (one.tenant, git.repository.declared().to_owned());
            let login = logins.get(&key).cloned();
            let question = questions.entry(key).or_insert_with(|| Question {
                repository: git.repository.clone(),
                login,
                revisions: Vec::new(),
                deployments: Vec::new(),
            });
            // A commit is what it is: there is nothing to ask.
            if git.revision.is_commit() {
                continue;
            }
            if !question.revisions.contains(&git.revision) {
                question.revisions.push(git.revision.clone());
            }
            if question.deployments.last() != Some(&one.deployment) {
                question.deployments.push(one.deployment);
            }
        }
    }
    questions.into_values().filter(|question| !question.deployments.is_empty()).collect()
}
