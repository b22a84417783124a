//! What is around the process: pipes, proxies, CI, file modes, the working directory.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use support::{Deployment, Running, Service};

#[test]
fn a_reader_that_goes_away_does_not_end_the_watch() {
    let deployment = Deployment::switched();
    let soak = deployment.command(&["soak", "--no-tui"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "{ \"$0\" soak --no-tui; echo $? > code; } | head -n 1"]).arg(soak.get_program());
    shell.current_dir(deployment.folder()).env_clear();
    shell.envs(soak.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let done = Running::start(shell).wait().expect(0);
    assert_eq!(done.stdout.lines().count(), 1, "{done:#?}");
    deployment.wait_until("the shell has written the exit code", |deployment| {
        fs::read_to_string(deployment.path("code")).is_ok_and(|code| code.ends_with('\n'))
    });
    assert_eq!(fs::read_to_string(deployment.path("code")).unwrap(), "0\n");
    assert_eq!(deployment.kinds(), ["soak_start", "retain"]);
}

#[test]
fn other_commands_take_a_closed_pipe_as_the_end() {
    let deployment = Deployment::switched();
    for args in ["man", "completions bash", "config template", "config show", "history", "status"] {
        let mut shell = Command::new("bash");
        let script = format!("'{}' {args} | true; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_switchback"));
        shell.args(["-c", &script]).current_dir(deployment.folder());
        let done = Running::start(shell).wait();
        assert!(!done.stderr.contains("panicked"), "{args}: {done:#?}");
        assert_eq!(done.code(), Some(0), "{args}: {done:#?}");
    }
}

#[test]
fn a_proxy_in_the_environment_is_not_used() {
    let (deployment, proxy) = (Deployment::fresh(), Service::start());
    let mut command = deployment.command(&["switch", "green", "--no-tui"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, proxy.url());
    }
    Running::start(command).wait().expect(0).says(&["RETAINED"]);
    assert_eq!(proxy.heads(), Vec::<String>::new());
}

#[test]
fn github_finds_the_job_summary_where_it_asked_for_it() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    let mut command = deployment.command(&["soak", "--output", "github"]);
    command.env("CI", "true").env("GITHUB_STEP_SUMMARY", deployment.path("summary.md"));
    Running::start(command).wait().expect(3).says(&["\n::error title=switchback::rolled-back: "]);
    let summary = fs::read_to_string(deployment.path("summary.md")).unwrap();
    assert!(summary.starts_with("### switchback · default: rolled-back\n"), "{summary}");
}

#[test]
fn json_goes_to_stdout_and_nothing_else_does() {
    let deployment = Deployment::switched().with("soak.warmup", "300ms");
    let lines = deployment.run(&["soak", "--no-tui", "--output", "json"]).expect(0).json_lines();
    let outcome = lines.last().unwrap();
    assert_eq!(
        (&outcome["type"], &outcome["outcome"], &outcome["exitCode"]),
        (&"outcome".into(), &"retained".into(), &0.into())
    );
}

#[test]
fn what_it_writes_is_for_its_user_alone() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(3);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut seen = 0;
    for (path, _) in deployment.files() {
        if path != deployment.state_path() {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 5, "journal, its lock or recording, log and both locks of the state file");
    for folder in [".switchback", ".switchback/default", ".switchback/default/soaks", ".switchback/default/log"] {
        assert_eq!(mode(&deployment.path(folder)), 0o700, "{folder}");
    }
}

#[test]
fn the_log_has_every_decision_as_json_lines() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    deployment.run(&["soak", "--no-tui"]).expect(3);
    let log = deployment.files().into_iter().find(|(path, _)| path.to_string_lossy().contains("/log/")).unwrap();
    let lines: Vec<serde_json::Value> =
        String::from_utf8(log.1).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let logged: Vec<_> = lines.iter().filter(|line| line["event"] == "deploy_decision").collect();
    assert_eq!(logged[0]["decision"], "soak_start", "{logged:#?}");
    assert!(logged.iter().any(|line| line["decision"] == "breach" && line["errors"].is_u64()), "{logged:#?}");
}
