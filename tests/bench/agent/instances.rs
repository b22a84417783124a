//! All instances: one small page and a readiness probe, whatever address they are asked at.

use std::fmt::Write as _;
use std::sync::LazyLock;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Serves for as long as this process lives; returns the port.
pub fn serve() -> u16 {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream));
                }
            }
        });
    });
    port
}

async fn answer(mut stream: TcpStream) {
    let (mut head, mut chunk) = (Vec::new(), [0; 2_048]);
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => head.extend_from_slice(&chunk[..read]),
            }
        }
        let body = if head.starts_with(b"GET /metrics") { page() } else { "ok\n".to_owned() };
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        head.clear();
    }
}

/// Some fifty requests a second, by three statuses.
fn page() -> String {
    let served = BEGAN.elapsed().as_millis() / 20;
    let mut page = String::from("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n");
    for (status, share) in [("200", 990), ("404", 8), ("500", 2)] {
        let _ = writeln!(page, "http_requests_total{{status=\"{status}\"}} {}", served * share / 1_000);
    }
    page
}
