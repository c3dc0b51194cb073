//! Round after round: every question once a period.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::ids::DeploymentId;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rand::RngExt as _;
use store::status::Followed;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};

use super::Waking;
use super::moved::moved;
use super::questions::{Question, followed, logins, offset, questions};
use crate::cluster::{Key, Kind};
use crate::git::{Login, Unread};

/// Every Application is shown to its controller at least this often.
const IDLE: Duration = Duration::from_secs(30 * 60);
/// Whether a repository is open to everybody is asked this often.
const OPEN: Duration = Duration::from_secs(60 * 60);
/// Questions and answers that are dealt with at a time, of all hosts.
const AT_ONCE: usize = 32;
/// Until rows that could not be read are read again.
const AGAIN: Duration = Duration::from_secs(5);

/// Round after round.
pub(super) struct Rounds<'a> {
    waking: &'a Waking,
    /// When each Application was shown to its controller last, for whatever reason.
    woken: HashMap<DeploymentId, Instant>,
    /// When it was last found out whether everybody can read a repository, by its one spelling.
    opened: HashMap<String, Instant>,
}

/// What came of a question.
#[derive(Default)]
struct Came {
    woken: Vec<DeploymentId>,
    /// The repository, if it is known now whether everybody can read it.
    opened: Option<String>,
}

impl<'a> Rounds<'a> {
    pub(super) fn of(waking: &'a Waking) -> Self {
        Self { waking, woken: HashMap::new(), opened: HashMap::new() }
    }

    pub(super) async fn go_on(mut self) {
        loop {
            let begin = Instant::now();
            if self.round(begin).await.is_err() {
                sleep(AGAIN).await;
            } else {
                sleep_until(begin + self.waking.every).await;
            }
        }
    }

    async fn round(&mut self, begin: Instant) -> Result<(), ()> {
        let waking = self.waking;
        let read = async { Ok::<_, store::Error>((followed(waking).await?, logins(waking).await?)) };
        let (followed, logins) = read.await.map_err(|error| {
            tracing::warn!(engine = waking.engine.name(), %error, "cannot read what is followed; will read again");
        })?;
        let places = Semaphore::new(AT_ONCE);
        let questions = questions(&followed, &logins);
        self.opened.retain(|_, at| begin.duration_since(*at) < OPEN);
        let known: HashSet<String> = self.opened.keys().cloned().collect();
        let (places, known) = (&places, &known);
        let mut asking: FuturesUnordered<_> = questions
            .iter()
            .map(|question| async move {
                sleep_until(begin + question.offset(waking.every)).await;
                let Ok(_place) = places.acquire().await else { return Came::default() };
                let open = !known.contains(&question.repository.canonical());
                ask(waking, question, open).await
            })
            .collect();
        let idle = self.idle(&followed, begin);
        let mut waiting: FuturesUnordered<_> =
            idle.into_iter().map(|one| async move { at(waking, begin, one).await }).collect();
        loop {
            let came = tokio::select! {
                Some(came) = asking.next() => came,
                Some(woken) = waiting.next() => Came { woken: vec![woken], opened: None },
                else => return Ok(()),
            };
            let now = Instant::now();
            self.opened.extend(came.opened.map(|repository| (repository, now)));
            self.woken.extend(came.woken.into_iter().map(|deployment| (deployment, now)));
        }
    }

    /// Those in error, and those that were not woken for long.
    fn idle<'f>(&mut self, followed: &'f [Followed], now: Instant) -> Vec<&'f Followed> {
        let known: HashMap<_, _> = followed.iter().map(|one| (one.deployment, ())).collect();
        self.woken.retain(|deployment, _| known.contains_key(deployment));
        let mut rng = rand::rng();
        let long_ago = |since: Instant| now.duration_since(since) >= IDLE;
        let mut idle = Vec::new();
        for one in followed {
            // Whoever is new to us was compared when it was made; the first time is anywhen, so that not all come at once.
            let since = *self
                .woken
                .entry(one.deployment)
                .or_insert_with(|| now.checked_sub(IDLE.mul_f64(rng.random_range(0.0..1.0))).unwrap_or(now));
            if one.in_error || long_ago(since) {
                idle.push(one);
            }
        }
        idle
    }
}

/// Asks one repository, and wakes whom that concerns; if wanted it is also found out whether everybody can read it.
async fn ask(waking: &Waking, question: &Question, open: bool) -> Came {
    let login = question
        .login
        .as_ref()
        .and_then(|facts| facts.secret.as_ref().map(|secret| Login { auth: &facts.spec.auth, secret }));
    let (engine, repository) = (waking.engine.name(), question.repository.declared());
    let answer = waking.git.ask(&question.repository, login, &question.revisions).await;
    let mut came = Came::default();
    if open {
        let anonymous = match login {
            None => answer.as_ref().map(drop).map_err(Clone::clone),
            Some(_) => waking.git.ask(&question.repository, None, &[]).await.map(drop),
        };
        came.opened = opened(waking, question, anonymous).await;
    }
    let refs = match answer {
        Ok(refs) => refs,
        Err(why) => {
            tracing::debug!(engine, repository, %why, "a repository was not read");
            return came;
        }
    };
    // What they were compared with is read only now: it may have changed since the round began.
    let compared = waking.store.followed_among(&waking.access, waking.cluster, &question.deployments).await;
    let compared = match compared {
        Ok(compared) => compared,
        Err(error) => {
            tracing::debug!(engine, repository, %error, "cannot tell who was compared with what");
            return came;
        }
    };
    for one in compared.iter().filter(|one| moved(one, repository, &refs)) {
        wake(waking, one).await;
        came.woken.push(one.deployment);
    }
    came
}

/// Writes down whether everybody can read a repository, given how it went without a credential. Answers it, if that is
/// known now.
async fn opened(waking: &Waking, question: &Question, anonymous: Result<(), Unread>) -> Option<String> {
    let public = match anonymous {
        Ok(()) => true,
        Err(Unread::Refused { .. } | Unread::NotFound) => false,
        Err(Unread::Denied(_) | Unread::Unreachable(_) | Unread::Odd(_) | Unread::NotAsked(_)) => {
            return None;
        }
    };
    match waking.store.record_public(&waking.access, &question.repository, public).await {
        Ok(()) => Some(question.repository.canonical()),
        Err(error) => {
            let repository = question.repository.declared();
            tracing::debug!(repository, %error, "cannot write down whether everybody can read a repository");
            None
        }
    }
}

/// Wakes one at its time.
async fn at(waking: &Waking, begin: Instant, one: &Followed) -> DeploymentId {
    sleep_until(begin + offset(&one.deployment, waking.every)).await;
    wake(waking, one).await;
    one.deployment
}

async fn wake(waking: &Waking, one: &Followed) {
    let name = one.deployment.application_name();
    let key = Key { kind: Kind::Application, namespace: one.namespace.clone(), name };
    match waking.engine.look_again(&key).await {
        Ok(asked) => tracing::debug!(deployment = %one.deployment, ?asked, "woken"),
        Err(why) => tracing::debug!(deployment = %one.deployment, %why, "not woken; it is owed still"),
    }
}
