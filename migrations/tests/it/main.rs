//! `argosy-migrate` and its room against real PostgreSQL.

#[cfg(test)]
mod apply;
#[cfg(test)]
mod program;
#[cfg(test)]
mod roles;
