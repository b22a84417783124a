//! The instances: one server for all addresses of 127.0.0.0/8, whose pages change once a second.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use support::exposition;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const A_NET: usize = 250;

/// Who asks, by its `User-Agent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    Switchback,
    Prometheus,
}

#[derive(Default)]
struct Served {
    switchback: AtomicU64,
    prometheus: AtomicU64,
    /// The answer of a second.
    page: Mutex<(u64, Arc<Vec<u8>>)>,
}

pub struct Instances {
    count: usize,
    port: u16,
    served: Arc<Served>,
}

impl Instances {
    pub fn serve(count: usize) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = Arc::new(Served::default());
        let serving = Arc::clone(&served);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (listener, begun) = (TcpListener::from_std(listener).unwrap(), Instant::now());
                loop {
                    if let Ok((stream, _)) = listener.accept().await {
                        tokio::spawn(answer(stream, Arc::clone(&serving), begun));
                    }
                }
            });
        });
        Self { count, port, served }
    }

    /// `127.1.0.1:4000`, and so on.
    pub fn addresses(&self) -> impl Iterator<Item = String> {
        let byte = |number: usize| u8::try_from(number).expect("fewer instances");
        let port = self.port;
        (0..self.count).map(move |at| format!("127.1.{}.{}:{port}", byte(at / A_NET), byte(1 + at % A_NET)))
    }

    pub fn scrapes(&self, by: Asker) -> u64 {
        self.served.by(by).load(Ordering::Relaxed)
    }
}

impl Served {
    const fn by(&self, asker: Asker) -> &AtomicU64 {
        match asker {
            Asker::Switchback => &self.switchback,
            Asker::Prometheus => &self.prometheus,
        }
    }

    fn page(&self, second: u64) -> Arc<Vec<u8>> {
        let mut page = self.page.lock().unwrap();
        if page.0 != second || page.1.is_empty() {
            *page = (second, Arc::new(http("text/plain; version=0.0.4", &exposition::at(second))));
        }
        Arc::clone(&page.1)
    }
}

fn http(kind: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

async fn answer(mut stream: TcpStream, served: Arc<Served>, begun: Instant) {
    let (mut head, mut chunk) = (Vec::new(), [0; 2_048]);
    let ready = Arc::new(http("text/plain", "ok\n"));
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => head.extend_from_slice(&chunk[..read]),
            }
        }
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let answer = if text.starts_with("get /metrics") {
            let asker = if text.contains("user-agent: prometheus") { Asker::Prometheus } else { Asker::Switchback };
            served.by(asker).fetch_add(1, Ordering::Relaxed);
            served.page(begun.elapsed().as_secs())
        } else {
            Arc::clone(&ready)
        };
        if stream.write_all(&answer).await.is_err() || text.contains("connection: close") {
            return;
        }
        head.clear();
    }
}
