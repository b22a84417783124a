use super::*;

fn tier_of(name: &str) -> Tier {
    Standing::of(name).tier
}

#[track_caller]
fn assert_all(tier: Tier, names: &[&str]) {
    for name in names {
        assert_eq!(tier_of(name), tier, "{name}");
    }
}

#[test]
fn counters_of_requests_are_recognized_by_their_words() {
    assert_all(
        Tier::Likely,
        &[
            "ghost_http_server_duration_count",
            "myapp_requests_total",
            "request_count_total",
            "http_response_duration_seconds_count",
            "http.server.request.body.size_count",
            "gin_requests_total",
            "echo_requests_total",
            "chi_request_duration_milliseconds_count",
            "rocket_http_requests_total",
            "api_http_requests_total",
            "vertx_http_server_responseTime_seconds_count",
            "shop_prom_ex_phoenix_http_request_duration_milliseconds_count",
            "dapr_http_server_response_count",
            "ruby_http_requests_total",
            "sanic_request_latency_sec_count",
            "prometheus_http_requests_total",
            "pushgateway_http_requests_total",
            "org_http4s_server_request_count_total",
            "server_requests_code_total",
            "shopHttpRequestsTotal",
            "application_httprequests_transactions_count",
            "grpc_server_handling_seconds_count",
            "rpc_server_requests_code_total",
            "rpc_server_call_duration_seconds_count",
        ],
    );
    assert_all(Tier::Other, &["go_gc_duration_seconds_count", "cache_lookups_total", "orders_total", "calls_total"]);
    assert_eq!(tier_of("http.server.request.duration_count"), Tier::Known, "dots or underscores");
    assert_eq!(tier_of("http_requests_total"), Tier::Known);
}

#[test]
fn counters_of_others_are_never_taken() {
    let outbound = [
        "http_client_request_duration_seconds_count",
        "http.client.duration_count",
        "rest_client_requests_total",
        "egress_api_request_total",
        "myapp_outbound_http_requests_total",
        "external_http_requests_total",
        "third_party_api_requests_total",
        "webhook_delivery_requests_total",
        "requests_sent_total",
        "payment_provider_request_total",
        "got_http_requests_total",
        "httpclient_requests_total",
        "okhttp_requests_seconds_count",
        "grpc_client_handled_total",
        "httpClientRequests_total",
    ];
    assert_all(Tier::Never(Foreign::Outbound), &outbound);
    let scrapes = [
        "promhttp_metric_handler_requests_total",
        "nginxexporter_http_requests_total",
        "node_exporter_http_requests_total",
        "metrics_server_http_requests_total",
        "myapp_scrape_requests_total",
    ];
    assert_all(Tier::Never(Foreign::Scrapes), &scrapes);
    let admin = ["caddy_admin_http_requests_total", "health_check_requests_total", "management_http_requests_total"];
    assert_all(Tier::Never(Foreign::Admin), &admin);
    let parts = [
        "http_request_errors_total",
        "flask_http_request_exceptions_total",
        "http_requests_in_flight_total",
        "traefik_service_retries_requests_total",
        "http_failed_requests_total",
    ];
    assert_all(Tier::Never(Foreign::Part), &parts);
}

#[test]
fn a_service_comes_before_a_proxy_and_both_before_what_seems_to_be_asked_of_others() {
    let ordered = [
        "http_requests_total",
        "grpc_server_handled_total",
        "shop_requests_total",
        "traefik_service_requests_total",
        "envoy_http_downstream_rq_xx",
        "stripe_http_requests_total",
        "http_client_requests_total",
        "cache_hits_total",
    ];
    assert!(ordered.windows(2).all(|two| Standing::of(two[0]).tier <= Standing::of(two[1]).tier));
    assert_all(
        Tier::KnownProxy,
        &["traefik_service_requests_total", "kong_http_requests_total", "envoy_cluster_upstream_rq"],
    );
    assert_all(Tier::Proxy, &["envoy_http_downstream_rq_xx", "haproxy_server_http_responses_total"]);
    let better = |a: &str, b: &str| assert!(Standing::of(a) < Standing::of(b), "{a} before {b}");
    better("shop_http_requests_total", "shop_http_request_duration_seconds_count");
    better("shop_http_request_duration_seconds_count", "shop_http_response_size_bytes_count");
    better("shop_http_server_requests_total", "shop_requests_total");
}

#[test]
fn a_counter_of_requests_to_a_store_counts_no_users_unless_it_says_that_it_serves() {
    let asked = ["elasticsearch_requests_total", "s3_requests_total", "app_redis_request_duration_seconds_count"];
    assert_all(Tier::Never(Foreign::Outbound), &asked);
    let served =
        ["kafka_rest_requests_total", "vault_requests_total", "webhook_requests_total", "ldap_gateway_requests_total"];
    assert_all(Tier::Unlikely, &served);
}

#[test]
fn names_are_normalized_to_words() {
    for (name, expected) in [
        ("http.server.requestDuration", "http_server_request_duration"),
        ("HTTPRequests", "httprequests"),
        ("http2Requests", "http2_requests"),
        ("a:b-c/d", "a_b_c_d"),
    ] {
        assert_eq!(normalized(name), expected);
    }
}
