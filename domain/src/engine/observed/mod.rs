//! What an engine says about an `Application`, and the [`Report`] of it that is kept and shown.
//!
//! [`Application`] is the few fields that we read of the object; [`report()`] makes of them what users see: bounded, with
//! what is wrong before what is right, in words that say nothing of the engine.

mod application;
mod bounds;
mod lenient;
mod projection;
mod report;
mod states;
mod wording;

pub use application::{
    Application, Automated, Comparison, Condition, Destination, Entry, Health, Info, Initiator, Metadata,
    Operation, OperationState, Resource, ResourceResult, Source, Spec, Status, Summary, SyncPolicy,
    SyncResult, SyncState, Unreadable,
};
pub use bounds::LARGEST;
pub use projection::report;
pub(super) use projection::{RUN, failed, noted_run, results, revisions, run_of};
pub use report::{
    Compared, ConditionReport, Counts, HealthReport, HistoryReport, OperationReport, Report, ResourceReport,
    ResultReport, SourceReport, SyncReport,
};
pub use states::{HealthState, Phase, SyncStatus};
pub(super) use wording::plain;
pub use wording::without_nul;
