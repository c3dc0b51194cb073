//! The laws of the domain, seen from outside.

#[cfg(test)]
mod egress;
