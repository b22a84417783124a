//! Which counter is taken.

use super::super::names::METRICS;
use super::*;

#[test]
fn every_well_known_counter_is_found_with_every_label() {
    for (metric, _) in METRICS {
        for label in LABELS {
            // A class says nothing of single codes, and codes of gRPC have names; those labels hold HTTP statuses as well.
            let page = format!("{metric}{{{label}=\"200\"}} 7\n{metric}{{{label}=\"503\"}} 3\n");
            assert_eq!(sums(&mut auto(), &page), (10, 3), "{metric} {label}");
        }
    }
}

#[test]
fn the_documentation_has_the_same_tables() {
    let docs = include_str!("../../../../docs/backend/metrics.md");
    let table = METRICS.map(|(metric, author)| format!("| `{metric}` | {author} |\n")).concat();
    assert!(docs.contains(&table), "{table}");
    let labels = LABELS.map(|label| format!("`{label}`")).join(", ");
    // The sentence with them is wrapped.
    let words = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(&labels), "{labels}");
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
fn a_counter_that_says_the_route_comes_before_one_that_does_not() {
    let mut reader = auto();
    let page = lines("http_requests_total", "", &[("200", 100), ("500", 7)])
        + &lines("http_request_duration_seconds_count", ",route=\"/pay\"", &[("200", 60), ("500", 7)])
        + &lines("http_request_duration_seconds_count", ",route=\"/health\"", &[("200", 40)]);
    assert_eq!(sums(&mut reader, &page), (67, 7));
    assert_eq!(reader.counter(), Some(("http_request_duration_seconds_count", "status")));
    // One that counts a part of the requests only is none for it.
    let page = lines("http_requests_total", "", &[("200", 1000), ("500", 7)])
        + &lines("http_request_duration_seconds_count", ",route=\"/admin\"", &[("200", 60)]);
    assert_eq!(sums(&mut auto(), &page), (1007, 7));
}

#[test]
fn a_counter_of_users_is_taken_rather_than_one_that_saw_only_probes() {
    let mut reader = auto();
    let page = lines("http_requests_total", ",path=\"/metrics\"", &[("200", 5000)])
        + &lines("shop_http_responses_total", ",path=\"/pay\"", &[("200", 90), ("500", 10)]);
    assert_eq!(sums(&mut reader, &page), (100, 10));
    assert_eq!(reader.counter(), Some(("shop_http_responses_total", "status")));
}

#[test]
fn what_the_service_asks_of_others_is_never_taken_nor_are_scrapes_and_admin_interfaces() {
    for metric in [
        "http_client_request_duration_seconds_count",
        "egress_api_request_total",
        "promhttp_metric_handler_requests_total",
        "caddy_admin_http_requests_total",
        "http_request_errors_total",
    ] {
        let page = lines(metric, ",path=\"/pay\"", &[("200", 900), ("500", 900)]);
        let why = note(Named::Auto, Named::Auto, &page);
        assert!(why.contains("no counter on the page counts users' requests, only `"), "{metric}: {why}");
        assert!(why.contains(metric), "{why}");
        let both = page.clone() + &lines("shop_requests_total", "", &[("200", 3)]);
        assert_eq!(sums(&mut auto(), &both), (3, 0), "{metric}");
        assert_eq!(sums(&mut reader(named(metric), Named::Auto), &page), (1800, 900), "{metric}, named");
    }
}

#[test]
fn the_choice_stays() {
    let mut reader = auto();
    assert_eq!(sums(&mut reader, "http_server_requests_total{code=\"500\"} 50\n"), (50, 50));
    let both = "http_requests_total{code=\"500\"} 100\nhttp_server_requests_total{code=\"500\",status=\"200\"} 6\n";
    assert_eq!(sums(&mut reader, both), (56, 56), "another label set is another series of the same counter");
}

#[test]
fn a_counter_that_appears_with_the_first_user_takes_over_from_one_that_saw_nobody() {
    let scrapes = |n| lines("metrics_port_requests_total", "", &[("200", n)]);
    let users = |n| lines("shop_http_requests_total", ",route=\"/pay\"", &[("200", n), ("500", n)]);
    let mut reader = auto();
    for page in 1..=30 {
        assert_eq!(read(&mut reader, &scrapes(page)).total, page);
    }
    assert_eq!(reader.counter(), Some(("metrics_port_requests_total", "status")));
    let reading = read(&mut reader, &(scrapes(31) + &users(2)));
    assert_eq!((reading.total, reading.errors), (34, 2), "all of it came since the page before");
    let counting = reading.counting.unwrap();
    assert_eq!((counting.metric.as_str(), counting.label.as_str()), ("shop_http_requests_total", "status"));
    let reading = read(&mut reader, &(scrapes(99) + &users(5)));
    assert_eq!((reading.total, reading.errors, reading.counting), (40, 5, None));
}

#[test]
fn what_a_counter_had_counted_before_it_was_taken_is_no_news() {
    let probes = |n| lines("http_requests_total", ",route=\"/health\"", &[("200", n)]);
    let outcome = |word, n| format!("shop_http_requests_total{{status=\"{word}\",route=\"/pay\"}} {n}\n");
    let mut reader = auto();
    assert_eq!(read(&mut reader, &(probes(1) + &outcome("success", 5_000))).total, 0);
    let page = probes(2) + &outcome("success", 5_010) + &outcome("500", 3);
    assert_eq!(read(&mut reader, &page).total, 0, "here counting begins");
    let page = probes(3) + &outcome("success", 5_011) + &outcome("500", 5);
    let reading = read(&mut reader, &page);
    assert_eq!((reading.total, reading.errors), (3, 2));
}

#[test]
fn a_better_counter_takes_over_only_if_it_counts_a_good_part_of_what_the_old_one_does() {
    let old = |n| lines("shop_http_requests_total", ",route=\"/pay\"", &[("200", n)]);
    let better = |n| lines("http_requests_total", ",route=\"/order\"", &[("200", n)]);
    let mut reader = auto();
    read(&mut reader, &old(1_000));
    assert_eq!(read(&mut reader, &(old(2_000) + &better(1))).counting, None, "somebody looked at a page for operators");
    assert_eq!(read(&mut reader, &(old(3_000) + &better(50))).counting, None);
    let counting = read(&mut reader, &(old(3_100) + &better(100))).counting.unwrap();
    assert_eq!(counting.metric, "http_requests_total");
    assert_eq!(read(&mut reader, &(old(9_000) + &better(107))).total, 3_007, "what stood there already was no news");
    let mut reader = auto();
    read(&mut reader, &better(1_000));
    assert_eq!(read(&mut reader, &(better(1_010) + &old(9_000))).total, 1_010, "a worse one never does");
}

#[test]
fn both_colors_are_counted_by_the_same_where_they_have_it() {
    let agreement = Agreement::default();
    let [mut blue, mut green] = [auto().agreeing(&agreement), auto().agreeing(&agreement)];
    let old = |n| lines("http_server_requests_total", ",route=\"/pay\"", &[("200", n)]);
    let new = |n| lines("http_requests_total", ",route=\"/pay\"", &[("200", n)]);
    assert_eq!(read(&mut blue, &old(50)).total, 50);
    assert_eq!(read(&mut green, &(old(60) + &new(70))).total, 60);
    let mut other = auto().agreeing(&agreement);
    assert_eq!(read(&mut other, &new(80)).total, 80, "it has no other");
}

#[test]
fn a_counter_that_appears_later_is_found_then() {
    let mut reader = auto();
    let reading = read(&mut reader, GO_NO_REQUESTS);
    assert!(reading.uncounted && reading.note.is_some());
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
    let odd = "shop_calls{answer=\"503\"} 4\n";
    assert_eq!(sums(&mut reader(named("shop_calls"), named("answer")), odd), (4, 4), "whatever it is called");
}

#[test]
fn the_name_of_the_family_names_its_counter() {
    let summary = "# TYPE shop_http_seconds summary\nshop_http_seconds{code=\"200\",quantile=\"0.5\"} 9\n\
                   shop_http_seconds_count{code=\"200\"} 3\nshop_http_seconds_sum{code=\"200\"} 8\n";
    assert_eq!(sums(&mut reader(named("shop_http_seconds"), Named::Auto), summary), (3, 0));
    assert_eq!(sums(&mut reader(named("shop_http_seconds_count"), Named::Auto), summary), (3, 0));
    let counter = "# TYPE shop_http counter\nshop_http_total{code=\"200\"} 3\n";
    assert_eq!(sums(&mut reader(named("shop_http"), Named::Auto), counter), (3, 0));
}

#[test]
fn a_counter_that_is_declared_is_only_waited_for() {
    let declared = |family, kind| read(&mut auto(), &format!("# TYPE {family} {kind}\n"));
    for (family, kind) in [
        ("http_requests_total", "counter"),
        ("http_requests", "counter"),
        ("http_server_requests_seconds", "summary"),
        ("http_server_requests_seconds", "histogram"),
        ("shop_http_requests_total", "counter"),
    ] {
        let reading = declared(family, kind);
        assert_eq!((reading.note, reading.uncounted), (None, false), "{family} {kind}");
    }
    for (family, kind) in [("http_requests", "gauge"), ("http_client_requests_seconds", "summary"), ("up", "counter")] {
        let reading = declared(family, kind);
        assert!(reading.uncounted && reading.note.unwrap().starts_with("no counter of requests"), "{family}");
    }
}

#[test]
fn a_page_without_a_request_counter_says_which_counters_it_has() {
    let add = "add one with a label for the status, such as `http_requests_total{status=\"200\"}`, or name yours with \
               checks.error-rate.requests";
    assert_eq!(
        note(Named::Auto, Named::Auto, "# TYPE up gauge\nup 1\n"),
        format!("no counter of requests on the page; it has no counters; {add}")
    );
    let page = "# TYPE calls counter\ncalls{code=\"200\",method=\"get\"} 1\ncalls{code=\"500\"} 1\n\
                a_total 1\nb_total 1\nc_total 1\nd_total 1\ne_total 1\n# TYPE depth gauge\ndepth 2\n";
    let note = note(Named::Auto, Named::Auto, page);
    assert!(note.contains("its counters are `calls` {code, method}, `"), "{note}");
    assert!(note.ends_with(&format!(" and 1 more; {add}")), "{note}");
}

#[test]
fn a_page_with_nothing_but_scrapes_says_so() {
    assert_eq!(
        note(Named::Auto, Named::Auto, GO_NO_REQUESTS),
        "no counter on the page counts users' requests, only `promhttp_metric_handler_requests_total` (scrapes); if one \
         is, name it with checks.error-rate.requests"
    );
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
fn a_counter_without_a_label_for_the_status_is_said_with_the_labels_there_are() {
    assert_eq!(
        note(named("calls_total"), named("code"), "calls_total{status=\"200\",method=\"get\"} 1\n"),
        "`calls_total` has no label `code` (checks.error-rate.status_label) with an HTTP status; its labels are `status`, \
         `method`; name the label with checks.error-rate.status_label, or another counter with checks.error-rate.requests"
    );
    let why = note(Named::Auto, Named::Auto, "http_requests_total 5\ncalls{code=\"200\"} 1\n");
    assert!(why.starts_with("`http_requests_total` has no label with an HTTP status; it has no labels; "), "{why}");
}

#[test]
fn values_that_are_no_statuses_are_shown() {
    let page = lines("http_requests_total", "", &[("success", 90), ("error", 10)]);
    assert_eq!(
        note(Named::Auto, Named::Auto, &page),
        "the label `status` of `http_requests_total` holds no HTTP status but `success`, `error`; say which of its values \
         are failures, such as checks.error-rate.errors = \"error\", or name another label with \
         checks.error-rate.status_label"
    );
    let mut words = config(Named::Auto, Named::Auto);
    words.errors.words.push("error".to_owned());
    assert_eq!(sums(&mut of(&words), &page), (100, 10));
    let mixed = lines("http_requests_total", "", &[("200", 90), ("aborted", 10)]);
    let mut reader = auto();
    let reading = read(&mut reader, &mixed);
    assert_eq!((reading.total, reading.errors, reading.unclear), (100, 0, 0), "they came before");
    let says = "`status` of `http_requests_total` also holds `aborted`, which is not a status";
    assert!(reading.note.unwrap().starts_with(says));
    let mixed = lines("http_requests_total", "", &[("200", 95), ("aborted", 14)]);
    let reading = read(&mut reader, &mixed);
    assert_eq!((reading.total, reading.errors, reading.unclear), (109, 0, 4));
}

#[test]
fn the_census_is_bounded() {
    use std::fmt::Write;
    let page = (0..2000).fold(String::new(), |mut page, i| {
        writeln!(page, "c{i}_total{{{}}} 1", "l=\"x\",".repeat(20)).unwrap();
        page
    });
    let note = note(Named::Auto, Named::Auto, &page);
    assert!(note.contains(" and 251 more; add one with a label"), "{note}");
    let many = (0..300).map(|i| lines(&format!("shop{i}_requests_total"), ",path=\"/a\"", &[("200", 1)]));
    assert_eq!(sums(&mut auto(), &many.collect::<String>()), (1, 0), "and so are those that may be the right one");
}
