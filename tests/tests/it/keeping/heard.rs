//! Everything that was heard of Argosy: answers, logs, rows.

use std::cell::RefCell;
use std::process::Command;

use reqwest::Method;
use serde_json::Value;
use testbed::{Database, Process, postgres};

use super::canary::Canary;
use crate::world::Rest;

/// What was heard, and where.
#[derive(Default)]
pub(super) struct Heard {
    all: RefCell<Vec<(String, String)>>,
}

/// Somebody who speaks and keeps every answer.
pub(super) struct Speaker<'a> {
    pub(super) rest: Rest,
    pub(super) heard: &'a Heard,
}

impl Heard {
    pub(super) fn keep(&self, what: &str, text: String) {
        self.all.borrow_mut().push((what.to_owned(), text));
    }

    /// What a program wrote so far.
    pub(super) fn keep_log(&self, process: &Process) {
        let text = std::fs::read(process.log()).unwrap();
        self.keep(&format!("the log of {}", process.name()), String::from_utf8_lossy(&text).into_owned());
    }

    /// Every row, as `pg_dump` and as each view shows it.
    pub(super) async fn keep_rows(&self, database: &Database) {
        let program = postgres::programs().unwrap().join("pg_dump");
        let dump = Command::new(program).arg("--dbname").arg(database.url()).output().unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        self.keep("the dump", String::from_utf8_lossy(&dump.stdout).into_owned());
        let views = "select oid::regclass::text from pg_class
                      where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace";
        for view in database.query(views).await.unwrap() {
            let view = view[0].as_deref().unwrap();
            for row in database.query(&format!("select v::text from {view} v")).await.unwrap() {
                self.keep(view, row[0].clone().unwrap_or_default());
            }
        }
    }

    pub(super) fn has(&self, text: &str) -> bool {
        self.all.borrow().iter().any(|(_, heard)| heard.contains(text))
    }

    /// Wherever one of these was heard.
    pub(super) fn songs(&self, canaries: &[Canary]) -> Vec<String> {
        let all = self.all.borrow();
        let found = all.iter().flat_map(|(what, text)| {
            canaries.iter().filter_map(move |canary| Some(format!("in {what}: {}", canary.found_in(text)?)))
        });
        found.collect()
    }
}

impl Speaker<'_> {
    /// Says this, in these words, and keeps what is answered. Status and body.
    pub(super) async fn say(&self, method: Method, path: &str, words: Option<String>) -> (u16, Value) {
        self.say_under(None, method, path, words).await
    }

    /// The same under a key.
    pub(super) async fn say_under(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        words: Option<String>,
    ) -> (u16, Value) {
        let media = if method == Method::PATCH { "application/merge-patch+json" } else { "application/json" };
        let mut request = self.rest.request(method.clone(), path);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(words) = words {
            request = request.header("content-type", media).body(words);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), format!("{:?}", response.headers()));
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        self.heard.keep(&format!("the answer to {method} {path}: {status}"), headers + "\n" + &text);
        (status, body)
    }

    /// Says this, which must be done.
    pub(super) async fn put(&self, path: &str, body: &Value) {
        let (status, answer) = self.say(Method::PUT, path, Some(body.to_string())).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
    }

    /// Reads this, and what it links to as the next page.
    pub(super) async fn read(&self, path: &str) -> Value {
        let (status, answer) = self.say(Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}
