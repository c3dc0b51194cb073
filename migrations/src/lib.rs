//! How the truth is shaped, and how it comes to be shaped so.
//!
//! The SQL files in `sql/` each begin with why. They only ever expand or contract: nothing is renamed, nothing goes
//! back. `argosy-migrate` applies them, and alone needs the owner's rights; tests call [`up`] and [`roles()`].
//! The product's programs never depend on this room: they compare a version number.

mod apply;
mod connect;
mod lock;
mod roles;
mod tls;

pub use apply::{Applied, Options, Status, latest, status, up, up_with};
pub use connect::Session;
pub use roles::{Passwords, Role, missing as missing_roles, roles};
