//! Asking repositories: which commit is this revision now, and may this credential read it?
//!
//! Called by the rooms that decide. It speaks Git's own protocol as far as the list of refs and no further: it keeps no
//! clone, writes nothing, and knows nothing of the database or of engines. Whom it dials is vetted before DNS and after
//! it, and exactly the vetted address is dialled.

mod args;
mod asked;
mod dial;
mod hosts;
mod http;
mod listing;
mod login;
mod packet;
mod refs;
mod ssh;
mod unread;

pub use args::Args;
pub use asked::Git;
pub use login::Login;
pub use refs::{Commit, Refs, Resolved};
pub use unread::Unread;
