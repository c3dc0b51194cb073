//! Who may what, as a proof: [`Access`] has private fields, and is made only here, by an admission.
//!
//! A request admits its caller to a tenant ([`crate::Store::admit`]) and hands the proof on; every statement on a tenant's rows
//! asks for one. What an admission found is remembered for a while, as long as this process hears of changes.

mod admit;
mod cache;
mod caller;
mod follow;
mod key;
mod proof;

pub use admit::{Admitted, TenantRef};
pub(crate) use cache::Memory;
pub use caller::Caller;
pub use proof::{
    Access, Agent, Auditor, Deployer, Founder, InTenant, MayAudit, MayDeploy, MayFound, MayOwn, MayRead,
    MaySync, Operator, Owner, Platform, Syncer, Viewer,
};
