//! The engine, thought through: what Argo CD is to be told, what it says back, and what to do about the difference.
//!
//! Pure. [`facts`] is what the rows say, as the store reads them; [`desired`] makes objects of it; [`plan`] compares
//! those with what is there; [`observed`] makes a [`observed::Report`] of an Application's status; [`sync_run`] starts,
//! stops and judges syncs; [`explain`] makes one sentence of all that is known. Others do it, and speak Kubernetes.

pub mod desired;
pub mod explain;
pub mod facts;
pub mod hash;
pub mod marks;
pub mod observed;
mod owned;
pub mod plan;
pub mod sync_run;
