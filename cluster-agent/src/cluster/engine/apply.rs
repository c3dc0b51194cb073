//! Making an object say what it is to say.

use domain::engine::hash::Hash;
use domain::engine::marks::APPLIER;
use domain::engine::plan::{Objection, Observed, Plan, Seen, Wait, Wanted, plan};
use domain::operation::Generation;
use kube::core::Request;
use kube::core::params::{Patch, PatchParams};
use serde_json::Value;

use super::key::Key;
use super::reading::{Live, missing};
use super::{ANSWER, Engine, Unwritten};

/// Steps and looks of one attempt. Of a calm object it is one; somebody who writes all the time must not hold us for ever.
const STEPS: usize = 6;

/// What became of an object that is to say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was written.
    Written,
    /// It says so already, as far as we know: nothing was written.
    Unchanged,
}

impl Engine {
    /// Makes an object say this, whatever else it says, as field manager `argosy`.
    ///
    /// It writes nothing over an object that is not ours, that is on its way out, or that was made from a later
    /// generation of its row: then whoever called us holds rows that are too old.
    pub async fn apply(&self, object: &Value) -> Result<Applied, Unwritten> {
        let nothing = || Unwritten::Refused { status: 400, message: "it is no object of ours".to_owned() };
        let key = Key::of(object).ok_or_else(nothing)?;
        let wanted = Wanted::present(object, &self.hashes).ok_or_else(nothing)?;
        let Wanted::Present { hash, generation: made_from, .. } = wanted else { return Err(nothing()) };
        let made_from = Some(made_from);
        let mut observed = match self.index.observed(&key, hash, made_from) {
            // What is made for the first time is not there, and a late first write is undone by the sweep. Anything else
            // that we do not know is looked at: an older generation must not go over a later one.
            None if made_from > Some(Generation::FIRST) || self.index.holds(&key) => {
                self.look(&key, hash, made_from).await?
            }
            known => known,
        };
        let (mut written, mut fresh) = (Applied::Unchanged, false);
        for _ in 0..STEPS {
            let next = plan(wanted, observed.as_ref());
            if !fresh && gives_up(&next) {
                // What is said to people, or waited for, must be so now.
                (observed, fresh) = (self.look(&key, hash, made_from).await?, true);
                continue;
            }
            let step = match next {
                Plan::Nothing => return Ok(written),
                Plan::Create => self.put(&key, object, None).await,
                Plan::Update(seen) => self.put(&key, object, Some(&seen)).await,
                Plan::RemoveCascade(seen) => {
                    let patch = observed.as_ref().map(|observed| seen.cascade_removed(observed));
                    self.merge_patch(&key, &patch.unwrap_or_default()).await
                }
                Plan::Wait(Wait::Cascade | Wait::Finalizers(_)) => return Err(leaving(&key)),
                Plan::Refuse(Objection::Foreign) => return Err(Unwritten::Foreign { what: key.to_string() }),
                Plan::Refuse(Objection::Stale) => return Err(Unwritten::Contested),
                // Not for what is to be there.
                Plan::AddCascade(_) | Plan::Delete(_) => return Err(Unwritten::Contested),
            };
            observed = match step {
                Ok(live) if live.observed.deleting => return Err(leaving(&key)),
                Ok(_) => {
                    written = Applied::Written;
                    self.index.observed(&key, hash, made_from)
                }
                Err(Unwritten::Contested) => self.look(&key, hash, made_from).await?,
                Err(other) => return Err(other),
            };
        }
        Err(Unwritten::Contested)
    }

    async fn look(
        &self,
        key: &Key,
        wanted: Hash,
        made_from: Option<Generation>,
    ) -> Result<Option<Observed>, Unwritten> {
        let live = self.get(key).await?;
        Ok(live.and_then(|_| self.index.observed(key, wanted, made_from)))
    }

    /// One server-side apply. By force only on what was seen, in the state in which it was seen.
    async fn put(&self, key: &Key, object: &Value, seen: Option<&Seen>) -> Result<Live, Unwritten> {
        let as_argosy = PatchParams::apply(APPLIER);
        let (how, object) = match seen {
            None => (as_argosy, object.clone()),
            Some(seen) => {
                let mut object = object.clone();
                object["metadata"]["uid"] = seen.uid.as_str().into();
                object["metadata"]["resourceVersion"] = seen.resource_version.as_str().into();
                (as_argosy.force(), object)
            }
        };
        let request =
            Request::new(key.kind.path(&key.namespace)).patch(&key.name, &how, &Patch::Apply(&object));
        // Without an answer nobody knows what is there.
        let answer = self.connection.ask(request, ANSWER).await.inspect_err(|_| self.index.forget(key))?;
        match answer.status {
            200..300 => {
                let live = self.live(key, answer)?;
                if let Some(Wanted::Present { hash, .. }) = Wanted::present(&object, &self.hashes) {
                    self.index.wrote(key, live.observed.clone(), hash);
                }
                Ok(live)
            }
            _ => Err(missing(&answer, Unwritten::of(&answer, key.kind))),
        }
    }
}

fn gives_up(plan: &Plan) -> bool {
    match plan {
        Plan::Wait(_) | Plan::Refuse(_) => true,
        Plan::Nothing
        | Plan::Create
        | Plan::Update(_)
        | Plan::AddCascade(_)
        | Plan::RemoveCascade(_)
        | Plan::Delete(_) => false,
    }
}

fn leaving(key: &Key) -> Unwritten {
    Unwritten::Leaving { what: key.to_string() }
}
