//! A real etcd on free ports of 127.0.0.1, and what lies between a host and it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::free_port;

/// How long it may take until it answers.
const LIMIT: Duration = Duration::from_mins(1);

/// A running etcd of one member; it ends when it is dropped.
pub struct Etcd {
    child: Option<Child>,
    port: u16,
    peers: u16,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Etcd {
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (port, peers) = (free_port(), free_port());
        let mut etcd = Self { child: None, port, peers, arguments, folder: TempDir::new().unwrap() };
        etcd.go_on();
        etcd
    }

    /// Starts it again with the data that it has.
    pub fn go_on(&mut self) {
        let url = |port: u16| format!("http://127.0.0.1:{port}");
        let mut command = Command::new("etcd");
        command.args(["--data-dir", "data", "--log-level", "error"]).args(&self.arguments);
        command.arg("--listen-client-urls").arg(url(self.port)).arg("--advertise-client-urls").arg(url(self.port));
        command.arg("--listen-peer-urls").arg(url(self.peers)).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child =
            Some(command.spawn().unwrap_or_else(|error| panic!("etcd (apt-get install etcd-server): {error}")));
        let deadline = Instant::now() + LIMIT;
        while self.try_ask("kv/range", "{\"key\":\"AA==\"}").is_none() {
            assert!(Instant::now() < deadline, "etcd does not answer");
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().unwrap();
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// Ends it like a crash.
    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Writes until it has no room; whether that is so.
    pub fn fill(&self) -> bool {
        let put = format!("{{\"key\":\"eA==\",\"value\":\"{}\"}}", "A".repeat(64 << 10));
        self.ask("kv/put", &put)["error"].as_str().is_some_and(|error| error.contains("space"))
    }

    /// Forgets what was before, as its operators do now and then.
    pub fn compact(&self) {
        let now = self.ask("kv/range", "{\"key\":\"AA==\"}")["header"]["revision"].as_str().unwrap().to_owned();
        self.ask("kv/compaction", &format!("{{\"revision\":\"{now}\",\"physical\":true}}"));
    }

    /// Makes room again after [`Etcd::fill`], and lifts the alarm.
    pub fn make_room(&self) {
        self.compact();
        self.ask("maintenance/defragment", "{}");
        let alarm = self.ask("maintenance/alarm", "{\"action\":\"GET\"}")["alarms"][0]["memberID"].clone();
        self.ask(
            "maintenance/alarm",
            &format!("{{\"action\":\"DEACTIVATE\",\"memberID\":{alarm},\"alarm\":\"NOSPACE\"}}"),
        );
    }

    /// Asks its JSON gateway.
    #[track_caller]
    pub fn ask(&self, path: &str, body: &str) -> Value {
        self.try_ask(path, body).unwrap()
    }

    fn try_ask(&self, path: &str, body: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let length = body.len();
        let head = format!("POST /v3/{path} HTTP/1.0\r\nhost: etcd\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// The network between one host and a server: it can be cut, and mended.
pub struct Network {
    port: u16,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Network {
    /// To a server like `http://127.0.0.1:2379`.
    pub fn to(url: &str) -> Self {
        let server = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (is_cut, open) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (cut, streams) = (Arc::clone(&is_cut), Arc::clone(&open));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = match TcpStream::connect(&server) {
                    Ok(server) if !cut.load(Ordering::SeqCst) => server,
                    // Accepted, and never answered: what a network that loses everything looks like for long.
                    _ => {
                        streams.lock().unwrap().push(client);
                        continue;
                    }
                };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    streams.lock().unwrap().push(from.try_clone().unwrap());
                    let cut = Arc::clone(&cut);
                    thread::spawn(move || pass(from, to, &cut));
                }
            }
        });
        Self { port, is_cut, open }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Nothing gets through any more, and nobody is told.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
    }

    /// New connections get through.
    pub fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if is_cut.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
