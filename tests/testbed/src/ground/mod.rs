//! What every part stands on: folders, ports, processes that end, waits that say what they saw, the Go programs.

pub(crate) mod background;
pub mod cache;
pub mod go;
pub mod http;
pub(crate) mod listening;
pub(crate) mod port;
pub mod process;
pub mod wait;
