//! The rounds.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::Value;
use support::Deployment;

use crate::background::{Background, Started};
use crate::checks;
use crate::plan::{Moment, Plan};

/// The rounds are dealt out to so many tests, several of which run at once.
const SHARES: u64 = 12;

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

fn share(share: u64) {
    let (rounds, seed) = (number("SWITCHBACK_KILL_ROUNDS", 120), number("SWITCHBACK_KILL_SEED", 1));
    for seed in (seed..seed + rounds).filter(|seed| seed % SHARES == share) {
        let plan = Plan::new(seed);
        eprintln!("round {seed} (again: SWITCHBACK_KILL_SEED={seed} SWITCHBACK_KILL_ROUNDS=1): {plan:?}");
        round(&plan);
    }
}

macro_rules! shares {
    ($($name:ident $at:expr;)*) => {
        $(
            #[test]
            #[ignore = "slow: asked for with --run-ignored"]
            fn $name() {
                share($at);
            }
        )*
    };
}

shares! {
    rounds_00 0; rounds_01 1; rounds_02 2; rounds_03 3; rounds_04 4; rounds_05 5;
    rounds_06 6; rounds_07 7; rounds_08 8; rounds_09 9; rounds_10 10; rounds_11 11;
}

/// The deployment of a plan.
fn deployment(plan: &Plan) -> Deployment {
    let deployment = if plan.switches { Deployment::fresh() } else { Deployment::switched() };
    let deployment = deployment
        .with("soak.window", format!("{}ms", plan.window_ms))
        .with("soak.interval", "100ms")
        .with("soak.max_extension", "10s")
        .with("soak.verify_window", "500ms");
    if plan.bad {
        deployment.green.fail(50);
    }
    let Some([before, after, back_before, back_after]) = plan.commands else { return deployment };
    let script = |before: u32, after: u32| {
        let pause = |hundredths: u32| format!("sleep 0.{hundredths:02}");
        format!("echo x >> begun\n{}\necho {{color}} > route\n{}\necho x >> ended", pause(before), pause(after))
    };
    fs::write(deployment.path("route"), if plan.switches { "blue\n" } else { "green\n" }).unwrap();
    deployment.with_commands(&script(before, after), &script(back_before, back_after), "cat route")
}

fn round(plan: &Plan) {
    let deployment = deployment(plan);
    let command: &[&str] = if plan.switches { &["switch", "green"] } else { &["soak"] };
    let mut started = Background::start(&deployment, command);
    if let Started::Over(done) = &started {
        panic!("the first monitor did not start: {done:#?}");
    }
    let client = plan.client.map(|after| (Instant::now() + after, deployment.start(&["attach"])));
    let mut ends_at = None;
    for moment in &plan.kills {
        let Started::Running(monitor) = &started else { break };
        if wait_for(&deployment, monitor, *moment) {
            break;
        }
        monitor.kill();
        monitor.wait(|| false);
        checks::same_end(&deployment, &mut ends_at);
        started = Background::start(&deployment, &["soak", "--resume"]);
        if let Started::Over(done) = &started {
            eprintln!("nothing to resume: {done:#?}");
            // Killed before anything had begun: whoever started it does so again.
            if deployment.decisions().is_empty() {
                started = Background::start(&deployment, command);
            }
        }
    }
    if let Some((at, client)) = client {
        std::thread::sleep(at.saturating_duration_since(Instant::now()));
        // It may be over already, or have given up.
        if fs::exists(format!("/proc/{}", client.pid())).unwrap() {
            client.signal(Signal::KILL);
        }
    }
    if let Started::Running(monitor) = started {
        eprintln!("the last monitor: {:?}", monitor.end());
    }
    await_orphans(&deployment);
    checks::same_end(&deployment, &mut ends_at);
    checks::all(&deployment, plan);
}

/// Waits for the moment; true if the monitor came to its end before.
fn wait_for(deployment: &Deployment, monitor: &Background, moment: Moment) -> bool {
    let later = |pause: Duration| {
        let until = Instant::now() + pause;
        monitor.wait(|| Instant::now() >= until)
    };
    match moment {
        Moment::After(pause) => later(pause),
        Moment::Decided(kind, pause) => monitor.wait(|| deployment.count(kind) > 0) || later(pause),
        Moment::Routed => {
            let shown = || route(deployment);
            let before = shown();
            monitor.wait(|| shown() != before)
        }
    }
}

/// Where traffic goes, by the router's file or the state file.
pub fn route(deployment: &Deployment) -> String {
    let by_state = || {
        let state = fs::read(deployment.state_path()).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        state.and_then(|state| Some(state["activeColor"].as_str()?.to_owned())).unwrap_or_else(|| "blue".to_owned())
    };
    fs::read_to_string(deployment.path("route")).map_or_else(|_| by_state(), |text| text.trim().to_owned())
}

/// Commands of a killed monitor go on by themselves.
fn await_orphans(deployment: &Deployment) {
    let lines = |name| fs::read_to_string(deployment.path(name)).unwrap_or_default().lines().count();
    deployment.wait_until("the router's commands are over", |_| lines("begun") == lines("ended"));
}
