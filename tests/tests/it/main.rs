//! The whole from outside: real programs, real databases, real clusters.

mod compose;
#[cfg(test)]
mod sql;
