//! Users who ask all the while, and what each of them saw.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

/// Users with connections that they keep, and users with a new one each time.
const KEEPING: usize = 3;
const CHANGING: usize = 2;
/// Pause of a user between two requests.
const PAUSE: Duration = Duration::from_millis(5);

/// One request.
#[derive(Clone, Debug)]
pub struct Visit {
    /// When it was sent.
    pub sent: Instant,
    /// The color that answered; none where something else did, or nothing.
    pub color: Option<String>,
    /// What was answered, for whoever reads a failure.
    pub answer: String,
    /// Whether it was sent twice: the connection was closed before anything was answered, and a client then repeats what is
    /// safe to repeat (RFC 9110, section 9.2.2).
    pub repeated: Option<Connection>,
}

/// The connection that a request went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One that was kept idle after an earlier request. Any side may close it at any time.
    Kept,
    /// One of its own.
    New,
}

/// Users of the service behind a router.
pub struct Users {
    stop: watch::Sender<bool>,
    visits: Arc<Mutex<Vec<Visit>>>,
    thread: Option<JoinHandle<()>>,
}

impl Users {
    /// They begin at once to ask this base URL.
    pub fn start(url: &str) -> Self {
        let (stop, stopped) = watch::channel(false);
        let visits = Arc::default();
        let (url, seen) = (format!("{url}/products"), Arc::clone(&visits));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut users = JoinSet::new();
                for user in 0..KEEPING + CHANGING {
                    users.spawn(visit(url.clone(), user < KEEPING, Arc::clone(&seen), stopped.clone()));
                }
                users.join_all().await;
            });
        });
        Self { stop, visits, thread: Some(thread) }
    }

    /// What they saw so far.
    pub fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap().clone()
    }

    /// They go home; what they saw.
    pub fn stop(mut self) -> Vec<Visit> {
        self.stop.send_replace(true);
        self.thread.take().unwrap().join().unwrap();
        self.visits()
    }
}

impl Drop for Users {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn visit(url: String, keeps: bool, seen: Arc<Mutex<Vec<Visit>>>, mut stopped: watch::Receiver<bool>) {
    let client = switchback::io::http::client().pool_max_idle_per_host(usize::from(keeps)).tls_certs_only([]);
    let client = client.timeout(Duration::from_secs(20)).build().unwrap();
    while !*stopped.borrow() {
        let sent = Instant::now();
        let mut asked = ask(&client, &url).await;
        let connection = if keeps { Connection::Kept } else { Connection::New };
        let repeated = asked.is_err().then_some(connection);
        if repeated.is_some() {
            asked = ask(&client, &url).await;
        }
        let (color, answer) = asked.unwrap_or_else(|error| (None, format!("{error:?}")));
        seen.lock().unwrap().push(Visit { sent, color, answer, repeated });
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn ask(client: &reqwest::Client, url: &str) -> Result<(Option<String>, String), reqwest::Error> {
    let answer = client.get(url).send().await?;
    let version = answer.headers().get("x-version").and_then(|version| version.to_str().ok());
    let color = match version {
        Some("1.4.2") => Some("blue"),
        Some("1.5.0") => Some("green"),
        _ => None,
    };
    let (color, status) = (color.map(str::to_owned), answer.status());
    let body = answer.text().await;
    // An answer that breaks off is none.
    Ok((color.filter(|_| body.is_ok()), format!("{status} {body:?}")))
}

/// Asserts that every request was answered by a color: the router itself lost none.
#[track_caller]
pub fn none_lost(visits: &[Visit]) {
    let lost: Vec<_> = visits.iter().filter(|visit| visit.color.is_none()).map(|visit| &visit.answer).collect();
    assert!(lost.is_empty(), "{} of {} requests were lost; the first: {}", lost.len(), visits.len(), lost[0]);
    assert!(visits.len() > 50, "only {} requests were sent", visits.len());
}

/// Asserts that every request that was sent after this moment was answered by this color, and that there were some.
#[track_caller]
pub fn all_on(color: &str, since: Instant, visits: &[Visit]) {
    let later: Vec<_> = visits.iter().filter(|visit| visit.sent >= since).collect();
    assert!(later.len() > 20, "only {} requests came afterwards", later.len());
    let elsewhere: Vec<_> = later.iter().filter(|visit| visit.color.as_deref() != Some(color)).collect();
    let first = elsewhere.first().map(|visit| format!("{:?} after: {}", visit.sent - since, visit.answer));
    assert!(
        first.is_none(),
        "{} of {} were not answered by {color}; the first {first:?}",
        elsewhere.len(),
        later.len()
    );
}
