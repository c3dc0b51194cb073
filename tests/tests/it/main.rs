//! The whole from outside: real programs, real databases, real clusters.

mod compose;
#[cfg(test)]
mod deploying;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod walk;
#[cfg(test)]
mod world;
