//! By what an API server is known.

use serde::{Deserialize, Serialize};

use crate::field::{Code, Errors, Flaw};
use crate::intent::pem::Certificates;
use crate::intent::terms::{Door, Terms, Unverified};

/// By what an API server is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", content = "certificates", rename_all = "snake_case")]
pub enum Trust {
    /// By a certificate of a public CA.
    PublicRoots,
    /// By a certificate of one of these CAs, and of no other.
    Ca(Certificates),
    /// By nothing: who is in between reads and writes everything.
    Unverified,
}

impl Trust {
    /// Reads it from a CA and a switch, which stood in fields of these names.
    pub(super) fn parse(
        errors: &mut Errors,
        ca: Option<String>,
        skip_verify: bool,
        [ca_field, switch]: [&str; 2],
        terms: &Terms<'_>,
    ) -> Option<Self> {
        let certificates = errors.optional(ca_field, ca, |ca| Certificates::parse(&ca));
        if !skip_verify {
            return certificates.map(|certificates| certificates.map_or(Self::PublicRoots, Self::Ca));
        }
        // The reference service takes kubeconfigs with a CA, and then does not look at it.
        if matches!(certificates, Some(Some(_))) && terms.door == Door::Rest {
            errors.note(
                switch,
                Flaw::new(Code::Conflict, "with a CA, the server is verified: give one or the other"),
            );
        }
        match terms.unverified {
            Unverified::Allowed => Some(Self::Unverified),
            Unverified::Refused => {
                errors.note(
                    switch,
                    Flaw::forbidden("the operator does not allow servers that are not verified"),
                );
                None
            }
        }
    }
}
