//! Listening on loopback, in a program that also starts processes.
//!
//! Between its fork and its exec, a process that another thread starts holds a copy of every socket we have. So a closed
//! listener may go on accepting for a moment, and its port may be taken for a moment. Both are met here, and nowhere
//! else in the testbed.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rustix::net::Shutdown;

/// Far longer than an exec takes.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ready to be given to a runtime.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind(address) {
            Ok(listener) => {
                listener.set_nonblocking(true).context("listen")?;
                return Ok(listener);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse && Instant::now() < deadline => {
                std::thread::park_timeout(Duration::from_millis(2));
            }
            Err(error) => return Err(error).with_context(|| format!("listen on {address}")),
        }
    }
}

/// The next caller. To give up waiting for one loses nobody.
pub(crate) async fn accept(listener: &tokio::net::TcpListener) -> (tokio::net::TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(caller) => return caller,
            // Out of file descriptors, most likely: give the others a moment to close theirs.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Refuse from now on, whoever else holds a copy of this socket.
pub(crate) fn stop_listening(listener: &impl AsFd) {
    let _ = rustix::net::shutdown(listener, Shutdown::Both);
}
