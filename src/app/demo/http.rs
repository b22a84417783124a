//! Serving and fetching over loopback, with limits on everything.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http;
use axum::http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::server::conn::http1;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{sleep, timeout};

use crate::io::http::{any, client};
use crate::io::tasks::boxed;

/// Most bytes of a body that are read.
pub const BODY_TIMEOUT: usize = 1024 * 1024;
const BACKLOG: u32 = 1024;
/// After a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a client keeps a connection that it does not use.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// A reserved free port of 127.0.0.1: bound without listening, it refuses connections and nobody else is given it.
/// With `SO_REUSEADDR` on both, Linux lets a second socket bind and listen beside it.
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
pub async fn serve(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    let _ = client.set_nodelay(true);
                    let service = TowerToHyperService::new(router.clone());
                    connections.spawn(boxed(http1::Builder::new().serve_connection(any(client), service)));
                }
                // Out of file descriptors: retrying at once only burns CPU.
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A body that breaks off behind `start`, and the connection with it. Where the start is empty not even the head is sent.
pub fn broken_off(start: Bytes) -> Body {
    let empty = start.is_empty();
    let end = async move {
        if !empty {
            // The server throws away what it has not yet written when a body fails: it gets one turn to write.
            yield_now().await;
        }
        Some(Err(io::Error::from(io::ErrorKind::UnexpectedEof)))
    };
    // Without a known length, which `map_frame` takes away, the server waits for more behind the start.
    Body::new(Full::new(start).map_frame(|frame| frame).map_err(|never| match never {}).with_trailers(end))
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Refused, cut or not HTTP.
    #[error("no answer")]
    Unreachable(#[from] reqwest::Error),
    /// The body was cut or longer than [`BODY_TIMEOUT`].
    #[error("no whole body")]
    Body(#[from] axum::Error),
    #[error("no answer in time")]
    TimedOut,
}

#[derive(Clone, Debug)]
pub struct Client(reqwest::Client);

impl Client {
    pub fn new() -> io::Result<Self> {
        let builder = client().tls_certs_only([]).connect_timeout(CONNECT_TIMEOUT).pool_idle_timeout(IDLE_TIMEOUT);
        builder.build().map(Self).map_err(io::Error::other)
    }

    pub async fn fetch(&self, request: http::Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, FetchError> {
        let exchange = async {
            let answer = self.0.execute(request.try_into()?).await?;
            let (head, body) = Response::<reqwest::Body>::from(answer).into_parts();
            Ok(Response::from_parts(head, to_bytes(Body::new(body), BODY_TIMEOUT).await?))
        };
        timeout(limit, exchange).await.unwrap_or(Err(FetchError::TimedOut))
    }
}
