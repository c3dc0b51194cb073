//! What an operation is made for.

use super::id::Generation;
use super::state::Gate;
use super::subject::Subject;

/// Something is to be brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wish {
    /// What.
    pub subject: Subject,
    /// At least this generation of it.
    pub target: Generation,
    /// What has to be over first, besides what is before it in the lane: the verdict of the run before, or the end of
    /// the thing that had the name.
    pub gate: Option<Gate>,
}
