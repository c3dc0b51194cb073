//! The proxy, in front of a real TCP echo.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use testbed::{Proxy, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::SOON;

/// Answers every byte with itself, for as long as it lives.
struct Echo {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut clients = JoinSet::new();
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                clients.spawn(async move {
                    let (mut from, mut to) = client.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        Self { address, _tasks: tasks }
    }
}

async fn say(stream: &mut TcpStream, text: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.write_all(text).await?;
    let mut answer = vec![0; text.len()];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn in_fine_weather_everything_passes_and_connections_are_counted() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).unwrap();
    let mut first = TcpStream::connect(proxy.addr()).await.unwrap();
    let mut second = TcpStream::connect(proxy.addr()).await.unwrap();
    let long = vec![7; 1_000_000];

    let (mut from, mut to) = second.split();
    let mut received = Vec::new();
    let (sent, read) = tokio::join!(
        async {
            to.write_all(&long).await?;
            to.shutdown().await
        },
        from.read_to_end(&mut received)
    );
    sent.unwrap();
    read.unwrap();
    assert!(received == long, "a million bytes came back as they were");
    assert_eq!(say(&mut first, b"hello").await.unwrap(), b"hello");
    assert_eq!(proxy.accepted(), 2);
    drop((first, second));
    wait::until("no open connections", SOON, || async {
        match proxy.connections() {
            0 => Ok(()),
            open => Err(format!("{open} are open")),
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_cut_ends_what_there_is_and_refuses_what_comes_until_healed() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).unwrap();
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    say(&mut stream, b"hello").await.unwrap();

    proxy.cut();

    assert_eq!(proxy.connections(), 0);
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let error = TcpStream::connect(proxy.addr()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);

    proxy.heal();
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(say(&mut stream, b"again").await.unwrap(), b"again");
}

#[tokio::test]
async fn a_delay_holds_back_each_way_once() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).unwrap();
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    say(&mut stream, b"hello").await.unwrap();

    proxy.delay(Duration::from_millis(150));
    let begun = Instant::now();
    for byte in [b"a", b"b", b"c"] {
        stream.write_all(byte).await.unwrap();
    }
    let mut answer = [0; 3];
    stream.read_exact(&mut answer).await.unwrap();

    assert_eq!(&answer, b"abc");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(300), "there and back took only {took:?}");
}

#[tokio::test]
async fn a_black_hole_keeps_everything_and_passes_nothing_until_healed() {
    let echo = Echo::start().await;
    let proxy = Proxy::to(echo.address).unwrap();
    let mut old = TcpStream::connect(proxy.addr()).await.unwrap();
    say(&mut old, b"hello").await.unwrap();

    proxy.black_hole();
    let mut new = TcpStream::connect(proxy.addr()).await.unwrap();
    old.write_all(b"old").await.unwrap();
    new.write_all(b"new").await.unwrap();
    let mut answer = [0; 3];
    let silence = Duration::from_millis(200);
    assert!(tokio::time::timeout(silence, old.read_exact(&mut answer)).await.is_err(), "bytes passed");
    assert!(tokio::time::timeout(silence, new.read_exact(&mut answer)).await.is_err(), "bytes passed");
    assert_eq!(proxy.connections(), 2);

    proxy.heal();
    old.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"old");
    new.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"new");
}

#[tokio::test]
async fn a_target_that_is_not_there_resets_and_may_come_later() {
    let echo = Echo::start().await;
    let target = echo.address;
    let proxy = Proxy::to(target).unwrap();
    drop(echo);
    let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn it_serves_a_test_that_blocks_its_only_thread() {
    use std::io::{Read, Write};
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::to(server.local_addr().unwrap()).unwrap();
    let mut client = std::net::TcpStream::connect(proxy.addr()).unwrap();
    client.write_all(b"hello").unwrap();
    let mut got = [0; 5];
    server.accept().unwrap().0.read_exact(&mut got).unwrap();
    assert_eq!(&got, b"hello");
    drop(proxy);
    client.set_read_timeout(Some(SOON)).unwrap();
    assert!(matches!(client.read(&mut got), Ok(0) | Err(_)), "the connection ended with the proxy");
}
