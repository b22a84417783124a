//! Secrets reach the service they are for and nobody else.

use crate::support::{Deployment, Done, Page};

/// Unlike anything else that is printed or written.
const CANARY: &str = "kanarienvogel-4711";

#[track_caller]
fn nothing_leaks(deployment: &Deployment, printed: &[Done]) {
    for done in printed {
        assert!(!done.stdout.contains(CANARY) && !done.stderr.contains(CANARY), "{done:#?}");
    }
    let files = deployment.files();
    assert!(files.len() >= 4, "state, journal, recording and log are there: {files:#?}");
    for (path, bytes) in files {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(CANARY), "{}: {text}", path.display());
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
        &["switch", "--no-tui", "--log-level", "trace"],
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
