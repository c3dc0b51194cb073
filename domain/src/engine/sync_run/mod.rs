//! A sync run on an engine: how it is started and stopped, and how it ended.
//!
//! A sync is started by one merge patch, as field manager [`super::marks::RUNNER`], that asks for it, forgets the last
//! one and names the run; all under the version that was seen. That an `Application` names a run is the proof that the run
//! started, once. What a patch asks for gets nothing from the `Application`'s sync policy: options are copied into it.

mod start;
mod terminate;
mod verdict;

pub use start::{NotNow, start};
pub use terminate::{Pointless, terminate};
pub use verdict::{Judgement, Verdict, verdict};
