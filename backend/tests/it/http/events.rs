//! What changes is told once, in order, to who listens and to who asks.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::ground::{Served, TENANT, deployment};

const EVENTS: &str = "/v1/tenants/acme/events";

/// A stream, line by line.
struct Listening {
    response: reqwest::Response,
    text: String,
}

impl Listening {
    async fn to(served: &Served, last: Option<&str>) -> Self {
        let ask = served.as_ann(Method::GET, EVENTS).header("accept", "text/event-stream");
        let ask = match last {
            Some(last) => ask.header("last-event-id", last),
            None => ask,
        };
        let response = ask.stream().await;
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next block, as name, id and data.
    async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let line = |name: &str| {
                    let found = block.lines().find_map(|line| line.strip_prefix(name));
                    found.map(|text| text.trim().to_owned()).unwrap_or_default()
                };
                let data = serde_json::from_str(&line("data:")).unwrap_or(Value::Null);
                return (line("event:"), line("id:"), data);
            }
            let piece =
                timeout(Duration::from_secs(20), self.response.chunk()).await.expect("it says nothing");
            let piece = piece.unwrap().unwrap_or_else(|| panic!("it ended: {}", self.text));
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// Until an event of this name and noun.
    async fn until(&mut self, noun: &str, change: &str) -> (String, Value) {
        loop {
            let (_, id, data) = self.next().await;
            if data["noun"] == noun && data["change"] == change {
                return (id, data);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_tells_every_change_at_once_and_goes_on_where_it_was() {
    let served = Served::begin().await;
    let mut listening = Listening::to(&served, None).await;
    let (_, hello, _) = listening.next().await;
    assert!(hello.contains(':'), "{hello}");
    served.put(&format!("{TENANT}/deployments/one"), deployment("a")).await.is(201);
    let (first, data) = listening.until("deployment", "created").await;
    assert_eq!(data["facts"]["name"], "one");
    drop(listening);
    served.put(&format!("{TENANT}/deployments/two"), deployment("a")).await.is(201);
    let mut again = Listening::to(&served, Some(&first)).await;
    again.next().await;
    let (_, data) = again.until("deployment", "created").await;
    assert_eq!(data["facts"]["name"], "two", "nothing is told twice, and nothing left out");
}

#[tokio::test]
async fn who_asks_is_answered_when_something_changes() {
    let served = Served::begin().await;
    let now = served.get(EVENTS).await.is(200);
    let next = now.body["next"].as_str().unwrap().to_owned();
    assert_eq!(now.body["events"], json!([]));
    let poll = format!("{EVENTS}?after={next}&wait=30s");
    let begun = std::time::Instant::now();
    let path = format!("{TENANT}/deployments/one");
    let (heard, _) = tokio::join!(served.get(&poll), served.put(&path, deployment("a")));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    assert_eq!(heard.body["events"][0]["noun"], "deployment", "{heard:?}");
    assert_eq!(heard.body["reset"], false);
    let after = heard.body["next"].as_str().unwrap();
    let none = served.get(&format!("{EVENTS}?after={after}")).await.is(200);
    assert_eq!((&none.body["events"], &none.body["next"]), (&json!([]), &json!(after)));
    let old = served.get(&format!("{EVENTS}?after=99:1")).await.is(200);
    assert_eq!(old.body["reset"], true, "another life of the database: {old:?}");
    served.get(&format!("{EVENTS}?after=yesterday")).await.problem(400, "invalid_parameters");
    let ask = served.as_ann(Method::GET, EVENTS).header("last-event-id", "x");
    ask.await_it().await.problem(400, "invalid_header");
}

#[tokio::test]
async fn a_stream_ends_with_the_membership_of_its_reader() {
    let served = Served::begin().await;
    ends_with(&served, &served.token("vic"), &format!("{TENANT}/members/corp:vic")).await;
}

#[tokio::test]
async fn a_stream_ends_with_the_key_of_its_reader() {
    let served = Served::begin().await;
    let keys = format!("{TENANT}/api-keys");
    let wanted = json!({"name": "reader", "role": "viewer", "scopes": ["read"]});
    let made = served.as_ann(Method::POST, &keys).json(wanted).await.is(201);
    let (key, id) = (made.body["key"].as_str().unwrap(), made.body["id"].as_str().unwrap());
    ends_with(&served, key, &format!("{keys}/{id}")).await;
}

/// A stream that was begun with this token ends, and tells nothing more, when what lets its reader in is gone.
async fn ends_with(served: &Served, token: &str, ground: &str) {
    let ask = served.ask(Method::GET, EVENTS, token).header("accept", "text/event-stream");
    let mut listening = Listening { response: ask.stream().await, text: String::new() };
    listening.next().await;
    served.delete(ground).await.is(204);
    let mut said = Vec::new();
    while let (event, _, data) = listening.next().await
        && event != "end"
    {
        said.push(data);
    }
    assert!(said.iter().all(|data| data["noun"] != "deployment"), "{said:?}");
}

#[tokio::test]
async fn a_stream_is_sent_elsewhere_when_the_process_stops() {
    let mut served = Served::begin().await;
    let mut listening = Listening::to(&served, None).await;
    listening.next().await;
    served.backend.process.signal(rustix::process::Signal::TERM).unwrap();
    let (event, _, data) = listening.next().await;
    assert_eq!(event, "end", "{data}");
    assert!(served.backend.process.wait(crate::support::SOON));
    assert_eq!(served.backend.process.exit().and_then(|status| status.code()), Some(0));
}
