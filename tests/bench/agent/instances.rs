//! All instances: one small page and a readiness probe, at every address of 127.0.0.0/8. Where bad releases are wanted, half of
//! the requests to the green instances of every fifth service fail.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);

const SERVICES_A_NET: usize = 250;
const BAD_OF: usize = 5;

/// Where instance `of` of a service is: 1 and 2 are blue, 3 and 4 green.
pub fn address(service: usize, of: u8) -> Ipv4Addr {
    let byte = |number: usize| u8::try_from(number).expect("fewer services");
    Ipv4Addr::new(127, byte(1 + service / SERVICES_A_NET), byte(service % SERVICES_A_NET), of)
}

/// Whether the new release of a service is bad.
pub const fn is_bad(service: usize) -> bool {
    service.is_multiple_of(BAD_OF)
}

fn fails(address: IpAddr) -> bool {
    let IpAddr::V4(address) = address else { return false };
    let [_, net, service, of] = address.octets().map(usize::from);
    net > 0 && of > 2 && is_bad((net - 1) * SERVICES_A_NET + service)
}

/// Serves for as long as this process lives, good releases or `some_bad` ones; returns the port.
pub fn serve(some_bad: bool) -> u16 {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, some_bad));
                }
            }
        });
    });
    port
}

async fn answer(mut stream: TcpStream, some_bad: bool) {
    let (mut head, mut chunk) = (Vec::new(), [0; 2_048]);
    let fails = some_bad && stream.local_addr().is_ok_and(|address| fails(address.ip()));
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(read) => head.extend_from_slice(&chunk[..read]),
            }
        }
        let body = if head.starts_with(b"GET /metrics") { page(fails) } else { "ok\n".to_owned() };
        let answer =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        head.clear();
    }
}

/// Some fifty requests a second, by three statuses.
fn page(fails: bool) -> String {
    let served = BEGAN.elapsed().as_millis() / 20;
    let mut page = String::from("# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n");
    let shares = if fails { [492, 8, 500] } else { [990, 8, 2] };
    for (status, share) in ["200", "404", "500"].into_iter().zip(shares) {
        let _ = writeln!(page, "http_requests_total{{status=\"{status}\"}} {}", served * share / 1_000);
    }
    page
}
