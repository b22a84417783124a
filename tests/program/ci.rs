//! The script for CI, run as a CI runs it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use rustix::process::Signal;
use support::{Deployment, Running};

fn asset(name: &str) -> String {
    format!("{}/assets/ci/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A shell in the deployment's folder that finds the program by its name.
fn shell(deployment: &Deployment, shell: &str, args: &[&str]) -> Command {
    let program = deployment.command(&[]);
    let bin = deployment.path("bin");
    if !bin.exists() {
        fs::create_dir(&bin).unwrap();
        symlink(program.get_program(), bin.join("switchback")).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(shell);
    command.args(args).current_dir(deployment.folder()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("PATH", path);
    command
}

fn script(deployment: &Deployment, args: &[&str]) -> Running {
    Running::start(shell(deployment, "sh", &[&[asset("switch.sh").as_str()][..], args].concat()))
}

#[test]
fn the_script_passes_arguments_and_a_good_outcome_on() {
    let deployment = Deployment::fresh();
    let done = script(&deployment, &["green", "--output", "json"]).wait().expect(0);
    assert_eq!(done.json_lines().last().unwrap()["outcome"], "retained");
    done.complains(&["The release is live."]);
}

#[test]
fn the_script_fails_with_the_exit_code_of_a_bad_release() {
    let deployment = Deployment::fresh();
    deployment.green.fail(50);
    script(&deployment, &["green"]).wait().expect(3).complains(&["traffic is back on the previous color"]);
    script(&deployment, &["green", "--windw", "3s"]).wait().expect(2).complains(&["failed with exit code 2"]);
}

#[test]
fn a_cancelled_script_ends_the_soak_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let deployment = Deployment::fresh().with("soak.window", "1m");
        let mut running = script(&deployment, &["green"]);
        running.hear("soak_start");
        running.signal(signal);
        running.wait().expect(5).says(&["ABORTED"]).complains(&["The soak was aborted."]);
        assert_eq!(deployment.state()["soak"]["outcome"], "aborted");
    }
}
