//! Many wishes at once, each under a key of its own, and what became of them.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use testbed::wait;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::world::{Answer, Rest, SOON};

/// So many wishes in a round: every other one changes something old, the others make something new.
pub(super) const AT_ONCE: usize = 200;

/// Repetitions that are under way at once.
const FEW: usize = 20;

/// One wish of a round.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    round: usize,
    number: usize,
}

/// What its sender learned.
pub(super) enum Fate {
    /// It is done, by this operation.
    Acknowledged(String),
    /// It was answered, and the answer says that it may not be done; so late.
    Refused(Box<Answer>, Duration),
    /// No answer came.
    Lost,
}

impl Wish {
    pub(super) fn all(round: usize) -> impl Iterator<Item = Self> {
        (0..AT_ONCE).map(move |number| Self { round, number })
    }

    pub(super) fn key(self) -> String {
        format!("k-{}-{}", self.round, self.number)
    }

    fn name(self) -> String {
        let Self { round, number } = self;
        if number.is_multiple_of(2) { format!("old-{number}") } else { format!("new-{round}-{number}") }
    }

    fn body(self) -> Value {
        json!({
            "source": {
                "repository": "https://127.0.0.1/shop.git", "path": format!("round-{}", self.round), "revision": "main",
            },
            "destination": {"environment": "prod", "namespace": "apps"},
            "policy": {"mode": "automated"},
        })
    }

    /// Says it once. Each time has a name in the audit.
    async fn say(self, tenant: &Rest, time: &str) -> Result<Answer, reqwest::Error> {
        let (key, path) = (self.key(), format!("/deployments/{}", self.name()));
        let request = tenant.request(Method::PUT, &path).json(&self.body());
        let named = request.header("idempotency-key", &key).header("x-request-id", format!("{key}.{time}"));
        Answer::read(key, named).await
    }

    async fn fate(self, tenant: &Rest) -> Fate {
        let begun = Instant::now();
        match self.say(tenant, "first").await {
            Ok(answer) if answer.status == 202 => {
                Fate::Acknowledged(answer.header("operation-id").to_owned())
            }
            Ok(answer) => Fate::Refused(Box::new(answer), begun.elapsed()),
            Err(_) => Fate::Lost,
        }
    }

    /// Says it again until it is done; the operation.
    async fn settled(self, tenant: &Rest) -> String {
        let what = format!("{} to be settled", self.key());
        let done = wait::until(&what, SOON, async || match self.say(tenant, "again").await {
            Ok(answer) if answer.status == 202 => Ok(answer.header("operation-id").to_owned()),
            Ok(answer) => {
                let later = matches!(answer.status, 503)
                    || (answer.status, answer.body["code"].as_str()) == (409, Some("in_progress"));
                assert!(later, "{answer:?}");
                Err(format!("{answer:?}"))
            }
            Err(error) => Err(format!("{error:?}")),
        });
        done.await.unwrap()
    }
}

/// Says every wish of a round at once, and strikes when so many were acknowledged. What became of each.
pub(super) async fn storm(
    tenant: &Rest,
    round: usize,
    strike_after: usize,
    strike: impl AsyncFnOnce(),
) -> Vec<Fate> {
    let (count, mut counted) = watch::channel(0);
    let mut saying = JoinSet::new();
    for wish in Wish::all(round) {
        let (tenant, count) = (tenant.clone(), count.clone());
        saying.spawn(async move {
            let fate = wish.fate(&tenant).await;
            if matches!(fate, Fate::Acknowledged(_)) {
                count.send_modify(|count| *count += 1);
            }
            (wish.number, fate)
        });
    }
    drop(count);
    let struck = async {
        let enough = counted.wait_for(|count| *count >= strike_after).await.is_ok();
        assert!(enough, "all were answered, and fewer than {strike_after} acknowledged");
        strike().await;
    };
    let ((), mut fates) = tokio::join!(struck, saying.join_all());
    fates.sort_by_key(|(number, _)| *number);
    fates.into_iter().map(|(_, fate)| fate).collect()
}

/// Says every wish of a round again, a few at a time as people who were told to wait would. What was acknowledged is
/// answered as it was; the rest is done now, if it was not.
pub(super) async fn settle(tenant: &Rest, round: usize, fates: &[Fate]) {
    let wishes: Vec<_> = Wish::all(round).collect();
    for some in wishes.chunks(FEW) {
        let mut saying = JoinSet::new();
        for wish in some.iter().copied() {
            let tenant = tenant.clone();
            saying.spawn(async move { (wish, wish.settled(&tenant).await) });
        }
        for (wish, operation) in saying.join_all().await {
            if let Fate::Acknowledged(before) = &fates[wish.number] {
                assert_eq!(
                    &operation,
                    before,
                    "{}: a repetition is answered like the first time",
                    wish.key()
                );
            }
        }
    }
}
