//! A tenant's feed, read beside many writers whose commits are late: every position once, in order, none skipped.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use testbed::Postgres;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::world::{Door, Rest};

/// Writers of the tenant that is read, and as many of two others.
const WRITERS: usize = 8;
/// Wishes of each writer.
const EACH: usize = 10;
/// The last wish of all: its readers are done when they see it.
const LAST: &str = "the-last-one";
/// A reader that hears nothing for so long hears nothing any more.
const SILENCE: Duration = Duration::from_secs(60);

/// A commit takes a while, after its places in the feed are taken and before anybody sees them; some longer than others.
const LATE: &str = "
    create function late() returns trigger language plpgsql as $$
        begin perform pg_sleep(random() * 0.04); return null; end $$;
    create constraint trigger late after insert or update on deployments
        deferrable initially deferred for each row execute function late()";

/// What readers compare: position, noun, id, change and generation.
type Line = (i64, String, String, String, Option<u64>);

fn line(event: &Value) -> Line {
    let text = |name: &str| event[name].as_str().unwrap().to_owned();
    let (_epoch, position) = event["position"].as_str().unwrap().split_once(':').unwrap();
    let place = position.parse().unwrap();
    (place, text("noun"), text("id"), text("change"), event["generation"].as_u64())
}

fn is_last(event: &Value) -> bool {
    event["facts"]["name"] == LAST
}

/// A stream of events, block by block.
struct Stream {
    response: reqwest::Response,
    text: String,
}

/// One block with data.
struct Event {
    name: String,
    id: String,
    data: Value,
}

impl Stream {
    /// As a browser that comes back.
    async fn after(tenant: &Rest, last: &str) -> Self {
        let request = tenant.request(Method::GET, "/events").timeout(Duration::from_secs(600));
        let request = request.header("accept", "text/event-stream").header("last-event-id", last);
        let response = request.send().await.unwrap().error_for_status().unwrap();
        Self { response, text: String::new() }
    }

    /// None: it ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| {
                    block.lines().find_map(|line| line.strip_prefix(name)).map(|text| text.trim().to_owned())
                };
                if let Some(data) = field("data:") {
                    let data = serde_json::from_str(&data).unwrap();
                    let (name, id) = (field("event:").unwrap_or_default(), field("id:").unwrap_or_default());
                    return Some(Event { name, id, data });
                }
            }
            let piece = timeout(SILENCE, self.response.chunk()).await.expect("the stream says nothing");
            self.text.push_str(std::str::from_utf8(&piece.unwrap()?).unwrap());
        }
    }
}

/// Listens, and leaves after so many events, to come back with the id of the last.
async fn listened(tenant: &Rest, start: &str, patience: usize) -> Vec<Line> {
    let (mut seen, mut last) = (Vec::new(), start.to_owned());
    loop {
        let mut stream = Stream::after(tenant, &last).await;
        for _ in 0..patience {
            let Some(event) = stream.next().await else { break };
            if event.name == "end" {
                break;
            }
            assert_ne!(event.name, "reset", "nothing was missing: {}", event.data);
            assert_eq!(event.data["position"], event.id.as_str(), "an event is called by its position");
            last = event.id;
            seen.push(line(&event.data));
            if is_last(&event.data) {
                return seen;
            }
        }
    }
}

/// Asks again and again for a few.
async fn polled(tenant: &Rest, start: &str) -> Vec<Line> {
    let (mut seen, mut after) = (Vec::new(), start.to_owned());
    loop {
        let page = tenant.get(&format!("/events?after={after}&wait=20s&limit=7")).await.ok(200);
        assert_eq!(page["reset"], false, "{page}");
        after = page["next"].as_str().unwrap().to_owned();
        for event in page["events"].as_array().unwrap() {
            seen.push(line(event));
            if is_last(event) {
                return seen;
            }
        }
    }
}

fn wish(path: &str) -> Value {
    json!({
        "source": {"repository": "https://127.0.0.1/shop.git", "path": path, "revision": "main"},
        "destination": {"environment": "prod", "namespace": "apps"},
        "policy": {"mode": "automated"},
    })
}

/// Everybody writes; and when all have, the last one.
async fn written(acme: &Rest, others: &[Rest]) {
    let mut writing = JoinSet::new();
    let tenants = (0..WRITERS).flat_map(|writer| [acme, &others[writer % others.len()]].map(|t| (writer, t)));
    for (writer, tenant) in tenants {
        let tenant = tenant.clone();
        writing.spawn(async move {
            for number in 0..EACH {
                // Two wishes about each name: something new, then something changed.
                let (name, path) = (format!("w{writer}-{}", number / 2), format!("p{number}"));
                tenant.put(&format!("/deployments/{name}"), wish(&path)).await.ok(202);
            }
        });
    }
    writing.join_all().await;
    acme.put(&format!("/deployments/{LAST}"), wish("last")).await.ok(202);
}

#[tokio::test]
async fn readers_beside_many_late_writers_see_every_position_once_and_in_order() {
    let postgres = Postgres::shared().await.unwrap();
    let door = Door::on(&postgres).await;
    let acme = door.tenant("acme", "ann").await;
    let others = [door.tenant("globex", "bob").await, door.tenant("initech", "cyd").await];
    door.database.query(LATE).await.unwrap();
    let now = acme.get("/events").await.ok(200);
    let start = now["next"].as_str().unwrap();

    let ((), steady, restless, asking) = tokio::join!(
        written(&acme, &others),
        listened(&acme, start, usize::MAX),
        listened(&acme, start, 7),
        polled(&acme, start),
    );

    let first: i64 = start.split_once(':').unwrap().1.parse().unwrap();
    let rows = door
        .asked(&format!(
            "select f.position, noun, f.resource_id, change, f.generation from feed f join tenants t on t.id = tenant_id
              where t.name = 'acme' and f.position > {first} order by f.position"
        ))
        .await;
    let rows = rows.into_iter().map(|row| {
        let [position, noun, id, change, generation] = <[String; 5]>::try_from(row).unwrap();
        (position.parse().unwrap(), noun, id, change, generation.parse().ok())
    });
    let truth: Vec<Line> = rows.collect();
    assert!(truth.len() > WRITERS * EACH, "every wish is in the feed");
    assert_eq!(steady, truth, "who listens");
    assert_eq!(restless, truth, "who leaves and comes back");
    assert_eq!(asking, truth, "who asks");
}
