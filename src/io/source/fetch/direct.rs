//! A connection of an instance's own, without TLS. Whoever waits for an answer drives it, so that an instance needs no task, no place
//! in a pool and no wake of another thread, and an idle connection holds one small buffer.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::service::Service as _;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use url::Url;

use super::answer::Broken;
use crate::config::InstanceUrl;

/// So much is read at once, and the head of an answer may have as much.
const READ_AT_ONCE: usize = 16 << 10;

/// Where an instance listens.
#[derive(Clone, Debug)]
pub struct Direct {
    connector: TowerToHyperService<HttpConnector>,
    server: Uri,
}

type Connection = http1::Connection<TokioIo<TcpStream>, Empty<Bytes>>;

/// An open connection.
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
        let mut server = url.clone();
        if let Some((_, address)) = base.address() {
            server.set_ip_host(address).ok()?;
        }
        let server = server.as_str().parse().ok()?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Some(Self { connector: TowerToHyperService::new(connector), server })
    }

    pub async fn open(&self) -> Result<Box<Line>, Broken> {
        let stream = self.connector.call(self.server.clone()).await.map_err(Broken::new)?;
        let (sender, connection) = http1::Builder::new()
            .read_buf_exact_size(Some(READ_AT_ONCE))
            .handshake(stream)
            .await
            .map_err(Broken::new)?;
        Ok(Box::new(Line { sender, connection: Some(connection) }))
    }
}

impl Line {
    /// Whether another request can be sent: the server may have closed it meanwhile.
    pub async fn is_open(&mut self) -> bool {
        let Self { sender, connection } = self;
        drive(connection, sender.ready()).await.is_ok()
    }

    pub async fn ask(&mut self, request: Request<Empty<Bytes>>) -> Result<Response<Incoming>, hyper::Error> {
        let Self { sender, connection } = self;
        drive(connection, sender.send_request(request)).await
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
