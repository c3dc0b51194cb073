//! The agent as a process: the real program, a real database, a real Kubernetes API.

#[cfg(test)]
mod clusters;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod git;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod report;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wake;
#[cfg(test)]
mod work;
