//! The runtime as a program uses it: real tasks, real sockets.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod supervisor;
