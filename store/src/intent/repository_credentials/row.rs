//! A row of `repository_credentials`, as JSON brings it without its secret, and the truth it stands for.

use domain::ids::{CredentialId, Generation, TenantId};
use domain::intent::Stored;
use domain::intent::repository_credential::{CredentialAuth, CredentialSecret};
use domain::secret::Secret;
use domain::text::Name;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{RepositoryCredential, TABLE};
use crate::seal::{MarkRow, Place};
use crate::{Error, Result};

#[derive(Clone, Debug, Deserialize)]
struct Row {
    id: CredentialId,
    name: Name,
    generation: Generation,
    state: String,
    spec: Value,
    lives_in: Option<String>,
    #[serde(flatten)]
    secret: MarkRow,
    made_at: Timestamp,
    changed_at: Timestamp,
}

/// Reads `to_jsonb(c) - 'secret'`.
pub(super) fn read(row: Value) -> Result<RepositoryCredential> {
    let row: Row = serde_json::from_value(row).map_err(|_| Error::unreadable("a repository credential"))?;
    let spec =
        Stored::read(row.spec).map_err(|_| Error::unreadable("a repository credential's specification"))?;
    Ok(RepositoryCredential {
        id: row.id,
        name: row.name,
        generation: row.generation,
        deleting: row.state != "active",
        spec,
        secret: row.secret.mark().ok_or_else(|| Error::unreadable("the mark of a secret"))?,
        lives_in: row.lives_in,
        made_at: row.made_at,
        changed_at: row.changed_at,
    })
}

/// Where its secret belongs.
pub(super) fn place(tenant: TenantId, id: CredentialId) -> Place {
    Place { tenant, table: TABLE, column: "secret", row: id.0 }
}

/// The secret, as what the specification says it is.
pub(super) fn secret_of(auth: &CredentialAuth, text: Secret<String>) -> CredentialSecret {
    match auth {
        CredentialAuth::Basic { .. } => CredentialSecret::Password(text),
        CredentialAuth::Bearer => CredentialSecret::Token(text),
        CredentialAuth::SshKey { .. } => CredentialSecret::SshKey(text),
        CredentialAuth::GitHubApp { .. } => CredentialSecret::AppKey(text),
    }
}
