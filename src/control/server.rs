//! Connections: who may connect, for how long, and how they end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::UnixStream;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use crate::deploy::StatusReport;
use crate::soak::Actor;

use super::routes::{self, Api, Connection};
use super::stream::Pace;
use super::{ControlSocket, Hub};

/// Most connections at a time.
const MOST_CONNECTIONS: usize = 128;
/// A client that connects and sends no whole request is closed after this.
const HEADER_LIMIT: Duration = Duration::from_secs(10);
/// How long clients may take to fetch what is left for them at the end.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// Pause after a failed accept: the process is out of file descriptors, and asking again at once would only burn CPU.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Twice within this a client hears that we are alive before it takes us for dead.
const PACE: Pace = Pace { keep_alive: Duration::from_secs(5), stuck: Duration::from_secs(30) };

/// Tells the status as `status --json` prints it, or why it cannot be told.
pub type StatusOf = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<StatusReport, String>> + Send>> + Send + Sync>;

/// A running server.
#[derive(Debug)]
pub struct Server {
    accepting: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Serves on the socket, to our own user and to root.
    pub fn start(socket: ControlSocket, hub: Hub, status: StatusOf) -> Self {
        let user = rustix::process::geteuid().as_raw();
        Self::start_for(user, socket, Api { hub, status, pace: PACE })
    }

    /// The same for a user of this number, at another pace.
    pub(super) fn start_for(user: u32, socket: ControlSocket, api: Api) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { accepting: tokio::spawn(accept_all(user, socket, api, stopped)), stop }
    }

    /// Takes no more connections, and gives those that there are 2 s to fetch what is left for them.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        if timeout(STOP_LIMIT + ACCEPT_PAUSE, self.accepting).await.is_err() {
            tracing::warn!("the control API did not end in time");
        }
    }
}

async fn accept_all(user: u32, socket: ControlSocket, api: Api, mut stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = socket.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok(stream) => { connections.spawn(serve(user, stream, api.clone(), stopped.clone())); }
                Err(error) => {
                    tracing::warn!(%error, "a client could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    // The file goes first: nobody is to find a socket that answers no more.
    drop(socket);
    let served = async { while connections.join_next().await.is_some() {} };
    if timeout(STOP_LIMIT, served).await.is_err() {
        tracing::warn!("clients that take nothing are left behind");
    }
}

async fn serve(user: u32, stream: UnixStream, api: Api, mut stopped: watch::Receiver<bool>) {
    let cut = Arc::new(Notify::new());
    let router = match Peer::of(&stream) {
        Some(peer) if peer.uid == user || peer.uid == 0 => {
            routes::router(api, Connection { peer, cut: Arc::clone(&cut) })
        }
        peer => {
            tracing::warn!(?peer, "a client of another user is refused");
            routes::forbidden()
        }
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_LIMIT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A connection that breaks is the client's to report.
        _ = connection.as_mut() => return,
        () = cut.notified() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Who is at the other end, by the kernel's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    uid: u32,
}

impl Peer {
    fn of(stream: &UnixStream) -> Option<Self> {
        stream.peer_cred().ok().map(|peer| Self { uid: peer.uid() })
    }

    /// `operator:uid-1000@host`.
    pub fn actor(self) -> Actor {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Actor::Operator(format!("uid-{}@{host}", self.uid))
    }
}
