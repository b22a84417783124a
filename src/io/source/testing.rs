//! A server of canned bytes, for tests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::config::{Config, Inputs, InstanceUrl, load};

/// What is done with a connection once the answer is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Close,
    KeepOpen,
}

/// Answers every request with the next of its answers, the last one for ever. Stops when dropped.
pub struct Server {
    pub addr: SocketAddr,
    pub connections: Arc<AtomicUsize>,
    /// Heads of the requests so far.
    pub requests: Arc<std::sync::Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start(answers: Vec<Vec<u8>>, then: Then) -> Self {
        Self::start_with(answers, then, None).await
    }

    pub async fn start_with(answers: Vec<Vec<u8>>, then: Then, tls: Option<tokio_rustls::TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::<AtomicUsize>::default(), Arc::<std::sync::Mutex<Vec<String>>>::default());
        let (counted, seen) = (Arc::clone(&connections), Arc::clone(&requests));
        let answers = Arc::new(answers);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (answers, seen, tls) = (Arc::clone(&answers), Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &answers, &seen, then).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &answers, &seen, then).await;
                            }
                        }
                    }
                });
            }
        });
        Self { addr, connections, requests, task }
    }

    /// One answer, then the connection is closed.
    pub async fn once(answer: impl Into<Vec<u8>>) -> Self {
        Self::start(vec![answer.into()], Then::Close).await
    }

    pub fn instance(&self) -> InstanceUrl {
        instance(&format!("http://{}", self.addr))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answers: &[Vec<u8>],
    seen: &std::sync::Mutex<Vec<String>>,
    then: Then,
) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut buffer).await {
                Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
                _ => return,
            }
        }
        let asked = {
            let mut seen = seen.lock().unwrap();
            seen.push(String::from_utf8_lossy(&head).into_owned());
            seen.len() - 1
        };
        head.clear();
        let answer = &answers[asked.min(answers.len() - 1)];
        if stream.write_all(answer).await.is_err() || stream.flush().await.is_err() {
            return;
        }
        if then == Then::Close {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

/// The configuration that nobody gave.
pub fn config() -> Config {
    load(Inputs { folder: "/".into(), ..Inputs::default() }).unwrap().config
}

pub fn instance(url: &str) -> InstanceUrl {
    InstanceUrl::new(url.parse().unwrap())
}

/// An HTTP answer whose length is announced.
pub fn answer(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}
