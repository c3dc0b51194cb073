//! Engine clusters, the instances on them, and the agents that serve them. None of it is any tenant's.

mod fleet;
mod sessions;

pub use fleet::{EngineCluster, EngineInstance, InstanceState, NewInstance};
pub use sessions::{AgentView, Registered, Registration};
