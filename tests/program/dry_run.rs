//! `rollback --dry-run` ends as the rollback would, and leaves no trace.

use std::fs;
use std::process::Command;
use std::time::Duration;

use support::{Deployment, Done, Running};

/// The dry run, and then the rollback itself, by `run`; the first leaves every file as it was.
#[track_caller]
fn both(deployment: &Deployment, code: i32, mut run: impl FnMut(&[&str]) -> Done) -> [Done; 2] {
    let before = deployment.files();
    let dry = run(&["rollback", "--dry-run"]).expect(code);
    assert!(deployment.files() == before, "a dry run has written: {dry:#?}");
    [dry, run(&["rollback"]).expect(code)]
}

/// The program in a mount namespace in which a script has changed what is mounted; none where that is not allowed here.
fn in_mounts(deployment: &Deployment, script: &str, args: &[&str]) -> Option<Done> {
    let allowed = |flags: &[&str]| {
        Command::new("unshare").args(flags).arg("true").output().is_ok_and(|done| done.status.success())
    };
    let private = ["--mount", "--propagation", "private"];
    let mapped = ["--user", "--map-root-user", "--mount", "--propagation", "private"];
    let flags = [&private[..], &mapped[..]].into_iter().find(|flags| allowed(flags))?;
    let program = deployment.command(args);
    let mut command = Command::new("unshare");
    command.args(flags).args(["sh", "-c", &format!("{script}\ncd \"$PWD\" && exec \"$0\" \"$@\"")]);
    command.arg(program.get_program()).args(program.get_args()).current_dir(deployment.folder()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(Running::start(command).wait())
}

#[test]
fn a_folder_that_cannot_be_written_fails_both() {
    let deployment = Deployment::switched();
    let data = tempfile::tempdir().unwrap();
    let deployment = deployment.with("data_dir", data.path().to_str().unwrap());
    let read_only = "mount --bind . . && mount -o remount,ro,bind .";
    if in_mounts(&deployment, read_only, &["status"]).is_none() {
        return;
    }
    let [dry, real] = both(&deployment, 7, |args| in_mounts(&deployment, read_only, args).unwrap());
    for done in [dry, real] {
        let told = format!("cannot lock `{}.lock`", deployment.state_path().display());
        assert!(done.stderr.contains(&told) && done.stderr.contains("Read-only file system"), "{done:#?}");
    }
    assert_eq!(deployment.state()["activeColor"], "green");
}

#[test]
fn a_state_file_that_is_a_mount_of_its_own_fails_both() {
    let deployment = Deployment::switched();
    let mounted = "mount --bind .deployment-state.json .deployment-state.json";
    if in_mounts(&deployment, mounted, &["status"]).is_none() {
        return;
    }
    let [dry, real] = both(&deployment, 7, |args| in_mounts(&deployment, mounted, args).unwrap());
    for done in [dry, real] {
        assert!(done.stderr.contains("cannot write the state file"), "{done:#?}");
    }
}

#[test]
fn a_lock_that_cannot_be_opened_fails_both_with_the_same_words() {
    let deployment = Deployment::switched();
    fs::create_dir(deployment.path(".deployment-state.json.lock")).unwrap();
    let told = both(&deployment, 7, |args| deployment.run(args))
        .map(|done| done.stderr.lines().find_map(|line| Some(line[line.find("cannot lock")?..].to_owned())).unwrap());
    assert_eq!(told[0], told[1]);
}

#[test]
fn a_move_under_way_is_waited_for_as_long_as_by_the_rollback() {
    let deployment = Deployment::switched().with("router.timeout", "100ms");
    let path = deployment.path(".deployment-state.json.lock");
    fs::write(&path, "").unwrap();
    let lock = fs::File::open(&path).unwrap();
    lock.lock().unwrap();
    let mut dry = deployment.start(&["rollback", "--dry-run"]);
    dry.hear("a move is under way, by an unknown process: waiting for it like the rollback, up to ");
    std::thread::sleep(Duration::from_millis(300));
    drop(lock);
    dry.wait().expect(0).says(&["traffic would be moved to blue"]);
}

#[test]
fn a_journal_that_cannot_be_written_stops_neither() {
    let deployment = Deployment::switched();
    fs::create_dir_all(deployment.journal_path()).unwrap();
    let [dry, real] = both(&deployment, 0, |args| deployment.run(args));
    dry.complains(&["the rollback would not be in the journal `"]);
    real.says(&["traffic is on blue"]);
}

#[test]
fn a_router_that_cannot_be_read_or_has_no_program_fails_both() {
    let mute = Deployment::switched().with_commands("true", "true", "exit 3");
    let [dry, _] = both(&mute, 7, |args| mute.run(args));
    dry.complains(&["the rollback would fail: the router command cannot be moved: "]);
    let missing = Deployment::switched()
        .with("router.kind", "command")
        .with("router.switch", "[\"true\"]")
        .with("router.rollback", "[\"no-such-program\"]")
        .with("router.read", "[\"echo\", \"green\"]");
    let [dry, _] = both(&missing, 7, |args| missing.run(args));
    dry.complains(&["no-such-program"]);
}

#[test]
fn a_standby_that_is_down_and_a_switch_that_never_was_end_both_alike() {
    let down = Deployment::switched();
    down.blue.set_ready(false);
    both(&down, 9, |args| down.run(args));
    let never = Deployment::fresh();
    both(&never, 0, |args| never.run(args));
    let back = Deployment::switched();
    back.run(&["rollback"]).expect(0);
    both(&back, 0, |args| back.run(args));
}
