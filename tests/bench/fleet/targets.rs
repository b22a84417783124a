//! The instances: one page a second, the same for all of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The page of a second of the run.
struct Pages {
    begun: Instant,
    last: Mutex<(u64, Arc<String>)>,
}

impl Pages {
    fn now(&self) -> Arc<String> {
        let second = self.begun.elapsed().as_secs();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != second {
            *last = (second, Arc::new(support::exposition::quiet(second)));
        }
        Arc::clone(&last.1)
    }
}

/// Serves so many instances for the rest of this process, on a thread of its own. Returns their ports.
pub fn serve(instances: u64) -> Vec<u16> {
    let (bound, ports) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let last = Mutex::new((0, Arc::new(support::exposition::quiet(0))));
            let pages = Arc::new(Pages { begun: Instant::now(), last });
            for _ in 0..instances {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                bound.send(listener.local_addr().expect("an address").port()).expect("somebody waits");
                tokio::spawn(accept(listener, Arc::clone(&pages)));
            }
            drop(bound);
            std::future::pending::<()>().await;
        });
    });
    ports.iter().collect()
}

async fn accept(listener: TcpListener, pages: Arc<Pages>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream, Arc::clone(&pages)));
    }
}

/// Answers until the client leaves; requests have no body.
async fn answer(mut stream: TcpStream, pages: Arc<Pages>) -> Option<()> {
    let mut request = Vec::new();
    loop {
        while !request.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut request).await.ok()? == 0 {
                return None;
            }
        }
        let page = if request.starts_with(b"GET /metrics ") { pages.now() } else { Arc::new("ok".to_owned()) };
        request.clear();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\n\r\n",
            page.len()
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(page.as_bytes()).await.ok()?;
    }
}
