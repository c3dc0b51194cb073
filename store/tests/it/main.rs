//! The store against real PostgreSQL.

#[cfg(test)]
mod begin;
#[cfg(test)]
mod deployments;
#[cfg(test)]
mod doorbell;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod nouns;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod status;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod watch;
