//! The examples for CI, run as a CI runs them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
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

/// The lines that a step of the workflow hands to the shell, one file a step as on a runner.
fn step(name: &str) -> String {
    let workflow = fs::read_to_string(asset("github-actions.yml")).unwrap();
    let (_, rest) = workflow.split_once(&format!("- name: {name}\n")).unwrap();
    let (_, block) = rest.split_once("run: |\n").unwrap();
    let indent = block.len() - block.trim_start().len();
    let lines = block.lines().take_while(|line| line.len() - line.trim_start().len() >= indent);
    lines.flat_map(|line| [&line[indent..], "\n"]).collect()
}

/// Runs a step with `bash -e`, the default of a runner on Linux. Its outputs go to the file `outputs`.
fn run_step(deployment: &Deployment, name: &str) -> Running {
    let file = deployment.path("step.sh");
    fs::write(&file, step(name)).unwrap();
    let mut command = shell(deployment, "bash", &["-e", &file.display().to_string()]);
    command.env("GITHUB_OUTPUT", deployment.path("outputs"));
    // What the job `settle` handed on; each attempt of a run has the same.
    command.env("COLOR", settled(deployment));
    Running::start(command)
}

fn output(deployment: &Deployment, name: &str) -> String {
    let outputs = fs::read_to_string(deployment.path("outputs")).unwrap();
    outputs.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap().to_owned()
}

/// The color that was settled by the first attempt of the workflow.
fn settled(deployment: &Deployment) -> String {
    let outputs = fs::read_to_string(deployment.path("outputs")).unwrap_or_default();
    outputs.lines().find_map(|line| line.strip_prefix("color=")).unwrap_or_default().to_owned()
}

/// A new run of the workflow, up to its job `switch`.
fn settle(deployment: &Deployment) {
    let _ = fs::remove_file(deployment.path("outputs"));
    run_step(deployment, "Settle the color").wait().expect(0);
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

#[test]
fn the_workflow_hands_the_exit_code_and_the_recording_on() {
    let deployment = Deployment::fresh().with("service", "checkout-api");
    deployment.green.fail(50);
    settle(&deployment);
    run_step(&deployment, "Switch and soak").wait().expect(3).says(&["::error title=switchback::"]);
    assert_eq!(output(&deployment, "code"), "3");
    run_step(&deployment, "Find the recording").wait().expect(0);
    let id = deployment.state()["soak"]["id"].as_str().unwrap().to_owned();
    let recording = output(&deployment, "recording");
    assert!(recording.ends_with(&format!("/soaks/{id}.jsonl")) && Path::new(&recording).exists(), "{recording}");

    deployment.green.fail(0);
    settle(&deployment);
    run_step(&deployment, "Switch and soak").wait().expect(0);
    assert_eq!(output(&deployment, "code"), "0");
}

#[test]
fn a_cancelled_workflow_ends_the_soak_in_order() {
    let deployment = Deployment::fresh().with("soak.window", "1m");
    settle(&deployment);
    let mut running = run_step(&deployment, "Switch and soak");
    running.hear("soak_start");
    running.signal(Signal::INT);
    running.wait().expect(5);
    assert_eq!(output(&deployment, "code"), "5");
}
