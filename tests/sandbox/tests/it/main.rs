//! The sandbox's tests: its supervisor with small real processes, and the whole of it.

#[cfg(test)]
mod supervisor;
#[cfg(test)]
mod whole;
