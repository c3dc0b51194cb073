//! What a store asks the database, counted on the wire.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Passes everything on to PostgreSQL, and remembers the kinds of messages that ask it something.
pub(super) struct Wire {
    address: SocketAddr,
    asked: Arc<Mutex<String>>,
    _passing: JoinSet<()>,
}

impl Wire {
    pub(super) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(String::new()));
        let mut passing = JoinSet::new();
        let heard = Arc::clone(&asked);
        passing.spawn(async move {
            let mut inside = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(target).await.unwrap();
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                inside.spawn(listen(from_client, to_server, Arc::clone(&heard)));
                inside.spawn(async move {
                    let _end = tokio::io::copy(&mut from_server, &mut to_client).await;
                });
            }
        });
        Self { address, asked, _passing: passing }
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What was asked since the last time: `Q` a simple query, `P` a statement to be understood, `E` one to be run.
    pub(super) fn asked(&self) -> String {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Reads the client's messages one by one: a kind, a length, the rest; only the first has no kind.
async fn listen(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, asked: Arc<Mutex<String>>) {
    let mut first = true;
    loop {
        let mut head = Vec::new();
        let wanted = if first { 4 } else { 5 };
        head.resize(wanted, 0);
        if from.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes(head[wanted - 4..].try_into().unwrap()) as usize;
        let mut body = vec![0; length - 4];
        if from.read_exact(&mut body).await.is_err() {
            return;
        }
        let kind = char::from(head[0]);
        // The rollback of a transaction that was only read in is sent when its connection is put back: it is nobody's wait.
        let goodbye = body.starts_with(b"ROLLBACK");
        if !first && ['Q', 'P', 'E'].contains(&kind) && !goodbye {
            asked.lock().unwrap().push(kind);
        }
        // Asking for TLS has no kind either, and the greeting comes after it.
        first = first && body == 80_877_103_u32.to_be_bytes();
        if to.write_all(&head).await.is_err() || to.write_all(&body).await.is_err() {
            return;
        }
    }
}
