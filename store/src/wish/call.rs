//! How a wish came, besides who has it: what it is conditional on, and how it is told apart from its own repetition.

use domain::ids::{Generation, OperationId};
use domain::secret::Secret;
use uuid::Uuid;

/// What comes along with a wish that writes.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Which request this is, for the audit and the logs.
    pub request_id: String,
    /// The W3C `traceparent` to carry onto the operation.
    pub trace: Option<String>,
    /// What must hold for the wish to be done.
    pub condition: Condition,
    /// The caller's own name for this wish: a repetition of it is answered like the first time, and does nothing.
    pub idempotency: Option<Idempotency>,
    /// Check everything, say what would change, and change nothing.
    pub dry_run: bool,
}

/// What must hold for a wish to be done. It is compared under the row's lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// The thing exists (`If-Match: *`).
    Exists,
    /// The thing does not exist (`If-None-Match: *`).
    Absent,
    /// The thing is one of these versions (`If-Match`).
    Is(Vec<Version>),
    /// The thing is none of these versions (`If-None-Match` with tags).
    IsNot(Vec<Version>),
}

/// Which thing, and how often it was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// The thing's id: one that was made anew under an old name is another.
    pub id: Uuid,
    /// Its generation.
    pub generation: Generation,
}

/// A wish's name, given by its caller, and what it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's name for it.
    pub key: String,
    /// The method.
    pub method: &'static str,
    /// The path, with its query.
    pub path: String,
    /// A keyed digest of the body: a body may hold secrets.
    pub body: [u8; 32],
}

/// What became of a wish that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done<T> {
    /// What happened.
    pub effect: Effect,
    /// The thing as it is now.
    pub thing: T,
    /// The operation that brings it to the engine, if one is concerned.
    pub operation: Option<OperationId>,
}

/// What a wish did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It made the thing.
    Created,
    /// It changed the thing.
    Changed,
    /// The thing was so already. Nothing was written.
    Unchanged,
    /// The thing is being taken down.
    Deleting,
    /// The thing is gone.
    Deleted,
    /// It was done before under the same idempotency key.
    Replayed {
        /// The status that was answered then.
        status: u16,
    },
    /// Nothing was written because the caller only asked what would be.
    WouldBe(Would),
}

/// What a dry run would have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Would {
    /// Make it.
    Create,
    /// Change it.
    Change,
    /// Leave it as it is.
    Leave,
    /// Take it down.
    Delete,
}

impl Condition {
    /// Whether it holds for what is there.
    #[must_use]
    pub fn holds(&self, there: Option<Version>) -> bool {
        match self {
            Self::Always => true,
            Self::Exists => there.is_some(),
            Self::Absent => there.is_none(),
            Self::Is(versions) => there.is_some_and(|there| versions.contains(&there)),
            Self::IsNot(versions) => there.is_none_or(|there| !versions.contains(&there)),
        }
    }
}

/// The key of the digests of bodies. Every process of an installation has the same.
#[expect(missing_debug_implementations, reason = "what can be printed will be printed")]
pub struct DigestKey(pub Secret<Vec<u8>>);
