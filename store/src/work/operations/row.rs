//! A row of `operations`, as JSON brings it, and the truth it stands for.

use domain::ids::{EngineClusterId, TenantId};
use domain::operation::{
    Due, Ending, Gate, Generation, Kind, Obstacle, Operation, OperationId, Place, ResourceId, State, Subject,
    Token, superseded,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Error, Result};

/// A row of `operations`, as `to_jsonb` writes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: OperationId,
    place: u64,
    pub(crate) tenant_id: TenantId,
    pub(crate) engine_cluster_id: EngineClusterId,
    kind: String,
    resource_id: ResourceId,
    lane: String,
    target: Generation,
    state: String,
    gate: Option<String>,
    gate_id: Option<ResourceId>,
    due_at: Option<Timestamp>,
    made_at: Timestamp,
    deadline_at: Timestamp,
    attempts: u32,
    breaks: u32,
    token: u64,
    heir: Option<OperationId>,
    pub(crate) followed: bool,
    last: Option<Value>,
    pub(crate) trace: Option<String>,
    /// Of its session, where it was asked for.
    #[serde(default)]
    lease_ends_at: Option<Timestamp>,
}

/// The open operations of a lane, from the lateral subselect in `change.rs`.
///
/// Kinds that this version does not know are left out: a wish that collides with one is refused by the indexes, and can be
/// repeated once this process is as new as whoever made it.
pub(crate) fn lane_from_json(lane: Value) -> Result<Vec<Operation>> {
    Ok(rows_from_json(lane)?.iter().filter_map(Row::operation).collect())
}

pub(super) fn rows_from_json(rows: Value) -> Result<Vec<Row>> {
    serde_json::from_value(rows).map_err(unreadable)
}

pub(super) fn row_from_json(row: Value) -> Result<Row> {
    serde_json::from_value(row).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::Bug(sqlx::Error::Decode(Box::new(error)))
}

/// An operation that is open, as the statement that writes it takes it.
pub(super) fn open(operation: &Operation) -> Value {
    let (state, due_at, gate) = match operation.state {
        State::Waiting(Due::At(at)) => ("due", Some(at), None),
        State::Waiting(Due::After(gate)) => ("gated", None, Some(gate)),
        State::Running { .. } | State::Ended(_) => ("running", None, None),
    };
    let (gate, gate_id) = match gate {
        None => (None, None),
        Some(Gate::Lane) => (Some("lane"), None),
        Some(Gate::Verdict) => (Some("verdict"), None),
        Some(Gate::TakenDown(id)) => (Some("taken_down"), Some(id)),
    };
    json!({
        "id": operation.id, "state": state, "gate": gate, "gate_id": gate_id, "due_at": due_at,
        "deadline_at": operation.deadline_at, "attempts": operation.attempts, "breaks": operation.breaks,
        "last": bounded(json!(operation.last)), "token": operation.token.0,
    })
}

/// An operation that has ended, likewise. None: it has not.
pub(super) fn ended(operation: &Operation) -> Option<Value> {
    let State::Ended(ending) = &operation.state else { return None };
    let Ended { seen, by, reason, sentence } = Ended::of(ending);
    Some(json!({
        "id": operation.id, "attempts": operation.attempts, "breaks": operation.breaks,
        "last": bounded(json!(operation.last)), "ending": ending.name(), "seen": seen, "by_id": by, "reason": reason, "sentence": sentence,
    }))
}

#[derive(Default)]
struct Ended {
    seen: Option<Generation>,
    by: Option<OperationId>,
    reason: Option<Value>,
    sentence: Option<String>,
}

impl Ended {
    fn of(ending: &Ending) -> Self {
        match ending {
            Ending::Succeeded { applied } => Self { seen: Some(*applied), ..Self::default() },
            Ending::Failed(why) => Self::because(why),
            Ending::Refused { refused, why } => Self { seen: Some(*refused), ..Self::because(why) },
            Ending::Superseded { by } => {
                Self { by: Some(*by), sentence: Some(superseded(*by)), ..Self::default() }
            }
            Ending::Cancelled => Self::default(),
            Ending::Quarantined(why) => Self::because(why),
        }
    }

    fn because(why: &(impl Serialize + std::fmt::Display)) -> Self {
        let sentence = why.to_string().chars().take(8000).collect();
        let reason = serde_json::to_value(why).ok().map(bounded);
        Self { reason, sentence: Some(sentence), ..Self::default() }
    }
}

/// What others said may be of any length; a row may not.
fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LONGEST => {
            Value::String(text.chars().take(LONGEST).collect())
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, bounded(value))).collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(bounded).collect()),
        value @ (Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_)) => value,
    }
}

/// In characters; of at most three texts, four bytes each at the worst and doubled by escapes of control characters,
/// which our clients take out.
const LONGEST: usize = 600;

impl Row {
    /// None: this version does not know such operations.
    pub(crate) fn operation(&self) -> Option<Operation> {
        Some(Operation {
            id: self.id,
            place: Place(self.place),
            subject: self.subject()?,
            target: self.target,
            made_at: self.made_at,
            deadline_at: self.deadline_at,
            attempts: self.attempts,
            breaks: self.breaks,
            token: Token(self.token),
            heir: self.heir,
            // An obstacle of a newer version is no reason to leave the operation alone.
            last: self.last.clone().and_then(|last| serde_json::from_value::<Obstacle>(last).ok()),
            state: self.state()?,
        })
    }

    fn state(&self) -> Option<State> {
        match self.state.as_str() {
            "running" => {
                // Never after the deadline; and where nobody asked for the session, it is not looked at.
                let lease_ends_at = self.lease_ends_at.unwrap_or(self.made_at).min(self.deadline_at);
                Some(State::Running { lease_ends_at })
            }
            "due" => self.due_at.map(|at| State::Waiting(Due::At(at))),
            "gated" => self.gate().map(|gate| State::Waiting(Due::After(gate))),
            _ => None,
        }
    }

    fn gate(&self) -> Option<Gate> {
        match self.gate.as_deref()? {
            "lane" => Some(Gate::Lane),
            "verdict" => Some(Gate::Verdict),
            "taken_down" => self.gate_id.map(Gate::TakenDown),
            _ => None,
        }
    }

    fn subject(&self) -> Option<Subject> {
        let owner = || self.lane.split_once('/').and_then(|(_, id)| id.parse().ok()).map(ResourceId);
        let resource = self.resource_id;
        Some(match self.kind.parse::<Kind>().ok()? {
            Kind::Apply(thing) => Subject::apply(thing, resource),
            Kind::TakeDown(thing) => Subject::take_down(thing, resource),
            Kind::ConnectionCheck => Subject::connection_check(resource),
            Kind::SyncRun => Subject::sync_run(resource, owner()?),
            Kind::Termination => Subject::termination(resource, owner()?),
            Kind::Refresh => Subject::refresh(resource),
        })
    }
}
