//! On what terms an intent is read: by which door it came, and what the operator lets pass.

use crate::egress::{Policy, Profile};

/// What a `parse` has to know besides the body.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// How it came.
    pub door: Door,
    /// Where we and the engines may dial.
    pub egress: &'a Policy,
    /// Whether a tenant may do without the check of who a host is.
    pub unverified: Unverified,
}

/// A front door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// REST.
    Rest,
    /// Custom resources, where manifests for the reference service must go on working.
    CustomResource,
}

/// Whether TLS and ssh may be used without checking certificates and host keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unverified {
    /// Never.
    #[default]
    Refused,
    /// If the tenant asks for it.
    Allowed,
}

impl Terms<'_> {
    /// Repositories without TLS exist only on this machine: in the sandbox and in tests.
    pub(super) fn plain_http(&self) -> bool {
        match self.egress.profile {
            Profile::LoopbackOnly => true,
            Profile::Public | Profile::ListedOnly => false,
        }
    }
}
