//! One caller of the guard: understand what it wants to reach, in whichever protocol it speaks, and refuse it.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_HEAD: u64 = 64 * 1024;

const SOCKS5: u8 = 5;
const SOCKS4: u8 = 4;
/// "Connection not allowed by ruleset".
const SOCKS5_REFUSED: [u8; 10] = [SOCKS5, 2, 0, 1, 0, 0, 0, 0, 0, 0];
const SOCKS4_REFUSED: [u8; 8] = [0, 91, 0, 0, 0, 0, 0, 0];

/// `saw` is told before the caller is, so that whoever sees a refusal finds it recorded.
pub(super) async fn refuse(stream: TcpStream, saw: &(impl Fn(String) + Sync)) {
    // A caller that hangs up or speaks nonsense gets no answer, and has reached nothing either.
    let _ = tokio::time::timeout(PATIENCE, answer(BufReader::new(stream), saw)).await;
}

async fn answer(mut stream: BufReader<TcpStream>, saw: &(impl Fn(String) + Sync)) -> Result<()> {
    match stream.fill_buf().await?.first() {
        Some(&SOCKS5) => {
            saw(socks5_target(&mut stream).await?);
            stream.write_all(&SOCKS5_REFUSED).await?;
        }
        Some(&SOCKS4) => {
            saw(socks4_target(&mut stream).await?);
            stream.write_all(&SOCKS4_REFUSED).await?;
        }
        Some(_) => {
            let target = http_target(&mut stream).await?;
            let text = format!("egress refused: the sandbox allows only loopback; asked for {target}\n");
            saw(target);
            let head = "HTTP/1.1 403 Egress Refused\r\nContent-Type: text/plain\r\nConnection: close\r\n";
            let answer = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
            stream.write_all(answer.as_bytes()).await?;
        }
        None => {}
    }
    stream.shutdown().await?;
    // Closing with unread bytes would reset the connection, and the caller might lose the answer.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// `CONNECT host:port` and `GET http://host/path` alike.
async fn http_target(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let mut head = stream.take(LONGEST_HEAD);
    let mut first = String::new();
    head.read_line(&mut first).await?;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line).await? == 0 || line.trim().is_empty() {
            break;
        }
    }
    let mut words = first.split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(nonsense("a request has a method and a target"));
    };
    if method == "CONNECT" {
        return Ok(target.to_owned());
    }
    let url = url::Url::parse(target).map_err(|_| nonsense("a proxy is asked for a whole URL"))?;
    let host = url.host_str().ok_or_else(|| nonsense("a URL has a host"))?;
    Ok(format!("{host}:{}", url.port_or_known_default().unwrap_or(80)))
}

async fn socks5_target(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let [_, methods] = read(stream).await?;
    stream.read_exact(&mut vec![0; usize::from(methods)]).await?;
    stream.write_all(&[SOCKS5, 0]).await?;
    let [_, _, _, kind] = read(stream).await?;
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(stream).await?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(read::<16>(stream).await?)),
        3 => {
            let [length] = read(stream).await?;
            let mut name = vec![0; usize::from(length)];
            stream.read_exact(&mut name).await?;
            String::from_utf8_lossy(&name).into_owned()
        }
        _ => return Err(nonsense("an address is a name, IPv4 or IPv6")),
    };
    Ok(format!("{host}:{}", u16::from_be_bytes(read(stream).await?)))
}

async fn socks4_target(stream: &mut BufReader<TcpStream>) -> Result<String> {
    let [_, _] = read(stream).await?;
    let port = u16::from_be_bytes(read(stream).await?);
    let address: [u8; 4] = read(stream).await?;
    let mut user = Vec::new();
    stream.read_until(0, &mut user).await?;
    if address[..3] != [0; 3] {
        return Ok(format!("{}:{port}", Ipv4Addr::from(address)));
    }
    // SOCKS4a: the name comes after the user.
    let mut name = Vec::new();
    stream.read_until(0, &mut name).await?;
    name.pop();
    Ok(format!("{}:{port}", String::from_utf8_lossy(&name)))
}

async fn read<const N: usize>(stream: &mut BufReader<TcpStream>) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

fn nonsense(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}
