//! Use cases: one method a wish, one transaction each.
//!
//! Both front doors call them. Who may is said by the `Access` they ask for; what the body means is parsed here by the
//! domain; what the rows say against it comes back as [`Refused`]. No HTTP and no Kubernetes in here, and no SQL.

mod engines;
mod events;
mod intent;
mod jobs;
pub mod keys;
mod operations;
mod people;
mod refused;

use domain::egress::Policy;
use domain::intent::{Door, Terms, Unverified};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use store::{DigestKey, Store};

pub use domain::access::{RawApiKey, RawLimits, RawTenant, RawTenantChange};
pub use intent::sync_runs::Rollback;
pub use people::api_keys::MadeKey;
pub use refused::{Answer, Refused};
// What the doors show and give, without seeing the store themselves.
pub use people::tenants::Maker;
pub use store::access::{Auditor, Deployer, Founder, Operator, Owner, Syncer, Viewer};
pub use store::api_keys::{ApiKey, ApiKeys, OperatorKey};
pub use store::audit::{AuditFilter, AuditPage, AuditPlace, Audited};
pub use store::deployments::{
    Deployment, DeploymentFilter, DeploymentInFull, DeploymentItem, Parting, Standing,
};
pub use store::environments::{Check as EnvironmentCheck, Environment};
pub use store::members::{Member, Members, PlatformMember};
pub use store::placements::{PlacementShown, PrivateUrl};
pub use store::repository_credentials::RepositoryCredential;
pub use store::seal::SecretMark;
pub use store::status::Status;
pub use store::sync_runs::{RunPage, RunState, SyncRun};
pub use store::tenants::{Limit, Limits, Membership, Tenant};
pub use store::{
    After, Call, Condition, Done, Effect, Error as StoreError, FeedEvent, FeedPage, FeedPosition, Filter,
    Idempotency, Listed, Named, Page, Reference, Refused as WishRefused, Version, Would,
};
pub use store::{
    AgentView, EngineCluster, EngineInstance, InstanceState, NewInstance, OperationView as Operation, Stop,
    StopScope,
};

/// What the use cases need: the rows, and what the operator allows.
#[expect(missing_debug_implementations, reason = "it has the key of the digests in it")]
pub struct App {
    pub(crate) store: Store,
    egress: Policy,
    unverified: Unverified,
    digest: DigestKey,
}

impl App {
    /// The use cases on this database.
    #[must_use]
    pub fn new(store: Store, egress: Policy, unverified: Unverified, digest: DigestKey) -> Self {
        Self { store, egress, unverified, digest }
    }

    /// On what terms an intent of this door is read.
    pub(crate) fn terms(&self, door: Door) -> Terms<'_> {
        Terms { door, egress: &self.egress, unverified: self.unverified }
    }

    /// The digest of a body, for [`Idempotency`]. Keyed: a body may hold a secret that could be guessed.
    #[must_use]
    pub fn digest(&self, body: &[u8]) -> [u8; 32] {
        // An HMAC takes a key of any length, so there is no error to speak of; an empty one would only be weaker.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.digest.0.expose()) else { return [0; 32] };
        mac.update(body);
        mac.finalize().into_bytes().into()
    }
}
