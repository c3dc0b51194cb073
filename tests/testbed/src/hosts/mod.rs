//! What engines and Argosy read from over the network: Git, Helm and OCI hosts, and an issuer of tokens. Each answers
//! on loopback, says who asked and with what, and breaks on demand.

pub(crate) mod archive;
pub mod git;
pub mod helm_repository;
pub mod issuer;
pub mod oci_registry;
pub(crate) mod web;
