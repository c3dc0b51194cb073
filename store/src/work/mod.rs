//! What has to be done on engines, where, and how it went: operations, engines, placements, status, and the feed that tells of
//! it all.

pub(crate) mod engines;
pub(crate) mod feed;
pub(crate) mod operations;
pub mod placements;
pub(crate) mod retention;
pub mod status;
