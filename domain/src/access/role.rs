//! What somebody may: the role of a member, the scopes of a key, and what the two come to.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::field::Flaw;

/// Declares words that programs and people write: `words! { /// Doc. Name "what it is" { /// Doc. Variant = "word" } }`.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident $what:literal { $($(#[$inner:meta])* $variant:ident = $word:literal)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, the least first.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = Flaw;

            fn from_str(raw: &str) -> Result<Self, Flaw> {
                Self::ALL.iter().copied().find(|word| word.as_str() == raw).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|word| format!("`{word}`")).collect();
                    Flaw::malformed(format!(concat!($what, " is one of {}"), words.join(", ")))
                })
            }
        }
    )+};
}

words! {
    /// What a member of a tenant is. Each may what those before it may.
    Role "a role" {
        /// Sees everything but secrets, which nobody sees.
        Viewer = "viewer"
        /// Says what goes where.
        Deployer = "deployer"
        /// Also says who else may, and ends the tenant.
        Owner = "owner"
    }

    /// What somebody is to the platform.
    PlatformRole "a role on the platform" {
        /// Makes tenants, and owns what it makes.
        Founder = "founder"
        /// Sees the platform.
        Auditor = "auditor"
        /// Runs the platform.
        Operator = "operator"
    }

    /// What a key is for. Each contains those before it.
    KeyScope "a scope" {
        /// See what is there, but no secrets.
        Read = "read"
        /// Start and stop syncs, and refresh: run again what is already wished.
        Sync = "sync"
        /// Change what is wished: deployments, environments, credentials.
        Deploy = "deploy"
        /// Change the tenant and its members.
        Manage = "manage"
    }
}

/// How much somebody may in a tenant, whatever it comes from. One chain: each may what those before it may.
///
/// Making keys is not in it: only somebody who logged in can, so that a key that got lost has no children.
pub type Power = KeyScope;

impl Role {
    /// How much its members may.
    #[must_use]
    pub const fn power(self) -> Power {
        match self {
            Self::Viewer => Power::Read,
            Self::Deployer => Power::Deploy,
            Self::Owner => Power::Manage,
        }
    }
}

impl KeyScope {
    /// The least role a key of this scope needs behind it.
    #[must_use]
    pub const fn needs(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Sync | Self::Deploy => Role::Deployer,
            Self::Manage => Role::Owner,
        }
    }

    /// How much a key may: what its scopes say, and no more than the role it was given and the member it stands on.
    #[must_use]
    pub fn of_key(scopes: &[Self], role: Role, member: Role) -> Option<Self> {
        let scope = scopes.iter().copied().max()?;
        Some(scope.min(role.power()).min(member.power()))
    }
}
