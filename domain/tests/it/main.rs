//! The laws of the domain, seen from outside.

#[cfg(test)]
mod access;
#[cfg(test)]
mod egress;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod intent;
#[cfg(test)]
mod operation;
#[cfg(test)]
mod shape;
#[cfg(test)]
mod text;
