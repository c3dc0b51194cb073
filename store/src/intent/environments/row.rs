//! A row of `environments`, as JSON brings it without its secret, and the truth it stands for.

use domain::ids::{EnvironmentId, Generation, TenantId};
use domain::intent::Stored;
use domain::intent::environment::{AuthKind, ConnectionReport, EnvironmentSecret};
use domain::secret::Secret;
use domain::text::Name;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Check, Environment, TABLE};
use crate::seal::{MarkRow, Place};
use crate::{Error, Result};

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Row {
    id: EnvironmentId,
    name: Name,
    generation: Generation,
    applied_generation: Generation,
    refused_generation: Generation,
    refusal: Option<String>,
    state: String,
    spec: Value,
    lives_in: Option<String>,
    #[serde(flatten)]
    secret: MarkRow,
    checked_generation: Generation,
    checked_at: Option<Timestamp>,
    check_report: Option<Value>,
    passed_once: bool,
    made_at: Timestamp,
    changed_at: Timestamp,
}

/// Reads `to_jsonb(e) - 'secret'`.
pub(super) fn read(row: Value) -> Result<Environment> {
    let row: Row = serde_json::from_value(row).map_err(|_| Error::unreadable("an environment"))?;
    row.environment()
}

/// Where its secret belongs.
pub(super) fn place(tenant: TenantId, id: EnvironmentId) -> Place {
    Place { tenant, table: TABLE, column: "secret", row: id.0 }
}

/// The secret, as what the specification says it is.
pub(super) fn secret_of(auth: &AuthKind, text: Secret<String>) -> EnvironmentSecret {
    match auth {
        AuthKind::Token => EnvironmentSecret::Token(text),
        AuthKind::ClientCertificate { .. } => EnvironmentSecret::ClientKey(text),
    }
}

impl Row {
    fn environment(self) -> Result<Environment> {
        let refused = self.refused_generation;
        // A report of a newer release is as good as none.
        let report =
            self.check_report.and_then(|report| serde_json::from_value::<ConnectionReport>(report).ok());
        let check = report.zip(self.checked_at);
        Ok(Environment {
            id: self.id,
            name: self.name,
            generation: self.generation,
            applied: self.applied_generation,
            refusal: self.refusal.filter(|_| refused.0 > 0).map(|why| (refused, why)),
            deleting: self.state != "active",
            spec: Stored::read(self.spec).map_err(|_| Error::unreadable("an environment's specification"))?,
            secret: self.secret.mark(),
            check: check.map(|(report, at)| Check { generation: self.checked_generation, at, report }),
            passed_once: self.passed_once,
            lives_in: self.lives_in,
            made_at: self.made_at,
            changed_at: self.changed_at,
        })
    }
}
