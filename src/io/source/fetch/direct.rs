//! A connection of an instance's own, without TLS. Whoever waits for an answer drives it, so that an instance needs no task, no place
//! in a pool and no wake of another thread. An idle connection is nothing but a socket: what an answer is read with is made for it
//! and freed after it, so that a thousand instances use the same few buffers in turn.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use url::{Host, Url};

use super::answer::Broken;
use crate::config::InstanceUrl;

/// So much is read at once, and the head of an answer may have as much.
const READ_AT_ONCE: usize = 32 << 10;

/// So long an address is tried where the name has others as well.
const NEXT_ADDRESS: Duration = Duration::from_millis(300);

/// Where an instance listens.
#[derive(Clone, Debug)]
pub struct Direct {
    host: String,
    port: u16,
}

/// The host's name has no address.
#[derive(Debug, thiserror::Error)]
#[error("dns error")]
struct Unresolved(#[source] io::Error);

type Connection = http1::Connection<TokioIo<TcpStream>, Empty<Bytes>>;

/// A connection on which a request is under way.
#[derive(Debug)]
pub struct Line {
    sender: http1::SendRequest<Empty<Bytes>>,
    /// `None` once it is over.
    connection: Option<Connection>,
}

impl Direct {
    /// To the host of the URL, or its address if that was resolved before; `None` for a URL of another scheme.
    pub fn to(base: &InstanceUrl, url: &Url) -> Option<Self> {
        if url.scheme() != "http" {
            return None;
        }
        let host = match (base.address(), url.host()?) {
            (Some((_, address)), _) => address.to_string(),
            (None, Host::Ipv6(address)) => address.to_string(),
            (None, host) => host.to_string(),
        };
        Some(Self { host, port: url.port_or_known_default()? })
    }

    pub async fn open(&self) -> Result<TcpStream, Broken> {
        let stream = self.connect().await?;
        stream.set_nodelay(true).map_err(Broken::new)?;
        Ok(stream)
    }

    /// To the first address that answers.
    async fn connect(&self) -> Result<TcpStream, Broken> {
        let unresolved = |error| Broken::new(Unresolved(error));
        let found = lookup_host((self.host.as_str(), self.port)).await.map_err(unresolved)?;
        let mut found: Vec<SocketAddr> = found.collect();
        let last = found.pop().ok_or_else(|| unresolved(io::ErrorKind::NotFound.into()))?;
        for address in found {
            if let Ok(Ok(stream)) = timeout(NEXT_ADDRESS, TcpStream::connect(address)).await {
                return Ok(stream);
            }
        }
        TcpStream::connect(last).await.map_err(Broken::new)
    }
}

/// Whether another request can be sent: the server may have closed it meanwhile.
pub fn is_open(idle: &TcpStream) -> bool {
    // What comes before a request is no answer to it.
    idle.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Sends a request; the head of its answer.
pub async fn ask(
    stream: TcpStream,
    request: Request<Empty<Bytes>>,
) -> Result<(Box<Line>, Response<Incoming>), hyper::Error> {
    let mut connections = http1::Builder::new();
    connections.read_buf_exact_size(Some(READ_AT_ONCE));
    let (sender, connection) = connections.handshake(TokioIo::new(stream)).await?;
    let mut line = Box::new(Line { sender, connection: Some(connection) });
    let Line { sender, connection } = &mut *line;
    let response = drive(connection, sender.send_request(request)).await?;
    Ok((line, response))
}

impl Line {
    /// After the end of an answer: the connection, if its server keeps it open.
    pub async fn into_idle(self) -> Option<TcpStream> {
        let Self { mut sender, mut connection } = self;
        drive(&mut connection, sender.ready()).await.ok()?;
        drop(sender);
        let parts = connection?.without_shutdown().await.ok()?;
        parts.read_buf.is_empty().then(|| parts.io.into_inner())
    }

    /// More of the body; `None` at its end.
    pub async fn chunk(&mut self, body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
        loop {
            match drive(&mut self.connection, body.frame()).await {
                None => return Ok(None),
                Some(Err(error)) => return Err(error),
                // Trailers say nothing here.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }
}

/// Waits, and meanwhile moves on the connection on which that depends. Why a connection ended is told to whoever waits.
async fn drive<F: Future>(connection: &mut Option<Connection>, awaited: F) -> F::Output {
    let mut awaited = pin!(awaited);
    poll_fn(|context| {
        if let Poll::Ready(done) = awaited.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        if let Some(open) = connection
            && Pin::new(open).poll(context).is_ready()
        {
            *connection = None;
        }
        awaited.as_mut().poll(context)
    })
    .await
}
