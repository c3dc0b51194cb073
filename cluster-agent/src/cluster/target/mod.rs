//! A tenant's environment, asked directly: who are we there, what may we, is it there at all?
//!
//! The server is a stranger's. It is dialled only where the operator lets us, at exactly the address that was vetted,
//! without a proxy of the surroundings; it leads us nowhere else, and it cannot make us read or wait for ever.

mod check;
mod dial;
mod problem;
mod question;
mod removal;
mod unverified;

use std::sync::Arc;
use std::time::Duration;

use domain::egress::Policy;
use domain::intent::environment::{EnvironmentSecret, EnvironmentSpec, Reach};

pub use check::Checked;
pub use problem::Problem;
pub use removal::{Deployed, NamespaceState};

/// How long one answer may take, from the dial to its last byte.
const ANSWER: Duration = Duration::from_secs(8);
/// How long everything that is asked at one occasion may take: well below a lease.
const OCCASION: Duration = Duration::from_secs(20);

/// Where we may dial for tenants.
#[derive(Clone, Debug)]
pub struct Targets {
    policy: Arc<Policy>,
    answer: Duration,
}

/// One environment, with what we show it.
pub struct Target<'a> {
    client: reqwest::Client,
    spec: &'a EnvironmentSpec,
    secret: &'a EnvironmentSecret,
}

impl Targets {
    /// Nothing is dialled yet.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy: Arc::new(policy), answer: ANSWER }
    }

    /// The same for who has less patience with a server.
    #[must_use]
    pub fn answering_within(mut self, answer: Duration) -> Self {
        self.answer = answer;
        self
    }

    /// An environment. It is dialled when it is asked something.
    pub fn target<'a>(
        &self,
        spec: &'a EnvironmentSpec,
        secret: &'a EnvironmentSecret,
    ) -> Result<Target<'a>, Problem> {
        Ok(Target { client: dial::client(&self.policy, spec, secret, self.answer)?, spec, secret })
    }
}

impl Target<'_> {
    fn reach(&self) -> &Reach {
        &self.spec.reach
    }
}

/// Without what it is shown.
impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Target({})", self.spec.server.as_str())
    }
}
