//! Bad input: an error that names the file, key or URL, and nothing is lost.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;

use support::{Deployment, Page, Running, Service};

/// What `switch`, `soak`, `rollback` and `status` say of a state file that cannot be read.
#[track_caller]
fn every_command_refuses(deployment: &Deployment, wanted: &[&str]) {
    for args in
        [&["switch", "green", "--no-tui"][..], &["soak", "--no-tui"], &["rollback"], &["status"], &["status", "--json"]]
    {
        deployment.run(args).expect(2).complains(wanted);
    }
    assert!(deployment.kinds().is_empty(), "nothing was decided: {:?}", deployment.kinds());
}

#[test]
fn a_corrupt_state_file_is_never_read_as_blue_and_never_overwritten() {
    for (text, position) in [
        ("{\"activeColor\": \"green\",\n \"lastSwitch\": 17954", "line 2"),
        ("", "it is empty"),
        ("{\"activeColor\": \"red\"}", "red"),
        ("[]", "corrupt"),
        ("\u{0}\u{0}\u{0}", "line 1"),
    ] {
        let deployment = Deployment::fresh();
        fs::write(deployment.state_path(), text).unwrap();
        every_command_refuses(&deployment, &["the state file `", ".deployment-state.json` is corrupt: ", position]);
        assert_eq!(deployment.state_text(), text);
    }
}

#[test]
fn a_state_file_that_cannot_be_read_is_named() {
    let folder = Deployment::fresh();
    fs::create_dir(folder.state_path()).unwrap();
    every_command_refuses(
        &folder,
        &["cannot read the state file `", ".deployment-state.json`: it is not a regular file"],
    );

    let linked = Deployment::fresh();
    symlink(linked.state_path(), linked.path("other")).unwrap();
    symlink(linked.path("other"), linked.state_path()).unwrap();
    every_command_refuses(&linked, &["cannot read the state file `", ".deployment-state.json`: too many symlinks"]);

    let large = Deployment::fresh();
    fs::write(large.state_path(), " ".repeat(2 << 20)).unwrap();
    every_command_refuses(&large, &["cannot read the state file `", "it is larger than 1048576 bytes"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_anything_moves() {
    // Permission bits do not bind root; a file in place of a folder and a file system without files bind everybody.
    let state_elsewhere = Deployment::fresh().with("state_file", "/proc/self/fdinfo/state.json");
    state_elsewhere.run(&["switch", "green", "--no-tui"]).expect(2).complains(&["/fdinfo/state.json"]);

    let records_elsewhere = Deployment::switched();
    fs::write(records_elsewhere.path("file"), "").unwrap();
    let records_elsewhere = records_elsewhere.with("data_dir", "file/data");
    let before = records_elsewhere.state_text();
    for args in [&["switch", "blue", "--no-tui"][..], &["soak", "--no-tui"]] {
        records_elsewhere.run(args).expect(2).complains(&["file/data/default"]);
    }
    assert_eq!(records_elsewhere.state_text(), before);

    // Users come before records: going back needs no journal.
    let done = records_elsewhere.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    done.complains(&["switchback: warning: ", "file/data/default"]);
    assert_eq!(records_elsewhere.state()["activeColor"], "blue");
}

/// Starts a soak of a page.
fn soak(deployment: &Deployment, page: Page) -> Running {
    deployment.green.show(page);
    deployment.start(&["soak", "--no-tui", "--output", "json"])
}

/// Why a soak ended inconclusive.
fn unknown_because(soak: Running) -> String {
    let lines = soak.wait().expect(6).json_lines();
    let outcome = lines.last().unwrap();
    assert_eq!(outcome["outcome"], "inconclusive", "not knowing is neither bad nor healthy: {outcome}");
    outcome["reason"].as_str().unwrap().to_owned()
}

/// A page, the settings beside the usual ones, and what the reason has to name.
type Case = (Page, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn a_page_that_cannot_be_judged_makes_the_soak_inconclusive_and_says_why() {
    let metrics = |body: &str| Page::answer("200 OK", "text/plain; version=0.0.4", body);
    let cut =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5000\r\n\r\nhttp_requests_total{st".to_vec();
    let cases: Vec<Case> = vec![
        (
            Page::answer("200 OK", "text/html", "<!doctype html><title>shop</title>"),
            &[],
            &["/metrics answered with HTML instead of metrics: set `metrics.path`"],
        ),
        (
            Page::answer("401 Unauthorized", "text/plain", "who are you?"),
            &[],
            &["/metrics answered 401 Unauthorized: set `metrics.bearer_token`"],
        ),
        (Page::answer("404 Not Found", "text/plain", ""), &[], &["/metrics answered 404: set `metrics.path`"]),
        (Page::Bytes(cut), &[], &["/metrics was cut in the middle"]),
        (Page::Silent, &[("metrics.timeout", "300ms")], &["/metrics did not answer within 300ms"]),
        (metrics("jobs_total{queue=\"mail\"} 7\nup 1\n"), &[], &["jobs_total"]),
        (
            metrics("jobs_total{queue=\"mail\"} 7\nup 1\n"),
            &[("checks.error-rate.requests", "requests_total")],
            &["`requests_total`", "jobs_total"],
        ),
        (
            metrics("http_requests_total{method=\"GET\",outcome=\"ok\"} 7\n"),
            &[],
            &["the label `outcome` of `http_requests_total` holds no HTTP status but `ok`", "checks.error-rate.errors"],
        ),
        (
            metrics("http_requests_total{method=\"GET\",outcome=\"ok\"} 7\n"),
            &[("checks.error-rate.status_label", "state")],
            &["`state`", "method", "outcome"],
        ),
    ];
    let soaks: Vec<_> = cases
        .into_iter()
        .map(|(page, settings, wanted)| {
            let with = |deployment: Deployment, (key, value): &(&'static str, &str)| deployment.with(key, *value);
            let deployment = settings.iter().fold(Deployment::switched(), with);
            let running = soak(&deployment, page);
            (deployment, running, wanted)
        })
        .collect();
    for (deployment, running, wanted) in soaks {
        let reason = unknown_because(running);
        assert!(reason.contains(&deployment.green.url()), "the URL is not named: {reason}");
        for text in wanted {
            assert!(reason.contains(text), "`{text}` is not in: {reason}");
        }
    }
}

/// Tries to switch to a green that cannot be asked, and returns what is printed.
#[track_caller]
fn refused_switch(green: String) -> String {
    let deployment = Deployment::fresh()
        .with("colors.green.instances", green)
        .with("health.switch_timeout", "1500ms")
        .with("health.timeout", "300ms")
        .with("metrics.timeout", "300ms");
    let done = deployment.run(&["switch", "green", "--no-tui"]).expect(9);
    assert!(!deployment.state_path().exists(), "nothing was moved");
    done.stdout
}

#[track_caller]
fn names(said: &str, wanted: &str) {
    assert!(said.contains(wanted), "`{wanted}` is not in: {said}");
}

#[test]
fn a_port_where_nothing_listens_is_named() {
    let addr = support::free_address();
    let said = refused_switch(format!("http://{addr}"));
    names(&said, &format!("http://{addr}/health/ready refused the connection"));
}

#[test]
fn a_service_that_never_answers_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    names(
        &refused_switch(format!("http://{addr}")),
        &format!("http://{addr}/health/ready did not answer within 300ms"),
    );
}

#[test]
fn a_tls_error_says_what_is_wrong_with_the_certificate() {
    let untrusted = Service::start_tls();
    let said = refused_switch(untrusted.url());
    names(
        &said,
        &format!("{}/health/ready could not be reached securely: its certificate is not trusted", untrusted.url()),
    );
    let plain = Service::start();
    let said = refused_switch(plain.url().replace("http://", "https://"));
    names(&said, "the port does not speak TLS");
}

#[test]
fn credentials_in_an_instance_url_are_masked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    let said = refused_switch(format!("http://ana:geheim@{addr}"));
    names(&said, &addr.to_string());
    assert!(!said.contains("geheim"), "{said}");
}

#[test]
fn a_router_command_that_does_not_exist_is_named() {
    let deployment =
        Deployment::fresh().with("router.kind", "command").with("router.switch", "[\"no-such-program\", \"{color}\"]");
    deployment
        .run(&["switch", "green", "--no-tui"])
        .expect(12)
        .says(&["no-such-program green", "it cannot be started"]);
    assert!(deployment.run(&["status", "--json"]).expect(0).json()["activeColor"] == "blue");
}

#[test]
fn a_router_command_that_hangs_is_ended() {
    let deployment =
        Deployment::fresh().with_commands("sleep 100", "sleep 100", "echo blue").with("router.timeout", "300ms");
    deployment.run(&["switch", "green", "--no-tui"]).expect(12).says(&["did not end within 300ms and was killed"]);
}
