use super::*;

const DEFAULT: &str = "/health,/health/**,/healthz,/ready,/readyz,/readiness,/livez,/liveness,/ping,/metrics,\
                       /actuator/**";

fn routes(patterns: &str) -> Routes {
    Routes::parse(patterns.split(',')).unwrap()
}

fn assert_contain(routes: &Routes, values: &[&str], expected: bool) {
    for value in values {
        assert_eq!(routes.contain(value.as_bytes()), expected, "{value}");
    }
}

#[test]
fn probes_are_told_from_users_however_a_middleware_writes_its_routes() {
    let routes = routes(DEFAULT);
    let probes = [
        "/health",
        "/health/",
        "//health//",
        "health",
        "/Health",
        "/health/ready",
        "/health/**",
        "/health/{probe}",
        "GET /health",
        "GET:/healthz",
        "HEAD /health HTTP/1.1",
        "/healthz?verbose",
        "/metrics#top",
        "http://10.0.0.7:3001/health/live?x=1",
        "https://shop.test/metrics/",
        "^health/$",
        "^/ready$",
        "/actuator",
        "/actuator/health/**",
        "/actuator/prometheus",
        "metrics",
        "/ping",
    ];
    assert_contain(&routes, &probes, true);
    let users = [
        "/",
        "",
        " ",
        "/healthcare",
        "/healthcare/plans",
        "/live/stream",
        "/live",
        "/metrics/report",
        "/users/health",
        "/pingpong",
        "/readyz/x",
        "/*",
        "/{path}",
        "http://health.test",
        "http://health.test/",
        "GET",
        "UNKNOWN",
    ];
    assert_contain(&routes, &users, false);
}

#[test]
fn a_star_is_one_segment_and_two_are_any_number() {
    let one = routes("/internal/*/check,/a/**/z");
    assert_contain(&one, &["/internal/db/check", "/a/z", "/a/b/z", "/a/b/c/z/", "/A/z"], true);
    assert_contain(&one, &["/internal/check", "/internal/a/b/check", "/a", "/a/b/c", "/internal/db/check/x"], false);
    assert_contain(&routes("/*/status"), &["/shop/status"], true);
    assert_contain(&routes("/*/status"), &["/status", "/"], false);
    assert_contain(&routes("/"), &["/", "http://shop.test"], true);
    assert_contain(&routes("/"), &["/a", ""], false);
}

#[test]
fn own_paths_are_recognized_without_their_mount_point() {
    let own = Routes::default().and_own(["/internal/health/ready", "/manage/metrics", "/"]);
    assert!(!own.is_empty());
    let recognized = [
        "/internal/health/ready",
        "/health/ready",
        "/ready/",
        "/metrics",
        "/manage/metrics/",
        "/internal/health/**",
        "/health/{probe}",
        "/health/:probe",
        "/internal/health/*",
    ];
    assert_contain(&own, &recognized, true);
    let users = [
        "/",
        "/internal",
        "/internal/health",
        "/internal/**",
        "/**",
        "/{path}",
        "/internal/{x}/ready",
        "/x/ready",
        "/internal/health/ready/x",
        "/manage/{x}",
        "/health/{a}/{b}",
    ];
    assert_contain(&own, &users, false);
    assert!(Routes::default().and_own(["/"]).is_empty(), "the root is everybody's");
    for (value, whose) in [
        ("/", Whose::Unsaid),
        ("", Whose::Unsaid),
        ("UNKNOWN", Whose::Unsaid),
        ("subroute", Whose::Unsaid),
        ("/pay", Whose::Users),
        ("GET /pay", Whose::Users),
        ("api/orders/{id}", Whose::Users),
        ("/ready", Whose::LeftOut),
    ] {
        assert_eq!(own.whose(value.as_bytes()), whose, "{value}");
    }
    assert_eq!(Routes::default().whose(b"/"), Whose::Users, "nobody probes it");
    assert!(!Routes::default().contain(b"/metrics"));
}

#[test]
fn patterns_are_written_as_they_are_read() {
    for text in [DEFAULT, "/a/*/b,/c/**", "/", "none"] {
        assert_eq!(routes(text).to_string(), text);
    }
    assert_eq!(routes(" /a/ , //b ").to_string(), "/a,/b");
}

#[test]
fn what_is_no_pattern_is_said() {
    for (text, why) in [
        ("", "a route is empty"),
        ("/a,", "a route is empty"),
        ("health", "the route `health` does not begin with `/`"),
        ("none,/a", "the route `none` does not begin with `/`"),
        ("/a?b", "the route `/a?b` has a query, a fragment or a space in it"),
        ("/a b", "the route `/a b` has a query, a fragment or a space in it"),
        ("/api/v*", "`v*`: `*` stands for a whole segment, `**` for any number of them"),
        ("/**", "`/**` would leave out every request"),
    ] {
        assert_eq!(Routes::parse(text.split(',')).unwrap_err(), why, "{text}");
    }
    let many = vec!["/a"; MAX_PATTERNS + 1];
    assert!(Routes::parse(many).unwrap_err().contains("more than 100"));
}
