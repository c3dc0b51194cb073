//! What lies between parts: a proxy that fails on demand, and a guard that lets nobody out.

pub mod egress_guard;
pub mod proxy;
