//! A service of Node, with its users.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Time between two requests of the users: a few hundred in a second.
const PACE: Duration = Duration::from_millis(2);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../node")
}

/// `service.js`, with users who never stop asking for two pages in turn.
pub struct NodeService {
    child: Child,
    port: u16,
    stop: Arc<AtomicBool>,
    users: Option<JoinHandle<()>>,
}

impl NodeService {
    pub fn start() -> Self {
        let installed = folder().join("node_modules/prom-client");
        assert!(installed.exists(), "prom-client is not installed; run: npm ci --prefix tests/node");
        let mut command = Command::new("node");
        command.arg(folder().join("service.js")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let started = command.spawn();
        assert!(started.is_ok(), "node cannot be started ({started:?}); run: apt-get install nodejs npm");
        let mut child = started.unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port = port.trim().parse().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let users = thread::spawn(move || {
            for page in ["GET /checkout", "GET /home"].into_iter().cycle() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                ask(port, page);
                thread::sleep(PACE);
            }
        });
        Self { child, port, stop, users: Some(users) }
    }

    pub fn fail(&self, percent: u32) {
        ask(self.port, &format!("POST /failing/{percent}"));
    }

    pub fn fail_on(&self, route: &str, percent: u32) {
        ask(self.port, &format!("POST /failing/{percent}/{route}"));
    }

    pub fn slow(&self, millis: u32) {
        ask(self.port, &format!("POST /slow/{millis}"));
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for NodeService {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Users whose service is gone have said so; the process may have ended by itself.
        let _ = self.users.take().map(JoinHandle::join);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(port: u16, what: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    write!(stream, "{what} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}
