//! What must not be shown.

mod url;

pub use url::{InvalidUrl, SecretUrl};
