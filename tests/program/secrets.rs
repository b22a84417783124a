//! Secrets reach the service they are for and nobody else.

use support::{Deployment, Done, Page, Receiver, free_address};

/// Unlike anything else that is printed or written.
const CANARY: &str = "kanarienvogel-4711";
/// The same in the form of a signing key.
const SIGNING: &str = "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs";
/// The first as others may write it: base64 (alone and behind `ana:`), percent-encoded, in hex.
const ENCODED: [&str; 5] = [
    "a2FuYXJpZW52b2dlbC00NzEx",
    "YW5hOmthbmFyaWVudm9nZWwtNDcxM",
    "kanarienvogel%2D4711",
    "6b616e617269656e766f67656c2d34373131",
    "6B616E617269656E766F67656C2D34373131",
];

#[track_caller]
fn nothing_leaks(deployment: &Deployment, printed: &[Done]) {
    for done in printed {
        for canary in ENCODED.into_iter().chain([CANARY, SIGNING]) {
            assert!(!done.stdout.contains(canary) && !done.stderr.contains(canary), "{done:#?}");
        }
    }
    let files = deployment.files();
    assert!(files.len() >= 4, "state, journal, recording and log are there: {files:#?}");
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(&bytes);
        for canary in ENCODED.into_iter().chain([CANARY, SIGNING]) {
            assert!(!text.contains(canary), "{canary} in {}: {text}", path.display());
        }
    }
}

fn everything_printed(deployment: &Deployment) -> Vec<Done> {
    let soak = |output| deployment.run(&["soak", "--no-tui", "--log-level", "trace", "--output", output]);
    let mut printed = vec![soak("human"), soak("json"), soak("github")];
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["history", "--json"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["config", "check", "--threshold", "7"],
        &["switch", "green", "--no-tui", "--log-level", "trace"],
        &["rollback"],
    ] {
        printed.push(deployment.run(args));
    }
    printed
}

#[test]
fn the_metrics_token_is_sent_and_never_shown() {
    let deployment = Deployment::switched().with("metrics.bearer_token", CANARY).with("soak.on_inconclusive", "keep");
    // A refusal quotes what was asked; it must not quote the token.
    deployment.blue.show(Page::answer("401 Unauthorized", "text/plain", &format!("no such token: {CANARY}")));
    deployment.green.show(Page::answer("401 Unauthorized", "text/plain", &format!("no such token: {CANARY}")));
    let printed = everything_printed(&deployment);
    assert!(printed[0].stdout.contains("it refuses `metrics.bearer_token`"), "{:#?}", printed[0]);
    let heads = deployment.green.heads();
    let asked = heads.iter().find(|head| head.starts_with("GET /metrics")).unwrap();
    assert!(asked.to_lowercase().contains(&format!("authorization: bearer {CANARY}")), "{asked}");
    nothing_leaks(&deployment, &printed);
}

#[test]
fn credentials_of_an_instance_are_sent_and_never_shown() {
    let deployment = Deployment::switched().with("soak.on_inconclusive", "keep");
    let blue = deployment.blue.url_with_login("ana", CANARY);
    let green = deployment.green.url_with_login("ana", CANARY);
    let deployment = deployment.with("colors.blue.instances", blue).with("colors.green.instances", green);
    deployment.green.show(Page::answer("401 Unauthorized", "text/plain", "who are you?"));
    let printed = everything_printed(&deployment);
    assert!(
        printed[0].stdout.contains("it refuses the user name and password of the instance's URL"),
        "{:#?}",
        printed[0]
    );
    let heads = deployment.green.heads();
    for start in ["GET /metrics", "GET /health/ready"] {
        let asked = heads.iter().find(|head| head.starts_with(start)).unwrap();
        assert!(asked.to_lowercase().contains("authorization: basic "), "{asked}");
    }
    nothing_leaks(&deployment, &printed);
}

#[test]
fn a_secret_that_is_not_valid_is_not_quoted() {
    let deployment = Deployment::switched().with("metrics.bearer_token", format!("{CANARY}\u{7}"));
    let done = deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["metrics.bearer_token"]);
    assert!(!done.stderr.contains(CANARY), "{done:#?}");
    let url = format!("ftp://ana:{CANARY}@127.0.0.1/");
    let deployment = Deployment::switched().with("colors.green.instances", url);
    let done = deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["colors.green.instances"]);
    assert!(!done.stderr.contains(CANARY), "{done:#?}");
}

/// A deployment with a canary in every place that takes a secret, whose router's commands print their environment.
fn everywhere() -> Deployment {
    let canary = |at: &str| format!("{CANARY}-{at}");
    let deployment = Deployment::switched();
    let blue = deployment.blue.url_with_login("ana", &canary("blue"));
    let green = deployment.green.url_with_login("ana", &canary("green"));
    let prometheus = deployment.green.url_with_login("ana", &canary("url"));
    deployment
        .with("colors.blue.instances", blue)
        .with("colors.green.instances", green)
        .with("metrics.bearer_token", canary("metrics"))
        .with("prometheus.url", prometheus)
        .with("prometheus.bearer_token", canary("bearer"))
        .with("prometheus.username", "ana")
        .with("prometheus.password", canary("password"))
        .with("notify.url", Receiver::start(0).url)
        .with("control.listen", free_address())
        .with("control.operator_token", canary("operator-0123456789"))
        .with("control.viewer_token", canary("viewer-0123456789"))
        .with("control.order_secret", SIGNING)
        .with("checks.queries", r#"{"queue":{"query":"sum(depth)","threshold":1,"required":false}}"#)
        .with("soak.on_inconclusive", "keep")
}

#[test]
fn a_router_that_prints_its_environment_and_an_api_that_quotes_a_token_are_not_repeated() {
    // Every command fails, having printed all that it knows.
    let known = "env | grep SWITCHBACK_ | grep -e TOKEN -e SECRET -e PASSWORD -e INSTANCES -e _URL";
    let failing = everywhere().with_commands(&format!("{known}; exit 1"), &format!("{known} >&2; exit 1"), "cat route");
    std::fs::write(failing.path("route"), "green").unwrap();
    let quoting = format!(r#"{{"status":"error","error":"invalid token {CANARY}-bearer"}}"#);
    failing.green.show_elsewhere(Page::answer("403 Forbidden", "application/json", &quoting));
    let mut printed = everything_printed(&failing);
    let args: [&[&str]; 6] = [
        &["doctor"],
        &["doctor", "--json"],
        &["rollback", "--dry-run"],
        &["verify"],
        &["config", "template"],
        &["status"],
    ];
    printed.extend(args.iter().map(|args| failing.run(args)));
    let rollback =
        printed.iter().find(|done| done.stderr.contains("ROLLBACK FAILED") || done.stderr.contains("exit code 1"));
    let rollback = rollback.expect("the rollback failed and said what the command printed");
    for masked in [
        "SWITCHBACK_METRICS_BEARER_TOKEN=***",
        "SWITCHBACK_CONTROL_ORDER_SECRET=***",
        "SWITCHBACK_COLORS_GREEN_INSTANCES=http://ana:***@",
    ] {
        assert!(rollback.stderr.contains(masked), "{masked}: {rollback:#?}");
    }
    nothing_leaks(&failing, &printed);
}

#[test]
fn a_breach_with_every_secret_set_leaks_none_of_them() {
    let deployment = everywhere();
    deployment.green.fail(50);
    let mut printed = vec![deployment.run(&["soak", "--no-tui", "--log-level", "trace"]).expect(3)];
    printed.push(deployment.run(&["history", "--json"]));
    printed.push(deployment.run(&["replay", "--no-tui", "--speed", "1000"]));
    nothing_leaks(&deployment, &printed);
}

#[test]
fn a_service_that_quotes_a_secret_in_any_encoding_is_not_repeated() {
    let deployment = Deployment::switched()
        .with("prometheus.username", "ana")
        .with("prometheus.password", CANARY)
        .with("checks.error-rate.source", "prometheus")
        .with("checks.error-rate.selector", r#"http_requests_total{color="{{color}}"}"#)
        .with("soak.on_inconclusive", "keep");
    let deployment = {
        let url = deployment.green.url();
        deployment.with("prometheus.url", url)
    };
    // As a proxy in front of the API does that shows what it was asked.
    let quoted = format!("YW5hOmthbmFyaWVudm9nZWwtNDcxMQ== {} {}", ENCODED[0], ENCODED[2..].join(" "));
    let body = format!(r#"{{"status":"error","errorType":"bad_data","error":"Authorization: Basic {quoted}"}}"#);
    deployment.green.show_elsewhere(Page::answer("422 Unprocessable Entity", "application/json", &body));
    deployment.blue.show(Page::answer("200 OK", "text/plain", &format!("up {quoted}\n")));
    let mut printed = everything_printed(&deployment);
    printed.push(deployment.run(&["doctor"]));
    printed.push(deployment.run(&["doctor", "--json"]));
    assert!(printed.iter().any(|done| done.stdout.contains("Basic ***")), "it is quoted, masked: {printed:#?}");
    nothing_leaks(&deployment, &printed);
}
