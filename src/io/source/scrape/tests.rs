use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use secrecy::SecretString;

use super::*;
use crate::io::source::testing::{Server, Then, answer, config, instance};

const PAGE: &str = "http_requests_total{code=\"200\"} 90\nhttp_requests_total{code=\"500\"} 10\n";
const TEXT: &str = "content-type: text/plain; version=0.0.4\r\n";

fn scraper_with(instance: &InstanceUrl, timeout: Duration, token: Option<&str>) -> Result<Scraper, ClientError> {
    let mut config = config();
    config.metrics.timeout = timeout;
    config.metrics.bearer_token = token.map(SecretString::from);
    Scraper::of(&config, Color::Green, instance)
}

fn scraper(instance: &InstanceUrl) -> Scraper {
    scraper_with(instance, Duration::from_secs(30), None).unwrap()
}

async fn scrape(answer: impl Into<Vec<u8>>) -> Result<Reading, ScrapeError> {
    let server = Server::once(answer).await;
    scraper(&server.instance()).scrape().await
}

/// The sentence of the error that an answer leads to; `URL` stands for the page's.
async fn complaint(answer: impl Into<Vec<u8>>) -> String {
    let server = Server::once(answer).await;
    let error = scraper(&server.instance()).scrape().await.unwrap_err();
    error.to_string().replace(&format!("http://{}/metrics", server.addr), "URL")
}

fn gzip(body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body.as_ref()).unwrap();
    encoder.finish().unwrap()
}

fn packed(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("200 OK", "content-encoding: gzip\r\n", body)
}

fn assert_whole(reading: Result<Reading, ScrapeError>) {
    let reading = reading.unwrap();
    assert_eq!((reading.total, reading.errors, reading.note), (100, 10, None));
}

#[tokio::test]
async fn a_page_is_read_however_its_end_is_marked() {
    assert_whole(scrape(answer("200 OK", TEXT, PAGE)).await);
    assert_whole(scrape(answer("200 OK", "", PAGE.trim_end())).await);
    assert_whole(scrape(format!("HTTP/1.1 200 OK\r\n{TEXT}\r\n{PAGE}")).await);
    let (start, end) = PAGE.split_at(30);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n",
        start.len(),
        end.len()
    );
    assert_whole(scrape(chunked).await);
}

#[tokio::test]
async fn gzip_and_open_metrics_are_understood() {
    assert_whole(scrape(packed(gzip(PAGE))).await);
    let unannounced = [b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n".to_vec(), gzip(PAGE.trim_end())].concat();
    assert_whole(scrape(unannounced).await);
    let headers = "content-type: Application/OpenMetrics-Text; version=1.0.0; charset=utf-8\r\n";
    assert_whole(scrape(answer("200 OK", headers, format!("{PAGE}# EOF\n"))).await);
    let cut = complaint(answer("200 OK", headers, PAGE)).await;
    assert_eq!(cut, "URL: the page was cut after line 2: OpenMetrics ends in `# EOF`");
}

#[tokio::test]
async fn the_date_of_the_answer_is_the_instances_own_clock() {
    for (header, answered_ms) in
        [("date: Thu, 26 Nov 2026 14:00:05 GMT\r\n", Some(1_795_701_605_000)), ("date: soon\r\n", None), ("", None)]
    {
        let reading = scrape(answer("200 OK", header, PAGE)).await.unwrap();
        assert_eq!(reading.answered_ms, answered_ms, "{header}");
    }
}

/// A scraper and a probe of the same server.
fn both(server: &Server) -> (Scraper, Probe) {
    let mut config = config();
    (config.metrics.timeout, config.health.timeout) = (Duration::from_secs(30), Duration::from_secs(30));
    let probe = Probe::of(&config, &server.instance()).unwrap();
    (Scraper::of(&config, Color::Green, &server.instance()).unwrap().beside(&probe), probe)
}

#[tokio::test]
async fn an_instance_that_is_scraped_and_probed_at_once_needs_one_connection() {
    let server = Server::start(vec![answer("200 OK", TEXT, PAGE)], Then::KeepOpen).await;
    let (mut scraper, probe) = both(&server);
    for _ in 0..NEW_CONNECTIONS {
        assert_whole(scraper.scrape().await);
    }
    let before = server.connections.load(Ordering::SeqCst);
    for _ in 0..10 * SCRAPES_A_CONNECTION {
        let (page, ready) = tokio::join!(scraper.scrape(), probe.probe());
        assert_whole(page);
        ready.unwrap();
    }
    // One in so many scrapes is the last of its connection.
    let opened = server.connections.load(Ordering::SeqCst) - before;
    assert!((10..=12).contains(&opened), "{opened} connections");
}

#[tokio::test]
async fn a_page_that_never_comes_does_not_keep_the_probe_waiting() {
    let server = Server::start(vec![Vec::new(), answer("200 OK", "", "")], Then::KeepOpen).await;
    let (mut scraper, probe) = both(&server);
    let ready = async {
        while server.requests.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        probe.probe().await
    };
    let page = async {
        let _ = scraper.scrape().await;
        panic!("there is no page");
    };
    tokio::select! {
        ready = ready => ready.unwrap(),
        () = page => unreachable!(),
    };
}

#[tokio::test]
async fn scrapes_do_not_stay_on_one_connection_and_so_on_one_process() {
    // Not every server closes a connection because it is asked to.
    let server = Server::start(vec![answer("200 OK", TEXT, PAGE)], Then::KeepOpen).await;
    let mut scraper = scraper(&server.instance());
    for (scrapes, connections) in [(1, 1), (2, 3), (13, 16), (4, 17), (4, 18), (8, 20)] {
        for _ in 0..scrapes {
            assert_whole(scraper.scrape().await);
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), connections, "after {scrapes} more scrapes");
    }
    let requests = server.requests.lock().unwrap();
    assert!(requests[0].starts_with("GET /metrics HTTP/1.1\r\n"));
    for header in ["accept-encoding: gzip\r\n", "accept: text/plain;version=0.0.4", "user-agent: switchback/"] {
        assert!(requests[0].contains(header), "{}", requests[0]);
    }
    assert!(!requests[0].contains("authorization"));
}

#[tokio::test]
async fn a_connection_to_what_seems_to_be_the_only_process_is_kept_for_longer() {
    let of = |started: u32| answer("200 OK", TEXT, format!("{PAGE}process_start_time_seconds {started}\n"));
    let pages = [vec![of(1_795_700_000); 32], vec![of(1_795_600_000)]].concat();
    let server = Server::start(pages, Then::KeepOpen).await;
    let mut scraper = scraper(&server.instance());
    for (scrapes, connections) in [(16, 16), (8, 17), (8, 18), (4, 19), (4, 20), (8, 22)] {
        for _ in 0..scrapes {
            scraper.scrape().await.unwrap();
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), connections, "after {scrapes} more scrapes");
    }
}

#[tokio::test]
async fn a_failed_scrape_does_not_disturb_the_next() {
    let broken = answer("200 OK", TEXT, "http_requests_total{code=\"500\"} 1000\nbroken\n");
    let server = Server::start(vec![broken, answer("200 OK", TEXT, PAGE)], Then::Close).await;
    let mut scraper = scraper(&server.instance());
    scraper.scrape().await.unwrap_err();
    assert_whole(scraper.scrape().await);
}

#[tokio::test]
async fn statuses_say_what_to_do() {
    for (status, expected) in [
        (
            "401 Unauthorized",
            "URL answered 401 Unauthorized: set `metrics.bearer_token`, or user name and password in the instance's URL",
        ),
        (
            "403 Forbidden",
            "URL answered 403 Forbidden: set `metrics.bearer_token`, or user name and password in the instance's URL",
        ),
        ("404 Not Found", "URL answered 404: set `metrics.path` to where the service shows its metrics"),
        ("500 Internal Server Error", "URL answered 500 Internal Server Error instead of metrics"),
        ("204 No Content", "URL answered 204 No Content instead of metrics"),
    ] {
        assert_eq!(complaint(answer(status, "", PAGE)).await, expected);
    }
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    for (user, token, header, advice) in [
        ("", Some("t0ps3cret"), "authorization: Bearer t0ps3cret\r\n", "it refuses `metrics.bearer_token`"),
        ("me:t0ps3cret@", None, "authorization: Basic bWU6dDBwczNjcmV0\r\n", "it refuses the user name and password"),
        ("me:other@", Some("t0ps3cret"), "authorization: Bearer t0ps3cret\r\n", "it refuses `metrics.bearer_token`"),
    ] {
        let server = Server::once(answer("401 Unauthorized", "", "")).await;
        let instance = instance(&format!("http://{user}{}", server.addr));
        let mut scraper = scraper_with(&instance, Duration::from_secs(30), token).unwrap();
        let error = scraper.scrape().await.unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
        assert!(server.requests.lock().unwrap()[0].contains(header));
        for shown in [error.to_string(), format!("{error:?}"), format!("{scraper:?}")] {
            assert!(!shown.contains("t0ps3cret"), "{shown}");
        }
    }
    let error = scraper_with(&instance("http://a"), Duration::from_secs(1), Some("a\nb")).unwrap_err();
    assert_eq!(error.to_string(), "`metrics.bearer_token` has characters that are not allowed in an HTTP header");
}

#[tokio::test]
async fn redirects_are_followed_on_the_same_server_only() {
    let there = |location: &str| answer("307 Temporary Redirect", &format!("location: {location}\r\n"), "");
    let server =
        Server::start(vec![there("/a"), there("b"), there("/c"), answer("200 OK", "", PAGE)], Then::Close).await;
    assert_whole(scraper(&server.instance()).scrape().await);

    for location in ["http://elsewhere.example:81/metrics", "//elsewhere.example:81/"] {
        let complaint = complaint(there(location)).await;
        assert_eq!(complaint, "URL redirects to another server, http://elsewhere.example:81: it was not asked");
    }
    for answer in [there("/metrics"), answer("302 Found", "", "")] {
        assert_eq!(complaint(answer).await, "URL redirects more than 3 times, or to nowhere");
    }
}

#[tokio::test]
async fn what_is_not_a_metrics_page_is_said() {
    for (headers, body, expected) in [
        (
            "content-type: text/html; charset=utf-8\r\n",
            "<p>",
            "URL answered with HTML instead of metrics: set `metrics.path` to where the service shows its metrics",
        ),
        (
            TEXT,
            "<!DOCTYPE html>\n<html>\n",
            "URL answered with HTML instead of metrics: set `metrics.path` to where the service shows its metrics",
        ),
        (
            "content-type: application/json\r\n",
            "{}",
            "URL answered with `application/json`: expected `text/plain` or `application/openmetrics-text`",
        ),
        ("content-encoding: br\r\n", "x", "URL answered in encoding `br`: expected `gzip` or none"),
        (
            TEXT,
            "up 1\nOK\n",
            "URL: line 2 of the page is malformed: expected labels or a space and a value after the metric's name, \
             found `OK`",
        ),
    ] {
        assert_eq!(complaint(answer("200 OK", headers, body)).await, expected);
    }
}

#[tokio::test]
async fn a_page_cut_in_the_middle_is_no_reading() {
    let short = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len() + 1);
    let chunk = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{PAGE}\r\n", PAGE.len());
    let mut packed_short = gzip(PAGE);
    packed_short.truncate(packed_short.len() - 1);
    let mut packed_wrong = gzip(PAGE);
    *packed_wrong.last_mut().unwrap() ^= 1;
    let trailing = [gzip(PAGE), b"more".to_vec()].concat();
    let packed_and_cut = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 99\r\n\r\n".to_owned();
    for page in [short, chunk, packed_and_cut] {
        assert_eq!(complaint(page).await, "the page of URL was cut in the middle");
    }
    for body in [packed_short, packed_wrong, trailing, vec![], PAGE.into()] {
        assert_eq!(complaint(packed(body)).await, "the gzip page of URL is cut or damaged");
    }
    let no_line_feed = format!("HTTP/1.1 200 OK\r\n\r\n{}", PAGE.trim_end());
    assert_eq!(complaint(no_line_feed).await, "URL: the page was cut after line 2: its last line has no line feed");
}

#[tokio::test]
async fn a_page_larger_than_the_limit_is_an_error() {
    let padded = |size: usize| format!("{PAGE}#{}\n", " ".repeat(size - PAGE.len() - 2)).into_bytes();
    let stored = |size| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(&padded(size)).unwrap();
        encoder.finish().unwrap()
    };
    for (body, fits) in [
        (answer("200 OK", "", padded(5000)), true),
        (answer("200 OK", "", padded(5001)), false),
        (packed(gzip(padded(5000))), true),
        (packed(gzip(padded(5001))), false),
        (packed(stored(4900)), true),
        (packed(stored(5000)), false),
    ] {
        let server = Server::once(body).await;
        let mut scraper = scraper(&server.instance());
        assert_eq!(scraper.limit, 64 * 1024 * 1024);
        scraper.limit = 5000;
        match scraper.scrape().await {
            Ok(reading) => assert!(fits && reading.total == 100),
            Err(error) => assert!(!fits && error.to_string().ends_with("is larger than 64MiB"), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_server_that_never_finishes_is_a_timeout() {
    for start in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\nup 1\n"] {
        let server = Server::start(vec![start.into()], Then::KeepOpen).await;
        let mut scraper = scraper_with(&server.instance(), Duration::from_millis(60), None).unwrap();
        let error = scraper.scrape().await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("http://{}/metrics did not answer within 60ms (metrics.timeout)", server.addr)
        );
    }
}

#[tokio::test]
async fn unreachable_servers_are_said_in_words() {
    let refused = scraper(&instance("http://me:secret@127.0.0.1:1")).scrape().await.unwrap_err();
    assert_eq!(refused.to_string(), "http://127.0.0.1:1/metrics refused the connection");
    let unknown = scraper(&instance("http://no-such-host.invalid")).scrape().await.unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "http://no-such-host.invalid/metrics could not be reached: the name `no-such-host.invalid` cannot be resolved"
    );
    assert_eq!(complaint("SSH-2.0-OpenSSH_9.9\r\n").await, "URL could not be read: invalid HTTP version parsed");
}
