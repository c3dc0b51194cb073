//! The agent as a process: the real program, a real database, a real Kubernetes API.

#[cfg(test)]
mod clusters;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod support;
