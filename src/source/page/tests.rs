use proptest::prelude::*;

use super::*;
use crate::config::{ErrorRateConfig, Named, Routes};
use crate::detect::{Reading, TickCounts};
use crate::source::{Format, PageError};

fn config(requests: Named, status_label: Named) -> ErrorRateConfig {
    ErrorRateConfig { requests, status_label, ..crate::source::testing::config().error_rate }
}

fn reader(requests: Named, status_label: Named) -> PageReader {
    PageReader::new(&config(requests, status_label), Routes::default().and_own(["/metrics", "/health/ready"]))
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

#[test]
fn the_request_counter_of_every_client_is_found() {
    use Format::{OpenMetrics, Text};
    for (client, format, page, total, errors, started_ms) in [
        ("prom-client", Text, PROM_CLIENT, 940, 20, Some(1_795_476_145_000)),
        ("prom-client before the first request", Text, NO_REQUESTS, 0, 0, Some(1_795_476_145_000)),
        ("Python", OpenMetrics, PYTHON, 1235, 31, Some(1_795_476_145_510)),
        ("Go", Text, GO, 88_171, 41, Some(1_795_476_145_180)),
        ("Micrometer", Text, MICROMETER, 5230, 17, Some(1_795_476_145_183)),
        ("OpenTelemetry", OpenMetrics, OPEN_TELEMETRY, 756, 26, None),
        ("Istio", Text, ISTIO, 6193, 88, None),
    ] {
        let reading = read_as(&mut auto(), format, page).unwrap();
        let Reading { ignored, unrouted, process, .. } = reading;
        let expected = Reading { total, errors, ignored, unrouted, started_ms, process, ..Reading::default() };
        assert_eq!(reading, expected, "{client}");
    }
}

#[test]
fn every_well_known_counter_is_found_with_every_label() {
    for (metric, _) in METRICS {
        for label in LABELS {
            let page = format!("{metric}{{{label}=\"200\"}} 7\n{metric}{{{label}=\"503\"}} 3\n");
            assert_eq!(sums(&mut auto(), &page), (10, 3), "{metric} {label}");
        }
    }
}

#[test]
fn the_documentation_has_the_same_tables() {
    let docs = include_str!("../../../docs/backend/metrics.md");
    let table = METRICS.map(|(metric, author)| format!("| `{metric}` | {author} |\n")).concat();
    assert!(docs.contains(&table), "{table}");
    let labels = LABELS.map(|label| format!("`{label}`")).join(", ");
    assert!(docs.contains(&labels), "{labels}");
}

#[test]
fn the_first_metric_and_the_first_label_of_the_tables_win() {
    let page = "istio_requests_total{response_code=\"500\"} 100\n\
                http_requests_total{code=\"500\",status=\"UNSET\",status_code=\"200\"} 7\n";
    assert_eq!(sums(&mut auto(), page), (7, 0));
    let page = "http_requests_total{method=\"GET\"} 7\nhttp_server_requests_total{code=\"500\"} 5\n";
    assert_eq!(sums(&mut auto(), page), (5, 5), "a counter without a status is no candidate");
}

#[test]
fn the_choice_stays() {
    let mut reader = auto();
    assert_eq!(sums(&mut reader, "http_server_requests_total{code=\"500\"} 5\n"), (5, 5));
    let both = "http_requests_total{code=\"500\"} 100\nhttp_server_requests_total{code=\"500\",status=\"200\"} 6\n";
    assert_eq!(sums(&mut reader, both), (11, 11), "another label set is another series of the same counter");
}

#[test]
fn a_counter_that_appears_later_is_found_then() {
    let mut reader = auto();
    assert!(read(&mut reader, GO_NO_REQUESTS).note.is_some());
    assert_eq!(sums(&mut reader, GO), (88_171, 41));
    let mut reader = auto();
    assert_eq!(sums(&mut reader, NO_REQUESTS), (0, 0));
    assert_eq!(sums(&mut reader, PROM_CLIENT), (940, 20));
}

#[test]
fn a_metric_and_a_label_can_be_named() {
    let page = "shop_calls{outcome=\"503\",code=\"200\"} 4\nhttp_requests_total{code=\"200\"} 9\n";
    assert_eq!(sums(&mut reader(named("shop_calls"), named("outcome")), page), (4, 4));
    assert_eq!(sums(&mut reader(named("shop_calls"), Named::Auto), page), (4, 0));
    assert_eq!(sums(&mut reader(Named::Auto, named("code")), page), (9, 0));
    let quoted = "{\"shop.calls\",\"http.status\"=\"500\"} 3\n";
    assert_eq!(sums(&mut reader(named("shop.calls"), named("http.status")), quoted), (3, 3));
}

#[test]
fn a_counter_that_is_declared_is_only_waited_for() {
    let declared = |family, kind| read(&mut auto(), &format!("# TYPE {family} {kind}\n")).note;
    for (family, kind) in [
        ("http_requests_total", "counter"),
        ("http_requests", "counter"),
        ("http_server_requests_seconds", "summary"),
        ("http_server_requests_seconds", "histogram"),
    ] {
        assert_eq!(declared(family, kind), None, "{family} {kind}");
    }
    for (family, kind) in [("http_requests", "gauge"), ("http_server_requests_seconds", "counter")] {
        assert!(declared(family, kind).unwrap().starts_with("no known request counter"), "{family} {kind}");
    }
}

#[test]
fn a_page_without_a_request_counter_says_which_counters_it_has() {
    assert_eq!(
        note(Named::Auto, Named::Auto, GO_NO_REQUESTS),
        "no known request counter on the page; its counters are `go_gc_duration_seconds_count`; name one with \
         checks.error-rate.requests"
    );
    assert_eq!(
        note(Named::Auto, Named::Auto, "# TYPE up gauge\nup 1\n"),
        "no known request counter on the page; the page has no counters; name one with checks.error-rate.requests"
    );
    let page = "# TYPE calls counter\ncalls{code=\"200\",method=\"get\"} 1\ncalls{code=\"500\"} 1\n\
                http_request_total 3\na_total 1\nb_total 1\nc_total 1\nd_total 1\n# TYPE depth gauge\ndepth 2\n";
    let note = note(Named::Auto, Named::Auto, page);
    assert!(note.contains("its counters are `calls` {code, method}, `http_request_total`, "), "{note}");
    assert!(note.contains(" and 1 more; name one"), "{note}");
}

#[test]
fn a_named_metric_that_is_missing_is_said_with_the_nearest() {
    let page = "http_requests_totals{code=\"200\"} 1\ncache_hits_total{code=\"200\"} 1\n";
    assert_eq!(
        note(named("http_requests_total"), Named::Auto, page),
        "`http_requests_total` (checks.error-rate.requests) is not on the page; its counters are \
         `http_requests_totals` {code}, `cache_hits_total` {code}"
    );
}

#[test]
fn a_label_without_http_statuses_is_said_with_the_labels_there_are() {
    assert_eq!(
        note(named("calls_total"), named("status"), "calls_total{status=\"ok\",method=\"get\"} 1\n"),
        "`calls_total` has no label `status` with an HTTP status; its labels are `status`, `method`; name one with \
         checks.error-rate.status_label"
    );
    let page = "http_requests_total 5\n";
    assert!(note(Named::Auto, Named::Auto, page).contains("`response_code` with an HTTP status; it has no labels;"));
}

#[test]
fn the_census_is_bounded() {
    use std::fmt::Write;
    let page = (0..2000).fold(String::new(), |mut page, i| {
        writeln!(page, "c{i}_total{{{}}} 1", "l=\"x\",".repeat(20)).unwrap();
        page
    });
    let note = note(Named::Auto, Named::Auto, &page);
    assert!(note.ends_with(" and 251 more; name one with checks.error-rate.requests"), "{note}");
}

#[test]
fn probes_of_this_program_are_no_traffic() {
    for label in ["route", "path", "handler", "uri", "url", "endpoint", "http_route", "path_template", "http_target"] {
        let page = format!(
            "http_requests_total{{code=\"200\",{label}=\"/metrics\"}} 50\n\
             http_requests_total{{code=\"503\",{label}=\"/health/ready\"}} 30\n\
             http_requests_total{{code=\"503\",{label}=\"/health\"}} 1\n"
        );
        assert_eq!(sums(&mut auto(), &page), (1, 1), "{label}");
    }
    let other = "http_requests_total{code=\"200\",referer=\"/metrics\"} 50\n";
    assert_eq!(sums(&mut auto(), other), (50, 0));
    let alone = "http_requests_total{code=\"200\",route=\"/metrics\"} 50\n";
    assert_eq!(sums(&mut auto(), alone), (0, 0));
}

#[test]
fn what_is_left_out_and_what_does_not_say_its_route_is_told_apart() {
    let page = "http_requests_total{code=\"200\",route=\"/metrics/\"} 50\n\
                http_requests_total{code=\"503\",route=\"/health/ready?x\"} 30\n\
                http_requests_total{code=\"200\",route=\"/pay\",handler=\"pay\"} 7\n\
                http_requests_total{code=\"500\",route=\"\"} 3\n\
                http_requests_total{code=\"200\",route=\"UNKNOWN\"} 2\n";
    let reading = read(&mut auto(), page);
    assert_eq!((reading.total, reading.errors, reading.ignored), (12, 3, 80));
    assert_eq!(reading.unrouted, Some(TickCounts { requests: 5, errors: 3 }));
}

#[test]
fn values_that_are_no_counts_are_ignored_and_noted() {
    for value in ["NaN", "+Inf", "-Inf", "-1", "1e16"] {
        let page = format!("http_requests_total{{code=\"200\"}} {value}\nhttp_requests_total{{code=\"500\"}} 4\n");
        let reading = read(&mut auto(), &page);
        assert_eq!((reading.total, reading.errors), (4, 4), "{value}");
        assert_eq!(reading.note.unwrap(), "1 values were no counts and were ignored");
    }
}

#[test]
fn fractions_are_summed_and_then_dropped() {
    let page = "http_requests_total{code=\"200\"} 1.5\nhttp_requests_total{code=\"500\"} 2.75\n\
                http_requests_total{code=\"502\"} 0.5\n";
    assert_eq!(sums(&mut auto(), page), (4, 3));
    assert_eq!(sums(&mut auto(), "http_requests_total{code=\"200\"} 9007199254740992\n"), (9_007_199_254_740_992, 0));
}

#[test]
fn a_series_that_stands_twice_counts_once() {
    let page =
        "http_requests_total{code=\"200\",method=\"get\"} 9\nhttp_requests_total{method=\"get\",code=\"200\"} 4\n";
    let mut reader = auto();
    for _ in 0..3 {
        let reading = read(&mut reader, page);
        assert_eq!(reading.total, 9, "the first wins, whatever the order of its labels");
        assert_eq!(reading.note.unwrap(), "1 series stood on the page twice: the first of each was counted");
    }
}

/// A page of a counter with two series, and perhaps a start time.
fn page(good: Option<u64>, bad: Option<u64>, started: Option<u32>) -> String {
    let good = good.map(|n| format!("http_requests_total{{code=\"200\"}} {n}\n")).unwrap_or_default();
    let bad = bad.map(|n| format!("http_requests_total{{code=\"500\"}} {n}\n")).unwrap_or_default();
    let started = started.map(|s| format!("process_start_time_seconds {s}\n")).unwrap_or_default();
    format!("# TYPE http_requests_total counter\n{good}{bad}{started}")
}

#[test]
fn a_series_that_leaves_the_page_keeps_its_value() {
    let mut reader = auto();
    assert_eq!(sums(&mut reader, &page(Some(100), Some(10), None)), (110, 10));
    assert_eq!(sums(&mut reader, &page(Some(120), None, None)), (130, 10));
    assert_eq!(sums(&mut reader, &page(None, None, None)), (130, 10));
    assert_eq!(sums(&mut reader, &page(Some(125), Some(12), None)), (137, 12), "it goes on");
    assert_eq!(sums(&mut reader, &page(Some(125), None, None)), (137, 12));
    assert_eq!(sums(&mut reader, &page(Some(125), Some(3), None)), (140, 15), "it counts afresh on top");
    assert_eq!(sums(&mut reader, &page(Some(125), Some(5), None)), (142, 17));
}

#[test]
fn a_series_that_becomes_nan_keeps_its_value() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), None));
    assert_eq!(read(&mut reader, "http_requests_total{code=\"500\"} NaN\n").total, 110);
}

#[test]
fn without_a_start_time_a_series_that_goes_back_is_a_restart() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), None));
    assert_eq!(sums(&mut reader, &page(Some(200), Some(1), None)), (201, 1));
    assert_eq!(sums(&mut reader, &page(Some(5), None, None)), (5, 0), "and nothing of the old process is kept");
}

#[test]
fn another_start_time_is_a_restart_whatever_the_values() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), Some(1000)));
    assert_eq!(sums(&mut reader, &page(Some(200), None, Some(1003))), (200, 0));
}

#[test]
fn a_start_time_in_milliseconds_is_understood() {
    for (text, started_ms) in [("1764329000", 1_764_329_000_000), ("1764329000.25", 1_764_329_000_250)] {
        let page = |text: &str| format!("process_start_time_seconds {text}\n");
        assert_eq!(read(&mut auto(), &page(text)).started_ms, Some(started_ms));
        assert_eq!(read(&mut auto(), &page(&started_ms.to_string())).started_ms, Some(started_ms));
    }
}

#[test]
fn a_counter_that_leaves_for_good_is_noted() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), None));
    let reading = read(&mut reader, "up 1\n");
    assert_eq!(reading.total, 110);
    assert_eq!(reading.note.unwrap(), "`http_requests_total` is no longer on the page: its last values are kept");
}

#[test]
fn a_start_time_that_is_no_time_is_none() {
    for time in ["NaN", "-1", "1e300"] {
        assert_eq!(read(&mut auto(), &format!("process_start_time_seconds {time}\n")).started_ms, None);
    }
}

#[test]
fn prose_is_no_page() {
    for prose in ["OK\n", "Not Found\n", "{\"status\":\"UP\"}\n", "404 page not found\n"] {
        assert!(matches!(read_as(&mut auto(), Format::Text, prose), Err(PageError::Malformed { number: 1, .. })));
    }
}

#[test]
fn a_broken_page_leaves_no_trace() {
    let mut reader = auto();
    assert_eq!(sums(&mut reader, &page(Some(100), Some(10), None)), (110, 10));
    read_as(&mut reader, Format::Text, "http_requests_total{code=\"200\"} 500\nhttp_requests_total{code=\"500\"} x\n")
        .unwrap_err();
    assert_eq!(sums(&mut reader, &page(Some(101), Some(10), None)), (111, 10));
}

#[test]
fn the_number_of_series_is_bounded() {
    let mut reader = PageReader::with_limit(&config(Named::Auto, Named::Auto), Routes::default(), 3);
    let page = |series: std::ops::Range<u8>| {
        let lines = series.map(|user| format!("http_requests_total{{code=\"200\",user=\"{user}\"}} 1\n"));
        lines.collect::<Vec<_>>().concat()
    };
    assert_eq!(read_as(&mut reader, Format::Text, &page(0..4)), Err(PageError::TooManySeries));
    assert_eq!(sums(&mut reader, &page(0..2)), (2, 0));
    assert_eq!(sums(&mut reader, &page(1..3)), (3, 0));
    let kept = read_as(&mut reader, Format::Text, &page(3..4));
    assert_eq!(kept, Err(PageError::TooManySeries), "series that left the page are kept, and count");
    let restarted = format!("{}process_start_time_seconds 60\n", page(3..6));
    assert_eq!(sums(&mut reader, "process_start_time_seconds 1\n# TYPE http_requests_total counter\n"), (3, 0));
    assert_eq!(sums(&mut reader, &restarted), (3, 0), "a restart makes room");
    assert_eq!(sums(&mut reader, &page(5..6).replace("} 1", "} 0.5")), (0, 0));
    assert_eq!(sums(&mut reader, &page(5..8)), (3, 0), "and so does a restart that only the values show");
    assert_eq!(PageError::TooManySeries.to_string(), "the request counter has more than 500000 series");
}

proptest! {
    #[test]
    fn chunks_make_no_difference(at in prop::collection::vec(0..PROM_CLIENT.len(), 0..20)) {
        let mut cuts = at;
        cuts.sort_unstable();
        let mut reader = auto();
        reader.begin(Format::Text);
        let mut start = 0;
        for cut in cuts.into_iter().chain([PROM_CLIENT.len()]) {
            reader.push(&PROM_CLIENT.as_bytes()[start..cut]).unwrap();
            start = cut;
        }
        let reading = reader.finish(false).unwrap();
        prop_assert_eq!((reading.total, reading.errors, reading.note), (940, 20, None));
    }

    /// Whatever expires and comes back, the sums of a living process never go back and never exceed the truth.
    #[test]
    fn expiring_series_never_turn_the_sums_back(
        pages in prop::collection::vec(prop::collection::vec((0..9_u64, any::<bool>()), 4), 1..20),
    ) {
        use std::fmt::Write;
        let (mut reader, mut counts, mut before) = (auto(), [1_u64; 4], 0);
        for steps in pages {
            let mut page = "http_requests_total{code=\"200\",route=\"always\"} 1\n".to_owned();
            for (series, (more, shown)) in steps.into_iter().enumerate() {
                counts[series] += more;
                if shown {
                    writeln!(page, "http_requests_total{{code=\"500\",route=\"{series}\"}} {}", counts[series]).unwrap();
                }
            }
            let reading = read(&mut reader, &page);
            prop_assert!(reading.total >= before);
            prop_assert!(reading.total <= 1 + counts.iter().sum::<u64>());
            before = reading.total;
        }
    }
}
