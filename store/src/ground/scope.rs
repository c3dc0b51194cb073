//! What a transaction is about. Row-level security shows it nothing else.

use domain::access::Principal;
use domain::ids::{ApiKeyId, TenantId};

/// What a transaction is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One tenant.
    Tenant(TenantId),
    /// One API key, to look it up.
    Key(ApiKeyId),
    /// What these may: a principal and their groups.
    Principals(Vec<Principal>),
    /// Every tenant, for an operator.
    Platform,
    /// Whatever the database role sees. For the roles that need no scope: agents and named jobs.
    All,
}

impl Scope {
    /// What begins a transaction in it, in one round trip: a setting that is local to a transaction ends with it, so it
    /// cannot leak to the next user of the connection.
    pub(crate) fn begin(&self) -> String {
        let (setting, value) = match self {
            Self::Tenant(id) => ("tenant", id.to_string()),
            Self::Key(id) => ("key", id.to_string()),
            Self::Principals(principals) => ("principals", lines(principals)),
            Self::Platform => ("platform", "on".to_owned()),
            Self::All => return "begin".to_owned(),
        };
        format!("begin; set local argosy.{setting} = '{value}'")
    }
}

/// One a line: a principal has no line breaks, nor other control characters. Quotes it may have.
fn lines(principals: &[Principal]) -> String {
    let lines: Vec<_> = principals.iter().map(Principal::as_str).collect();
    lines.join("\n").replace('\'', "''")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_cannot_say_more_than_its_name() {
        let sly = Principal::parse("corp:'; set local argosy.platform = 'on").unwrap();
        let scope = Scope::Principals(vec![sly, Principal::parse(r"corp:back\slash").unwrap()]);
        assert_eq!(
            scope.begin(),
            "begin; set local argosy.principals = 'corp:''; set local argosy.platform = ''on\ncorp:back\\slash'"
        );
    }
}
