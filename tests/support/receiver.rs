//! The receiving end of a webhook.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// One delivery: its headers that count, and its body as it was sent.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub method: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

impl Delivery {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A receiver on a free port that refuses the first `refused` deliveries. Its thread ends with the test's process.
pub struct Receiver {
    /// Where it listens; nobody may be shown it.
    pub url: String,
    deliveries: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    /// Starts on a free port.
    pub fn start(refused: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/hook/kanarienvogel-4711", listener.local_addr().unwrap());
        let deliveries = Arc::<Mutex<Vec<Delivery>>>::default();
        let seen = Arc::clone(&deliveries);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let delivery = read(&stream);
                let mut seen = seen.lock().unwrap();
                seen.push(delivery);
                let status = if seen.len() <= refused { "503 Service Unavailable" } else { "204 No Content" };
                let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Self { url, deliveries }
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Delivery {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line);
    }
    let header = |name: &str| {
        let lines = head.iter().filter_map(|line| line.split_once(':'));
        let mut value =
            lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned());
        value.next_back().unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    Delivery {
        method: head.first().and_then(|line| line.split(' ').next()).unwrap_or_default().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or(0),
        signature: header("webhook-signature"),
        body: String::from_utf8(body).unwrap(),
    }
}
