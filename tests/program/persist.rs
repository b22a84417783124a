//! A rollback that fails for what may pass, and for what does not.

use std::fs;

use rustix::process::Signal;
use support::Deployment;

/// A router whose moves back fail until there is a file `healed`, and are counted in `tries`.
fn away() -> Deployment {
    let back = "echo x >> tries; test -e healed && echo {color} > route";
    let deployment = Deployment::switched().with_commands("false", back, "cat route").with("rollback.give_up", "1m");
    fs::write(deployment.path("route"), "green\n").unwrap();
    deployment
}

fn tries(deployment: &Deployment) -> usize {
    fs::read_to_string(deployment.path("tries")).unwrap_or_default().lines().count()
}

#[test]
fn a_rollback_that_somebody_typed_is_tried_five_times_or_until_it_works() {
    let deployment = away();
    deployment.run(&["rollback"]).expect(7).complains(&["NOT ROLLED BACK YET, attempt 1 failed", "ROLLBACK FAILED"]);
    assert_eq!(tries(&deployment), 5);
    let running = deployment.start(&["rollback", "--keep-trying"]);
    deployment.wait_until("more than five tries", |deployment| tries(deployment) > 5 + 5);
    fs::write(deployment.path("healed"), "").unwrap();
    running.wait().expect(0).says(&["rolled back: traffic is on blue, away from green"]);
    assert_eq!(deployment.count("rolled_back"), 1);
}

#[test]
fn a_signal_between_two_attempts_saves_the_soak_and_the_next_monitor_goes_on_with_it() {
    let deployment = away();
    deployment.green.fail(50);
    let running = deployment.start(&["soak", "--no-tui"]);
    deployment.wait_until("attempts that failed", |deployment| tries(deployment) >= 4);
    running.signal(Signal::TERM);
    running.wait().expect(143).complains(&["stopped; state saved. The release is UNWATCHED"]);
    assert_eq!((deployment.count("rollback"), deployment.count("rollback_failed")), (1, 0));
    fs::write(deployment.path("healed"), "").unwrap();
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(3).says(&["ROLLED BACK after all: "]);
    assert_eq!((deployment.count("rollback"), deployment.count("rolled_back")), (1, 1));
}

#[test]
fn a_command_that_does_not_exist_ends_it_at_once() {
    let deployment = Deployment::switched()
        .with_commands("false", "echo x >> tries; no-such-command {color}", "echo green")
        .with("rollback.give_up", "1h");
    deployment.green.fail(50);
    deployment
        .run(&["soak", "--no-tui"])
        .expect(7)
        .says(&["ROLLBACK FAILED after 1 attempt, traffic may still reach green"]);
    assert_eq!(tries(&deployment), 1);
    deployment.run(&["rollback"]).expect(7);
    assert_eq!(tries(&deployment), 2);
}
