//! Metrics and readiness elsewhere than at the instance's URL, who may read them, and readiness behind a rate limit.

use std::fs;

use support::{Authority, Deployment, Page, Service};

/// A host name's worth of nothing but what is asked for: metrics on one service, readiness on another.
fn apart(deployment: &Deployment) -> [Service; 2] {
    let metrics = [Service::start(), Service::start()];
    for (application, page) in [&deployment.blue, &deployment.green].iter().zip(&metrics) {
        application.answer("/metrics", Page::missing());
        page.answer("*", Page::missing());
        page.answer("/metrics", Page::Counting);
    }
    metrics
}

#[test]
fn metrics_on_a_server_of_their_own_are_judged_there_and_readiness_where_users_are() {
    let deployment = Deployment::switched();
    let [blue, green] = apart(&deployment);
    green.fail(30);
    // Without the keys nothing can be judged, and the reason is named.
    deployment.run(&["soak", "--no-tui"]).expect(6).says(&["answered 404: set `metrics.path`"]);
    let deployment = deployment
        .with("colors.blue.metrics", blue.url())
        .with("colors.green.metrics", format!("{}/metrics", green.url()));
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
    assert!(green.heads().iter().all(|head| head.starts_with("GET /metrics HTTP")), "readiness is asked elsewhere");
}

#[test]
fn a_port_of_the_same_host_has_the_metrics_or_the_readiness() {
    let deployment = Deployment::switched();
    let [_, green] = apart(&deployment);
    green.fail(30);
    let port = |service: &Service| service.url().rsplit_once(':').unwrap().1.to_owned();
    let soak = deployment.with("metrics.port", port(&green)).with("soak.on_shared_cause", "rollback");
    soak.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);

    let deployment = Deployment::switched();
    let [_, green] = apart(&deployment);
    green.fail(30);
    // The other way round: the instance is where the metrics are.
    let application = port(&deployment.green);
    let turned = deployment.with("colors.green.instances", green.url()).with("health.port", application);
    turned.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);
}

#[test]
fn each_token_goes_to_its_own_route_and_nowhere_else() {
    let deployment = Deployment::switched();
    let [blue, green] = apart(&deployment);
    let deployment = deployment
        .with("colors.blue.metrics", blue.url())
        .with("colors.green.metrics", green.url())
        .with("instances.host", "shop.example.com");
    let files = "metrics.bearer_token_file = \"metrics.token\"\nhealth.bearer_token_file = \"health.token\"\n";
    fs::write(deployment.path("switchback.toml"), files).unwrap();
    fs::write(deployment.path("metrics.token"), "for-metrics-alone\n").unwrap();
    fs::write(deployment.path("health.token"), "for-health-alone\n").unwrap();
    deployment.run(&["soak", "--no-tui"]).expect(0);
    for (service, token) in [(&green, "for-metrics-alone"), (&deployment.green, "for-health-alone")] {
        let heads = service.heads();
        assert!(!heads.is_empty());
        let authorized = format!("authorization: Bearer {token}\r\n");
        assert!(heads.iter().all(|head| head.contains(&authorized)), "{heads:?}");
        assert!(heads.iter().all(|head| head.contains("host: shop.example.com\r\n")), "{heads:?}");
    }
    deployment.run(&["config", "show"]).expect(0).says(&["health.bearer_token"]);
    assert!(!deployment.run(&["config", "show"]).stdout.contains("alone"));
}

#[test]
fn a_private_authority_a_client_certificate_and_the_name_in_the_certificate_are_configured() {
    let (authority, others) = (Authority::new(), Authority::new());
    let mut deployment = Deployment::switched();
    deployment.blue = Service::start_with(Some(authority.server("shop.internal")));
    deployment.green = Service::start_with(Some(authority.server("shop.internal")));
    let (blue, green) = (deployment.blue.url(), deployment.green.url());
    let deployment = deployment.with("colors.blue.instances", blue).with("colors.green.instances", green);
    authority.write(deployment.folder(), "switchback");
    // Each step asks for the next key, until all is there.
    deployment.run(&["doctor"]).expect(2).says(&["its certificate is not trusted", "`instances.ca_file`"]);
    let deployment = deployment.with("instances.ca_file", "ca.pem");
    deployment.run(&["doctor"]).expect(2).says(&["for another host name: set `instances.host` to the name in it"]);
    let deployment = deployment.with("instances.host", "shop.internal");
    deployment.run(&["doctor"]).expect(2).says(&["set `instances.tls_certificate` and `instances.tls_key`"]);
    let deployment = deployment.with("instances.tls_certificate", "client.pem").with("instances.tls_key", "client.key");
    deployment.run(&["doctor"]).expect(0).says(&["is ready", "`http_requests_total`"]);
    deployment.green.fail(30);
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["error-rate breached: "]);

    // Whatever is wrong with a file is said before anything moves, and a rollback can be forced past it.
    deployment.write_state(&serde_json::json!({
        "activeColor": "green", "lastSwitch": support::SWITCHED_AT, "previousColor": "blue"
    }));
    let key = fs::read(deployment.path("client.key")).unwrap();
    for (file, text, expected) in [
        ("ca.pem", "nothing", "`instances.ca_file`: `"),
        ("client.pem", "", "`instances.tls_certificate`: `"),
        ("client.key", "", "holds no private key"),
    ] {
        let good = fs::read(deployment.path(file)).unwrap();
        fs::write(deployment.path(file), text).unwrap();
        deployment.run(&["soak", "--no-tui"]).expect(2).complains(&[expected]);
        deployment.run(&["rollback"]).expect(9).complains(&[expected, "rollback --force"]);
        fs::write(deployment.path(file), good).unwrap();
    }
    others.write(deployment.folder(), "switchback");
    fs::write(deployment.path("client.key"), key).unwrap();
    let told = "`instances.tls_key`: `";
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&[told, "does not belong to the certificate"]);
    fs::remove_file(deployment.path("client.key")).unwrap();
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&[told, "cannot be read"]);
}

#[test]
fn a_page_that_takes_too_long_names_the_key_of_its_limit() {
    let deployment = Deployment::switched().with("metrics.timeout", "200ms");
    deployment.green.show(Page::Late(std::time::Duration::from_millis(1500)));
    deployment.run(&["soak", "--no-tui"]).expect(6).says(&["/metrics did not answer within 200ms (metrics.timeout)"]);
}

const LIMITED: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\nx-ratelimit-limit: 60\r\n\
                       content-length: 0\r\n\r\n";

fn limited() -> Page {
    Page::Bytes(LIMITED.as_bytes().to_vec())
}

#[test]
fn a_rate_limit_on_readiness_is_no_breach_and_is_told_once() {
    let deployment = Deployment::switched().with("soak.window", "8s").with("soak.interval", "500ms");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    deployment.green.answer("/health/ready", limited());
    soak.hear("the readiness of green is not known: http://127.0.0.1:");
    // Long enough for three failures in three seconds, were these failures.
    std::thread::sleep(std::time::Duration::from_secs(4));
    let asked = deployment.green.heads().iter().filter(|head| head.starts_with("GET /health")).count();
    assert!(asked < 14, "one probe a second while it asks for that: {asked}");
    deployment.green.forget("/health/ready");
    let done = soak.wait().expect(0);
    assert_eq!(done.stdout.matches("the readiness of green is not known").count(), 1, "{}", done.stdout);
}

#[test]
fn readiness_that_is_only_ever_limited_is_unknown_at_the_end() {
    let deployment = Deployment::switched();
    deployment.green.answer("/health/ready", limited());
    deployment.run(&["soak", "--no-tui"]).expect(6).says(&["readiness: ", "answered 429 Too Many Requests"]);
}

#[test]
fn the_gate_waits_for_a_rate_limit_and_never_calls_it_not_ready() {
    let deployment = Deployment::fresh().with("health.switch_timeout", "2s");
    deployment.green.answer("/health/ready", limited());
    let refused = deployment.run(&["switch", "green", "--no-tui"]).expect(9);
    assert!(!refused.stdout.contains("not ready"), "{}", refused.stdout);
    refused.says(&["the readiness of green is not known: ", "429 Too Many Requests", "traffic stays on blue"]);

    let deployment = deployment.with("health.switch_timeout", "20s");
    let mut switch = deployment.start(&["switch", "green", "--no-tui"]);
    switch.hear("the readiness of green is not known");
    deployment.green.forget("/health/ready");
    switch.wait().expect(0);
}

#[test]
fn a_standby_behind_a_rate_limit_still_takes_a_rollback() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment.blue.answer("/health/ready", limited());
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["the readiness of blue is not known"]);

    let deployment = Deployment::switched();
    deployment.blue.answer("/health/ready", limited());
    deployment.run(&["rollback"]).expect(0);
}

#[test]
fn doctor_warns_of_a_rate_limit_on_readiness() {
    let deployment = Deployment::switched();
    let header = "HTTP/1.1 200 OK\r\nx-ratelimit-limit: 60\r\ncontent-length: 0\r\n\r\n";
    deployment.blue.answer("/health/ready", Page::Bytes(header.as_bytes().to_vec()));
    deployment.green.answer("/health/ready", limited());
    deployment.run(&["doctor"]).expect(0).says(&[
        "limits the rate of readiness requests: `x-ratelimit-limit: 60`",
        "warning  readiness     the readiness of green is not known: ",
        "next: exempt /health/ready from the rate limit",
    ]);
}

#[test]
fn doctor_finds_where_metrics_and_readiness_answer() {
    let deployment = Deployment::switched();
    for service in [&deployment.blue, &deployment.green] {
        service.answer("*", Page::missing());
    }
    deployment.run(&["doctor"]).expect(2).says(&[
        "set metrics.path to the path",
        "metrics.port",
        "set health.path to the path",
    ]);
    for service in [&deployment.blue, &deployment.green] {
        service.answer("/actuator/prometheus", Page::Counting);
        service.answer("/actuator/health/readiness", Page::answer("200 OK", "application/json", "{\"status\":\"UP\"}"));
    }
    deployment.run(&["doctor"]).expect(2).says(&[
        "next: metrics found at `/actuator/prometheus`: set metrics.path = \"/actuator/prometheus\"",
        "next: `/actuator/health/readiness` reports ready: set health.path = \"/actuator/health/readiness\"",
    ]);
    let deployment =
        deployment.with("metrics.path", "/actuator/prometheus").with("health.path", "/actuator/health/readiness");
    deployment.run(&["doctor"]).expect(0);

    // A page for people answers everything: it says nothing of where readiness is.
    let deployment = Deployment::switched();
    deployment.green.answer("*", Page::answer("200 OK", "text/html", "<!doctype html><title>Shop</title>"));
    deployment.green.answer("/health/ready", Page::missing());
    let told = deployment.run(&["doctor"]).expect(2);
    assert!(!told.stdout.contains("reports ready"), "{}", told.stdout);
    told.says(&["answered with HTML instead of metrics", "set health.path to the path of its readiness"]);
}
