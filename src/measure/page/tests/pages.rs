//! The pages of many stacks, as they were served after real requests, of which a part failed: which counter is found without
//! any configuration, or why none is.

use super::*;

/// A page of `tests/fixtures/metrics/pages`.
pub fn stack(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/metrics/pages");
    std::fs::read_to_string(folder.join(name).with_extension("prom")).unwrap()
}

pub fn format_of(page: &str) -> Format {
    if page.ends_with("# EOF\n") { Format::OpenMetrics } else { Format::Text }
}

/// Page, counter, label, requests, failures, and what was left out.
const FOUND: &[(&str, &str, &str, u64, u64, u64)] = &[
    ("aiohttp", "aiohttp_responses_total", "status_code", 1136, 88, 62),
    ("aspnet-otel", "http_server_request_duration_seconds_count", "http_response_status_code", 386, 24, 0),
    ("axum-prometheus", "axum_http_requests_total", "status", 836, 37, 46),
    ("bare-client", "request_count_total", "http_status", 1096, 76, 25),
    ("caddy-admin", "caddy_http_request_duration_seconds_count", "code", 428, 31, 0),
    ("caddy-site", "caddy_http_request_duration_seconds_count", "code", 494, 38, 0),
    ("cluster-noaggregator", "http_requests_total", "status_code", 500, 89, 0),
    ("cxx-apigw-statusclass", "http_requests_total", "status", 366, 21, 0),
    ("django-prometheus", "django_http_responses_total_by_status_total", "status", 848, 34, 0),
    ("envoy", "envoy_cluster_upstream_rq", "envoy_response_code", 342, 35, 0),
    ("etcd", "grpc_server_handled_total", "grpc_code", 0, 0, 0),
    ("express-prom-bundle-default", "http_request_duration_seconds_count", "status_code", 831, 38, 0),
    ("express-prom-bundle-summary", "http_request_duration_seconds_count", "status_code", 832, 38, 0),
    ("express-prom-bundle", "http_request_duration_seconds_count", "status_code", 816, 38, 16),
    ("express-prometheus-middleware", "http_requests_total", "status", 852, 33, 17),
    ("fastapi-instr", "http_requests_total", "status", 806, 36, 44),
    ("fastify-metrics", "http_request_duration_seconds_count", "status_code", 865, 42, 46),
    ("fiber", "http_requests_total", "status_code", 324, 19, 0),
    ("flask-exporter", "flask_http_request_duration_seconds_count", "status", 840, 34, 17),
    ("flask-gunicorn4-multiproc", "flask_http_request_duration_seconds_count", "status", 808, 37, 16),
    ("flask-gunicorn4-nomulti", "flask_http_request_duration_seconds_count", "status", 226, 20, 5),
    ("grpc-go", "grpc_server_handled_total", "grpc_code", 430, 38, 0),
    ("haproxy-infrontend", "haproxy_backend_http_responses_total", "code", 467, 30, 0),
    ("haproxy-statsport", "haproxy_backend_http_responses_total", "code", 424, 35, 0),
    ("ingress-nginx", "nginx_ingress_controller_requests", "status", 430, 24, 0),
    ("istio", "istio_requests_total", "response_code", 371, 21, 0),
    ("koa-prom-client", "http_request_duration_seconds_count", "status", 822, 36, 44),
    ("kong", "kong_http_requests_total", "code", 420, 35, 0),
    ("ktor", "ktor_http_server_requests_seconds_count", "status", 337, 21, 0),
    ("linkerd", "response_total", "status_code", 430, 36, 0),
    ("micrometer-spring", "http_server_requests_seconds_count", "status", 343, 28, 2),
    ("nest-willsoto", "http_requests_total", "status", 845, 39, 46),
    ("openmetrics", "http_requests_total", "status", 313, 15, 0),
    ("otel-collector", "http_server_duration_milliseconds_count", "http_status_code", 427, 22, 0),
    ("otel-fastapi-new", "http_server_request_duration_seconds_count", "http_response_status_code", 10, 5, 16),
    ("otel-fastapi-old", "http_server_duration_milliseconds_count", "http_status_code", 15, 5, 11),
    ("otel-new-metricsport", "http_server_request_duration_count", "http_response_status_code", 1189, 95, 0),
    ("otel-old-appport", "http_server_request_duration_count", "http_response_status_code", 946, 92, 0),
    ("otel-old-metricsport", "http_server_request_duration_count", "http_response_status_code", 1192, 81, 0),
    ("otel052-metricsport", "http_server_duration_count", "http_status_code", 1167, 76, 0),
    ("prom-client-histogram", "http_request_duration_ms_count", "code", 1125, 81, 62),
    ("prom-client-openmetrics", "http_requests_total", "status_code", 821, 32, 44),
    ("prometheus-api-metrics", "http_request_duration_seconds_count", "code", 898, 42, 18),
    ("prometheus-net", "http_requests_received_total", "code", 357, 20, 0),
    ("prometheus", "prometheus_http_requests_total", "code", 1112, 0, 37),
    ("pushgateway", "pushgateway_http_requests_total", "code", 1020, 1020, 0),
    ("ruby-rack", "http_server_requests_total", "code", 402, 25, 0),
    ("status-float", "http_requests_total", "status", 427, 38, 0),
    ("swagger-stats", "api_request_total", "code", 1124, 91, 25),
    ("traefik-noservice", "traefik_entrypoint_requests_total", "code", 430, 34, 0),
    ("traefik", "traefik_service_requests_total", "code", 373, 21, 0),
    ("utf8-otel", "http.server.request.duration_count", "http.response.status_code", 426, 33, 0),
    ("utf8-unit", "http.server.request.duration_seconds_count", "http.response.status_code", 427, 26, 0),
    ("yabeda-rails", "rails_requests_total", "status", 387, 22, 0),
];

#[test]
fn the_request_counter_of_every_stack_is_found_by_itself() {
    for (name, metric, label, total, errors, ignored) in FOUND {
        let page = stack(name);
        let mut reader = auto();
        let reading = read_as(&mut reader, format_of(&page), &page).unwrap();
        assert_eq!(reader.counter(), Some((*metric, *label)), "{name}");
        assert_eq!((reading.total, reading.errors, reading.ignored), (*total, *errors, *ignored), "{name}");
        assert_eq!((reading.note, reading.unclear), (None, 0), "{name}");
    }
}

#[test]
fn what_was_found_can_be_named_and_then_is_the_same() {
    for (name, metric, label, total, errors, _) in FOUND {
        let page = stack(name);
        let reading = read_as(&mut reader(named(metric), named(label)), format_of(&page), &page).unwrap();
        assert_eq!((reading.total, reading.errors), (*total, *errors), "{name}");
    }
}

#[test]
fn a_page_that_grows_is_counted_as_it_grows() {
    for (name, ..) in FOUND {
        let page = stack(name);
        let mut reader = auto();
        let before = read_as(&mut reader, format_of(&page), &page).unwrap();
        let after = read_as(&mut reader, format_of(&page), &page).unwrap();
        assert_eq!((before.total, before.errors), (after.total, after.errors), "{name}: nothing came");
        assert_eq!(after.counting, None, "{name}: the choice stays");
    }
}

#[test]
fn where_requests_cannot_be_counted_it_is_said_why_and_what_to_set() {
    for (name, says) in [
        (
            "dropwizard",
            "the status is in the names of its counters (`io_dropwizard_jetty_MutableServletContextHandler_5xx_",
        ),
        ("gunicorn-statsd", "the status is in the names of its counters (`gunicorn_request_status_500`)"),
        ("php", "the status is in the names of its counters (`symfony_http_5xx_responses_total`)"),
        ("nginx-exporter", "`nginx_http_requests_total` has no label with an HTTP status; it has no labels; "),
        ("prom-client-bare", "no counter of requests on the page; its counters are `process_cpu_seconds_total`"),
        (
            "status-class-word",
            "the label `status` of `http_requests_total` holds no HTTP status but `success`, `error`; ",
        ),
    ] {
        let reading = read(&mut auto(), &stack(name));
        let note = reading.note.unwrap();
        assert!(reading.uncounted && note.starts_with(says), "{name}: {note}");
        assert!(note.contains("add ") || note.contains("checks.error-rate."), "{name}: {note}");
    }
}

#[test]
fn class_words_are_counted_once_they_are_named() {
    let mut config = config(Named::Auto, Named::Auto);
    config.errors = crate::statuses::StatusSet { words: vec!["error".to_owned()], ..Default::default() };
    assert_eq!(sums(&mut of(&config), &stack("status-class-word")), (428, 30));
}

#[test]
fn the_stacks_that_came_before_are_found_as_they_were() {
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
        let seen = (reading.total, reading.errors, reading.started_ms, reading.note);
        assert_eq!(seen, (total, errors, started_ms, None), "{client}");
    }
}

/// Stacks of which there is no page here, as their documentation says that they count: a request that did not fail, and how the
/// label with the status looks on one that did.
const OTHERS: &[(&str, &str, &str)] = &[
    ("gin", r#"gin_requests_total{code="200",handler="main.Pay",host="a",method="GET",url="/pay"}"#, r#"code="500""#),
    ("gin-metrics", r#"gin_uri_request_total{code="200",method="GET",uri="/pay"}"#, r#"code="500""#),
    ("echo", r#"echo_requests_total{code="200",host="a",method="GET",url="/pay"}"#, r#"code="502""#),
    ("chi", r#"chi_requests_total{code="200",method="GET",path="/pay",service="shop"}"#, r#"code="503""#),
    (
        "go-http-metrics",
        r#"http_request_duration_seconds_count{code="200",handler="/pay",method="GET"}"#,
        r#"code="500""#,
    ),
    ("go-zero", r#"http_server_requests_code_total{code="200",method="GET",path="/pay"}"#, r#"code="500""#),
    ("kratos", r#"server_requests_code_total{code="200",kind="http",operation="/shop.Pay/Get"}"#, r#"code="500""#),
    ("go kit's gRPC", r#"rpc_server_requests_code_total{code="0",method="/shop.Pay/Get"}"#, r#"code="13""#),
    ("Vert.x", r#"vertx_http_server_requests_total{code="200",method="GET",path="/pay"}"#, r#"code="500""#),
    ("Helidon", r#"application_http_server_requests_seconds_count{status="200",uri="/pay"}"#, r#"status="500""#),
    ("http4s", r#"org_http4s_server_request_count_total{classifier="",method="get",status="2xx"}"#, r#"status="5xx""#),
    ("tapir", r#"tapir_request_total{method="GET",path="/pay",status="2xx"}"#, r#"status="5xx""#),
    ("Kamon", r#"http_server_requests_total{component="play",http_status_code="2xx"}"#, r#"http_status_code="5xx""#),
    ("Actix", r#"api_http_requests_total{endpoint="/pay",method="GET",status="200"}"#, r#"status="500""#),
    ("Rocket", r#"rocket_http_requests_total{endpoint="/pay",method="GET",status="200"}"#, r#"status="500""#),
    (
        "prometheus_exporter",
        r#"ruby_http_requests_total{action="show",controller="pay",status="200"}"#,
        r#"status="500""#,
    ),
    (
        "PromEx",
        r#"shop_prom_ex_phoenix_http_request_duration_milliseconds_count{path="/pay",status="200"}"#,
        r#"status="500""#,
    ),
    (
        "prometheus_plugs",
        r#"http_requests_total{request_path="/pay",status_class="success"}"#,
        r#"status_class="server-error""#,
    ),
    (
        "Dapr",
        r#"dapr_http_server_response_count{app_id="shop",method="GET",path="/pay",status="200"}"#,
        r#"status="500""#,
    ),
    (
        "sanic",
        r#"sanic_request_latency_sec_count{endpoint="/pay",http_status="200",method="GET"}"#,
        r#"http_status="500""#,
    ),
    ("tornado", r#"tornado_http_requests_duration_seconds_count{handler="Pay",status="200"}"#, r#"status="500""#),
    (
        "Hono",
        r#"http_request_duration_seconds_count{method="GET",ok="true",route="/pay",status="200"}"#,
        r#"status="500""#,
    ),
    ("Laravel", r#"app_http_requests_total{method="GET",route="/pay",status_code="200"}"#, r#"status_code="500""#),
    ("nginx-lua", r#"nginx_http_requests_total{host="a",status="200"}"#, r#"status="500""#),
    (
        "nginx log exporter",
        r#"nginx_http_response_count_total{method="GET",request="GET /pay HTTP/1.1",status="200"}"#,
        r#"status="500""#,
    ),
    ("APISIX", r#"apisix_http_status{code="200",matched_uri="/pay",route="1"}"#, r#"code="500""#),
    ("Tyk", r#"tyk_http_status{api="shop",code="200"}"#, r#"code="500""#),
    (
        "Envoy by class",
        r#"envoy_http_downstream_rq_xx{envoy_response_code_class="2"}"#,
        r#"envoy_response_code_class="5""#,
    ),
    (
        "Micrometer's gRPC",
        r#"grpc_server_processing_duration_seconds_count{service="shop.Pay",statusCode="OK"}"#,
        r#"statusCode="INTERNAL""#,
    ),
    (
        "py-grpc-prometheus",
        r#"grpc_server_handled_total{code="StatusCode.OK",grpc_service="shop.Pay"}"#,
        r#"code="StatusCode.UNKNOWN""#,
    ),
    (
        "OpenTelemetry's RPC",
        r#"rpc_server_duration_milliseconds_count{rpc_grpc_status_code="0",rpc_service="shop.Pay"}"#,
        r#"rpc_grpc_status_code="14""#,
    ),
    (
        "OpenTelemetry's RPC, new",
        r#"rpc_server_call_duration_seconds_count{rpc_response_status_code="OK"}"#,
        r#"rpc_response_status_code="INTERNAL""#,
    ),
    ("camel case", r#"httpServerRequests_total{statusCode="200"}"#, r#"statusCode="500""#),
    ("words before the status", r#"http_requests_total{status="HTTP 200"}"#, r#"status="HTTP 500""#),
];

#[test]
fn other_stacks_are_found_by_the_same_rule() {
    for (stack, good, bad) in OTHERS {
        let (label, _) = bad.split_once('=').unwrap();
        let at = good.find(&format!("{label}=")).unwrap();
        let rest = good[at..].split_once('"').unwrap().1.split_once('"').unwrap().1;
        let failed = format!("{}{bad}{rest}", &good[..at]);
        let page = format!("{good} 90\n{failed} 10\n");
        assert_eq!(sums(&mut auto(), &page), (100, 10), "{stack}: {page}");
    }
}
