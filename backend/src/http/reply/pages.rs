//! A page of many things, and how the next one is asked for.
//!
//! A token says where the last page ended. It is sealed with a digest of ours, over the list it is of: a token that was
//! changed, or carried to another list, another tenant or another filter, is refused instead of misread.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::field::{Code, Flaw, Pointer};
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Answered, Asking, Reply, body, json};
use crate::app::App;
use crate::http::problem::Problem;

const DEFAULT: u32 = 50;
const MOST: u32 = 200;
const SEAL: usize = 16;

/// How many things a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u32);

impl Limit {
    pub(crate) fn asked(query: Option<i64>) -> Result<Self, Problem> {
        let Some(asked) = query else { return Ok(Self(DEFAULT)) };
        let within = u32::try_from(asked).ok().filter(|limit| (1..=MOST).contains(limit));
        within.map(Self).ok_or_else(|| {
            let flaw = Flaw::new(Code::OutOfRange, format!("ask for 1 to {MOST}"));
            Problem::parameters(vec![flaw.found_at(Pointer::root().at("limit"))])
        })
    }
}

impl Limit {
    /// One more: whether there is a next page is then known without asking again.
    pub(crate) fn with_next(self) -> u32 {
        self.0 + 1
    }

    pub(crate) fn small(self) -> u16 {
        u16::try_from(self.0).unwrap_or(u16::MAX)
    }

    /// What was found, cut to size, and whether there is more.
    pub(crate) fn cut<T>(self, mut found: Vec<T>) -> (Vec<T>, bool) {
        let most = usize::try_from(self.0).unwrap_or(usize::MAX);
        let more = found.len() > most;
        found.truncate(most);
        (found, more)
    }
}

/// Makes and reads the tokens of one list.
pub(crate) struct Cursors<'a> {
    app: &'a App,
    /// What the list is of: tenant, path, filters.
    list: String,
}

impl<'a> Cursors<'a> {
    pub(crate) fn new(app: &'a App, list: String) -> Self {
        Self { app, list }
    }

    pub(crate) fn token(&self, place: &impl Serialize) -> Result<String, Problem> {
        let mut bytes = json(place)?;
        let seal = self.seal(&bytes);
        bytes.extend_from_slice(&seal);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(crate) fn place<P: DeserializeOwned>(&self, token: Option<&str>) -> Result<Option<P>, Problem> {
        let Some(token) = token else { return Ok(None) };
        self.open(token).map(Some).ok_or_else(|| {
            let flaw =
                Flaw::malformed("give the token that the page before this one had, with the same filters");
            Problem::parameters(vec![flaw.found_at(Pointer::root().at("pageToken"))])
        })
    }

    fn open<P: DeserializeOwned>(&self, token: &str) -> Option<P> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (place, seal) = bytes.split_at_checked(bytes.len().checked_sub(SEAL)?)?;
        (self.seal(place) == seal).then(|| serde_json::from_slice(place).ok())?
    }

    fn seal(&self, place: &[u8]) -> [u8; SEAL] {
        let sealed = [b"page\n", self.list.as_bytes(), b"\n", place].concat();
        let digest = self.app.digest(&sealed);
        let mut seal = [0; SEAL];
        seal.copy_from_slice(&digest[..SEAL]);
        seal
    }
}

impl std::fmt::Debug for Cursors<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Cursors of {}", self.list)
    }
}

/// A page of many things.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "{T}Page")]
pub(crate) struct Page<T> {
    /// The things, in order.
    pub(crate) items: Vec<T>,
    /// Give it as `pageToken` to get the next page. Absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_page_token: Option<String>,
}

/// A page, as an answer.
#[derive(Debug)]
pub(crate) struct Pages<T>(pub(crate) Page<T>);

impl<T: Serialize + JsonSchema + Send + 'static> Reply for Pages<T> {
    fn answer(self, _: &dyn Asking) -> Result<Response, Problem> {
        Ok(body(StatusCode::OK, json(&self.0)?, HeaderMap::new()))
    }

    fn answers(generator: &mut SchemaGenerator) -> Vec<Answered> {
        vec![Answered::json(StatusCode::OK, "A page of them.", generator.subschema_for::<Page<T>>())]
    }
}
