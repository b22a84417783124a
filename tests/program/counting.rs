//! By what requests are counted is said in the first lines of a soak, long before its end.

use support::{Deployment, Page};

fn metrics(body: &str) -> Page {
    Page::answer("200 OK", "text/plain; version=0.0.4", body)
}

/// The sentence of the decision that tells by what requests are counted, and the first line that was heard of it.
fn told(deployment: &Deployment, page: Page, line: &str) -> String {
    deployment.green.show(page);
    let mut running = deployment.start(&["soak", "--no-tui"]);
    running.hear(line);
    deployment.run(&["ctl", "abort"]).expect(0);
    running.wait().expect(5);
    let decisions = deployment.decisions();
    let told = decisions.iter().find(|decision| decision["reason"] == "metrics").unwrap();
    assert_eq!((&told["decision"], &told["check"]), (&"observe".into(), &"error-rate".into()));
    told["message"].as_str().unwrap().to_owned()
}

#[test]
fn the_counter_its_label_and_what_is_left_out_are_said_at_once() {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let page = "# TYPE api_requests_total counter\n\
                api_requests_total{code=\"200\",path=\"/pay\"} 30\n\
                api_requests_total{code=\"200\",path=\"/health/ready\"} 10\n";
    let said = told(&deployment, metrics(page), "requests on green are counted by `api_requests_total`, label `code`");
    assert!(said.ends_with("25% (10 of 40 so far) were probes and scrapes and are left out"), "{said}");
}

#[test]
fn that_requests_cannot_be_counted_is_said_at_once_with_what_to_set() {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let said = told(&deployment, metrics("# TYPE jobs_total counter\njobs_total 7\n"), "requests cannot be counted: ");
    assert!(said.contains(&deployment.green.url()) && said.contains("`jobs_total`"), "{said}");
    assert!(said.contains("name yours with checks.error-rate.requests"), "{said}");
}

#[test]
fn only_the_series_that_match_are_counted() {
    let page = "# TYPE response_total counter\n\
                response_total{direction=\"inbound\",status_code=\"200\"} 500\n\
                response_total{direction=\"egress\",status_code=\"500\"} 500\n";
    let deployment = Deployment::switched()
        .with("checks.error-rate.requests", "response_total")
        .with("checks.error-rate.match", "direction=\"inbound\"");
    deployment.green.show(metrics(page));
    let doctor = deployment.run(&["doctor"]).expect(0);
    let line = doctor.stdout.lines().find(|line| line.contains("metrics       green")).unwrap();
    assert!(line.contains("`response_total` by `status_code`") && !line.contains("500 failed"), "{line}");
}

/// A counter without a route label.
const fn unrouted(users: u64, counts_own: bool) -> Page {
    Page::Unrouted { users, counts_own }
}

#[test]
fn what_the_monitor_asks_itself_retains_no_release() {
    let deployment = Deployment::switched();
    deployment.green.show(unrouted(0, true));
    let done = deployment.run(&["soak", "--no-tui"]).expect(6);
    done.says(&[
        "counted requests may be probes and scrapes of this monitor",
        "the counter has no label with the route: add one",
    ]);
    assert_eq!(deployment.decision("inconclusive")["requests"], 0, "none of them is told as a user's");
}

#[test]
fn where_own_requests_are_not_counted_a_few_users_are_enough() {
    let deployment = Deployment::switched().with("soak.window", "6s");
    // No more of them than this program asks in the same time, so that with its own requests taken off too few would be left; and
    // not one at every reading, which could as well be the reading itself.
    let quiet = std::iter::repeat_n(unrouted(0, false), 4);
    let pages = [unrouted(12, false)].into_iter().chain(quiet).chain([unrouted(1, false)]);
    deployment.green.show(Page::Turns(pages.collect()));
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED"]);
    let retained = deployment.decision("retain");
    assert!(retained["requests"].as_u64() >= Some(20), "all of them are users: {retained}");
}

#[test]
fn beside_users_own_requests_change_nothing() {
    for (failing, code) in [(0, 0), (50, 3)] {
        let deployment = Deployment::switched().by_evidence();
        deployment.green.show(unrouted(40, true));
        deployment.green.fail(failing);
        deployment.run(&["soak", "--no-tui"]).expect(code);
    }
}

#[test]
fn what_the_monitor_asks_itself_is_no_recovery() {
    let deployment = Deployment::switched();
    deployment.blue.show(unrouted(0, true));
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(3).says(&["recovery not confirmed"]);
}
