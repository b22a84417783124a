//! The same pages: which histogram says how long requests took, in which unit, or why none does.

use super::pages::{format_of, stack};
use super::*;
use crate::detect::{Buckets, Latency};
use crate::matchers::LabelFilter;
use crate::unit::LatencyUnit;
use crate::wanted::LatencySeries;

fn timed() -> PageReader {
    auto().with_latency(LatencySeries::default())
}

/// Page, histogram, its bounds in milliseconds, and how many requests took at most that long; last all of them.
const MEASURED: &[(&str, &str, &[f64], &[u64])] = &[
    ("aiohttp", "aiohttp_request_duration_seconds", &[5.0, 10.0, 25.0], &[1136, 1136, 1136, 1136]),
    ("aspnet-otel", "http_server_request_duration_seconds", &[5.0, 10.0, 100.0], &[386, 386, 386, 386]),
    ("axum-prometheus", "axum_http_requests_duration_seconds", &[5.0, 10.0, 25.0], &[836, 836, 836, 836]),
    ("bare-client", "request_latency_seconds", &[5.0, 10.0, 25.0], &[1096, 1096, 1096, 1096]),
    ("caddy-admin", "caddy_http_request_duration_seconds", &[5.0, 10.0, 25.0], &[4, 4, 4, 428]),
    ("caddy-site", "caddy_http_request_duration_seconds", &[5.0, 10.0, 25.0], &[60, 62, 65, 494]),
    (
        "django-prometheus",
        "django_http_requests_latency_seconds_by_view_method",
        &[10.0, 25.0, 50.0],
        &[847, 848, 848, 848],
    ),
    ("envoy", "envoy_cluster_upstream_rq_time", &[0.5, 1.0, 5.0], &[342, 342, 342, 342]),
    ("express-prom-bundle", "http_request_duration_seconds", &[3.0, 30.0, 100.0], &[812, 816, 816, 816]),
    ("express-prom-bundle-default", "http_request_duration_seconds", &[3.0, 30.0, 100.0], &[829, 831, 831, 831]),
    ("express-prometheus-middleware", "http_request_duration_seconds", &[100.0, 500.0, 1000.0], &[852, 852, 852, 852]),
    ("fastapi-instr", "http_request_duration_seconds", &[100.0, 500.0, 1000.0], &[806, 806, 806, 806]),
    ("fastify-metrics", "http_request_duration_seconds", &[5.0, 10.0, 25.0], &[864, 865, 865, 865]),
    ("fiber", "http_request_duration_seconds", &[50.0, 100.0, 250.0], &[324, 324, 324, 324]),
    ("flask-exporter", "flask_http_request_duration_seconds", &[5.0, 10.0, 25.0], &[840, 840, 840, 840]),
    ("flask-gunicorn4-multiproc", "flask_http_request_duration_seconds", &[5.0, 10.0, 25.0], &[808, 808, 808, 808]),
    ("flask-gunicorn4-nomulti", "flask_http_request_duration_seconds", &[5.0, 10.0, 25.0], &[226, 226, 226, 226]),
    ("grpc-go", "grpc_server_handling_seconds", &[50.0, 100.0, 250.0], &[430, 430, 430, 430]),
    (
        "ingress-nginx",
        "nginx_ingress_controller_request_duration_seconds",
        &[50.0, 100.0, 250.0],
        &[430, 430, 430, 430],
    ),
    ("istio", "istio_request_duration_milliseconds", &[1.0, 5.0, 10.0], &[371, 371, 371, 371]),
    ("koa-prom-client", "http_request_duration_seconds", &[5.0, 10.0, 25.0], &[822, 822, 822, 822]),
    ("kong", "kong_request_latency_ms", &[25.0, 50.0, 80.0], &[420, 420, 420, 420]),
    ("linkerd", "response_latency_ms", &[1.0, 2.0, 5.0], &[430, 430, 430, 430]),
    ("openmetrics", "http_request_duration_seconds", &[50.0, 100.0, 250.0], &[313, 313, 313, 313]),
    ("otel-collector", "http_server_duration_milliseconds", &[5.0, 10.0, 50.0], &[427, 427, 427, 427]),
    ("otel-fastapi-new", "http_server_request_duration_seconds", &[5.0, 10.0, 25.0], &[9, 9, 9, 10]),
    ("otel-fastapi-old", "http_server_duration_milliseconds", &[0.0, 5.0, 10.0], &[0, 8, 12, 15]),
    ("otel-new-metricsport", "http_server_request_duration", &[5.0, 10.0, 25.0], &[1185, 1187, 1189, 1189]),
    ("otel-old-appport", "http_server_request_duration", &[5.0, 10.0, 25.0], &[944, 945, 946, 946]),
    ("otel-old-metricsport", "http_server_request_duration", &[5.0, 10.0, 25.0], &[1190, 1191, 1192, 1192]),
    ("otel052-metricsport", "http_server_duration", &[0.0, 5.0, 10.0], &[0, 1151, 1164, 1167]),
    ("php", "symfony_request_durations_histogram_seconds", &[100.0, 500.0, 1000.0], &[426, 426, 426, 426]),
    ("prom-client-histogram", "http_request_duration_ms", &[0.1, 5.0, 15.0], &[586, 1124, 1125, 1125]),
    ("prom-client-openmetrics", "http_request_duration_seconds", &[5.0, 10.0, 25.0], &[0, 821, 821, 821]),
    ("prometheus", "prometheus_http_request_duration_seconds", &[100.0, 200.0, 400.0], &[1112, 1112, 1112, 1112]),
    ("prometheus-api-metrics", "http_request_duration_seconds", &[1.0, 5.0, 15.0], &[866, 898, 898, 898]),
    ("prometheus-net", "http_request_duration_seconds", &[1.0, 2.0, 512.0], &[357, 357, 357, 357]),
    ("ruby-rack", "http_server_request_duration_seconds", &[50.0, 100.0, 250.0], &[402, 402, 402, 402]),
    ("swagger-stats", "api_request_duration_milliseconds", &[5.0, 10.0, 25.0], &[1123, 1124, 1124, 1124]),
    ("traefik", "traefik_service_request_duration_seconds", &[100.0, 300.0, 1200.0], &[373, 373, 373, 373]),
    (
        "traefik-noservice",
        "traefik_entrypoint_request_duration_seconds",
        &[100.0, 300.0, 1200.0],
        &[430, 430, 430, 430],
    ),
    ("utf8-otel", "http.server.request.duration", &[100.0, 500.0, 1000.0], &[426, 426, 426, 426]),
    ("utf8-unit", "http.server.request.duration_seconds", &[100.0, 500.0, 1000.0], &[427, 427, 427, 427]),
    ("yabeda-rails", "rails_request_duration_seconds", &[50.0, 100.0, 250.0], &[387, 387, 387, 387]),
];

#[test]
fn the_histogram_of_every_stack_is_found_by_itself_in_its_own_unit() {
    for (name, histogram, bounds, counts) in MEASURED {
        let page = stack(name);
        let mut reader = timed();
        let reading = read_as(&mut reader, format_of(&page), &page).unwrap();
        assert_eq!(reader.histogram(), Some(*histogram), "{name}");
        let found = Buckets { bounds_ms: bounds.to_vec(), counts: counts.to_vec() };
        assert_eq!(reading.latency, Some(Latency::Buckets(found)), "{name}");
        assert_eq!(reading.histogram.as_deref(), Some(*histogram), "{name}");
    }
}

#[test]
fn every_page_either_has_its_histogram_or_says_what_to_do() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/metrics/pages");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        if MEASURED.iter().any(|(known, ..)| *known == name) {
            continue;
        }
        let page = stack(&name);
        let reading = read_as(&mut timed(), format_of(&page), &page).unwrap();
        let (why, is_missing) = match reading.latency.unwrap() {
            Latency::Missing(why) => (why, true),
            Latency::Unknown(why) => (why, false),
            other => panic!("{name}: {other:?}"),
        };
        assert!(why.contains("checks.latency.histogram"), "{name}: {why}");
        assert_eq!(is_missing, reading.total > 0 || why.contains("is a summary"), "{name}: {why}");
    }
}

#[test]
fn what_was_found_can_be_named_and_then_is_the_same() {
    for (name, histogram, bounds, counts) in MEASURED {
        let page = stack(name);
        for named in [(*histogram).to_owned(), format!("{histogram}_bucket")] {
            let mut reader =
                auto().with_latency(LatencySeries { histogram: Named::Name(named), ..LatencySeries::default() });
            let reading = read_as(&mut reader, format_of(&page), &page).unwrap();
            let found = Buckets { bounds_ms: bounds.to_vec(), counts: counts.to_vec() };
            assert_eq!(reading.latency, Some(Latency::Buckets(found)), "{name}");
        }
    }
}

#[test]
fn a_summary_is_told_with_what_gives_a_histogram() {
    for (name, metric, cure) in [
        ("express-prom-bundle-summary", "http_request_duration_seconds", "metricType: 'histogram'"),
        ("ktor", "ktor_http_server_requests_seconds", "percentilesHistogram(true)"),
        (
            "micrometer-spring",
            "http_server_requests_seconds",
            "management.metrics.distribution.percentiles-histogram.http.server.requests=true",
        ),
        ("gunicorn-statsd", "gunicorn_request_duration", "observer_type: histogram"),
        ("dropwizard", "io_dropwizard_jetty_MutableServletContextHandler_requests", "the client's Histogram"),
    ] {
        let reading = read(&mut timed(), &stack(name));
        let Some(Latency::Missing(why)) = reading.latency else { panic!("{name}: {:?}", reading.latency) };
        assert!(why.starts_with(&format!("`{metric}` is a summary: ")) && why.contains(cure), "{name}: {why}");
        assert!(why.contains("checks.latency.histogram"), "{name}: {why}");
    }
}

/// A histogram with one bound, 0.1, and all, behind its type.
fn histogram(name: &str, labels: &str, within: u64, all: u64) -> String {
    format!(
        "# TYPE {name} histogram\n{name}_bucket{{{labels}le=\"0.1\"}} {within}\n{name}_bucket{{{labels}le=\"+Inf\"}} {all}\n"
    )
}

#[track_caller]
fn measured(reader: &mut PageReader, page: &str) -> (String, Vec<u64>) {
    let reading = read(reader, page);
    let Some(Latency::Buckets(buckets)) = reading.latency else { panic!("{:?}", reading.latency) };
    (reading.histogram.unwrap().to_string(), buckets.counts)
}

#[track_caller]
fn unmeasured(page: &str) -> String {
    let reading = read(&mut timed(), page);
    let Some(Latency::Unknown(why) | Latency::Missing(why) | Latency::Unfit(why)) = reading.latency else {
        panic!("{:?}", reading.latency)
    };
    why
}

const ROUTE: &str = "route=\"/pay\",";

#[test]
fn the_histogram_that_belongs_to_the_counter_comes_before_a_better_known_one() {
    let page = lines("shop_http_requests_total", ",route=\"/pay\"", &[("200", 90)])
        + &histogram("http_request_duration_seconds", ROUTE, 1, 2)
        + &histogram("shop_http_request_duration_seconds", ROUTE, 70, 90);
    assert_eq!(measured(&mut timed(), &page), ("shop_http_request_duration_seconds".to_owned(), vec![70, 90]));
    let same = lines("acme_calls_http_ms_count", ",route=\"/pay\"", &[("200", 90)])
        + &histogram("acme_calls_http_seconds", ROUTE, 1, 90)
        + &histogram("acme_calls_http_ms", ROUTE, 70, 90);
    assert_eq!(measured(&mut timed(), &same).0, "acme_calls_http_ms");
}

#[test]
fn without_a_name_that_belongs_the_best_of_the_service_is_taken_before_a_proxys() {
    let page = histogram("traefik_service_request_duration_seconds", "", 10, 20)
        + &histogram("web_response_time_ms", ROUTE, 5, 9)
        + &histogram("http_client_request_duration_seconds", ROUTE, 1, 2)
        + &histogram("db_request_duration_seconds", "", 1, 2);
    assert_eq!(measured(&mut timed(), &page).0, "web_response_time_ms");
}

#[test]
fn a_histogram_that_does_not_speak_of_requests_is_told_by_its_paths() {
    let counter = lines("shop_requests_total", ",route=\"/pay\"", &[("200", 90)]);
    let page = counter.clone() + &histogram("shop_latency_seconds", ROUTE, 5, 9);
    assert_eq!(measured(&mut timed(), &page).0, "shop_latency_seconds");
    for labels in ["", "route=\"checkout\",", "kind=\"major\","] {
        let page = counter.clone() + &histogram("nodejs_gc_duration_seconds", labels, 5, 9);
        assert!(unmeasured(&page).starts_with("no histogram on the page says how long requests took"), "{labels}");
    }
}

#[test]
fn what_the_service_asks_of_others_and_sizes_are_not_taken_and_told() {
    let page = histogram("http_client_request_duration_seconds", ROUTE, 5, 9)
        + &histogram("http_request_size_bytes", ROUTE, 5, 9);
    assert_eq!(
        unmeasured(&page),
        "no histogram on the page says how long users' requests took, only `http_client_request_duration_seconds` (requests \
         that the service itself makes); if one does, name it with checks.latency.histogram"
    );
    let outbound = histogram("http_request_duration_seconds", "direction=\"outbound\",", 5, 9);
    assert_eq!(unmeasured(&outbound), "`http_request_duration_seconds` has no requests of users yet");
    assert!(unmeasured(&histogram("redis_request_duration_seconds", ROUTE, 5, 9)).contains("`redis_request_d"));
}

#[test]
fn a_histogram_of_what_the_page_counts_is_taken_whatever_it_is_called() {
    let page = lines("webhook_http_requests_total", ",route=\"/pay\"", &[("200", 90)])
        + &histogram("webhook_http_request_duration_seconds", ROUTE, 70, 90);
    assert_eq!(measured(&mut timed(), &page).0, "webhook_http_request_duration_seconds");
}

#[test]
fn the_unit_is_read_from_the_page_where_the_name_has_none_and_never_guessed() {
    let first = |unit: &str, name: &str, config: LatencyUnit| {
        let page = format!("# HELP {name} x\n{unit}{}", histogram(name, ROUTE, 5, 9));
        let mut reader = auto().with_latency(LatencySeries { unit: config, ..LatencySeries::default() });
        match read(&mut reader, &page).latency.unwrap() {
            Latency::Buckets(buckets) => Ok(buckets.bounds_ms[0]),
            Latency::Unknown(why) | Latency::Missing(why) | Latency::Unfit(why) => Err(why),
        }
    };
    let name = "shop_http_request_duration";
    for (unit, expected) in [("s", 100.0), ("seconds", 100.0), ("ms", 0.1), ("milliseconds", 0.1)] {
        assert_eq!(first(&format!("# UNIT {name} {unit}\n"), name, LatencyUnit::Auto), Ok(expected), "{unit}");
    }
    assert_eq!(first("", name, LatencyUnit::Milliseconds), Ok(0.1));
    for other in ["", "# UNIT another_request_duration s\n", "# UNIT\n", "# UNIT shop_http_request_duration\n"] {
        assert_eq!(
            first(other, name, LatencyUnit::Auto).unwrap_err(),
            "the unit of `shop_http_request_duration` is not known: neither its name nor a `# UNIT` line says it; set \
             checks.latency.unit = \"s\" or \"ms\"",
            "{other}"
        );
    }
    assert_eq!(first("# UNIT shop_http_request_ms s\n", "shop_http_request_ms", LatencyUnit::Auto), Ok(0.1));
    let time = first("# UNIT shop_http_requests seconds\n", "shop_http_requests", LatencyUnit::Auto);
    assert_eq!(time, Ok(100.0), "the page says that it is a time");
    let size = first("# UNIT shop_http_request_duration bytes\n", name, LatencyUnit::Auto);
    assert!(size.unwrap_err().starts_with("no histogram on the page"), "the page says that it is none");
}

#[test]
fn dotted_and_quoted_names_have_their_units() {
    for (name, bound) in
        [("http.server.request.duration", 100.0), ("http.server.duration", 0.1), ("shop.http.request.latency.ms", 0.1)]
    {
        let page = format!("{{\"{name}_bucket\",le=\"0.1\"}} 5\n{{\"{name}_bucket\",le=\"+Inf\"}} 9\n");
        let Some(Latency::Buckets(buckets)) = read(&mut timed(), &page).latency else { panic!("{name}") };
        assert_eq!(buckets.bounds_ms, [bound], "{name}");
    }
    let said = "# UNIT \"shop.http.latency\" ms\n{\"shop.http.latency_bucket\",le=\"50\"} 5\n\
                {\"shop.http.latency_bucket\",le=\"+Inf\"} 9\n";
    let Some(Latency::Buckets(buckets)) = read(&mut timed(), said).latency else { panic!() };
    assert_eq!(buckets.bounds_ms, [50.0]);
}

#[test]
fn a_better_histogram_is_taken_as_long_as_no_user_was_counted() {
    let mut reader = timed();
    let scrapes = |n| histogram("metrics_port_request_duration_seconds", "", n, n);
    assert_eq!(measured(&mut reader, &scrapes(3)).0, "metrics_port_request_duration_seconds");
    let users = lines("http_requests_total", ",route=\"/pay\"", &[("200", 9)]);
    let page = scrapes(4) + &users + &histogram("http_request_duration_seconds", ROUTE, 5, 9);
    assert_eq!(measured(&mut reader, &page), ("http_request_duration_seconds".to_owned(), vec![5, 9]));
    let page = users + &histogram("http_server_requests_seconds", ROUTE, 90, 99);
    assert_eq!(measured(&mut reader, &page).0, "http_request_duration_seconds", "from then on it stays");
}

#[test]
fn both_colors_are_measured_by_the_same_where_they_have_it_whoever_is_read_first() {
    let users = lines("http_requests_total", ",route=\"/pay\"", &[("200", 9)]);
    let old = users.clone() + &histogram("http_server_requests_seconds", ROUTE, 5, 9);
    let new = old.clone() + &histogram("http_request_duration_seconds", ROUTE, 7, 9);
    let agreement = Agreement::default();
    let [mut blue, mut green] = [timed().agreeing(&agreement), timed().agreeing(&agreement)];
    assert_eq!(measured(&mut blue, &old).0, "http_server_requests_seconds");
    assert_eq!(measured(&mut green, &new), ("http_server_requests_seconds".to_owned(), vec![5, 9]));

    let agreement = Agreement::default();
    let [mut blue, mut green] = [timed().agreeing(&agreement), timed().agreeing(&agreement)];
    assert_eq!(measured(&mut green, &new).0, "http_request_duration_seconds");
    assert_eq!(measured(&mut blue, &old).0, "http_server_requests_seconds", "it has no other");
    measured(&mut green, &new);
    assert_eq!(measured(&mut green, &new), ("http_server_requests_seconds".to_owned(), vec![5, 9]));
    for _ in 0..3 {
        assert_eq!(measured(&mut blue, &old).0, "http_server_requests_seconds");
        assert_eq!(measured(&mut green, &new).0, "http_server_requests_seconds", "and that is that");
    }
}

#[test]
fn colors_that_have_nothing_in_common_stay_with_their_own() {
    let users = lines("http_requests_total", ",route=\"/pay\"", &[("200", 9)]);
    let [one, other] = ["http_server_requests_seconds", "http_request_duration_seconds"];
    let agreement = Agreement::default();
    let [mut blue, mut green] = [timed().agreeing(&agreement), timed().agreeing(&agreement)];
    for _ in 0..4 {
        assert_eq!(measured(&mut blue, &(users.clone() + &histogram(one, ROUTE, 5, 9))).0, one);
        assert_eq!(measured(&mut green, &(users.clone() + &histogram(other, ROUTE, 5, 9))).0, other);
    }
}

#[test]
fn a_histogram_that_no_series_of_ours_has_names_the_filter() {
    let mut config = config(Named::Auto, Named::Auto);
    config.series = LabelFilter::parse("app='shop'").unwrap();
    let mut reader = of(&config).with_latency(LatencySeries::default());
    let page = histogram("http_request_duration_seconds", "app=\"blog\",", 5, 9);
    let Some(Latency::Unknown(why)) = read(&mut reader, &page).latency else { panic!() };
    assert!(
        why.starts_with("no series of `http_request_duration_seconds` matches checks.error-rate.match (app="),
        "{why}"
    );
}

#[test]
fn a_histogram_that_is_declared_is_only_waited_for() {
    let reading = read(&mut timed(), "# TYPE http_request_duration_seconds histogram\n");
    let why = "`http_request_duration_seconds` has no requests yet".to_owned();
    assert_eq!(reading.latency, Some(Latency::Unknown(why)));
}

#[test]
fn there_is_room_for_the_histogram_that_is_taken_if_not_for_all() {
    let mut reader = PageReader::with_limit(config(Named::Auto, Named::Auto), Routes::default(), 5)
        .with_latency(LatencySeries::default());
    let many = |name: &str| {
        let one = |route: &str| histogram(name, &format!("route=\"{route}\","), 1, 2);
        one("/a") + &one("/b")
    };
    let page = many("acme_http_request_duration_seconds") + &many("http_request_duration_seconds");
    assert_eq!(measured(&mut reader, &page), ("http_request_duration_seconds".to_owned(), vec![2, 4]));
}
