//! Texts with a meaning: names, namespaces, labels, lines. Each is made only by its `parse`.
//!
//! A stored text is parsed again when it is read. So a rule here may be loosened at any time, but made stricter only
//! together with a new version of what is stored.

mod checked;
mod label;
mod line;
mod name;
mod selector;

pub(crate) use checked::checked_text;
pub use label::{LabelKey, LabelValue, Labels, labels};
pub use line::DisplayName;
pub(crate) use line::{block, is_hidden, line};
pub use name::{Name, Namespace};
pub(crate) use name::{is_label, is_subdomain};
pub use selector::{Requirement, Selector};
