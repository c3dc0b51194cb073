//! The cluster agent: makes the engines (Argo CD) agree with the database, and reports back.
//!
//! `work → reconcile → cluster | git`, and `report → cluster`. The program is `main.rs`.

pub mod cluster;
pub mod git;
pub mod reconcile;
pub mod report;
pub mod settings;
pub mod wake;
pub mod work;
