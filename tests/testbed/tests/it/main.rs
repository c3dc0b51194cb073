//! The testbed's own tests: every part keeps what its documentation promises.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops where it is, with a backtrace")]

mod cluster;
mod egress_guard;
mod engine;
mod hosts;
mod keeper;
mod postgres;
mod process;
mod proxy;
mod support;
