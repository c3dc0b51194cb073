//! What engines are told, what they say, and what is done about it.

mod explain;
mod objects;
mod plan;
mod report;
mod scene;
mod secrets;
mod server;
mod sync_run;
