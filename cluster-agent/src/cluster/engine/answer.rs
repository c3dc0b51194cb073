//! What is sent to an API server, and what it says.

use kube::core::request;
use serde_json::Value;

/// A request, as kube makes them.
pub(super) type Asking = Result<http::Request<Vec<u8>>, request::Error>;

/// What the API server said, whatever it was.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}
