//! Repository credentials: how a tenant's private repositories are read.
//!
//! Of several that fit an address, the one that fits best is meant; so a change of one can change what others are used
//! for. A credential is written to each instance where a deployment names an address that it is meant for: those are its
//! seats.

mod delete;
mod facts;
mod fit;
mod list;
mod put;
mod row;
mod scene;
mod seats;

use domain::ids::{CredentialId, Generation};
use domain::intent::repository_credential::{CredentialSecret, RepositoryCredentialSpec};
use domain::text::Name;
use jiff::Timestamp;

use crate::seal::SecretMark;
use crate::{Reference, Version};

/// A repository credential as it is, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepositoryCredential {
    /// Which.
    pub id: CredentialId,
    /// What it is called.
    pub name: Name,
    /// How often it was changed.
    pub generation: Generation,
    /// It is being taken down.
    pub deleting: bool,
    /// What was said.
    pub spec: RepositoryCredentialSpec,
    /// What may be known of its secret.
    pub secret: SecretMark,
    /// The object that it is made from, if it is only shown here.
    pub lives_in: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// What a credential is to be.
#[expect(missing_debug_implementations, reason = "it has a secret in it")]
pub struct WantedCredential {
    /// What it is, or is to be, called.
    pub reference: Reference,
    /// What it is to be.
    pub spec: RepositoryCredentialSpec,
    /// None: the stored one stays, if nothing about where it goes changes.
    pub secret: Option<CredentialSecret>,
}

impl RepositoryCredential {
    /// For conditions and tags.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { id: self.id.0, generation: self.generation }
    }
}

const NOUN: &str = "repository_credential";
/// As [`crate::seal`] binds its secrets.
const TABLE: &str = "repository_credentials";
