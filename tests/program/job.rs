//! Where a process is at home: a CI job whose runner ends what carries its mark, and a container in which it is process 1.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{Deployment, Running};

/// The monitor that runs in the background, killed when it is dropped.
struct Monitor(Pid);

impl Monitor {
    #[track_caller]
    fn of(said: &str) -> Self {
        let pid = said.split("(process ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
        Self(Pid::from_raw(pid.unwrap_or_else(|| panic!("no process is named: {said}"))).unwrap())
    }

    /// The names of the variables in its environment.
    fn variables(&self) -> Vec<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.0.as_raw_nonzero())).unwrap();
        let text = String::from_utf8(environment).unwrap();
        text.split('\0').filter_map(|entry| Some(entry.split_once('=')?.0.to_owned())).collect()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = kill_process(self.0, Signal::KILL);
    }
}

#[test]
fn a_monitor_in_the_background_does_not_carry_the_mark_of_its_ci_job() {
    for (marks, kept) in [
        (&[("RUNNER_TRACKING_ID", "github_5f0c")][..], "GITHUB_SHA"),
        (
            &[("JENKINS_NODE_COOKIE", "c00kie"), ("JENKINS_SERVER_COOKIE", "durable"), ("BUILD_ID", "17")],
            "BUILD_NUMBER",
        ),
        (&[("VSTS_PROCESS_LOOKUP_ID", "vsts_1")], "BUILD_REASON"),
    ] {
        let deployment = Deployment::switched().with("soak.window", "10m");
        let mut command = deployment.command(&["soak", "--detach"]);
        command.envs(marks.iter().copied()).env("CI", "true").env(kept, "7");
        let done =
            Running::start(command).wait().expect(0).complains(&["is removed from the environment of the monitor"]);
        let monitor = Monitor::of(&done.stdout);
        let variables = monitor.variables();
        for (mark, _) in marks {
            assert!(!variables.iter().any(|name| name == mark), "{mark}: {variables:?}");
            assert!(done.stderr.contains(mark), "{done:#?}");
        }
        assert!(variables.iter().any(|name| name == kept), "what is no mark stays: {variables:?}");
    }
}

#[test]
fn a_job_whose_machine_goes_away_with_it_is_warned() {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let hosted = |args: &[&str]| {
        let mut command = deployment.command(args);
        command.env("GITHUB_ACTIONS", "true").env("RUNNER_ENVIRONMENT", "github-hosted");
        Running::start(command).wait().expect(0)
    };
    let told = "a monitor in the background does not survive the end of the job: GitHub discards the machine";
    drop(hosted(&["doctor"]).says(&["warning  background    ", told]));
    let done = hosted(&["soak", "--detach"]).complains(&[told]);
    drop(Monitor::of(&done.stdout));
}

/// A command that runs `program` as process 1 of a process namespace with a `/proc` of its own; none where that is not allowed.
fn as_process_one() -> Option<Vec<&'static str>> {
    let ways = [
        vec!["unshare", "--pid", "--fork", "--mount-proc"],
        vec!["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"],
    ];
    ways.into_iter().find(|way| {
        let tried = Command::new(way[0]).args(&way[1..]).arg("true").output();
        tried.is_ok_and(|done| done.status.success())
    })
}

/// The children of a process, each with the letter of its state.
fn children(parent: u32) -> Vec<(u32, String)> {
    let of = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?.to_owned();
        (fields.next()?.parse() == Ok(parent)).then_some((pid, state))
    };
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter_map(of).collect()
}

#[test]
fn process_one_of_a_container_reaps_what_its_commands_leave_behind_and_still_hears_its_own() {
    let Some(way) = as_process_one() else {
        eprintln!("no process namespace may be made here: not tried");
        return;
    };
    let deployment = Deployment::switched().with("soak.window", "10m").with_commands(
        "true",
        "true",
        "(sleep 0.05 &)\necho read >> reads\necho green",
    );
    let program = deployment.command(&["soak", "--no-tui"]);
    let mut command = Command::new(way[0]);
    command
        .args(&way[1..])
        .arg(program.get_program())
        .args(program.get_args())
        .current_dir(deployment.folder())
        .env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = Running::start(command);
    running.hear("soak_start");
    let one = children(running.pid()).first().map(|(pid, _)| *pid).unwrap();
    let reads = || fs::read_to_string(deployment.path("reads")).unwrap_or_default().lines().count();
    let deadline = Instant::now() + Duration::from_mins(1);
    while reads() < 6 {
        assert!(Instant::now() < deadline, "the router is not read");
        sleep(Duration::from_millis(50));
    }
    sleep(Duration::from_secs(1));
    let zombies = children(one).into_iter().filter(|(_, state)| state == "Z").count();
    assert!(zombies <= 2, "{zombies} zombies after {} readings", reads());
    assert_eq!(deployment.count("observe"), 0, "every reading was heard: {:?}", deployment.decisions());
    kill_process(Pid::from_raw(i32::try_from(one).unwrap()).unwrap(), Signal::TERM).unwrap();
    let done = running.wait().expect(5);
    assert!(!done.stdout.contains("trouble"), "{done:#?}");
    assert_eq!(deployment.state()["soak"]["outcome"], Value::from("aborted"));
}
