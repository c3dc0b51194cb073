//! The laws of operations: how a wish becomes an operation, who may do it, and how it ends.
//!
//! Pure. The database keeps the rows and the only clock; `store` makes these rules true for many rows at a time, and
//! the agent says how its attempts went. `docs/operations.md` has the picture and the tables; the model in
//! `tests/it/operation` tries every order of events on this code.

mod decision;
mod id;
mod kind;
mod lane;
mod reason;
mod record;
mod state;
mod subject;
mod terms;
mod transition;
mod wish;

pub use decision::{Debt, Decision, Insertion, Underway, decide};
pub use id::{Generation, OperationId, Place, ResourceId, Token};
pub use kind::{Kind, Thing, UnknownKind};
pub use lane::{next, next_run, turn};
pub use reason::{Failure, Hold, Obstacle, Poison, Refusal, superseded};
pub use record::{Event, Operation, Rejected};
pub use state::{Due, Ending, Gate, Mark, Outcome, State};
pub use subject::{Lane, Subject, Track};
pub use terms::{
    BREAKS, CONFLICTS_AT_ONCE, FIRST_PAUSE, Jitter, KEEP_ALIVE, LEASE, LONGEST_PAUSE, Moment, SHORTEST_PAUSE,
    Terms, pause,
};
pub use wish::Wish;
