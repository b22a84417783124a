//! Fetches one instance's metrics page and makes a reading of it.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Instant;

use flate2::write::GzDecoder;
use jiff::fmt::rfc2822;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING,
};
use reqwest::{StatusCode, Version};

use super::fetch::{Access, Answer, Broken, ClientError, Connection, FetchError, Fetcher, Limit, Tally, advice};
use super::probe::Probe;
use crate::config::{Config, InstanceUrl};
use crate::core::detect::{Asked, Process, Reading, Requests};
use crate::model::Color;
use crate::model::number::size;
use measure::exposition::{Format, PageError, quote};
use measure::page::{Agreement, PageReader};

/// In bytes, unpacked (and packed).
pub const MAX_BODY: usize = 64 << 20;

/// One connection in so many is new, and the first ones, to see all processes that share a port. TLS makes them costly.
const NEW_CONNECTIONS: u64 = 16;
const SCRAPES_A_CONNECTION: u64 = 4;
/// The same where these have met one process only, by its start time.
const SCRAPES_OF_ONE_PROCESS: u64 = 8;

const ACCEPTED: &str = "text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.8,\
                        text/plain;q=0.5,*/*;q=0.1";

/// URLs are without credentials.
#[derive(Debug, thiserror::Error)]
pub enum ScrapeError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// 401 or 403.
    #[error("{url} answered {status}: {advice}")]
    Denied {
        url: String,
        status: StatusCode,
        /// Which key to set, or that the configured one was refused.
        advice: &'static str,
    },
    #[error("{url} answered 404: set `metrics.path` to where the service shows its metrics")]
    NotFound { url: String },
    #[error("{url} answered {status} instead of metrics{}", advice(*.status))]
    Status { url: String, status: StatusCode },
    #[error("{url} answered with HTML instead of metrics: set `metrics.path` to where the service shows its metrics")]
    Html { url: String },
    #[error("{url} answered with `{found}`: expected `text/plain` or `application/openmetrics-text`")]
    ContentType { url: String, found: String },
    #[error("{url} answered in encoding `{found}`: expected `gzip` or none")]
    Encoding { url: String, found: String },
    #[error("the page of {url} is larger than {}", size(MAX_BODY as u64))]
    TooLarge { url: String },
    /// By the transport.
    #[error("the page of {url} was cut in the middle")]
    Cut { url: String, source: io::Error },
    /// Invalid gzip: too short, a wrong checksum, or something else altogether.
    #[error("the gzip page of {url} is cut or damaged")]
    Damaged { url: String, source: io::Error },
    #[error("{url}: {source}")]
    Page { url: String, source: PageError },
}

impl ScrapeError {
    /// Something answers that has no metrics there.
    pub fn is_no_page(&self) -> bool {
        match self {
            Self::NotFound { .. } | Self::Html { .. } | Self::ContentType { .. } | Self::Page { .. } => true,
            Self::Status { status, .. } => *status == StatusCode::METHOD_NOT_ALLOWED,
            Self::Fetch(error) => matches!(error, FetchError::OtherHost { .. } | FetchError::Redirects { .. }),
            _ => false,
        }
    }
}

/// Remembers an instance's series, so there is one for each instance and soak.
#[derive(Debug)]
pub struct Scraper {
    fetcher: Fetcher,
    reader: PageReader,
    refused: &'static str,
    limit: usize,
    scrapes: u64,
    /// Whether all pages so far may be of one process.
    is_alone: bool,
    probes: Arc<Tally>,
}

impl Scraper {
    /// Ignores this program's own requests (metrics and health paths, `router.probe_url`) and the configured routes.
    pub fn of(config: &Config, color: Color, instance: &InstanceUrl) -> Result<Self, ClientError> {
        let Config { metrics, health, requests, router, error_rate, latency, .. } = config;
        let headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static(ACCEPTED)),
            (ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        ]);
        let token = metrics.bearer_token.as_ref().map(|token| ("metrics.bearer_token", token));
        let access = Access { token, ..Access::to_instances(&config.access) };
        let limit = Limit { key: "metrics.timeout", time: metrics.timeout };
        let base = config.metrics_url(color, instance);
        let fetcher = Fetcher::new(&base, &metrics.path, limit, headers, &access)?;
        let probed = config.health_url(instance).join(&health.path);
        let own = [&metrics.path, &health.path, fetcher.url().path(), probed.path()];
        let through_the_proxy = router.own_paths();
        let own = own.into_iter().chain(through_the_proxy.iter().map(String::as_str));
        let routes = requests.ignore_routes.clone().and_own(own);
        let refused = match (token, base.credentials()) {
            (Some(_), _) => "it refuses `metrics.bearer_token`",
            (None, Some(_)) => "it refuses the user name and password of the instance's URL",
            (None, None) => "set `metrics.bearer_token`, or user name and password in the instance's URL",
        };
        let reader = PageReader::new(error_rate, routes).of_service(&config.service);
        let reader = if latency.on_pages() { reader.with_latency(latency) } else { reader };
        Ok(Self { fetcher, reader, refused, limit: MAX_BODY, scrapes: 0, is_alone: true, probes: Arc::default() })
    }

    /// Shares its choice with the scrapers of a run.
    #[must_use]
    pub fn agreeing(self, agreement: &Agreement) -> Self {
        let Self { reader, .. } = self;
        Self { reader: reader.agreeing(agreement), ..self }
    }

    /// Beside probes of the instance, which it may count; shares their connection if they go to the same server.
    #[must_use]
    pub fn beside(self, probe: &Probe) -> Self {
        Self { probes: probe.tally(), fetcher: self.fetcher.beside(probe.fetcher()), ..self }
    }

    pub fn histogram(&self) -> Option<&str> {
        self.reader.histogram()
    }

    /// The request counter and its status label, once a page had both.
    pub fn counter(&self) -> Option<(&str, &str)> {
        self.reader.counter()
    }

    /// Whether the last page had a sample.
    pub const fn saw_samples(&self) -> bool {
        self.reader.saw_samples()
    }

    /// Reads the page once. Dropping the future loses only that page.
    pub async fn scrape(&mut self) -> Result<Reading, ScrapeError> {
        let Self { fetcher, reader, refused, limit, scrapes, is_alone, probes } = self;
        let turn = fetcher.turn().await;
        let begun = Instant::now();
        let probed = probes.answered();
        *scrapes += 1;
        let most = if *is_alone { SCRAPES_OF_ONE_PROCESS } else { SCRAPES_A_CONNECTION };
        let last = *scrapes <= NEW_CONNECTIONS || scrapes.is_multiple_of(most);
        let url = fetcher.url().as_str();
        let reading = fetcher
            .get(None, if last { Connection::Closed } else { Connection::Kept }, turn, |answer| async {
                check_status(url, answer.status(), refused)?;
                let answered_ms = date(&answer);
                Ok::<_, ScrapeError>(Reading { answered_ms, ..read(url, answer, reader, *limit).await? })
            })
            .await?;
        *is_alone &= is_of_one(&reading);
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let asked =
            Asked { scrapes: fetcher.tally().requests(), probes: Requests { least: probed, ..probes.requests() } };
        let is_empty = reading.total == 0 && reading.ignored == 0;
        let may_be_counted = reading.unrouted.is_some_and(|unrouted| is_empty || unrouted.requests > 0);
        Ok(Reading { took_ms, asked: may_be_counted.then_some(asked), ..reading })
    }
}

/// Whether a page may be of the only process that answers.
fn is_of_one(reading: &Reading) -> bool {
    let is_first = |process: Process| process.id == 0 && !process.start_moved && !process.went_back;
    reading.started_ms.is_some() && reading.process.is_none_or(is_first)
}

async fn read(url: &str, mut answer: Answer, reader: &mut PageReader, limit: usize) -> Result<Reading, ScrapeError> {
    reader.begin(format(url, &answer)?);
    let mut sink = Sink { url, reader, room: limit, fault: None };
    if is_packed(url, &answer)? {
        let mut decoder = GzDecoder::new(&mut sink);
        let mut packed = 0;
        let unpacked: io::Result<()> = async {
            while let Some(chunk) = answer.chunk().await.map_err(io::Error::other)? {
                packed += chunk.len();
                if packed > limit {
                    return Err(io::ErrorKind::FileTooLarge.into());
                }
                decoder.write_all(&chunk)?;
            }
            decoder.try_finish()
        }
        .await;
        drop(decoder);
        unpacked.map_err(|error| sink.explain(error))?;
    } else {
        while let Some(chunk) = answer.chunk().await.map_err(|error| sink.explain(io::Error::other(error)))? {
            sink.write_all(&chunk).map_err(|error| sink.explain(error))?;
        }
    }
    reader.finish(is_framed(&answer)).map_err(|source| page_error(url, source))
}

/// Passes unpacked bytes on while there is room.
struct Sink<'a> {
    url: &'a str,
    reader: &'a mut PageReader,
    room: usize,
    fault: Option<ScrapeError>,
}

impl Sink<'_> {
    /// Our own fault if there was one, else the transport's.
    fn explain(&mut self, error: io::Error) -> ScrapeError {
        let url = || self.url.to_owned();
        match self.fault.take() {
            Some(fault) => fault,
            None if error.kind() == io::ErrorKind::FileTooLarge => ScrapeError::TooLarge { url: url() },
            None if matches!(error.get_ref(), Some(inner) if inner.is::<Broken>()) => {
                ScrapeError::Cut { url: url(), source: error }
            }
            None => ScrapeError::Damaged { url: url(), source: error },
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fault = match self.room.checked_sub(bytes.len()) {
            None => ScrapeError::TooLarge { url: self.url.to_owned() },
            Some(room) => {
                self.room = room;
                match self.reader.push(bytes) {
                    Ok(()) => return Ok(bytes.len()),
                    Err(source) => page_error(self.url, source),
                }
            }
        };
        self.fault.get_or_insert(fault);
        Err(io::ErrorKind::InvalidData.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn page_error(url: &str, source: PageError) -> ScrapeError {
    let url = url.to_owned();
    match source {
        PageError::Html => ScrapeError::Html { url },
        source => ScrapeError::Page { url, source },
    }
}

fn check_status(url: &str, status: StatusCode, refused: &'static str) -> Result<(), ScrapeError> {
    let url = || url.to_owned();
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(ScrapeError::Denied { url: url(), status, advice: refused })
        }
        StatusCode::NOT_FOUND => Err(ScrapeError::NotFound { url: url() }),
        status => Err(ScrapeError::Status { url: url(), status }),
    }
}

fn header<'a>(answer: &'a Answer, name: &HeaderName) -> &'a [u8] {
    answer.headers().get(name).map(HeaderValue::as_bytes).unwrap_or_default().trim_ascii()
}

/// The server's clock, Unix milliseconds.
fn date(answer: &Answer) -> Option<i64> {
    let text = std::str::from_utf8(header(answer, &DATE)).ok()?;
    Some(rfc2822::parse(text).ok()?.timestamp().as_millisecond())
}

/// By content type; the plainest without one.
fn format(url: &str, answer: &Answer) -> Result<Format, ScrapeError> {
    let found = header(answer, &CONTENT_TYPE);
    let media = found.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    match media.as_slice() {
        b"" | b"text/plain" | b"application/octet-stream" => Ok(Format::Text),
        b"application/openmetrics-text" => Ok(Format::OpenMetrics),
        b"text/html" | b"application/xhtml+xml" => Err(ScrapeError::Html { url: url.to_owned() }),
        _ => Err(ScrapeError::ContentType { url: url.to_owned(), found: quote(found) }),
    }
}

fn is_packed(url: &str, answer: &Answer) -> Result<bool, ScrapeError> {
    let found = header(answer, &CONTENT_ENCODING);
    match found.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(false),
        b"gzip" | b"x-gzip" => Ok(true),
        _ => Err(ScrapeError::Encoding { url: url.to_owned(), found: quote(found) }),
    }
}

/// Whether the end of the body is marked, rather than being the end of the connection.
fn is_framed(answer: &Answer) -> bool {
    let has = |name: HeaderName| answer.headers().contains_key(name);
    answer.version() >= Version::HTTP_2
        || has(CONTENT_LENGTH)
        || has(TRANSFER_ENCODING)
        || !header(answer, &CONTENT_ENCODING).is_empty()
}
