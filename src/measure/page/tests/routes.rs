//! Whose requests are counted.

use super::*;
use crate::detect::TickCounts;

#[test]
fn probes_of_this_program_are_not_counted() {
    for label in [
        "route",
        "path",
        "handler",
        "uri",
        "url",
        "endpoint",
        "http_route",
        "path_template",
        "http_target",
        "url_path",
        "url.path",
        "requestPath",
    ] {
        let label = if label.contains('.') { format!("\"{label}\"") } else { label.to_owned() };
        let page = format!(
            "http_requests_total{{code=\"200\",{label}=\"/metrics\"}} 50\n\
             http_requests_total{{code=\"503\",{label}=\"/health/ready\"}} 30\n\
             http_requests_total{{code=\"503\",{label}=\"/healthcare\"}} 1\n"
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
fn a_redirect_without_a_route_is_nobodys() {
    let page = "http_requests_total{code=\"307\",http_route=\"\"} 6\n\
                http_requests_total{code=\"200\",http_route=\"/pay\"} 9\n\
                http_requests_total{code=\"301\",http_route=\"/old\"} 2\n\
                http_requests_total{code=\"302\"} 1\n";
    let reading = read(&mut auto(), page);
    assert_eq!((reading.total, reading.ignored), (11, 7));
    let no_routes = "http_requests_total{code=\"307\"} 6\nhttp_requests_total{code=\"200\"} 9\n";
    assert_eq!(sums(&mut auto(), no_routes), (15, 0), "where no series says a route it may be a user's");
}

#[test]
fn health_checks_of_grpc_are_left_out_and_its_calls_are_those_of_users() {
    let page = "grpc_server_handled_total{grpc_code=\"OK\",grpc_service=\"grpc.health.v1.Health\"} 400\n\
                grpc_server_handled_total{grpc_code=\"OK\",grpc_service=\"shop.Cart\"} 60\n\
                grpc_server_handled_total{grpc_code=\"Unavailable\",grpc_service=\"shop.Cart\"} 40\n";
    let reading = read(&mut auto(), page);
    assert_eq!((reading.total, reading.errors, reading.ignored), (100, 40, 400));
    assert_eq!(reading.unrouted, Some(TickCounts::default()));
}

#[test]
fn the_route_of_a_proxy_is_its_rule_and_says_nothing_of_who_asked() {
    let page = lines("nginx_ingress_controller_requests", ",ingress=\"shop\",path=\"/\"", &[("200", 90), ("503", 10)]);
    let reading = read(&mut auto(), &page);
    assert_eq!(reading.unrouted, Some(TickCounts { requests: 100, errors: 10 }));
}

#[test]
fn what_the_service_asks_of_others_is_not_counted() {
    for labels in ["direction=\"outbound\"", "reporter=\"source\"", "span_kind=\"SPAN_KIND_CLIENT\"", "kind=\"client\""]
    {
        let page = format!("response_total{{code=\"500\",{labels}}} 9\nresponse_total{{code=\"200\"}} 50\n");
        assert_eq!(sums(&mut auto(), &page), (50, 0), "{labels}");
    }
    let mut config = config(Named::Auto, Named::Auto);
    config.series = crate::matchers::LabelFilter::parse("direction='outbound'").unwrap();
    let page = "response_total{code=\"500\",direction=\"outbound\"} 9\nresponse_total{code=\"200\"} 50\n";
    assert_eq!(sums(&mut of(&config), page), (9, 9), "but where that is asked for");
}

#[test]
fn blame_is_on_users_requests_alone() {
    let page = |n: u64| {
        lines("http_requests_total", ",route=\"/pay\"", &[("200", 10), ("500", 10 + n)])
            + &lines("http_requests_total", ",route=\"/health\"", &[("503", 100 * n)])
    };
    let mut reader = auto();
    read(&mut reader, &page(0));
    let attribution = read(&mut reader, &page(5)).attribution.unwrap();
    assert_eq!((attribution.all.requests, attribution.all.errors), (5, 5));
    assert!(attribution.label_counts.iter().all(|label_count| label_count.value != "/health"), "{attribution:?}");
}
