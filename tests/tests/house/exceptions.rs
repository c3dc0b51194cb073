//! Where the house breaks its own rules, and why. The list may only shrink: an exception that is not needed any more
//! fails the test of its rule.

/// One place that one rule lets pass.
#[derive(Debug)]
pub(crate) struct Exception {
    pub(crate) rule: &'static str,
    /// As the finding names it, without the line.
    pub(crate) place: &'static str,
    /// Why it must be so, for who reads this list.
    pub(crate) reason: &'static str,
}

pub(crate) const EXCEPTIONS: &[Exception] = &[];
