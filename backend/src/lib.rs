//! The front doors of Argosy: who calls, what they wish, and how it is answered.
//!
//! `http → app → store`; `access` says who calls. The program is `main.rs`.

pub mod access;
pub mod app;
pub mod http;
pub mod settings;
