//! Environments: where a tenant deploys to, and with which sealed credentials.
//!
//! A change of what is said, or of the secret, is a new generation: it is checked anew, written to the engine if the
//! environment is placed, and everything that was refused because of it is tried again.

mod check;
mod cure;
mod delete;
mod ending;
mod facts;
mod list;
mod put;
mod row;
mod scene;

pub use delete::Cascade;
use domain::ids::{EnvironmentId, Generation};
use domain::intent::environment::{ConnectionReport, EnvironmentSecret, EnvironmentSpec};
use domain::text::Name;
pub use ending::Ending;
use jiff::Timestamp;

use crate::seal::SecretMark;
use crate::{Reference, Version};

/// An environment as it is, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Which.
    pub id: EnvironmentId,
    /// What it is called.
    pub name: Name,
    /// How often it was changed.
    pub generation: Generation,
    /// What the engine has accepted; zero: nothing yet, or nothing uses it.
    pub applied: Generation,
    /// What the engine refused, and why; none when something has changed since.
    pub refusal: Option<(Generation, String)>,
    /// It is being taken down.
    pub deleting: bool,
    /// What was said.
    pub spec: EnvironmentSpec,
    /// What may be known of its secret. None: there is none yet.
    pub secret: Option<SecretMark>,
    /// What the last connection check found.
    pub check: Option<Check>,
    /// A check has passed since it was last said where it is.
    pub passed_once: bool,
    /// The object that it is made from, if it is only shown here.
    pub lives_in: Option<String>,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// What a connection check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The generation that was checked.
    pub generation: Generation,
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub report: ConnectionReport,
}

/// What an environment is to be.
#[expect(missing_debug_implementations, reason = "it has a secret in it")]
pub struct WantedEnvironment {
    /// What it is, or is to be, called.
    pub reference: Reference,
    /// What it is to be.
    pub spec: EnvironmentSpec,
    /// None: the stored one stays, if nothing about where it goes changes.
    pub secret: Option<EnvironmentSecret>,
}

impl Environment {
    /// For conditions and tags.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { id: self.id.0, generation: self.generation }
    }
}

const NOUN: &str = "environment";
/// As [`crate::seal`] binds its secrets.
const TABLE: &str = "environments";
