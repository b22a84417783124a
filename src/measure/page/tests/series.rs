//! Which series of the counter are added up.

use super::*;
use crate::matchers::LabelFilter;
use crate::wanted::LatencySeries;

/// A reader that takes only series which match.
fn matching(filter: &str) -> PageReader {
    let mut config = config(Named::Auto, Named::Auto);
    config.series = LabelFilter::parse(filter).unwrap();
    of(&config)
}

#[test]
fn only_series_that_match_are_counted() {
    let page = lines("nginx_ingress_controller_requests", ",ingress=\"shop\"", &[("200", 90), ("500", 10)])
        + &lines("nginx_ingress_controller_requests", ",ingress=\"blog\"", &[("200", 5), ("500", 500)]);
    assert_eq!(sums(&mut auto(), &page), (605, 510));
    assert_eq!(sums(&mut matching("ingress='shop'"), &page), (100, 10));
    assert_eq!(sums(&mut matching("ingress!~'blog|docs'"), &page), (100, 10));
    let why = read(&mut matching("ingress='shops'"), &page);
    assert!(why.uncounted);
    assert_eq!(
        why.note.unwrap(),
        "no series of `nginx_ingress_controller_requests` matches checks.error-rate.match (ingress=\"shops\"); its labels are \
         `status`, `ingress`"
    );
}

#[test]
fn a_counter_none_of_whose_series_matches_is_not_taken() {
    let page = lines("http_requests_total", "", &[("200", 900)])
        + &lines("shop_http_requests_total", ",app=\"shop\"", &[("200", 5)]);
    assert_eq!(sums(&mut matching("app='shop'"), &page), (5, 0));
}

#[test]
fn a_histogram_is_filtered_by_the_labels_that_it_has() {
    let mut config = testing::requests();
    config.series = LabelFilter::parse("direction='inbound',tls='true'").unwrap();
    let bucket = |labels: &str, count| {
        format!("http_request_duration_seconds_bucket{{le=\"+Inf\",direction=\"{labels}\"}} {count}\n")
    };
    let page = bucket("inbound", 7) + &bucket("outbound", 90);
    let mut reader = of(&config).with_latency(LatencySeries::default());
    let Some(crate::detect::Latency::Buckets(buckets)) = read(&mut reader, &page).latency else { panic!() };
    assert_eq!(buckets.total(), 7);
}

#[test]
fn the_sum_of_all_statuses_is_not_added_to_its_parts() {
    for total in ["total", "all", "*", "ALL"] {
        let page = lines("nginx_vts_server_requests_total", "", &[("2xx", 90), ("5xx", 10), (total, 100)]);
        assert_eq!(sums(&mut auto(), &page), (100, 10), "{total}");
    }
}

#[test]
fn a_series_that_is_the_sum_of_others_is_not_added_to_them() {
    let page = |n: u64| {
        lines("nginx_vts_server_requests_total", ",host=\"a.test\"", &[("2xx", 90 * n), ("5xx", 10 * n)])
            + &lines("nginx_vts_server_requests_total", ",host=\"b.test\"", &[("2xx", 50 * n), ("5xx", 0)])
            + &lines("nginx_vts_server_requests_total", ",host=\"*\"", &[("2xx", 140 * n), ("5xx", 10 * n)])
    };
    let mut reader = auto();
    let before = read(&mut reader, &page(10));
    let after = read(&mut reader, &page(20));
    assert_eq!((after.total - before.total, after.errors - before.errors), (1500, 100));
}

#[test]
fn a_route_that_is_called_all_is_a_route_like_any_other() {
    let page = |n: u64| {
        lines("rails_requests_total", ",action=\"all\"", &[("200", 70 * n), ("500", 7 * n)])
            + &lines("rails_requests_total", ",action=\"show\"", &[("200", 20 * n), ("500", n)])
    };
    let mut reader = auto();
    let before = read(&mut reader, &page(10));
    let after = read(&mut reader, &page(20));
    assert_eq!((after.total - before.total, after.errors - before.errors), (980, 80));
}

#[test]
fn a_call_that_fails_by_its_grpc_status_fails_although_it_was_answered_with_200() {
    let page = "response_total{status_code=\"200\",grpc_status=\"\"} 50\n\
                response_total{status_code=\"200\",grpc_status=\"0\"} 30\n\
                response_total{status_code=\"200\",grpc_status=\"14\"} 15\n\
                response_total{status_code=\"200\",grpc_status=\"NOT_FOUND\"} 5\n";
    assert_eq!(sums(&mut auto(), page), (100, 15));
}

#[test]
fn there_is_room_for_the_counter_that_is_taken_if_not_for_all() {
    let mut reader = PageReader::with_limit(config(Named::Auto, Named::Auto), Routes::default(), 4);
    let many = |metric: &str| {
        let line = |i: u32| format!("{metric}{{code=\"200\",path=\"/{i}\"}} 2\n");
        (0..3).map(line).collect::<String>()
    };
    let page = many("http_request_size_bytes_count") + &many("http_requests_total") + &many("shop_requests_total");
    assert_eq!(sums(&mut reader, &page), (6, 0));
    assert_eq!(reader.counter(), Some(("http_requests_total", "code")));
}
