//! What engines and Argosy read from answers as the real ones do, says who asked, and breaks on demand.

mod git_http;
mod git_ssh;
mod helm_repository;
mod issuer;
mod oci_registry;
