//! What all wishes share, whatever they are about: what comes along with one, what it changes besides its own row, why it is
//! refused, how lists are paged.

pub(crate) mod call;
pub(crate) mod change;
pub(crate) mod fresh;
pub(crate) mod idempotency;
pub(crate) mod page;
pub(crate) mod quota;
pub(crate) mod reference;
pub(crate) mod refused;
