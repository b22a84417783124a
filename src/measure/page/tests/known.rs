//! A reader that remembers the lines of the page before reads the same as one that takes every line apart.

use proptest::prelude::*;

use super::*;
use crate::wanted::LatencySeries;

/// Lines up to their values: counters that may be that of requests, histograms, what is not read, and what changes the choice.
const SERIES: [&str; 40] = [
    "http_requests_total{method=\"GET\",route=\"/cart\",status=\"200\"}",
    "http_requests_total{method=\"GET\",route=\"/cart\",status=\"500\"}",
    "http_requests_total{method=\"GET\",route=\"/pay\",status=\"200\"}",
    "http_requests_total{method=\"POST\",route=\"/pay\",status=\"502\"}",
    "http_requests_total{method=\"GET\",route=\"/metrics\",status=\"200\"}",
    "http_requests_total{method=\"GET\",route=\"\",status=\"301\"}",
    "http_requests_total{method=\"GET\",status=\"200\"}",
    "http_requests_total{method=\"GET\",route=\"all\",status=\"200\"}",
    "http_requests_total{method=\"GET\",route=\"/pay\",status=\"all\"}",
    "http_requests_total{method=\"GET\",route=\"/pay\",status=\"lost\"}",
    "http_requests_total{method=\"GET\",route=\"/pay\",status=\"200\",code=\"500\"}",
    "http_requests_total{route=\"/pay\",method=\"GET\",status=\"200\"}",
    "http_requests_total{direction=\"outbound\",route=\"/bank\",status=\"500\"}",
    "http_requests_total",
    "http_requests_total{}",
    "{\"http_requests_total\",route=\"/quoted\",status=\"200\"}",
    "app_http_requests_total{path=\"/cart\",code=\"200\"}",
    "app_http_requests_total{path=\"/cart\",code=\"503\"}",
    "grpc_server_handled_total{grpc_service=\"shop.Cart\",grpc_code=\"OK\"}",
    "grpc_server_handled_total{grpc_service=\"shop.Cart\",grpc_code=\"Internal\"}",
    "http_request_duration_seconds_bucket{route=\"/cart\",le=\"0.1\"}",
    "http_request_duration_seconds_bucket{route=\"/cart\",le=\"0.5\"}",
    "http_request_duration_seconds_bucket{route=\"/cart\",le=\"+Inf\"}",
    "http_request_duration_seconds_bucket{route=\"/pay\",le=\"0.1\"}",
    "http_request_duration_seconds_bucket{route=\"/pay\",le=\"0.5\"}",
    "http_request_duration_seconds_bucket{route=\"/pay\",le=\"+Inf\"}",
    "http_request_duration_seconds_bucket{route=\"/metrics\",le=\"+Inf\"}",
    "http_request_duration_seconds_bucket{status=\"302\",le=\"+Inf\"}",
    "http_request_duration_seconds_bucket{route=\"/pay\",le=\"soon\"}",
    "http_request_duration_seconds_sum{route=\"/pay\"}",
    "http_request_duration_seconds_count{route=\"/pay\"}",
    "app_http_request_duration_seconds_bucket{path=\"/cart\",le=\"0.25\"}",
    "app_http_request_duration_seconds_bucket{path=\"/cart\",le=\"+Inf\"}",
    "db_query_duration_seconds_bucket{le=\"+Inf\"}",
    "process_start_time_seconds",
    "shop_build_info{version=\"1.2.3\"}",
    "go_goroutines",
    "go_goroutines{}",
    "go_gc_duration_seconds{quantile=\"0.5\"}",
    "up",
];

const TYPES: &str = "# TYPE http_requests_total counter\n# TYPE app_http_requests_total counter\n\
    # TYPE grpc_server_handled_total counter\n# TYPE http_request_duration_seconds histogram\n";

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        40 => (0..3_000_u64).prop_map(|count| count.to_string()),
        2 => Just("1.5e3".to_owned()),
        1 => prop_oneof![Just("NaN".to_owned()), Just("-1".to_owned()), Just("7 1795476145183".to_owned())],
    ]
}

/// What changes from one page to the next.
#[derive(Clone, Debug)]
enum Change {
    Values,
    Swap(usize, usize),
    Remove(usize),
    Add(usize, usize),
    /// The page breaks off, or is none.
    Malformed(usize),
    Shuffle(u64),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..SERIES.len();
    prop_oneof![
        6 => Just(Change::Values),
        2 => (place.clone(), place.clone()).prop_map(|(a, b)| Change::Swap(a, b)),
        3 => place.clone().prop_map(Change::Remove),
        4 => (place.clone(), place.clone()).prop_map(|(at, series)| Change::Add(at, series)),
        1 => place.prop_map(Change::Malformed),
        1 => any::<u64>().prop_map(Change::Shuffle),
    ]
}

fn page(series: &[usize], values: &[String], malformed: Option<usize>) -> String {
    let lines = series.iter().zip(values.iter().cycle()).enumerate().map(|(at, (series, value))| {
        let value = if malformed == Some(at) { "broken" } else { value };
        format!("{} {value}\n", SERIES[*series])
    });
    TYPES.to_owned() + &lines.collect::<String>()
}

fn apply(series: &mut Vec<usize>, change: &Change) -> Option<usize> {
    let length = series.len().max(1);
    match change {
        Change::Swap(a, b) if !series.is_empty() => series.swap(a % length, b % length),
        Change::Remove(at) if !series.is_empty() => drop(series.remove(at % length)),
        Change::Add(at, new) => series.insert(at % length, *new),
        Change::Shuffle(by) => series.sort_by_key(|one| (u64::try_from(*one).unwrap() + 1).wrapping_mul(by | 1)),
        Change::Malformed(at) => return Some(at % length),
        Change::Values | Change::Swap(..) | Change::Remove(_) => {}
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn remembered_lines_mean_what_they_say(
        mut series in proptest::collection::vec(0..SERIES.len(), 0..30),
        pages in proptest::collection::vec((change(), proptest::collection::vec(value(), 37)), 1..14),
        limit in prop_oneof![4 => Just(500_usize), 1 => 1..12_usize],
        chunk in 1..400_usize,
    ) {
        let reader = || {
            let routes = testing::probes().and_own(["/metrics"]);
            PageReader::with_limit(config(Named::Auto, Named::Auto), routes, limit).with_latency(LatencySeries::default())
        };
        let (mut remembers, mut forgets) = (reader(), reader());
        for (change, values) in pages {
            let malformed = apply(&mut series, &change);
            let page = page(&series, &values, malformed);
            forgets.rows.forget_lines();
            remembers.begin(Format::Text);
            let read = page.as_bytes().chunks(chunk).try_for_each(|chunk| remembers.push(chunk));
            let read = read.and_then(|()| remembers.finish(true));
            prop_assert_eq!(read, read_as(&mut forgets, Format::Text, &page), "{}", page);
        }
    }
}

#[test]
fn pages_that_are_refused_leave_nothing_behind() {
    let mut reader = PageReader::with_limit(config(Named::Auto, Named::Auto), Routes::default(), 3);
    let lines = |count: usize| (0..count).map(|at| format!("http_requests_total{{code=\"200\",user=\"{at}\"}} 1\n"));
    let page = |count: usize| lines(count).collect::<String>();
    assert_eq!(read(&mut reader, &page(3)).total, 3);
    let kept = reader.rows.known();
    for _ in 0..5 {
        read_as(&mut reader, Format::Text, &page(9)).unwrap_err();
        read_as(&mut reader, Format::Text, &format!("{}http_requests_total x\n", page(2))).unwrap_err();
        assert!(reader.rows.known() <= kept + 9, "{}", reader.rows.known());
    }
    assert_eq!(read(&mut reader, &page(3)).total, 3);
}

#[test]
fn most_lines_of_a_page_are_remembered() {
    let mut reader = auto().with_latency(LatencySeries::default());
    let series: Vec<usize> = (0..6).chain(20..26).chain([29, 30, 36]).collect();
    let page = |count: u64| page(&series, &[count.to_string()], None);
    (1..5).for_each(|count| drop(read(&mut reader, &page(count))));
    let reading = read(&mut reader, &page(10));
    assert_eq!((reading.total, reader.rows.remembered()), (40, series.len()));
}
