//! The lines of real soaks, one for each end; how far each came depends on the machine, so no number is kept.

use support::{Deployment, Done, Snapshots};

/// What was printed, with the exit code. Which line comes first of those that two threads cause is left open: the one that tells
/// by what requests are counted, and those of progress, are left out.
fn told(deployment: &Deployment, done: &Done) -> String {
    let text = deployment.redacted_run(&done.stdout);
    let text = text.replace("no request was seen", "N of N requests failed (N%)");
    let progress = ["gating", "baseline", "switching", "watching", "observe", "verifying", "rolling-back", "held"];
    let kept = text.lines().filter(|line| {
        let word = line.strip_prefix("TIME  ").and_then(|rest| rest.split(' ').next());
        !word.is_some_and(|word| progress.contains(&word))
    });
    let lines = kept.fold(String::new(), |text, line| text + line + "\n");
    format!("{lines}{}(exit code {})\n", deployment.redacted(&done.stderr), done.code().unwrap())
}

#[test]
fn the_lines_of_a_soak_for_every_end() {
    let snapshots = Snapshots::of("tests/snapshots/runs");
    let switch = ["switch", "green", "--no-tui"];
    let watched = |deployment: &Deployment| told(deployment, &deployment.run(&switch));

    let healthy = Deployment::fresh();
    let text = watched(&healthy);
    snapshots.assert("retained", &(text + "\n" + &healthy.redacted_run(&healthy.run(&["status"]).stdout)));

    let bad = Deployment::fresh();
    bad.green.fail(50);
    let text = watched(&bad);
    snapshots.assert("rolled-back", &(text + "\n" + &bad.redacted_run(&bad.run(&["status"]).stdout)));

    let held = Deployment::fresh().with("soak.on_breach", "hold");
    held.green.fail(50);
    let text = watched(&held);
    snapshots.assert("held", &(text + "\n" + &held.redacted_run(&held.run(&["status"]).stdout)));

    let refused = Deployment::fresh().with("health.switch_timeout", "300ms");
    refused.green.set_ready(false);
    snapshots.assert("refused", &watched(&refused));

    let idle = Deployment::fresh().with("checks.error-rate.min_requests", "1000000");
    snapshots.assert("inconclusive", &watched(&idle));

    let aborted = Deployment::switched().with("soak.window", "60s");
    let mut soak = aborted.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    aborted.run(&["ctl", "abort", "--reason", "known"]).expect(0);
    snapshots.assert("aborted", &told(&aborted, &soak.wait()));

    let superseded = Deployment::switched().with("soak.window", "60s");
    let mut soak = superseded.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    let moved =
        serde_json::json!({ "activeColor": "blue", "lastSwitch": 1_795_476_199_000_i64, "previousColor": "green" });
    superseded.write_state(&moved);
    snapshots.assert("superseded", &told(&superseded, &soak.wait()));
    snapshots.assert_no_other();
}
