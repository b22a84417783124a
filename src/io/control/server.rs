//! Connections: who may connect, for how long, and how they end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Extension;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use crate::io::http::{Stream, any};
use crate::io::state::StatusReport;
use crate::io::tasks::boxed;

use super::agent::{Board, Services};
use super::caller::{Caller, Peer};
use super::network::{Current, Guard, NetworkListener, Seats, guarded, plain};
use super::routes::{self, Api};
use super::shared::SharedStatus;
use super::stream::Pace;
use super::{ControlSocket, Hub};

const MAX_CONNECTIONS: usize = 128;
/// For a whole request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// For clients to fetch what is left at the end.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// Time, and bytes, for a refused client to read why.
const REFUSED_TIMEOUT: Duration = Duration::from_secs(1);
const REFUSED_BYTES: u64 = 64 << 10;
/// After a failed accept: the process is out of file descriptors, and retrying at once only burns CPU.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A client gives up after 20s of silence (`SILENCE` in its `events`), so it hears from us several times within that.
const PACE: Pace = Pace { keep_alive: Duration::from_secs(5), stuck: Duration::from_secs(30) };
/// One status reading serves everybody for this long.
const SHARED: Duration = Duration::from_secs(1);

/// Reads the status as `status --json` prints it, or why that fails.
pub type StatusOf = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<StatusReport, String>> + Send>> + Send + Sync>;

/// What is served: a soak, or all services of an agent.
pub(super) trait Serves: Send + Sync {
    /// The endpoints for one connection, which `cut` closes. The [`Caller`] is a request extension.
    fn router(&self, cut: Arc<Notify>) -> Router;
    fn pace(&self) -> Pace;
    /// Counts a client or a request that is refused.
    fn count_refused(&self);
}

#[derive(Debug)]
pub struct Server {
    listeners: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
}

impl Server {
    /// The socket serves our own user, its owner and root; the network, whoever is let in there.
    pub fn start(socket: Option<ControlSocket>, network: Option<NetworkListener>, hub: Hub, status: StatusOf) -> Self {
        let user = rustix::process::geteuid().as_raw();
        let api = Api { hub, status: SharedStatus::new(status, SHARED), pace: PACE };
        Self::start_for(user, socket, network, &(Arc::new(api) as Arc<dyn Serves>))
    }

    /// The same for all services of an agent.
    pub fn start_for_all(socket: Option<ControlSocket>, network: Option<NetworkListener>, board: Board) -> Self {
        let user = rustix::process::geteuid().as_raw();
        Self::start_for(user, socket, network, &(Arc::new(Services { board, pace: PACE }) as Arc<dyn Serves>))
    }

    pub(super) fn start_for(
        user: u32,
        socket: Option<ControlSocket>,
        network: Option<NetworkListener>,
        api: &Arc<dyn Serves>,
    ) -> Self {
        let stop = watch::Sender::new(false);
        let mut listeners = Vec::new();
        if let Some(socket) = socket {
            listeners.push(tokio::spawn(boxed(accept_all(Local { user, socket }, Arc::clone(api), stop.subscribe()))));
        }
        if let Some(NetworkListener { listener, tls, guard, renewal }) = network {
            let (guard, seats) = (Arc::new(guard), Arc::default());
            listeners.push(tokio::spawn(boxed(renewal.run(Arc::clone(&guard), Arc::clone(&seats), stop.subscribe()))));
            let network = Network { listener, tls, guard, seats };
            listeners.push(tokio::spawn(boxed(accept_all(network, Arc::clone(api), stop.subscribe()))));
        }
        Self { listeners, stop }
    }

    /// Stops accepting, and gives open connections 2s to fetch what is left.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let until = Instant::now() + STOP_TIMEOUT + ACCEPT_PAUSE;
        for listener in self.listeners {
            if timeout_at(until, listener).await.is_err() {
                tracing::warn!("the control API did not end in time");
            }
        }
    }
}

/// A way in with its own connection limit: flooding one does not block the other.
trait Listener: Send + 'static {
    type Client: Send + 'static;

    const MAX: usize;

    fn accept(&self) -> impl Future<Output = io::Result<Self::Client>> + Send;

    fn serve(
        &self,
        client: Self::Client,
        api: Arc<dyn Serves>,
        stopped: Stopped,
    ) -> impl Future<Output = ()> + Send + 'static;
}

type Stopped = watch::Receiver<bool>;

async fn accept_all<D: Listener>(listener: D, api: Arc<dyn Serves>, mut stopped: Stopped) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < D::MAX => match accepted {
                Ok(client) => { connections.spawn(boxed(listener.serve(client, Arc::clone(&api), stopped.clone()))); }
                Err(error) => {
                    tracing::warn!(%error, "a client could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    // The socket's file goes first: nobody may find a socket that no longer answers.
    drop(listener);
    let served = async { while connections.join_next().await.is_some() {} };
    if timeout(STOP_TIMEOUT, served).await.is_err() {
        tracing::warn!("closing connections to clients that do not read");
    }
}

struct Local {
    user: u32,
    socket: ControlSocket,
}

impl Listener for Local {
    type Client = UnixStream;

    const MAX: usize = MAX_CONNECTIONS;

    async fn accept(&self) -> io::Result<UnixStream> {
        self.socket.accept().await
    }

    fn serve(
        &self,
        client: UnixStream,
        api: Arc<dyn Serves>,
        stopped: Stopped,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (cut, pace) = (Arc::new(Notify::new()), api.pace());
        let endpoints = match Peer::of(&client) {
            Some(peer) if peer.uid == self.user || peer.uid == 0 || self.socket.admits(peer.uid, self.user) => {
                api.router(Arc::clone(&cut)).layer(Extension(Caller::Local(peer)))
            }
            peer => {
                tracing::warn!(?peer, "a client of another user is refused");
                routes::forbidden()
            }
        };
        converse(Box::new(client), endpoints, pace, cut, stopped)
    }
}

struct Network {
    listener: TcpListener,
    tls: Option<Arc<Current<TlsAcceptor>>>,
    guard: Arc<Guard>,
    seats: Arc<Seats>,
}

impl Listener for Network {
    type Client = (TcpStream, SocketAddr);

    /// A newcomer takes another one's seat, whose connection may take a moment to end.
    const MAX: usize = 2 * MAX_CONNECTIONS;

    async fn accept(&self) -> io::Result<Self::Client> {
        let (client, from) = self.listener.accept().await?;
        Ok((client, plain(from)))
    }

    fn serve(
        &self,
        (client, from): Self::Client,
        api: Arc<dyn Serves>,
        mut stopped: Stopped,
    ) -> impl Future<Output = ()> + Send + 'static {
        let cut = Arc::new(Notify::new());
        let (tls, guard, pace) = (self.tls.clone(), Arc::clone(&self.guard), api.pace());
        let seat = self.seats.take(from.ip(), Arc::clone(&cut), Instant::now()).map(Arc::new);
        async move {
            let Some(seat) = seat else {
                api.count_refused();
                return guard
                    .refused(|| tracing::warn!(%from, "a client is refused: every connection is an operator's"));
            };
            let endpoints = api.router(Arc::clone(&cut));
            let endpoints = guarded(endpoints, Arc::clone(&guard), Arc::clone(&api), from, Arc::clone(&seat));
            let Some(tls) = tls else { return converse(Box::new(client), endpoints, pace, cut, stopped).await };
            let shaken = tokio::select! {
                shaken = timeout(HEADER_TIMEOUT, tls.get().accept(client).into_fallible()) => shaken,
                () = cut.notified() => return,
                _ = stopped.changed() => return,
            };
            let (error, refused) = match shaken {
                Ok(Ok(client)) => return converse(Box::new(client), endpoints, pace, cut, stopped).await,
                Ok(Err((error, client))) => (error, Some(client)),
                Err(_) => (io::ErrorKind::TimedOut.into(), None),
            };
            api.count_refused();
            guard.refused(|| tracing::warn!(%from, %error, "a client is refused: no secure connection"));
            if let Some(client) = refused {
                tokio::select! {
                    () = see_off(client) => {}
                    () = cut.notified() => {}
                    _ = stopped.changed() => {}
                }
            }
        }
    }
}

/// Drains what the client sent: closing at once would reset the connection, and lose the reason for the refusal.
async fn see_off(mut client: TcpStream) {
    let rest = async {
        client.shutdown().await?;
        tokio::io::copy(&mut client.take(REFUSED_BYTES), &mut tokio::io::sink()).await
    };
    let _ = timeout(REFUSED_TIMEOUT, rest).await;
}

async fn converse(client: Box<dyn Stream>, endpoints: Router, pace: Pace, cut: Arc<Notify>, mut stopped: Stopped) {
    // Cuts off clients that read no answer. Event streams notice this sooner, and count it.
    let mut client = TimeoutStream::new(client);
    client.set_write_timeout(Some(pace.stuck * 2));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(any(Box::pin(client)), TowerToHyperService::new(endpoints));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A broken connection is the client's to report.
        _ = connection.as_mut() => return,
        () = cut.notified() => return,
        _ = stopped.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}
