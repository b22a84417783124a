mod build;
mod choice;
mod known;
mod latency;
mod over_time;
mod pages;
mod routes;
mod series;

use super::*;
use crate::detect::Reading;
use crate::exposition::Format;
use crate::exposition::PageError;
use crate::routes::Routes;
use crate::testing;
use crate::wanted::{Named, RequestSeries};

fn config(requests: Named, status_label: Named) -> RequestSeries {
    RequestSeries { requests, status_label, ..testing::requests() }
}

fn reader(requests: Named, status_label: Named) -> PageReader {
    of(&config(requests, status_label))
}

/// A reader with this configuration, which asks the usual paths.
fn of(config: &RequestSeries) -> PageReader {
    PageReader::new(config.clone(), testing::probes().and_own(["/metrics", "/health/ready"]))
}

fn auto() -> PageReader {
    reader(Named::Auto, Named::Auto)
}

fn named(name: &str) -> Named {
    Named::Name(name.to_owned())
}

fn read_as(reader: &mut PageReader, format: Format, page: &str) -> Result<Reading, PageError> {
    reader.begin(format);
    reader.push(page.as_bytes())?;
    reader.finish(true)
}

fn read(reader: &mut PageReader, page: &str) -> Reading {
    read_as(reader, Format::Text, page).unwrap()
}

/// Total and errors of one page, which must need no note.
fn sums(reader: &mut PageReader, page: &str) -> (u64, u64) {
    let reading = read(reader, page);
    assert_eq!(reading.note, None);
    (reading.total, reading.errors)
}

/// One line for each count of a status.
fn lines(metric: &str, labels: &str, counts: &[(&str, u64)]) -> String {
    let line = |(status, count): &(&str, u64)| format!("{metric}{{status=\"{status}\"{labels}}} {count}\n");
    counts.iter().map(line).collect::<Vec<_>>().concat()
}

/// The note that the first page gets, which must count nothing.
fn note(requests: Named, status_label: Named, page: &str) -> String {
    let reading = read(&mut reader(requests, status_label), page);
    assert_eq!((reading.total, reading.errors), (0, 0));
    reading.note.unwrap()
}

const PROM_CLIENT: &str = include_str!("../../../tests/fixtures/metrics/prom-client.prom");
const NO_REQUESTS: &str = include_str!("../../../tests/fixtures/metrics/prom-client-no-requests.prom");
const GO: &str = include_str!("../../../tests/fixtures/metrics/go.prom");
const GO_NO_REQUESTS: &str = include_str!("../../../tests/fixtures/metrics/go-no-requests.prom");
const PYTHON: &str = include_str!("../../../tests/fixtures/metrics/python.prom");
const MICROMETER: &str = include_str!("../../../tests/fixtures/metrics/micrometer.prom");
const OPEN_TELEMETRY: &str = include_str!("../../../tests/fixtures/metrics/opentelemetry.prom");
const ISTIO: &str = include_str!("../../../tests/fixtures/metrics/istio.prom");
