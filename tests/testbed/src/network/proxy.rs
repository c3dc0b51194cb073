//! A TCP proxy with bad weather: between Argosy and anything it dials, so that a test can cut, delay or freeze what is
//! in between without touching the part itself, which may be shared.
//!
//! Owned by one test; it ends with the handle. It never looks into what it carries.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Port;
use crate::background::Background;
use crate::listening::{self, listen, stop_listening};

/// Read at once, and how many such pieces may wait in one direction.
const PIECE: usize = 16 * 1024;
const WAITING: usize = 64;

#[derive(Debug)]
pub struct Proxy {
    orders: mpsc::UnboundedSender<Order>,
    counts: Arc<Counts>,
    _thread: Background,
    port: Port,
}

impl Proxy {
    /// In front of `target`, which need not be there yet: it is dialled anew for every connection.
    pub fn to(target: SocketAddr) -> Result<Self> {
        let port = Port::free()?;
        let listener = listen(port.address())?;
        let (orders, inbox) = mpsc::unbounded_channel();
        let counts = Arc::new(Counts::default());
        let (sky, _) = watch::channel(Weather::FINE);
        let carrier = Carrier { target, sky, counts: Arc::clone(&counts), connections: JoinSet::new() };
        let thread = Background::start("testbed-proxy", || carrier.run(listener, inbox))?;
        Ok(Self { orders, counts, _thread: thread, port })
    }

    pub fn addr(&self) -> SocketAddr {
        self.port.address()
    }

    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// Reset every connection and refuse new ones. Done when this returns.
    pub fn cut(&self) {
        self.order(Weather { road: Road::Cut, delay: Duration::ZERO });
    }

    /// Let everything through, but each piece this much later, in each direction.
    pub fn delay(&self, delay: Duration) {
        self.order(Weather { road: Road::Open, delay });
    }

    /// Accept connections and keep them, but pass nothing, not even that the other side has gone. What was held is
    /// passed on by [`Proxy::heal`], as after a real outage of the network.
    pub fn black_hole(&self) {
        self.order(Weather { road: Road::Frozen, delay: Duration::ZERO });
    }

    /// Fine weather again. Connections that were cut stay cut.
    pub fn heal(&self) {
        self.order(Weather::FINE);
    }

    /// Connections open now.
    pub fn connections(&self) -> usize {
        self.counts.open.load(Ordering::SeqCst)
    }

    /// Connections accepted since the start.
    pub fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// Blocks until the carrier obeyed: it has a thread of its own, so this is short even in a runtime of one thread.
    fn order(&self, weather: Weather) {
        let (done, obeyed) = std::sync::mpsc::sync_channel(1);
        let sent = self.orders.send(Order { weather, done }).is_ok();
        assert!(sent && obeyed.recv().is_ok(), "the proxy's thread ended; its panic is printed above");
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Road {
    Open,
    Frozen,
    Cut,
}

#[derive(Clone, Copy, Debug)]
struct Weather {
    road: Road,
    delay: Duration,
}

impl Weather {
    const FINE: Self = Self { road: Road::Open, delay: Duration::ZERO };
}

#[derive(Debug)]
struct Order {
    weather: Weather,
    done: std::sync::mpsc::SyncSender<()>,
}

#[derive(Debug, Default)]
struct Counts {
    open: AtomicUsize,
    accepted: AtomicUsize,
}

/// Counts a connection as open for as long as it lives.
struct Counted(Arc<Counts>);

impl Counted {
    fn new(counts: &Arc<Counts>) -> Self {
        counts.accepted.fetch_add(1, Ordering::SeqCst);
        counts.open.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(counts))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Carrier {
    target: SocketAddr,
    sky: watch::Sender<Weather>,
    counts: Arc<Counts>,
    connections: JoinSet<()>,
}

impl Carrier {
    async fn run(mut self, listener: std::net::TcpListener, mut inbox: mpsc::UnboundedReceiver<Order>) {
        let address = listener.local_addr().expect("a bound socket has an address");
        let mut listener = Some(TcpListener::from_std(listener).expect("a runtime with its network enabled"));
        loop {
            tokio::select! {
                order = inbox.recv() => {
                    let Some(order) = order else { return };
                    self.obey(order.weather, &mut listener, address).await;
                    let _ = order.done.send(());
                }
                client = accept(listener.as_ref()) => {
                    let counted = Counted::new(&self.counts);
                    let (target, weather) = (self.target, self.sky.subscribe());
                    self.connections.spawn(async move {
                        carry(client, target, weather).await;
                        drop(counted);
                    });
                }
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    async fn obey(&mut self, weather: Weather, listener: &mut Option<TcpListener>, address: SocketAddr) {
        self.sky.send_replace(weather);
        if weather.road == Road::Cut {
            if let Some(listener) = listener.take() {
                stop_listening(&listener);
            }
            while self.connections.join_next().await.is_some() {}
        } else if listener.is_none() {
            let bound = listen(address).and_then(|bound| Ok(TcpListener::from_std(bound)?));
            *listener = Some(bound.expect("the port is held by our lock, below the kernel's own range"));
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listening::accept(listener).await.0,
        None => pending().await,
    }
}

async fn carry(mut client: TcpStream, target: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let _ = client.set_nodelay(true);
    let mut cut = weather.clone();
    let dial = async {
        open_road(&mut weather).await;
        TcpStream::connect(target).await.ok()
    };
    let server = tokio::select! {
        server = dial => server,
        _ = cut.wait_for(|now| now.road == Road::Cut) => None,
    };
    let Some(mut server) = server else {
        let _ = client.set_zero_linger();
        return;
    };
    let _ = server.set_nodelay(true);
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let passed = async {
        tokio::try_join!(
            pump(from_client, to_server, weather.clone()),
            pump(from_server, to_client, weather.clone())
        )
    };
    let ended_well = tokio::select! {
        passed = passed => passed.is_ok(),
        _ = cut.wait_for(|now| now.road == Road::Cut) => false,
    };
    if !ended_well {
        // A reset, not an orderly end: a client must not take what it got so far for everything.
        let _ = client.set_zero_linger();
        let _ = server.set_zero_linger();
    }
}

/// One direction. Reading goes on while pieces wait for their time, so that a delay adds latency and not, for every
/// small piece anew, a pause.
async fn pump(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut weather: watch::Receiver<Weather>,
) -> std::io::Result<()> {
    let (queue, mut waiting) = mpsc::channel::<(Instant, std::io::Result<Vec<u8>>)>(WAITING);
    let sky = weather.clone();
    let read = async move {
        let mut buffer = vec![0; PIECE];
        loop {
            let piece = from.read(&mut buffer).await.map(|length| buffer[..length].to_vec());
            let last = piece.as_ref().map_or(true, Vec::is_empty);
            let due = Instant::now() + sky.borrow().delay;
            if queue.send((due, piece)).await.is_err() || last {
                return Ok(());
            }
        }
    };
    let write = async move {
        while let Some((due, piece)) = waiting.recv().await {
            tokio::time::sleep_until(due).await;
            open_road(&mut weather).await;
            let piece = piece?;
            if piece.is_empty() {
                return to.shutdown().await;
            }
            to.write_all(&piece).await?;
        }
        Ok(())
    };
    tokio::try_join!(read, write).map(|_| ())
}

async fn open_road(weather: &mut watch::Receiver<Weather>) {
    if weather.wait_for(|now| now.road == Road::Open).await.is_err() {
        pending::<()>().await;
    }
}
