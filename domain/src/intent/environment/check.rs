//! What a connection check found: who we are in an environment, what we may there, and which version it has.

use serde::{Deserialize, Serialize};

/// The longest text of a report; servers of strangers write them.
const LONGEST: usize = 500;
/// The most permissions a report lists.
const MOST: usize = 100;

/// What a connection check found. It is shown to the tenant, and names nothing a tenant may not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionReport {
    /// Whether one can work with it.
    pub verdict: ConnectionVerdict,
    /// Which version the API server says it has.
    pub version: Option<String>,
    /// Who the API server says we are.
    pub user: Option<String>,
    /// What we asked to be allowed, and whether we are.
    pub permissions: Vec<Permission>,
}

/// Whether one can work with an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum ConnectionVerdict {
    /// One can.
    Passed,
    /// One cannot.
    Failed {
        /// Why, in a sentence that says what to do.
        why: String,
    },
}

/// One thing that we asked to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// As a verb and a resource: `list deployments.apps in shop`.
    pub what: String,
    /// Whether we may.
    pub allowed: bool,
}

impl ConnectionReport {
    /// Whether one can work with it.
    #[must_use]
    pub fn passed(&self) -> bool {
        match self.verdict {
            ConnectionVerdict::Passed => true,
            ConnectionVerdict::Failed { .. } => false,
        }
    }

    /// The same, no longer than a row may be and without what cannot be shown.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.permissions.truncate(MOST);
        let texts = self.permissions.iter_mut().map(|permission| &mut permission.what);
        let why = match &mut self.verdict {
            ConnectionVerdict::Passed => None,
            ConnectionVerdict::Failed { why } => Some(why),
        };
        for text in texts.chain(&mut self.version).chain(&mut self.user).chain(why) {
            *text = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_strange_server_says_is_bounded_and_can_be_shown() {
        let endless = "x\0y\u{1b}[31m".repeat(10_000);
        let report = ConnectionReport {
            verdict: ConnectionVerdict::Failed { why: endless.clone() },
            version: Some(endless.clone()),
            user: Some(endless.clone()),
            permissions: vec![Permission { what: endless, allowed: false }; 1000],
        }
        .bounded();
        assert!(!report.passed());
        let text = serde_json::to_string(&report).unwrap();
        assert!(text.len() < 60_000 && !text.contains("\\u00"), "{}", text.len());
        assert_eq!(serde_json::from_str::<ConnectionReport>(&text).unwrap(), report);
    }
}
