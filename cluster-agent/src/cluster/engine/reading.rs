//! Reading: one object, or the names of many.

use domain::engine::plan::{Observed, Seen};
use kube::core::Request;
use kube::core::params::{GetParams, ListParams};
use serde_json::Value;

use super::answer::{Answer, Asking};
use super::key::{Key, Kind};
use super::{ANSWER, Engine, Unwritten};

/// Of a list, at a time.
const PAGE: u32 = 200;

/// An object as it is.
#[derive(Clone, Debug)]
pub struct Live {
    /// All of it.
    pub object: Value,
    /// What matters of it for what to do next.
    pub observed: Observed,
}

impl Live {
    /// A patch for this version of it, and for no other.
    #[must_use]
    pub fn bound(&self, mut patch: Value) -> Value {
        patch["metadata"]["uid"] = self.observed.uid.as_str().into();
        patch["metadata"]["resourceVersion"] = self.observed.resource_version.as_str().into();
        patch
    }
}

impl Engine {
    /// An object as it is now. None: there is none.
    pub async fn get(&self, key: &Key) -> Result<Option<Live>, Unwritten> {
        let request = Request::new(key.kind.path(&key.namespace)).get(&key.name, &GetParams::default());
        let answer = self.connection.ask(request, ANSWER).await?;
        match answer.status {
            200..300 => self.live(key, answer).map(Some),
            404 => {
                self.index.forget(key);
                Ok(None)
            }
            _ => Err(Unwritten::of(&answer, key.kind)),
        }
    }

    /// The objects with these labels. What is in them is not read.
    pub async fn named(
        &self,
        kind: Kind,
        namespace: &str,
        labels: &[(&str, &str)],
    ) -> Result<Vec<(Key, Seen)>, Unwritten> {
        let mut named = Vec::new();
        let mut wanted = paged(labels);
        loop {
            let request = Request::new(kind.path(namespace)).list_metadata(&wanted);
            let (found, next) = self.page(request, kind).await?;
            named.extend(found.iter().filter_map(|one| {
                let text = |pointer: &str| one.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
                let name = text("/metadata/name")?;
                let seen = Seen {
                    uid: text("/metadata/uid")?,
                    resource_version: text("/metadata/resourceVersion")?,
                };
                Some((Key { kind, namespace: namespace.to_owned(), name }, seen))
            }));
            match next {
                Some(token) => wanted = paged(labels).continue_token(&token),
                None => return Ok(named),
            }
        }
    }

    /// Whether there is an object with these labels of which this is true.
    pub async fn any(
        &self,
        kind: Kind,
        namespace: &str,
        labels: &[(&str, &str)],
        is: impl Fn(&Value) -> bool + Send,
    ) -> Result<bool, Unwritten> {
        let mut wanted = paged(labels);
        loop {
            let request = Request::new(kind.path(namespace)).list(&wanted);
            let (found, next) = self.page(request, kind).await?;
            match next {
                _ if found.iter().any(&is) => return Ok(true),
                Some(token) => wanted = paged(labels).continue_token(&token),
                None => return Ok(false),
            }
        }
    }

    async fn page(&self, request: Asking, kind: Kind) -> Result<(Vec<Value>, Option<String>), Unwritten> {
        let mut answer = self.connection.ask(request, ANSWER).await?;
        if !(200..300).contains(&answer.status) {
            return Err(missing(&answer, Unwritten::of(&answer, kind)));
        }
        let token = answer.body.pointer("/metadata/continue").and_then(Value::as_str);
        let token = token.filter(|token| !token.is_empty()).map(str::to_owned);
        let Value::Array(items) = answer.body["items"].take() else { return Ok((Vec::new(), token)) };
        Ok((items, token))
    }

    /// What a watch or a list showed: later writes are for this version of it. With its managed fields, a change by another
    /// hand is seen too.
    pub fn notice(&self, key: &Key, object: &Value) {
        match Observed::of(object, &self.hashes) {
            Some(observed) if object.pointer("/metadata/managedFields").is_some() => {
                self.index.saw(key, observed)
            }
            Some(observed) => self.index.glimpsed(key, observed),
            None => self.index.forget(key),
        }
    }

    /// What a watch or a list shows no more: it is looked for before it is written again.
    pub fn forget(&self, key: &Key) {
        self.index.forget(key);
    }

    /// After a gap in what was seen: everything is looked at before it is written again.
    pub fn forget_all(&self) {
        self.index.forget_all();
    }

    /// The object in an answer.
    pub(super) fn live(&self, key: &Key, answer: Answer) -> Result<Live, Unwritten> {
        let odd = || Unwritten::Busy(format!("it answers something that is not {key}"));
        let observed = Observed::of(&answer.body, &self.hashes).ok_or_else(odd)?;
        self.index.saw(key, observed.clone());
        Ok(Live { object: answer.body, observed })
    }
}

fn paged(labels: &[(&str, &str)]) -> ListParams {
    let selector: Vec<String> = labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
    ListParams::default().labels(&selector.join(",")).limit(PAGE)
}

/// A list of nothing is 200, and so is what is applied: 404 is a kind or a namespace that is not there, and may come.
pub(super) fn missing(answer: &Answer, otherwise: Unwritten) -> Unwritten {
    if answer.status != 404 {
        return otherwise;
    }
    let said = answer.body["message"].as_str().unwrap_or_default();
    Unwritten::Unreachable(format!("it is not set up (404): {said}"))
}
