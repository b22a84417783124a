//! Where the deployment lies: beside its configuration, from wherever a command is called; and nowhere else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use support::{Deployment, Done, Running};
use tempfile::TempDir;

/// A deployment whose settings are in a file of its folder and not in the environment.
fn in_file(deployment: Deployment, name: &str) -> Deployment {
    let line = |(key, value): &(&str, String)| format!("{key} = {}\n", json!(value));
    fs::write(deployment.path(name), deployment.settings.iter().map(line).collect::<String>()).unwrap();
    deployment.unconfigured()
}

/// An empty folder to call from, without symlinks in its path.
fn elsewhere() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

fn subfolder(deployment: &Deployment) -> PathBuf {
    let folder = deployment.path("app/src");
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[track_caller]
fn run(deployment: &Deployment, from: &Path, args: &[&str]) -> Done {
    let mut command = deployment.command(args);
    command.current_dir(from);
    Running::start(command).wait()
}

#[track_caller]
fn is_empty(folder: &Path) {
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "files were left in {}", folder.display());
}

#[test]
fn a_rollback_finds_the_deployment_from_wherever_it_is_called() {
    let (_kept, home) = elsewhere();
    let calls: [fn(&Deployment) -> Vec<String>; 4] = [
        |at| vec!["--config".into(), at.path("switchback.toml").display().to_string()],
        |at| vec!["-C".into(), at.folder().display().to_string()],
        |at| vec!["-C".into(), at.path("app").display().to_string()],
        |at| vec!["-C".into(), at.path("app").display().to_string(), "--config".into(), "../switchback.toml".into()],
    ];
    for call in calls {
        let deployment = in_file(Deployment::switched(), "switchback.toml");
        subfolder(&deployment);
        let call = call(&deployment);
        let with = |args: &[&'static str]| -> Vec<String> {
            call.iter().cloned().chain(args.iter().map(|word| (*word).to_owned())).collect()
        };
        let from_home = |args: &[&'static str]| {
            let args = with(args);
            run(&deployment, &home, &args.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let state_file = deployment.state_path().canonicalize().unwrap().display().to_string();
        from_home(&["status"]).expect(0).says(&[&format!("state     {state_file}\n")]);
        from_home(&["doctor"]).expect(0).says(&[&state_file]);
        assert_eq!(from_home(&["doctor", "--json"]).expect(0).json()["stateFile"], state_file.as_str());
        from_home(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
        assert_eq!(deployment.state()["activeColor"], "blue");
        from_home(&["history"]).expect(0).says(&["rolled_back"]);
        from_home(&["verify"]).expect(0).says(&["intact, 2 decisions"]);
        // A command that is advised works from there as well.
        let refused = from_home(&["switch", "--no-tui"]).expect(2);
        let advised = refused.stderr.rsplit_once("switchback ").unwrap().1;
        let words: Vec<&str> = advised.split_whitespace().collect();
        assert_eq!(&words[..call.len()], &call[..], "{advised}");
        run(&deployment, &home, &words).expect(0).says(&["green"]);
        is_empty(&home);
    }
    let deployment = in_file(Deployment::switched(), "switchback.toml");
    let below = subfolder(&deployment);
    run(&deployment, &below, &["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    is_empty(&below);
    run(&deployment, &home, &["-C", "/no/such/folder", "rollback"])
        .expect(2)
        .complains(&["`/no/such/folder`: No such"]);
}

#[test]
fn a_soak_in_the_background_is_found_from_below_and_from_elsewhere() {
    let (_kept, home) = elsewhere();
    let deployment = in_file(Deployment::switched().with("soak.window", "1m"), "switchback.toml");
    let below = subfolder(&deployment);
    let folder = deployment.folder().display().to_string();
    run(&deployment, &below, &["soak", "--detach"]).expect(0).says(&["watching in the background"]);
    run(&deployment, &home, &["-C", &folder, "status"]).expect(0).says(&["soak  ", "watching"]);
    run(&deployment, &below, &["soak", "--no-tui"]).expect(10);
    run(&deployment, &home, &["-C", &folder, "ctl", "abort"]).expect(0);
    deployment.wait_until("the soak is over", |deployment| deployment.count("abort") == 1);
    run(&deployment, &below, &["soak", "--resume", "--no-tui"]).expect(5).says(&["has ended: aborted"]);
    run(&deployment, &home, &["-C", &folder, "replay", "--no-tui"]).expect(0).says(&["ABORTED"]);
    is_empty(&home);
    is_empty(&below);
}

#[test]
fn without_configuration_and_state_file_everything_ends_2_and_leaves_nothing() {
    let (_kept, folder) = elsewhere();
    let deployment = Deployment::switched().unconfigured();
    let here = format!("`{}`", folder.display());
    for args in [
        &["rollback"][..],
        &["rollback", "--dry-run"],
        &["switch", "green", "--no-tui"],
        &["switch", "green", "--no-soak"],
        &["soak", "--no-tui"],
        &["soak", "--resume", "--no-tui"],
        &["soak", "--detach"],
        &["freeze"],
        &["unfreeze"],
        &["ctl", "abort"],
        &["attach", "--no-tui"],
        &["status"],
        &["status", "--json"],
        &["history"],
        &["history", "prune"],
        &["verify"],
        &["config", "check"],
    ] {
        let done = run(&deployment, &folder, args).expect(2);
        done.complains(&["no deployment found here", &here, "looked in: ", "next: switchback -C DIR"]);
        is_empty(&folder);
    }
    run(&deployment, &folder, &["doctor"]).expect(2).says(&["FAILURE  deployment", &here, "next: switchback -C DIR"]);
    run(&deployment, &folder, &["config", "show"]).expect(0).says(&["config_file", "not found"]);
    run(&deployment, &folder, &["config", "template"]).expect(0);
    is_empty(&folder);
}

#[test]
fn with_a_configuration_and_no_state_file_nothing_was_ever_switched() {
    let (_kept, home) = elsewhere();
    let deployment = in_file(Deployment::fresh(), "prod.toml");
    let file = deployment.path("prod.toml").display().to_string();
    let state_file = deployment.folder().canonicalize().unwrap().join(".deployment-state.json").display().to_string();
    let from_home = |args: &[&str]| run(&deployment, &home, &[&["--config", &file], args].concat());
    from_home(&["status"]).expect(0).says(&[&state_file, "active    blue", "switched  never"]);
    from_home(&["doctor"]).expect(0).says(&["warning  state file", &state_file]);
    from_home(&["soak", "--no-tui"]).expect(2).complains(&[&state_file]);
    from_home(&["rollback"]).expect(0).says(&["there is no state file", &state_file]);
    from_home(&["switch", "green", "--no-soak"]).expect(0);
    assert_eq!(deployment.state()["activeColor"], "green");
    from_home(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    is_empty(&home);
}

#[test]
fn the_usual_ports_are_assumed_beside_a_state_file_only_and_that_is_told() {
    let deployment = Deployment::switched().unconfigured();
    let assumed = "no configuration was found: blue is assumed at http://127.0.0.1:3001, green is assumed at http://127.0.0.1:3002";
    deployment.run(&["status"]).expect(0).says(&["config    no configuration file in ", assumed]).complains(&[assumed]);
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!(status["configuration"]["assumed"], assumed);
    deployment.run(&["doctor"]).says(&["warning  configuration", assumed]);
    let done = deployment.run(&["rollback", "--force"]).expect(0);
    assert!(done.stderr.starts_with(&format!("switchback: warning: {assumed}\n")), "{done:?}");

    let deployment = Deployment::fresh().unconfigured();
    fs::write(deployment.path("switchback.toml"), "service = \"shop\"\n").unwrap();
    let missing = "colors.green.instances is not set; without a state file (`";
    deployment.run(&["switch", "green", "--no-soak"]).expect(2).complains(&[missing]);
    deployment.run(&["doctor"]).expect(2).says(&["FAILURE  instances", missing]);
    deployment.run(&["status"]).expect(0).says(&[missing, "standby   green not asked"]);
    deployment.run(&["rollback"]).expect(0);
    assert!(!deployment.state_path().exists());
}

#[test]
fn a_state_file_that_only_the_working_directory_has_is_used_and_of_two_none() {
    let deployment = in_file(Deployment::switched(), "prod.toml");
    fs::create_dir(deployment.path("conf")).unwrap();
    fs::rename(deployment.path("prod.toml"), deployment.path("conf/prod.toml")).unwrap();
    let beside = deployment.path("conf/.deployment-state.json");
    let both = [beside.display().to_string(), deployment.state_path().display().to_string()];
    let both: Vec<&str> = both.iter().map(String::as_str).collect();
    let with = |args: &[&str]| deployment.run(&[&["--config", "conf/prod.toml"], args].concat());
    with(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]).complains(&both);
    assert_eq!(deployment.state()["activeColor"], "blue");

    fs::write(&beside, r#"{"activeColor":"green","previousColor":"blue","lastSwitch":1}"#).unwrap();
    let before = deployment.files();
    for args in [
        &["rollback"][..],
        &["rollback", "--dry-run"],
        &["switch", "green", "--no-tui"],
        &["soak", "--no-tui"],
        &["freeze"],
        &["ctl", "abort"],
        &["history", "prune"],
    ] {
        with(args)
            .expect(2)
            .complains(&both)
            .complains(&["next: for the one beside the configuration `switchback -C "]);
    }
    assert_eq!(deployment.files(), before, "nothing was touched");
    with(&["status"]).expect(0).says(&["active    green", both[0]]).complains(&both);
    with(&["doctor"]).expect(2).says(&["FAILURE  deployment"]).says(&both);
    let conf = deployment.path("conf").display().to_string();
    deployment.run(&["-C", &conf, "--config", "prod.toml", "rollback"]).expect(0).says(&["rolled back"]);
}

#[test]
fn what_others_can_write_is_not_used_from_below() {
    let deployment = in_file(Deployment::switched(), "switchback.toml");
    let below = subfolder(&deployment);
    fs::set_permissions(deployment.folder(), Permissions::from_mode(0o1777)).unwrap();
    let folder = deployment.folder().display().to_string();
    let refused = run(&deployment, &below, &["rollback"]).expect(2);
    refused.complains(&[
        "is not used: other users can write to `",
        &format!("next: if that is the deployment: switchback -C {folder}"),
    ]);
    is_empty(&below);
    run(&deployment, &below, &["-C", &folder, "rollback"]).expect(0).says(&["rolled back"]);
}

#[test]
fn commands_of_the_router_run_where_the_deployment_lies() {
    let (_kept, home) = elsewhere();
    let deployment = Deployment::switched();
    let script = "#!/bin/sh\nif [ \"$1\" = read ]; then cat where; else echo $1 > where; fi\n";
    fs::write(deployment.path("move.sh"), script).unwrap();
    fs::set_permissions(deployment.path("move.sh"), Permissions::from_mode(0o755)).unwrap();
    fs::write(deployment.path("where"), "green\n").unwrap();
    let deployment = in_file(deployment, "switchback.toml");
    let router = "[router]\nkind = \"command\"\nswitch = [\"./move.sh\", \"{color}\"]\nread = [\"sh\", \"./move.sh\", \"read\"]\n";
    let text = fs::read_to_string(deployment.path("switchback.toml")).unwrap();
    fs::write(deployment.path("switchback.toml"), format!("{text}{router}")).unwrap();
    let file = deployment.path("switchback.toml").display().to_string();
    run(&deployment, &home, &["--config", &file, "rollback", "--dry-run"]).expect(0).says(&["run `./move.sh blue`"]);
    run(&deployment, &home, &["--config", &file, "rollback"]).expect(0);
    assert_eq!(fs::read_to_string(deployment.path("where")).unwrap(), "blue\n");
    is_empty(&home);
}

#[test]
fn a_symlinked_configuration_leads_to_the_deployment() {
    let (_kept, home) = elsewhere();
    let deployment = in_file(Deployment::switched(), "switchback.toml");
    symlink(deployment.path("switchback.toml"), home.join("shop.toml")).unwrap();
    let done = run(&deployment, &home, &["--config", "shop.toml", "rollback"]).expect(0);
    done.says(&["rolled back: traffic is on blue"]).complains(&["is used and the deployment is taken to lie in `"]);
}

#[test]
fn a_working_directory_that_is_gone_stops_nobody_who_names_the_configuration() {
    let (_kept, home) = elsewhere();
    let deployment = in_file(Deployment::switched(), "switchback.toml");
    let gone = |args: &str| {
        let mut shell = Command::new("sh");
        let script = format!("mkdir gone && cd gone && rmdir ../gone && exec \"$0\" {args}");
        let program = deployment.command(&[]);
        shell.args(["-c", &script]).arg(program.get_program()).current_dir(&home).env_clear();
        shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Running::start(shell).wait()
    };
    gone("rollback").expect(2).complains(&["cannot find the working directory", "use -C DIR"]);
    let file = deployment.path("switchback.toml").display().to_string();
    gone(&format!("--config {file} status")).expect(0).complains(&["relative paths start at"]);
    gone(&format!("-C {} rollback", deployment.folder().display())).expect(0).says(&["rolled back"]);
}
