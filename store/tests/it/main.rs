//! The store against real PostgreSQL.

#[cfg(test)]
mod begin;
#[cfg(test)]
mod support;
#[cfg(test)]
mod watch;
