//! What was answered to a wish that its caller gave a name.

use domain::ids::OperationId;
use serde::Deserialize;
use uuid::Uuid;

pub(crate) use crate::change::IdempotencyRow;
use crate::{Call, Idempotency, Refused};

/// What was answered the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) resource_id: Option<Uuid>,
    pub(crate) operation: Option<OperationId>,
}

/// The row as `argosy_replay` gives it.
#[derive(Debug, Deserialize)]
struct ReplayRow {
    method: String,
    path: String,
    body_hmac: String,
    status: u16,
    location: Option<String>,
    resource_id: Option<Uuid>,
    operation_id: Option<Uuid>,
}

impl IdempotencyRow {
    /// What `settle` is to remember of a wish, if its caller gave it a name.
    pub(crate) fn of(call: &Call, principal: &str, answer: Replay) -> Option<Self> {
        let idempotency = call.idempotency.as_ref()?;
        Some(Self {
            principal: principal.to_owned(),
            key: idempotency.key.clone(),
            method: idempotency.method,
            path: idempotency.path.clone(),
            body_hmac: hex(&idempotency.body),
            status: answer.status,
            location: answer.location,
            resource_id: answer.resource_id,
            operation_id: answer.operation,
        })
    }
}

impl Replay {
    /// Reads what `argosy_replay(principal, key)` said in the locking read of a wish: nothing for a new wish, the answer
    /// of the first time, or why there is none.
    pub(crate) fn read(
        said: Option<serde_json::Value>,
        idempotency: Option<&Idempotency>,
    ) -> crate::Result<Result<Option<Self>, Refused>> {
        let (Some(said), Some(idempotency)) = (said, idempotency) else { return Ok(Ok(None)) };
        if said.get("in_progress").is_some() {
            return Ok(Err(Refused::InProgress));
        }
        let row: ReplayRow =
            serde_json::from_value(said).map_err(|_| crate::Error::unreadable("an idempotency key"))?;
        let same = row.method == idempotency.method
            && row.path == idempotency.path
            && row.body_hmac.strip_prefix(r"\x") == Some(hex(&idempotency.body).as_str());
        if !same {
            return Ok(Err(Refused::KeyReused));
        }
        Ok(Ok(Some(Self {
            status: row.status,
            location: row.location,
            resource_id: row.resource_id,
            operation: row.operation_id.map(OperationId),
        })))
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}
