//! One question to an environment, and as much of its answer as we are ready to read.

use domain::intent::environment::EnvironmentSecret;
use reqwest::header::ACCEPT;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::Target;
use super::problem::Problem;

/// The most that is read of one answer. The longest that we ask for lists the kinds of one API group.
const MOST: usize = 2 * 1024 * 1024;
/// Lists without what is in the objects: what a tenant keeps there is not ours to read.
const NAMES_ONLY: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// What an API server said.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// The text at this place.
    pub(super) fn text(&self, pointer: &str) -> Option<String> {
        self.body.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)
    }

    /// Whether it did what it was asked.
    pub(super) fn good(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Target<'_> {
    /// Reads one thing.
    pub(super) async fn get(&self, path: &str) -> Result<Answer, Problem> {
        self.ask(self.client.get(self.address(path))).await
    }

    /// Lists things, without what is in them.
    pub(super) async fn list(&self, path: &str) -> Result<Answer, Problem> {
        self.ask(self.client.get(self.address(path)).header(ACCEPT, NAMES_ONLY)).await
    }

    /// Has a review made: it changes nothing there.
    pub(super) async fn review(&self, path: &str, review: &Value) -> Result<Answer, Problem> {
        self.ask(self.client.post(self.address(path)).json(review)).await
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.spec.server.as_str())
    }

    async fn ask(&self, request: RequestBuilder) -> Result<Answer, Problem> {
        let request = match self.secret {
            EnvironmentSecret::Token(token) => request.bearer_auth(token.expose()),
            EnvironmentSecret::ClientKey(_) => request,
        };
        let response = request.send().await.map_err(|error| Problem::of(&error))?;
        let status = response.status().as_u16();
        match status {
            401 => return Err(Problem::Credential(status)),
            300..=399 => return Err(Problem::Unusable("it leads elsewhere; give that address".to_owned())),
            429 => return Err(Problem::Unreachable("it asks us to slow down (429)".to_owned())),
            500.. => return Err(Problem::Unreachable(format!("it has an error of its own ({status})"))),
            _ => {}
        }
        let body = serde_json::from_slice(&bounded(response).await?);
        let stranger = |_| Problem::Unusable("what answers there is no API server of Kubernetes".to_owned());
        Ok(Answer { status, body: body.map_err(stranger)? })
    }
}

async fn bounded(mut response: Response) -> Result<Vec<u8>, Problem> {
    let mut read = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| Problem::of(&error))? {
        if read.len() + bytes.len() > MOST {
            return Err(Problem::Unusable(
                "its answer is too long for an API server of Kubernetes".to_owned(),
            ));
        }
        read.extend_from_slice(&bytes);
    }
    Ok(read)
}
