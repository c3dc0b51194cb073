//! Writing what is not part of an object: patches of single fields, and deletion.

use domain::engine::marks::RUNNER;
use domain::engine::plan::Seen;
use kube::core::Request;
use kube::core::params::{DeleteParams, Patch, PatchParams, Preconditions, PropagationPolicy};
use serde_json::Value;

use super::key::Key;
use super::reading::Live;
use super::{ANSWER, Engine, Unwritten};

impl Engine {
    /// Merges this into an object, as field manager `argosy-run`; gives what it is then. The patch says for which uid and
    /// which version it is: on any other it does nothing.
    pub async fn merge_patch(&self, key: &Key, patch: &Value) -> Result<Live, Unwritten> {
        let bound = |field: &str| patch["metadata"][field].is_string();
        if !(bound("uid") && bound("resourceVersion")) {
            let message = "a patch has to say what it is for".to_owned();
            return Err(Unwritten::Refused { status: 400, message });
        }
        let how = PatchParams { field_manager: Some(RUNNER.to_owned()), ..PatchParams::default() };
        let request =
            Request::new(key.kind.path(&key.namespace)).patch(&key.name, &how, &Patch::Merge(patch));
        let answer = self.connection.ask(request, ANSWER).await.inspect_err(|_| self.index.forget(key))?;
        match answer.status {
            200..300 => self.live(key, answer),
            _ => Err(Unwritten::of(&answer, key.kind)),
        }
    }

    /// Deletes the object that was seen, and none that is made under its name meanwhile. It is gone when its finalizers
    /// have run; gone already is fine.
    pub async fn delete(&self, key: &Key, seen: &Seen) -> Result<(), Unwritten> {
        let how = DeleteParams {
            preconditions: Some(Preconditions {
                uid: Some(seen.uid.clone()),
                resource_version: Some(seen.resource_version.clone()),
            }),
            // What we write owns nothing; in the foreground it would wait for a garbage collector.
            propagation_policy: Some(PropagationPolicy::Background),
            ..DeleteParams::default()
        };
        let request = Request::new(key.kind.path(&key.namespace)).delete(&key.name, &how);
        let answer = self.connection.ask(request, ANSWER).await?;
        self.index.forget(key);
        match answer.status {
            200..300 | 404 => Ok(()),
            _ => Err(Unwritten::of(&answer, key.kind)),
        }
    }
}
