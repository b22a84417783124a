//! The small router in front of both colors.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::http::{BODY_TIMEOUT, Client, FetchError, Port, serve};
use super::tally::Totals;
use crate::io::tasks::boxed;
use crate::model::Color;

/// Where the proxy says what it does; every other path goes to the active color.
pub const STATUS_PATH: &str = "/-/front";
/// The header that names the color that was asked.
pub const COLOR_HEADER: &str = "x-color";
const FOLLOW_EVERY: Duration = Duration::from_millis(20);
/// Most bytes of the followed file that are read.
const MAX_FILE: u64 = 64 * 1024;
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(10);

/// A reverse proxy to the instances of the active color in turn; dropping it closes its port. The color stands in a
/// file, as a word or as `activeColor` in JSON; without one the last color keeps the traffic, blue at first.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    active: watch::Receiver<Color>,
    tasks: JoinSet<()>,
}

impl Proxy {
    /// Starts the proxy on a free port; it listens when this returns.
    pub fn start(file: PathBuf, blue: &[SocketAddr], green: &[SocketAddr]) -> io::Result<Self> {
        let port = Port::reserve()?;
        let listener = port.listen()?;
        let (switch, active) = watch::channel(Color::Blue);
        let proxy = Forwarder {
            client: Client::new()?,
            active: active.clone(),
            totals: watch::Sender::default(),
            blue: Upstream::new(blue),
            green: Upstream::new(green),
        };
        let router = Router::new().route(STATUS_PATH, get(status)).fallback(forward).with_state(Arc::new(proxy));
        let addr = port.addr();
        let mut tasks = JoinSet::new();
        tasks.spawn(boxed(follow(file, switch)));
        tasks.spawn(boxed(async move {
            let _reserved = port;
            serve(listener, router).await;
        }));
        Ok(Self { addr, active, tasks })
    }

    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub fn active(&self) -> watch::Receiver<Color> {
        self.active.clone()
    }

    /// Closes the port and every connection, and waits for the end.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

struct Upstream {
    instances: Vec<SocketAddr>,
    turn: AtomicUsize,
}

impl Upstream {
    fn new(instances: &[SocketAddr]) -> Self {
        Self { instances: instances.to_vec(), turn: AtomicUsize::new(0) }
    }

    fn next(&self) -> Option<SocketAddr> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.instances.get(turn.checked_rem(self.instances.len())?).copied()
    }
}

struct Forwarder {
    client: Client,
    active: watch::Receiver<Color>,
    totals: watch::Sender<Totals>,
    blue: Upstream,
    green: Upstream,
}

impl Forwarder {
    const fn upstream(&self, color: Color) -> &Upstream {
        color.pick(&self.blue, &self.green)
    }

    async fn ask(&self, color: Color, request: Request) -> Result<Response<Body>, StatusCode> {
        let instance = self.upstream(color).next().ok_or(StatusCode::BAD_GATEWAY)?;
        let (mut head, body) = request.into_parts();
        let body = to_bytes(body, BODY_TIMEOUT).await.map_err(|_| StatusCode::BAD_REQUEST)?;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("http://{instance}{path}").parse::<Uri>().map_err(|_| StatusCode::BAD_REQUEST)?;
        head.headers.remove(HOST);
        strip_framing(&mut head.headers);
        let answer = self.client.fetch(Request::from_parts(head, body), UPSTREAM_TIMEOUT).await;
        let mut answer = answer.map_err(|error| match error {
            FetchError::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            FetchError::Unreachable(_) | FetchError::Body(_) => StatusCode::BAD_GATEWAY,
        })?;
        strip_framing(answer.headers_mut());
        Ok(answer.map(Body::from))
    }
}

/// Removes what describes a message on one connection and is not true on the next.
fn strip_framing(headers: &mut HeaderMap) {
    for name in [CONNECTION, TRANSFER_ENCODING, CONTENT_LENGTH] {
        headers.remove(name);
    }
}

async fn forward(State(proxy): State<Arc<Forwarder>>, request: Request) -> Response<Body> {
    let color = *proxy.active.borrow();
    let mut answer = proxy.ask(color, request).await.unwrap_or_else(IntoResponse::into_response);
    let failed = answer.status().is_server_error();
    proxy.totals.send_modify(|totals| totals.add(color, failed));
    answer.headers_mut().insert(COLOR_HEADER, HeaderValue::from_static(color.name()));
    answer
}

async fn status(State(proxy): State<Arc<Forwarder>>) -> Response<Body> {
    let Totals { blue, green, .. } = *proxy.totals.borrow();
    let status = serde_json::json!({ "activeColor": *proxy.active.borrow(), "blue": blue, "green": green });
    ([(CONTENT_TYPE, "application/json")], format!("{status}\n")).into_response()
}

async fn follow(file: PathBuf, switch: watch::Sender<Color>) {
    let mut ticks = interval(FOLLOW_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        if let Some(color) = read_color(&file).await {
            switch.send_if_modified(|active| std::mem::replace(active, color) != color);
        }
    }
}

async fn read_color(file: &Path) -> Option<Color> {
    let mut text = String::new();
    tokio::fs::File::open(file).await.ok()?.take(MAX_FILE).read_to_string(&mut text).await.ok()?;
    parse_color(&text)
}

/// The active color, as a word or in JSON under `activeColor`.
fn parse_color(text: &str) -> Option<Color> {
    text.trim().parse().ok().or_else(|| {
        let state: serde_json::Value = serde_json::from_slice(text.as_bytes()).ok()?;
        state.get("activeColor")?.as_str()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_followed_file_names_its_color_as_a_word_or_in_json() {
        for (text, color) in [
            ("green", Some(Color::Green)),
            ("blue\n", Some(Color::Blue)),
            (r#"{"activeColor":"green","lastSwitch":1795476145183}"#, Some(Color::Green)),
            (r#"{"previousColor":"green"}"#, None),
            (r#"{"activeColor":7}"#, None),
            (r#"{"activeColor":"gre"#, None),
            ("purple", None),
            ("", None),
        ] {
            assert_eq!(parse_color(text), color, "{text}");
        }
    }
}
