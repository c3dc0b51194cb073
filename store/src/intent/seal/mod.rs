//! How secrets are kept: sealed, so that a row, a dump or a backup shows nothing without the keys.
//!
//! A sealed value opens only in the place it was sealed for: that tenant, table, column and row. Keys are files of the
//! operator ([`Args`]); there is one that seals (the primary), and as many that still open as are needed while
//! `argosy-backend keys rotate` seals everything anew. A fingerprint tells two secrets of one place apart, and nothing
//! else about them.

mod args;
mod envelope;
mod folder;
mod key;
mod mark;
mod place;
mod ring;
mod rotation;

pub use args::Args;
pub use folder::{Made, generate};
pub use key::{InvalidKeyId, KeyId};
pub(crate) use mark::MarkRow;
pub use mark::SecretMark;
pub(crate) use place::Place;
pub use ring::KeyRing;
pub use rotation::{Rotation, Sealed};
