//! A service on a free port of 127.0.0.1 that answers exactly as its test says.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

/// Requests that a counting page adds each time it is read: what a run sees depends on how often it looked, and on no
/// clock. Enough for a verdict after a few samples.
const REQUESTS: u64 = 200;
/// How long a silent page stays silent; longer than any test.
const SILENCE: Duration = Duration::from_mins(10);
/// The largest request head that is read.
const HEAD: usize = 64 << 10;

/// What `/metrics` answers.
#[derive(Clone)]
pub enum Page {
    /// `http_requests_total` with [`REQUESTS`] more on every reading.
    Counting,
    /// A counter that says no route: so many users more on every reading, and every request that was served if it counts those.
    Unrouted {
        /// Users.
        users: u64,
        /// Whether it counts scrapes and probes.
        counts_own: bool,
    },
    /// These bytes, head and all, and then the connection is closed.
    Bytes(Vec<u8>),
    /// A valid page that goes on for so many MiB.
    Endless(usize),
    /// Nothing, ever.
    Silent,
    /// [`Page::Counting`], so much later.
    Late(Duration),
    /// [`Page::Counting`] with so many more series, of the counter and of a histogram.
    Wide(usize),
    /// [`Page::Counting`] with this text at its end.
    Built(&'static str),
    /// [`REQUESTS`] on every reading, on series with labels of their own: those of the reading before are gone.
    Shifting,
    /// One after the other, and from the beginning again.
    Turns(Vec<Page>),
}

impl Page {
    /// The first half of an answer, and then the connection is closed.
    pub fn half() -> Self {
        let page =
            whole("200 OK", "text/plain; version=0.0.4", "# TYPE http_requests_total counter\nhttp_requests_total{st");
        Self::Bytes(page.replace("content-length: ", "content-length: 1").into_bytes())
    }

    /// Nothing is there.
    pub fn missing() -> Self {
        Self::answer("404 Not Found", "text/plain", "nothing here")
    }

    /// A whole answer.
    pub fn answer(status: &str, content_type: &str, body: &str) -> Self {
        Self::Bytes(whole(status, content_type, body).into_bytes())
    }
}

/// A running service; it ends when it is dropped.
pub struct Service {
    addr: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    page: Mutex<Page>,
    elsewhere: Mutex<Option<Page>>,
    paths: Mutex<HashMap<String, Page>>,
    failing: AtomicU64,
    slow: AtomicU64,
    queue: AtomicU64,
    ready: AtomicBool,
    requests: AtomicU64,
    errors: AtomicU64,
    taken: AtomicU64,
    quick: AtomicU64,
    turns: AtomicUsize,
    heads: Mutex<Vec<String>>,
}

impl Service {
    /// A ready service without a failing request.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// The same at this address.
    pub fn start_at(addr: SocketAddr) -> Self {
        Self::serve(std::net::TcpListener::bind(addr).unwrap(), None)
    }

    /// The same over TLS, with a certificate that nobody trusts.
    pub fn start_tls() -> Self {
        let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        Self::start_with(Some(TlsAcceptor::from(Arc::new(config))))
    }

    /// The same over TLS as this acceptor has it.
    pub fn start_with(tls: Option<TlsAcceptor>) -> Self {
        Self::serve(std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), tls)
    }

    fn serve(listener: std::net::TcpListener, tls: Option<TlsAcceptor>) -> Self {
        let shared = Arc::new(Shared {
            page: Mutex::new(Page::Counting),
            elsewhere: Mutex::default(),
            paths: Mutex::default(),
            failing: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            queue: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            quick: AtomicU64::new(0),
            ready: AtomicBool::new(true),
            requests: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            turns: AtomicUsize::new(0),
            heads: Mutex::default(),
        });
        let addr = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = accept_all(listener, tls, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { addr, scheme, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr)
    }

    /// Its base URL with a user name and a password.
    pub fn url_with_login(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@{}", self.scheme, self.addr)
    }

    /// From now on, so many of a hundred requests fail.
    pub fn fail(&self, percent: u64) {
        self.shared.failing.store(percent, Ordering::SeqCst);
    }

    /// From now on, so many of a hundred requests take longer than 100ms.
    pub fn slow(&self, percent: u64) {
        self.shared.slow.store(percent, Ordering::SeqCst);
    }

    /// How long its queue is from now on.
    pub fn set_queue(&self, length: u64) {
        self.shared.queue.store(length, Ordering::SeqCst);
    }

    /// What the readiness probe answers from now on.
    pub fn set_ready(&self, ready: bool) {
        self.shared.ready.store(ready, Ordering::SeqCst);
    }

    /// What `/metrics` answers from now on.
    pub fn show(&self, page: Page) {
        *self.shared.page.lock().unwrap() = page;
    }

    /// What every path of the API of Prometheus answers from now on.
    pub fn show_elsewhere(&self, page: Page) {
        *self.shared.elsewhere.lock().unwrap() = Some(page);
    }

    /// What this path answers from now on; `*` is every path without an answer of its own.
    pub fn answer(&self, path: &str, page: Page) {
        self.shared.paths.lock().unwrap().insert(path.to_owned(), page);
    }

    /// This path answers as it does by default again.
    pub fn forget(&self, path: &str) {
        self.shared.paths.lock().unwrap().remove(path);
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        self.shared.heads.lock().unwrap().clone()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}

async fn accept_all(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            let Some(tls) = tls else { return answer_all(stream, &shared).await };
            if let Ok(stream) = tls.accept(stream).await {
                answer_all(stream, &shared).await;
            }
        });
    }
}

/// Answers one connection until either side closes it.
async fn answer_all(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: &Shared) {
    while let Some(head) = read_head(&mut stream).await {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let here = shared.at(&path);
        let is_metrics = here.is_some() || head.starts_with("GET /metrics");
        let is_api = head.starts_with("GET /api/");
        shared.heads.lock().unwrap().push(head);
        let page = match here.or_else(|| shared.elsewhere.lock().unwrap().clone().filter(|_| is_api)) {
            Some(page) => page,
            None if is_metrics => shared.page_now(),
            None => Page::Counting,
        };
        let written = match page {
            Page::Counting if is_metrics => stream.write_all(shared.counting_page("").as_bytes()).await,
            Page::Counting => stream.write_all(shared.readiness().as_bytes()).await,
            Page::Late(late) => {
                sleep(late).await;
                stream.write_all(shared.counting_page("").as_bytes()).await
            }
            Page::Unrouted { users, counts_own } => {
                stream.write_all(shared.unrouted_page(users, counts_own).as_bytes()).await
            }
            Page::Shifting => stream.write_all(shared.shifting_page().as_bytes()).await,
            Page::Wide(series) => stream.write_all(shared.counting_page(&wide(series)).as_bytes()).await,
            Page::Built(build) => stream.write_all(shared.counting_page(build).as_bytes()).await,
            // One turn within another is a page like any other.
            Page::Turns(_) => return,
            Page::Endless(mebibytes) => write_endless(&mut stream, mebibytes).await,
            Page::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Page::Silent => {
                sleep(SILENCE).await;
                return;
            }
        };
        if written.is_err() {
            return;
        }
    }
}

async fn read_head(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<String> {
    let (mut head, mut chunk) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD {
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => head.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
        // Whoever speaks TLS to a port without it is told so, as other servers do.
        if !head[0].is_ascii_uppercase() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
            return None;
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

async fn write_endless(stream: &mut (impl AsyncWrite + Unpin), mebibytes: usize) -> std::io::Result<()> {
    let line = "process_open_handles{kind=\"socket\"} 5\n";
    let chunk = line.repeat((1 << 20) / line.len());
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n",
        chunk.len() * mebibytes
    );
    stream.write_all(head.as_bytes()).await?;
    for _ in 0..mebibytes {
        stream.write_all(chunk.as_bytes()).await?;
    }
    Ok(())
}

/// So many idle series, half of a counter and half of a histogram's buckets.
fn wide(series: usize) -> String {
    let mut page = String::new();
    for user in 0..series / 2 {
        let _ = writeln!(page, "http_requests_total{{method=\"GET\",route=\"/user/{user}\",status_code=\"200\"}} 1");
        let _ = writeln!(page, "http_request_duration_seconds_bucket{{route=\"/user/{user}\",le=\"+Inf\"}} 1");
    }
    page
}

impl Shared {
    /// What was set for a path.
    fn at(&self, path: &str) -> Option<Page> {
        let paths = self.paths.lock().unwrap();
        paths.get(path).or_else(|| paths.get("*")).cloned()
    }

    fn page_now(&self) -> Page {
        match self.page.lock().unwrap().clone() {
            Page::Turns(pages) => pages[self.turns.fetch_add(1, Ordering::SeqCst) % pages.len()].clone(),
            page => page,
        }
    }

    /// The page, with this text at its end.
    fn counting_page(&self, more: &str) -> String {
        let failed = REQUESTS * self.failing.load(Ordering::SeqCst) / 100;
        let errors = self.errors.fetch_add(failed, Ordering::SeqCst) + failed;
        let good = self.requests.fetch_add(REQUESTS - failed, Ordering::SeqCst) + REQUESTS - failed;
        let slow = REQUESTS * self.slow.load(Ordering::SeqCst) / 100;
        let taken = self.taken.fetch_add(REQUESTS, Ordering::SeqCst) + REQUESTS;
        let quick = self.quick.fetch_add(REQUESTS - slow, Ordering::SeqCst) + REQUESTS - slow;
        let queue = self.queue.load(Ordering::SeqCst);
        let body = format!(
            "# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n\
             http_requests_total{{method=\"GET\",route=\"/pay\",status_code=\"200\"}} {good}\n\
             http_requests_total{{method=\"GET\",route=\"/pay\",status_code=\"500\"}} {errors}\n\
             # TYPE http_request_duration_seconds histogram\n\
             http_request_duration_seconds_bucket{{le=\"0.1\"}} {quick}\n\
             http_request_duration_seconds_bucket{{le=\"+Inf\"}} {taken}\n\
             # TYPE queue_depth gauge\nqueue_depth {queue}\n{more}"
        );
        whole("200 OK", "text/plain; version=0.0.4", &body)
    }

    fn unrouted_page(&self, users: u64, counts_own: bool) -> String {
        let failed = users * self.failing.load(Ordering::SeqCst) / 100;
        let errors = self.errors.fetch_add(failed, Ordering::SeqCst) + failed;
        let good = self.requests.fetch_add(users - failed, Ordering::SeqCst) + users - failed;
        // This reading is served only when it is over.
        let own = if counts_own { self.heads.lock().unwrap().len() as u64 - 1 } else { 0 };
        let body = format!(
            "# TYPE http_requests_total counter\n\
             http_requests_total{{status=\"200\"}} {}\nhttp_requests_total{{status=\"500\"}} {errors}\n",
            good + own
        );
        whole("200 OK", "text/plain; version=0.0.4", &body)
    }

    fn shifting_page(&self) -> String {
        let turn = self.turns.fetch_add(1, Ordering::SeqCst);
        let failed = REQUESTS * self.failing.load(Ordering::SeqCst) / 100;
        let name = if turn.is_multiple_of(2) { "route" } else { "handler" };
        let series = |status, count| {
            format!("http_requests_total{{{name}=\"/{turn}\",pod=\"p{turn}\",status_code=\"{status}\"}} {count}\n")
        };
        let body =
            format!("# TYPE http_requests_total counter\n{}{}", series(200, REQUESTS - failed), series(500, failed));
        whole("200 OK", "text/plain; version=0.0.4", &body)
    }

    fn readiness(&self) -> String {
        if self.ready.load(Ordering::SeqCst) {
            whole("200 OK", "text/plain", "ready")
        } else {
            whole("503 Service Unavailable", "text/plain", "not ready")
        }
    }
}

fn whole(status: &str, content_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
