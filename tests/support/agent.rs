//! An agent as `fleet` sees it: a server on loopback that lists services and tells their changes. What becomes of an order
//! is up to the monitor that a service has behind it, or to the test.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{broadcast, oneshot, watch};
use tokio::time::sleep;

/// Time between two comments in a stream.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// Changes that a slow client may be behind by.
const BEHIND: usize = 4_096;
const TOKEN: &str = "0f5b2c9d8e7a61430f5b2c9d8e7a6143";

struct Shared {
    host: String,
    services: Mutex<BTreeMap<String, Value>>,
    changes: broadcast::Sender<String>,
    /// The control sockets of monitors behind services.
    monitors: Mutex<HashMap<String, PathBuf>>,
    /// What an order to a service is refused with.
    refused: Mutex<HashMap<String, String>>,
    orders: Mutex<Vec<(String, Value)>>,
    /// Whether it is there; where it is not, connections end and none are taken.
    is_there: watch::Sender<bool>,
}

/// The agent; dropped, it is gone.
pub struct Agent {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Agent {
    /// An agent on a machine of this name that watches nothing yet.
    pub fn start(host: &str) -> Self {
        let shared = Arc::new(Shared {
            host: host.to_owned(),
            services: Mutex::default(),
            changes: broadcast::channel(BEHIND).0,
            monitors: Mutex::default(),
            refused: Mutex::default(),
            orders: Mutex::default(),
            is_there: watch::channel(true).0,
        });
        let addr = SocketAddr::from(([127, 0, 0, 1], crate::free_port()));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(addr, serving, ready) => {}
                    _ = stopped => {}
                }
            });
        });
        is_ready.recv().unwrap();
        Self { addr, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The token that it takes.
    pub const fn token() -> &'static str {
        TOKEN
    }

    /// Watches a service, or says something else of it.
    pub fn set(&self, service: &Value) {
        let name = service["service"].as_str().unwrap().to_owned();
        self.shared.services.lock().unwrap().insert(name, service.clone());
        self.tell("service", service);
    }

    /// Does not watch a service any more.
    pub fn remove(&self, service: &str) {
        self.shared.services.lock().unwrap().remove(service);
        self.tell("gone", &json!({ "service": service }));
    }

    /// Watches a service whose monitor listens on this socket: its soak is looked at and ordered there.
    pub fn set_monitor(&self, service: &str, socket: &Path) {
        self.shared.monitors.lock().unwrap().insert(service.to_owned(), socket.to_owned());
    }

    /// Refuses orders to a service from now on.
    pub fn refuse(&self, service: &str, why: &str) {
        self.shared.refused.lock().unwrap().insert(service.to_owned(), why.to_owned());
    }

    /// The orders so far, each with its service.
    pub fn orders(&self) -> Vec<(String, Value)> {
        self.shared.orders.lock().unwrap().clone()
    }

    /// Is out of reach, or in reach again.
    pub fn reach(&self, is_there: bool) {
        self.shared.is_there.send_replace(is_there);
    }

    fn tell(&self, event: &str, data: &Value) {
        // Nobody may listen.
        let _ = self.shared.changes.send(format!("event: {event}\ndata: {data}\n\n"));
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve(addr: SocketAddr, shared: Arc<Shared>, ready: std::sync::mpsc::Sender<()>) {
    let mut is_there = shared.is_there.subscribe();
    loop {
        let listener = loop {
            match TcpListener::bind(addr).await {
                Ok(listener) => break listener,
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        };
        let _ = ready.send(());
        let taking = async {
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, mut is_there) = (Arc::clone(&shared), shared.is_there.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = answer_all(stream, &shared) => {}
                        _ = is_there.wait_for(|is_there| !is_there) => {}
                    }
                });
            }
        };
        tokio::select! {
            () = taking => return,
            _ = is_there.wait_for(|is_there| !is_there) => drop(listener),
        }
        let _ = is_there.wait_for(|is_there| *is_there).await;
    }
}

/// Answers one connection until either side closes it.
async fn answer_all(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    while let Some((head, body)) = read(&mut stream).await? {
        let words: Vec<&str> = head.split(' ').collect();
        let (method, target) = (words[0], words[1]);
        let is_known = head.to_ascii_lowercase().contains(&format!("authorization: bearer {TOKEN}\r\n"));
        let path = target.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            _ if !is_known => respond(&mut stream, "401 Unauthorized", &json!({ "error": "no valid token" })).await?,
            ("GET", ["v1", "services"]) => respond(&mut stream, "200 OK", &shared.list()).await?,
            ("GET", ["v1", "services", "events"]) => return follow(&mut stream, shared).await,
            (_, ["v1", "services", service, rest]) => {
                let is_order = *rest == "actions";
                if is_order {
                    let order = serde_json::from_slice(&body).unwrap();
                    shared.orders.lock().unwrap().push(((*service).to_owned(), order));
                }
                let (monitor, refused) = (shared.monitor(service), shared.refusal(service));
                match (monitor, refused.filter(|_| is_order)) {
                    (_, Some(why)) => respond(&mut stream, "409 Conflict", &json!({ "error": why })).await?,
                    (Some(socket), None) => return forward(stream, &socket, &head, service, &body).await,
                    (None, None) if is_order => respond(&mut stream, "202 Accepted", &json!({ "seq": 1 })).await?,
                    (None, None) => {
                        let why = json!({ "error": "no soak runs", "code": "no-soak" });
                        respond(&mut stream, "409 Conflict", &why).await?;
                    }
                }
            }
            _ => respond(&mut stream, "404 Not Found", &json!({ "error": "not a known path" })).await?,
        }
    }
    Ok(())
}

impl Shared {
    fn list(&self) -> Value {
        let services: Vec<Value> = self.services.lock().unwrap().values().cloned().collect();
        json!({ "host": self.host, "services": services })
    }

    fn monitor(&self, service: &str) -> Option<PathBuf> {
        self.monitors.lock().unwrap().get(service).cloned()
    }

    fn refusal(&self, service: &str) -> Option<String> {
        self.refused.lock().unwrap().get(service).cloned()
    }
}

/// A request's head and body.
async fn read(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let mut body = bytes.split_off(end);
    while body.len() < length.unwrap_or(0) {
        match stream.read(&mut chunk).await? {
            0 => return Ok(None),
            read => body.extend_from_slice(&chunk[..read]),
        }
    }
    Ok(Some((head, body)))
}

async fn respond(stream: &mut TcpStream, status: &str, body: &Value) -> std::io::Result<()> {
    let body = body.to_string();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    stream.write_all((head + &body).as_bytes()).await
}

/// The list, and every change from then on.
async fn follow(stream: &mut TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut changes = shared.changes.subscribe();
    let first = format!("event: services\ndata: {}\n\n", shared.list());
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all((head.to_owned() + &first).as_bytes()).await?;
    loop {
        tokio::select! {
            change = changes.recv() => match change {
                Ok(change) => stream.write_all(change.as_bytes()).await?,
                Err(_) => return Ok(()),
            },
            () = sleep(KEEP_ALIVE) => stream.write_all(b": alive\n\n").await?,
        }
    }
}

/// Hands the request on to the monitor of a service, whose paths have no service in them.
async fn forward(mut stream: TcpStream, socket: &Path, head: &str, service: &str, body: &[u8]) -> std::io::Result<()> {
    let mut monitor = UnixStream::connect(socket).await?;
    let head = head.replacen(&format!("/v1/services/{service}/"), "/v1/", 1);
    monitor.write_all(head.as_bytes()).await?;
    monitor.write_all(body).await?;
    copy_bidirectional(&mut stream, &mut monitor).await.map(drop)
}
