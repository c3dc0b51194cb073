//! The backend as a process: the real program, a real database.

#[cfg(test)]
mod access;
#[cfg(test)]
mod app;
#[cfg(test)]
mod http;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod support;
