//! Why a repository could not be read.

use domain::egress::Denied;

/// Why a repository could not be read. The text is for the tenant; no secret is in it, nor what the host made up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The operator does not let us dial it.
    #[error("not dialled: {0}")]
    Denied(#[from] Denied),
    /// It wants somebody else, or somebody at all.
    #[error("the repository refuses {}", if *.anonymous { "to be read without a credential" } else { "the credential" })]
    Refused {
        /// Nobody logged in.
        anonymous: bool,
    },
    /// There is none, or none that this caller may know of.
    #[error("the repository was not found")]
    NotFound,
    /// It cannot be reached now. Try again later.
    #[error("the repository does not answer: {0}")]
    Unreachable(String),
    /// What answers there is not what the address promised; somebody must look.
    #[error("the repository cannot be read: {0}")]
    Odd(String),
    /// We cannot ask this sort of repository, or not with this sort of credential.
    #[error("this sort of repository is not asked: {0}")]
    NotAsked(&'static str),
}

impl Unread {
    pub(super) fn odd(said: impl Into<String>) -> Self {
        Self::Odd(said.into())
    }

    pub(super) fn unreachable(said: impl Into<String>) -> Self {
        Self::Unreachable(said.into())
    }
}
