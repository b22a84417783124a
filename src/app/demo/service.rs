//! The processes of one color, each on a port of its own.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, get, on};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::faults::{Faults, MetricsPage};
use super::http::{Port, broken_off, serve};
use super::registry::Registry;
use super::routes::{self, Route, failure_ratio};
use crate::io::tasks::boxed;
use crate::model::Color;

/// How long a killed process needs until it listens again.
const RESTART: Duration = Duration::from_millis(100);
/// Pause before another try when the port cannot be listened on.
const LISTEN_PAUSE: Duration = Duration::from_millis(50);
/// What an answer takes at least, in milliseconds, and how much it varies.
const WORK_MS: f64 = 2.0;
const JITTER_MS: f64 = 4.0;

pub const fn version(color: Color) -> &'static str {
    color.pick("1.4.2", "1.5.0")
}

/// The processes of one color. Dropping it kills them.
#[derive(Debug)]
pub struct Service {
    instances: Vec<SocketAddr>,
    tasks: JoinSet<()>,
}

impl Service {
    /// Starts as many instances as `faults` has; all listen when it returns. What fails by chance follows from `seed`.
    pub fn start(color: Color, faults: &Faults, seed: u64) -> io::Result<Self> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut instances = Vec::new();
        let mut tasks = JoinSet::new();
        for index in 0..faults.instances() {
            let port = Port::reserve()?;
            let listener = port.listen()?;
            instances.push(port.addr());
            let instance = Instance { color, index, port, faults: faults.clone() };
            tasks.spawn(boxed(instance.run(listener, rng.fork())));
        }
        Ok(Self { instances, tasks })
    }

    /// The addresses of the instances, whether they are up or not.
    pub fn instances(&self) -> &[SocketAddr] {
        &self.instances
    }

    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Keeps one process running as the faults say.
struct Instance {
    color: Color,
    index: usize,
    port: Port,
    faults: Faults,
}

impl Instance {
    async fn run(self, mut listener: TcpListener, mut rng: fastrand::Rng) {
        loop {
            let process = Arc::new(Process::new(self.color, self.faults.clone(), rng.fork()));
            tokio::select! {
                () = serve(listener, router(process)) => {}
                () = self.faults.until(false) => {}
                () = self.faults.restarted(self.index) => sleep(RESTART).await,
            }
            listener = self.listen_again().await;
        }
    }

    async fn listen_again(&self) -> TcpListener {
        loop {
            self.faults.until(true).await;
            match self.port.listen() {
                Ok(listener) => return listener,
                Err(error) => tracing::warn!(addr = %self.port.addr(), %error, "failed to listen again"),
            }
            sleep(LISTEN_PAUSE).await;
        }
    }
}

struct Process {
    color: Color,
    faults: Faults,
    memory: Mutex<Memory>,
}

/// What a process forgets when it ends.
struct Memory {
    registry: Registry,
    rng: fastrand::Rng,
}

impl Process {
    fn new(color: Color, faults: Faults, rng: fastrand::Rng) -> Self {
        let registry = Registry::new(SystemTime::now(), version(color));
        Self { color, faults, memory: Mutex::new(Memory { registry, rng }) }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, route: &'static Route) -> Response<Body> {
        let begun = Instant::now();
        let conditions = self.faults.now();
        let (failed, jitter) = {
            let rng = &mut self.memory().rng;
            (rng.f64() < failure_ratio(route, conditions.error_ratio), rng.f64() * JITTER_MS)
        };
        sleep(Duration::from_secs_f64((WORK_MS + jitter) / 1000.0) + conditions.latency).await;
        let status = if failed { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK };
        self.memory().registry.observe(route, status.as_u16(), begun.elapsed());
        let said = if failed { "failed" } else { "done" };
        let text = format!("{} {} {said} by {} {}\n", route.method, route.path, self.color, version(self.color));
        (status, [("x-version", version(self.color))], text).into_response()
    }

    fn metrics(&self) -> Response<Body> {
        let content_type = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
        let page = self.memory().registry.render();
        match self.faults.now().metrics {
            MetricsPage::Whole => (content_type, page).into_response(),
            MetricsPage::Half => {
                (content_type, broken_off(page.as_bytes()[..page.len() / 2].to_vec().into())).into_response()
            }
            MetricsPage::Failing => {
                (StatusCode::INTERNAL_SERVER_ERROR, "failed to collect the metrics\n").into_response()
            }
        }
    }

    fn ready(&self) -> Response<Body> {
        if self.faults.now().ready {
            (StatusCode::OK, "ready\n").into_response()
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response()
        }
    }
}

fn router(process: Arc<Process>) -> Router {
    let mut router = Router::new()
        .route("/metrics", get(async |State(process): State<Arc<Process>>| process.metrics()))
        .route("/health/ready", get(async |State(process): State<Arc<Process>>| process.ready()));
    for route in &routes::ALL {
        let filter = MethodFilter::try_from(route.method.clone()).unwrap_or(MethodFilter::GET);
        let answer = move |State(process): State<Arc<Process>>| async move { process.answer(route).await };
        router = router.route(route.path, on(filter, answer));
    }
    router.with_state(process)
}
