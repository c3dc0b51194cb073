//! Why a deployment is where it is: one sentence, computed whenever somebody asks, from all that is known.
//!
//! The first thing that stands in the way is the one that is said; what only follows from it is not. A sentence says what
//! happened and, where somebody can do something, what.

mod code;
mod engine;
mod situation;
mod trouble;

pub use code::Code;
pub use engine::of_report;
pub use situation::{Check, Situation, Told, Underway, explain};
pub use trouble::{Side, Trouble};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why something is where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// For programs.
    pub code: Code,
    /// For people.
    pub sentence: String,
}

impl Explanation {
    fn new(code: Code, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }
}
