//! Redis, which Argo CD keeps its caches in. One server serves many engines, each with a database number of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Ending, Launch, Process};

/// A redis before it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Site {
    pub port: u16,
}

impl Site {
    pub fn launch(&self, name: &str, folder: &Path) -> Result<Launch> {
        let program = Path::new("/usr/bin/redis-server");
        ensure!(program.exists(), "redis-server is not installed: run dev/install");
        Ok(Launch::new(name, program, folder).ending(Ending::Kill).args([
            "--bind",
            "127.0.0.1",
            "--port",
            &self.port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
            "--databases",
            "4096",
            "--daemonize",
            "no",
        ]))
    }

    pub async fn ready(&self, process: &mut Process) -> Result<()> {
        process.ready(Duration::from_secs(20), || self.probe()).await
    }

    /// One look: does it answer?
    pub async fn probe(&self) -> Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.context("connect to redis")?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0_u8; 7];
        stream.read_exact(&mut answer).await.context("read redis' answer")?;
        ensure!(&answer == b"+PONG\r\n", "redis answered {:?}", String::from_utf8_lossy(&answer));
        Ok(())
    }
}
