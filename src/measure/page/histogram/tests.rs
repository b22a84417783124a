use std::fmt::Write as _;

use proptest::prelude::*;

use super::names::HISTOGRAMS;
use super::*;
use crate::exposition::Format;
use crate::page::PageReader;
use crate::testing;

fn config(histogram: Named, unit: LatencyUnit) -> LatencySeries {
    LatencySeries { histogram, unit, ..LatencySeries::default() }
}

fn reader(config: &LatencySeries) -> PageReader {
    PageReader::new(testing::requests(), Routes::default().and_own(["/metrics", "/health/ready"]))
        .with_latency(config.clone())
}

fn auto() -> PageReader {
    reader(&config(Named::Auto, LatencyUnit::Auto))
}

fn latency(reader: &mut PageReader, page: &str) -> Latency {
    reader.begin(Format::Text);
    reader.push(page.as_bytes()).unwrap();
    reader.finish(true).unwrap().latency.unwrap()
}

#[track_caller]
fn buckets(reader: &mut PageReader, page: &str) -> (Vec<f64>, Vec<u64>) {
    match latency(reader, page) {
        Latency::Buckets(Buckets { bounds_ms, counts }) => (bounds_ms, counts),
        Latency::Unknown(why) | Latency::Missing(why) | Latency::Unfit(why) => panic!("{why}"),
    }
}

#[track_caller]
fn why(reader: &mut PageReader, page: &str) -> String {
    match latency(reader, page) {
        Latency::Unknown(why) | Latency::Missing(why) | Latency::Unfit(why) => why,
        Latency::Buckets(buckets) => panic!("{buckets:?}"),
    }
}

/// One series of a histogram with the bounds 0.1 and 0.5, and all.
fn series(name: &str, labels: &str, counts: [u64; 3]) -> String {
    let mut page = format!("# TYPE {name} histogram\n");
    for (bound, count) in ["0.1", "0.5", "+Inf"].iter().zip(counts) {
        writeln!(page, "{name}_bucket{{{labels}le=\"{bound}\"}} {count}").unwrap();
    }
    writeln!(page, "{name}_sum{{{labels}x=\"\"}} 1.5\n{name}_count{{{labels}x=\"\"}} {}", counts[2]).unwrap();
    page
}

const NAME: &str = "http_request_duration_seconds";

#[test]
fn series_of_one_histogram_add_up_in_milliseconds_and_our_own_probes_are_none() {
    let page = [
        series(NAME, "route=\"/pay\",", [5, 8, 10]),
        series(NAME, "route=\"/\",", [1, 1, 2]),
        series(NAME, "route=\"/health/ready\",", [100, 100, 100]),
    ];
    let mut reader = auto();
    assert_eq!(reader.histogram(), None);
    assert_eq!(buckets(&mut reader, &page.concat()), (vec![100.0, 500.0], vec![6, 9, 12]));
    assert_eq!(reader.histogram(), Some(NAME));
    assert_eq!(
        buckets(&mut reader, &page[0]),
        (vec![100.0, 500.0], vec![6, 9, 12]),
        "a series that left keeps its counts"
    );
}

#[test]
fn routes_that_stay_open_are_left_out_of_latency_and_counted_as_requests() {
    let streams = Routes::parse(["/events", "/ws/**"]).unwrap();
    let mut reader = reader(&LatencySeries { ignore_routes: streams, ..config(Named::Auto, LatencyUnit::Auto) });
    let page = [
        series(NAME, "route=\"/api\",status=\"200\",", [7, 9, 10]),
        series(NAME, "route=\"/events\",status=\"200\",", [0, 0, 5]),
        series(NAME, "route=\"/ws/chat\",status=\"200\",", [0, 0, 3]),
        series(NAME, "route=\"/health/ready\",status=\"200\",", [100, 100, 100]),
    ]
    .concat();
    assert_eq!(buckets(&mut reader, &page).1, [7, 9, 10]);
    reader.begin(Format::Text);
    reader.push(page.as_bytes()).unwrap();
    assert_eq!(reader.finish(true).unwrap().total, 18, "their failures count");
}

#[test]
fn the_real_clients_pages_have_their_histograms() {
    const PROM_CLIENT: &str = include_str!("../../../../tests/fixtures/metrics/prom-client.prom");
    const OPEN_TELEMETRY: &str = include_str!("../../../../tests/fixtures/metrics/opentelemetry.prom");
    const GO: &str = include_str!("../../../../tests/fixtures/metrics/go.prom");
    assert_eq!(buckets(&mut auto(), PROM_CLIENT), (vec![100.0], vec![900, 940]));
    assert_eq!(buckets(&mut auto(), OPEN_TELEMETRY), (vec![5.0], vec![700, 730]));
    assert!(why(&mut auto(), GO).starts_with("no histogram on the page says how long requests took"));
}

#[test]
fn the_unit_is_in_the_name_or_said() {
    for (name, unit, first) in [
        ("http_request_duration_ms", LatencyUnit::Auto, Some(0.1)),
        ("http_server_duration_milliseconds", LatencyUnit::Auto, Some(0.1)),
        ("my_latency_us", LatencyUnit::Auto, Some(0.0001)),
        ("my_latency", LatencyUnit::Seconds, Some(100.0)),
        ("my_latency", LatencyUnit::Milliseconds, Some(0.1)),
        ("my_latency", LatencyUnit::Auto, None),
    ] {
        let mut reader = reader(&config(Named::Name(name.to_owned()), unit));
        match (latency(&mut reader, &series(name, "", [1, 2, 3])), first) {
            (Latency::Buckets(seen), Some(first)) => assert!((seen.bounds_ms[0] - first).abs() < 1e-12, "{name}"),
            (Latency::Unfit(why), None) => assert!(why.contains("checks.latency.unit"), "{why}"),
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn the_best_histogram_on_the_first_page_that_has_one_is_taken_and_stays() {
    let mut reader = auto();
    let traefik = series("traefik_service_request_duration_seconds", "", [10, 20, 30]);
    assert!(
        why(&mut reader, "up 1\n").starts_with("no histogram on the page says how long requests took; it has no h")
    );
    assert_eq!(buckets(&mut reader, &format!("{traefik}{}", series(NAME, "", [1, 2, 3]))).1, [1, 2, 3]);
    assert_eq!(buckets(&mut reader, &traefik).1, [1, 2, 3], "its last values are kept");
}

#[test]
fn a_page_without_a_usable_histogram_says_what_it_has() {
    let other = series("db_query_seconds", "", [1, 2, 3]);
    assert!(
        why(&mut auto(), &other).contains(
            "its histograms are `db_query_seconds`; add one, such as `http_request_duration_seconds`, or name"
        )
    );
    let summary = format!("# TYPE {NAME} summary\n{NAME}{{quantile=\"0.99\"}} 0.4\n");
    assert!(
        why(&mut auto(), &summary)
            .contains("is a summary: its quantiles cannot be added up or judged; let the service keep a h")
    );
    let mut named = reader(&config(Named::Name("my_latency".to_owned()), LatencyUnit::Auto));
    assert!(
        why(&mut named, &other).starts_with("the histogram `my_latency` (checks.latency.histogram) is not on the page")
    );
    let endless = format!("{NAME}_bucket{{le=\"0.1\"}} 3\n");
    assert!(why(&mut auto(), &endless).contains("has no bucket `le=\"+Inf\"`"));
    let odd = format!("{NAME}_bucket{{le=\"soon\"}} 3\n{NAME}_bucket 4\n");
    assert!(
        why(&mut auto(), &odd).starts_with(&format!("`{NAME}` has no requests")),
        "buckets without bounds are none"
    );
}

#[test]
fn a_bound_that_only_some_series_have_makes_nobody_look_slow() {
    let page = format!(
        "{}{NAME}_bucket{{route=\"/\",le=\"0.1\"}} 7\n{NAME}_bucket{{route=\"/\",le=\"+Inf\"}} 7\n",
        series(NAME, "", [1, 2, 3])
    );
    assert_eq!(buckets(&mut auto(), &page), (vec![100.0], vec![8, 10]));
}

#[test]
fn the_number_of_bounds_and_series_is_bounded_and_costs_only_the_latency() {
    let mut page = String::from("http_requests_total{code=\"200\"} 5\n");
    for bound in 0..300 {
        writeln!(page, "{NAME}_bucket{{le=\"{bound}\"}} 1").unwrap();
    }
    let mut reader = auto();
    reader.begin(Format::Text);
    reader.push(page.as_bytes()).unwrap();
    let reading = reader.finish(true).unwrap();
    assert_eq!(reading.total, 5);
    assert!(matches!(reading.latency, Some(Latency::Unknown(why)) if why.contains("more than 256 different bounds")));

    let series = |route| format!("{NAME}_bucket{{route=\"{route}\",le=\"+Inf\"}} 1\n");
    let mut few = PageReader::with_limit(testing::requests(), Routes::default(), 2)
        .with_latency(config(Named::Auto, LatencyUnit::Auto));
    assert_eq!(buckets(&mut few, &(series("/a") + &series("/b"))).1, [2]);
    assert!(why(&mut few, &(series("/a") + &series("/b") + &series("/c"))).contains("more than 2 buckets"));
}

#[test]
fn a_restart_counts_from_zero() {
    let mut reader = auto();
    let page = |start: u32, counts| format!("process_start_time_seconds {start}\n{}", series(NAME, "", counts));
    assert_eq!(buckets(&mut reader, &page(1000, [5, 6, 7])).1, [5, 6, 7]);
    assert_eq!(buckets(&mut reader, &page(2000, [1, 1, 1])).1, [1, 1, 1]);
}

#[test]
fn the_documentation_has_the_same_table() {
    let docs = include_str!("../../../../docs/backend/checks.md");
    let table = HISTOGRAMS.map(|(histogram, author)| format!("| `{histogram}` | {author} |\n")).concat();
    assert!(docs.contains(&table), "{table}");
}

proptest! {
    #[test]
    fn any_page_is_read_without_a_panic_and_counts_rise_with_the_bounds(
        counts in prop::collection::vec((0..50_u64, 0..50_u64, 0..50_u64), 1..6),
    ) {
        let (mut reader, mut sums) = (auto(), [0; 3]);
        for (a, b, c) in counts {
            for (sum, more) in sums.iter_mut().zip([a, a + b, a + b + c]) {
                *sum += more;
            }
            let (bounds, seen) = buckets(&mut reader, &series(NAME, "", sums));
            prop_assert_eq!(bounds.len() + 1, seen.len());
            prop_assert_eq!(&seen[..], &sums[..]);
        }
    }
}
