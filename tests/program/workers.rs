//! Servers of several processes, each with counters of its own, as they are run for real: gunicorn, and Node's cluster.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use support::{Deployment, free_port};
use tempfile::TempDir;

/// Time between two requests of the users.
const PACE: Duration = Duration::from_millis(4);

/// A server with users who never stop asking, each time over a connection of its own.
struct Workers {
    child: Child,
    port: u16,
    stop: Arc<AtomicBool>,
    users: Option<JoinHandle<()>>,
    _folder: TempDir,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// A port that is free, and so is the one behind it.
fn port() -> u16 {
    loop {
        let port = free_port();
        if TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

fn ask(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

impl Workers {
    fn start(mut command: Command, port: u16, folder: TempDir) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let child = command.spawn().unwrap();
        let begun = Instant::now();
        while ask(port, "/health/ready").is_none_or(|answer| !answer.contains("200")) {
            assert!(begun.elapsed() < Duration::from_mins(1), "{command:?} does not answer");
            thread::sleep(Duration::from_millis(50));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let users = thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                let _ = ask(port, "/checkout");
                thread::sleep(PACE);
            }
        });
        Self { child, port, stop, users: Some(users), _folder: folder }
    }

    fn gunicorn(registry: &str, failing: u32) -> Self {
        let (folder, port) = (TempDir::new().unwrap(), port());
        let program = tests().join("python/venv/bin/gunicorn");
        assert!(
            program.exists(),
            "gunicorn is not installed; run: python3 -m venv tests/python/venv && \
             tests/python/venv/bin/pip install -r tests/python/requirements.txt"
        );
        let mut command = Command::new(program);
        command.args(["--workers", "4", "--bind", &format!("127.0.0.1:{port}"), "app:app"]);
        command.arg("--config").arg(tests().join("python/gunicorn.conf.py"));
        command
            .current_dir(folder.path())
            .env("PYTHONPATH", tests().join("python"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("REGISTRY", registry).env("FAILING", failing.to_string());
        if registry == "multiprocess" {
            command.env("PROMETHEUS_MULTIPROC_DIR", folder.path());
        }
        Self::start(command, port, folder)
    }

    fn cluster(failing: u32, aggregate: bool) -> Self {
        let installed = tests().join("node/node_modules/prom-client");
        assert!(installed.exists(), "prom-client is not installed; run: npm ci --prefix tests/node");
        let (folder, port) = (TempDir::new().unwrap(), port());
        let mut command = Command::new("node");
        command.arg(tests().join("node/cluster.js")).args([port.to_string(), failing.to_string()]);
        command.env("AGGREGATE", if aggregate { "1" } else { "0" });
        Self::start(command, port, folder)
    }

    /// A deployment that is watched, of which they are the new color.
    fn watched(&self) -> Deployment {
        let green = format!("http://127.0.0.1:{}", self.port);
        Deployment::switched().by_evidence().with("colors.green.instances", green)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = self.users.take().map(JoinHandle::join);
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

#[test]
fn workers_of_gunicorn_with_start_times_are_followed_apart() {
    let healthy = Workers::gunicorn("default", 0);
    let deployment = healthy.watched().with("soak.window", "12s");
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["several processes answer", "RETAINED"]);
    let failing = Workers::gunicorn("default", 18);
    // As long as it takes on a busy machine: the breach ends it.
    let deployment = failing.watched().with("soak.window", "30s");
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
}

#[test]
fn workers_of_gunicorn_that_cannot_be_told_apart_are_unknown_within_ten_seconds() {
    for failing in [0, 18] {
        let workers = Workers::gunicorn("own", failing);
        let deployment = workers.watched().with("soak.window", "20s");
        let mut running = deployment.start(&["soak", "--no-tui"]);
        running.hear("soak_start");
        let begun = Instant::now();
        running.hear("PROMETHEUS_MULTIPROC_DIR");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        running.wait().expect(6);
    }
}

#[test]
fn workers_of_gunicorn_in_multiprocess_mode_are_judged() {
    let healthy = Workers::gunicorn("multiprocess", 0);
    healthy.watched().run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED"]);
    let failing = Workers::gunicorn("multiprocess", 18);
    let deployment = failing.watched().with("soak.window", "30s");
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
}

#[test]
fn a_cluster_of_node_that_fails_is_never_retained() {
    let workers = Workers::cluster(18, false);
    // However few requests a busy machine lets through, they are enough.
    let done = workers.watched().with("soak.window", "20s").run(&["soak", "--no-tui"]);
    // As its start times are whole seconds, workers are told apart or not.
    assert!(matches!(done.code(), Some(3 | 6)), "{done:#?}");
    if done.code() == Some(6) {
        assert!(done.stdout.contains("AggregatorRegistry"), "{done:#?}");
    }
}

#[test]
fn a_cluster_of_node_behind_its_aggregator_is_judged() {
    for (failing, code) in [(0, 0), (18, 3)] {
        let workers = Workers::cluster(failing, true);
        let metrics = format!("http://127.0.0.1:{}", workers.port + 1);
        // However few requests a busy machine lets through, they are enough.
        let watched = workers.watched().with("colors.green.metrics", metrics).with("soak.window", "20s");
        watched.run(&["soak", "--no-tui"]).expect(code);
    }
}
