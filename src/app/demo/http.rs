//! Serving and fetching over loopback, with limits on everything.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::http::{Request, Response};
use hyper::body::{Frame, SizeHint};
use hyper::server::conn::http1;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Most bytes of a body that are read.
pub const BODY_LIMIT: usize = 1024 * 1024;
/// Most connections one server keeps open.
const MAX_CONNECTIONS: usize = 1024;
const BACKLOG: u32 = 1024;
/// Pause after a failed accept: the process is out of file descriptors, and asking again at once would only burn CPU.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Below the servers' header timeout of 30s, so that the client closes an idle connection first.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A free port of 127.0.0.1 that stays reserved while nothing listens on it.
///
/// A socket that is bound and does not listen keeps the port: connections to it are refused, and nobody else is given it.
/// Linux lets a second socket bind and listen beside it as both set `SO_REUSEADDR`.
#[derive(Debug)]
pub struct Port {
    addr: SocketAddr,
    _reservation: TcpSocket,
}

impl Port {
    pub fn reserve() -> io::Result<Self> {
        let reservation = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self { addr: reservation.local_addr()?, _reservation: reservation })
    }

    /// The address, listened on or not.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Starts to listen; the port refuses again once the listener is dropped.
    pub fn listen(&self) -> io::Result<TcpListener> {
        bind(self.addr)?.listen(BACKLOG)
    }
}

fn bind(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

/// Serves until dropped; dropping it closes the listener and cuts every connection, as the death of a process would.
pub async fn serve(listener: TcpListener, router: Router) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => { connections.spawn(serve_connection(stream, router.clone())); }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, router: Router) {
    // A connection that breaks is the client's to report; the server has nobody to tell.
    let _ = stream.set_nodelay(true);
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Refused, cut or not HTTP.
    #[error("no answer")]
    Unreachable(#[from] legacy::Error),
    /// The body was cut or longer than [`BODY_LIMIT`].
    #[error("no whole body")]
    Body(#[from] axum::Error),
    #[error("no answer in time")]
    TimedOut,
}

/// An HTTP client with a keep-alive pool.
#[derive(Clone, Debug)]
pub struct Client(legacy::Client<HttpConnector, Body>);

impl Client {
    pub fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self(client)
    }

    /// Sends `request` and reads the whole answer within `limit`.
    pub async fn fetch(&self, request: Request<Body>, limit: Duration) -> Result<Response<Bytes>, FetchError> {
        let exchange = async {
            let (head, body) = self.0.request(request).await?.into_parts();
            let body = to_bytes(Body::new(body), BODY_LIMIT).await?;
            Ok(Response::from_parts(head, body))
        };
        timeout(limit, exchange).await.unwrap_or(Err(FetchError::TimedOut))
    }
}

/// A body that promises a whole page and breaks off in the middle.
#[derive(Debug)]
pub struct HalfPage {
    promised: u64,
    half: Option<Bytes>,
    sent: bool,
}

impl HalfPage {
    pub fn of(page: &str) -> Self {
        let half = Bytes::copy_from_slice(&page.as_bytes()[..page.len() / 2]);
        Self { promised: u64::try_from(page.len()).unwrap_or(u64::MAX), half: Some(half), sent: false }
    }
}

impl HttpBody for HalfPage {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !std::mem::replace(&mut self.sent, true) {
            // The server throws away what it has not yet written when a body fails: it gets one turn to write.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
