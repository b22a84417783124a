//! What root or another person of a team makes in a deployment's folder does not keep its owner from anything.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Deployment, Running};

/// Nobody in particular.
const OWNER: u32 = 65_534;

/// The program where everybody may run it, and a deployment that belongs to somebody else; none where this is not root, who alone can be
/// two users.
fn of_somebody_else() -> Option<(Deployment, PathBuf)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let deployment = Deployment::switched();
    for path in [deployment.folder().to_owned(), deployment.state_path()] {
        chown(path, Some(OWNER), Some(OWNER)).unwrap();
    }
    let program = deployment.path("program");
    fs::copy(env!("CARGO_BIN_EXE_switchback"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    Some((deployment, program))
}

/// Runs it as this user and group, in a folder.
fn as_user(deployment: &Deployment, program: &Path, folder: &Path, user: (u32, u32), args: &[&str]) -> Running {
    let as_root = deployment.command(args);
    let mut command = Command::new(program);
    command.args(as_root.get_args()).current_dir(folder).uid(user.0).gid(user.1).env_clear();
    for (name, value) in as_root.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    // Where coverage is measured: nobody else may write where that is collected, and a process that cannot complains.
    if rustix::process::geteuid().as_raw() != user.0 {
        command.env("LLVM_PROFILE_FILE", "/dev/null");
    }
    Running::start(command)
}

fn as_owner(deployment: &Deployment, program: &Path, args: &[&str]) -> Running {
    as_user(deployment, program, deployment.folder(), (OWNER, OWNER), args)
}

#[test]
fn after_root_was_there_the_owner_goes_on_as_before() {
    let Some((deployment, program)) = of_somebody_else() else { return };
    deployment.run(&["freeze", "--reason", "migration"]).expect(0);
    deployment.run(&["unfreeze"]).expect(0);
    deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    for (path, _) in deployment.files() {
        let owner = fs::metadata(&path).unwrap().uid();
        assert!(path == program || owner == OWNER, "{} belongs to {owner}", path.display());
    }
    as_owner(&deployment, &program, &["switch", "green", "--no-tui"]).wait().expect(0).says(&["RETAINED"]);
    as_owner(&deployment, &program, &["freeze"]).wait().expect(0);
    as_owner(&deployment, &program, &["rollback"]).wait().expect(0).says(&["traffic is on blue"]);
    assert_eq!(deployment.count("rolled_back"), 2, "both are in the journal");
}

#[test]
fn what_cannot_be_read_or_locked_is_told_before_anything_begins() {
    let Some((deployment, program)) = of_somebody_else() else { return };
    // Somebody made them without handing them over.
    let lock = deployment.path(".deployment-state.json.lock");
    fs::write(&lock, "").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o600)).unwrap();
    chown(&lock, Some(0), Some(0)).unwrap();
    as_owner(&deployment, &program, &["soak", "--no-tui"]).wait().expect(2).complains(&[
        "cannot lock",
        ".lock",
        "denied",
    ]);
    assert!(deployment.kinds().is_empty());
    let doctor = as_owner(&deployment, &program, &["doctor"]).wait().expect(2);
    doctor.says(&["FAILURE", ".deployment-state.json.lock"]);
    fs::remove_file(&lock).unwrap();

    as_owner(&deployment, &program, &["freeze"]).wait().expect(0);
    let freeze = deployment.path(".switchback/default/freeze.json");
    chown(&freeze, Some(0), Some(0)).unwrap();
    deployment.green.fail(50);
    let done = as_owner(&deployment, &program, &["soak", "--no-tui"]).wait().expect(3);
    done.says(&["cannot read the freeze", "automatic rollback is NOT frozen"]);
}

#[test]
fn the_owner_speaks_to_a_monitor_that_root_started() {
    let Some((deployment, program)) = of_somebody_else() else { return };
    let deployment = deployment.with("soak.window", "10m");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    as_owner(&deployment, &program, &["ctl", "abort", "--reason", "enough"]).wait().expect(0);
    soak.wait().expect(5);
    assert_eq!(deployment.decision("abort")["reason"], "enough");
}

/// A user and a group that nobody else has.
const MEMBER: u32 = 64_712;
const GROUP: u32 = 64_711;

/// A deployment of root whose monitor is for the group as well, and the program where everybody may run it; none where this is not
/// root.
fn for_a_group(window: &str) -> Option<(Deployment, tempfile::TempDir)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let bin = tempfile::tempdir().unwrap();
    fs::set_permissions(bin.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = bin.path().join("switchback");
    fs::copy(env!("CARGO_BIN_EXE_switchback"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let deployment = Deployment::switched().with("soak.window", window).with("control.group", GROUP.to_string());
    let socket = deployment.path(".switchback/default/control.sock").display().to_string();
    let deployment = deployment.with("control.socket", socket.clone());
    let (data, state) = (deployment.path(".switchback"), deployment.state_path());
    let deployment =
        deployment.with("data_dir", data.display().to_string()).with("state_file", state.display().to_string());
    Some((deployment, bin))
}

/// Lets the group, or everybody, pass through the folders above the socket.
fn open_folders(deployment: &Deployment) {
    for folder in [".", ".switchback", ".switchback/default"] {
        fs::set_permissions(deployment.path(folder), fs::Permissions::from_mode(0o711)).unwrap();
    }
}

#[test]
fn a_member_of_the_group_is_told_the_outcome_although_the_files_are_not_theirs() {
    let Some((deployment, bin)) = for_a_group("4s") else { return };
    fs::set_permissions(deployment.state_path(), fs::Permissions::from_mode(0o600)).unwrap();
    let program = bin.path().join("switchback");
    let run = |user: (u32, u32), args: &[&str]| as_user(&deployment, &program, Path::new("/"), user, args);
    let (member, stranger) = ((MEMBER, GROUP), (MEMBER, MEMBER));
    let begin = || {
        let mut soak = deployment.start(&["soak", "--no-tui"]);
        soak.hear("soak_start");
        open_folders(&deployment);
        soak
    };
    let soak = begin();
    let told = run(member, &["status", "--wait", "--json"]).wait().expect(0).json();
    assert_eq!((&told["exitCode"], &told["soak"]["outcome"]), (&0.into(), &"retained".into()), "{told}");
    assert!(told["configuration"].is_object(), "as whoever asks sees it: {told}");
    soak.wait().expect(0);

    let soak = begin();
    let waiting = run(member, &["status", "--wait"]);
    let forbidden = run(stranger, &["status", "--wait"]).wait().expect(13);
    forbidden.complains(&[&format!("run this as that user, as a member of the group `{GROUP}` or as root")]);
    deployment.green.fail(50);
    waiting.wait().expect(3).says(&["active    blue\n", "outcome   rolled-back (auto)\n"]);
    soak.wait().expect(3);

    // Nothing is left that would answer: whose the files are is told, and how they are read.
    let whose = "it belongs to the user `root`; members of the group";
    for (user, args) in [(member, &["status", "--wait"][..]), (stranger, &["status"]), (member, &["rollback"])] {
        let next = format!("next: sudo switchback {} --service default", args[0]);
        run(user, args).wait().expect(2).complains(&["Permission denied", whose, &next]);
    }
}

#[test]
fn a_member_of_the_group_rolls_back_through_the_monitor() {
    let Some((deployment, bin)) = for_a_group("10m") else { return };
    fs::set_permissions(deployment.state_path(), fs::Permissions::from_mode(0o600)).unwrap();
    let program = bin.path().join("switchback");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    open_folders(&deployment);
    deployment.wait_until("the standby is known to be ready", |deployment| {
        deployment.run(&["status", "--json"]).json()["standby"]["ready"] == true
    });
    let run = |user: (u32, u32), args: &[&str]| as_user(&deployment, &program, Path::new("/"), user, args).wait();
    run((MEMBER, MEMBER), &["rollback"]).expect(2).complains(&["it belongs to the user `root`"]);
    assert_eq!(deployment.count("rollback"), 0);
    let args = ["rollback", "--reason", "it is slow", "--output", "json"];
    let done = run((MEMBER, GROUP), &args).expect(0);
    assert_eq!(done.stderr, "", "no log of another user is missed");
    let told = done.json();
    assert_eq!((&told["active"], &told["soak"]), (&"blue".into(), &deployment.state()["soak"]["id"]), "{told}");
    soak.wait().expect(4);
    assert_eq!(deployment.decision("rollback")["reason"], "it is slow");
}

#[test]
fn a_group_that_is_not_there_is_told_before_a_monitor_is_started() {
    let deployment = Deployment::switched().with("control.group", "no-such-group");
    let told = "control.group: there is no such group in /etc/group; a group that only a directory service (NSS) knows is given by its \
                number";
    deployment.run(&["config", "check"]).expect(2).complains(&[told, "from     environment SWITCHBACK_CONTROL_GROUP"]);
    deployment
        .run(&["doctor"])
        .expect(2)
        .says(&["FAILURE  group         `control.group` = no-such-group: there is no such group"]);
    let spaced = deployment.with("control.group", "root ");
    for args in [&["config", "check"][..], &["doctor"], &["soak", "--no-tui"]] {
        spaced.run(args).expect(2).complains(&["control.group: the name begins or ends with a space"]);
    }
    let elsewhere = spaced.with("control.group", "no-such-group").with("control.url", "https://127.0.0.1:9");
    let elsewhere = elsewhere.with("control.viewer_token", "0f5b2c9d8e7a61430f5b2c9d8e7a6143");
    elsewhere.run(&["config", "check"]).expect(0).complains(&["warning: control.group: there is no such group"]);
    for known in ["root", "4711"] {
        let deployment = Deployment::switched().with("control.group", known);
        assert_eq!(deployment.run(&["config", "check"]).expect(0).stderr, "", "{known}");
    }
}

#[test]
fn members_of_the_group_order_and_nobody_else_does() {
    let Some((deployment, bin)) = for_a_group("10m") else { return };
    let program = bin.path().join("switchback");
    let data = deployment.path(".switchback");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    let doctor = deployment.run(&["doctor"]).stdout;
    let advice = doctor.split("cannot reach the control socket\n").nth(1).unwrap_or_else(|| panic!("{doctor}"));
    let advice = advice.split('`').nth(1).unwrap();
    let abort =
        |user: (u32, u32)| as_user(&deployment, &program, Path::new("/"), user, &["ctl", "extend", "1m"]).wait();
    abort((MEMBER, GROUP)).expect(13).complains(&["this user may not enter"]);
    assert!(Command::new("sh").args(["-c", advice]).status().unwrap().success(), "{advice}");
    abort((MEMBER, GROUP)).expect(0);
    let actor = deployment.decision("extend")["actor"].as_str().unwrap().to_owned();
    assert!(actor.starts_with("operator:ana@") && actor.ends_with(&format!("(uid {MEMBER})")), "{actor}");
    // Everybody may pass here now, and the socket is still not for everybody.
    for folder in [deployment.folder().to_owned(), data.clone(), data.join("default")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o711)).unwrap();
    }
    let told = format!("run this as that user, as a member of the group `{GROUP}` or as root");
    abort((MEMBER, MEMBER)).expect(13).complains(&[&told]);
    assert_eq!(deployment.count("extend"), 1);
    let root = deployment.run(&["ctl", "abort"]).expect(0);
    assert!(root.stderr.is_empty(), "{root:#?}");
    let ended = soak.wait().expect(5);
    assert!(ended.stderr.contains("switchback: warning: members of the group"), "{ended:#?}");
    let unknown = deployment.with("control.group", "no-such-group");
    unknown
        .run(&["soak", "--no-tui"])
        .expect(2)
        .complains(&["`control.group` = no-such-group: there is no such group"]);
}

#[test]
fn what_is_said_of_a_folder_that_became_read_only_is_true_and_what_is_advised_works() {
    let router = tempfile::tempdir().unwrap();
    let route = router.path().join("route");
    fs::write(&route, "green\n").unwrap();
    fs::set_permissions(router.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&route, fs::Permissions::from_mode(0o666)).unwrap();
    // Root writes wherever it likes; whoever else this is has a folder of their own.
    let other = of_somebody_else();
    let (deployment, program) = match other {
        Some((deployment, program)) => (deployment, Some(program)),
        None => (Deployment::switched(), None),
    };
    let (write, read) = (format!("echo {{color}} > {}", route.display()), format!("cat {}", route.display()));
    let deployment = deployment.with_commands(&write, &write, &read).with("soak.window", "10m");
    let start = |args: &[&str]| match &program {
        Some(program) => as_owner(&deployment, program, args),
        None => deployment.start(args),
    };
    let mut soak = start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    deployment.wait_until("the soak is on record", |deployment| deployment.state()["soak"].is_object());
    fs::set_permissions(deployment.folder(), fs::Permissions::from_mode(0o555)).unwrap();
    deployment.green.fail(50);
    let ended = soak.wait().expect(7);
    let typed = start(&["rollback"]).wait().expect(7);
    assert_eq!(fs::read_to_string(&route).unwrap(), "blue\n", "traffic has moved");
    for done in [&ended, &typed] {
        let told = format!("{}{}", done.stdout, done.stderr);
        for wrong in ["by hand", "may still reach green", "traffic is on green", "still live", "STILL LIVE"] {
            assert!(!told.contains(wrong), "traffic is on blue, and `{wrong}` is said: {told}");
        }
        assert!(told.contains("traffic is on blue") && told.contains("ermission denied"), "{told}");
    }
    let ended = ended.says(&["ROLLBACK FAILED: traffic is on blue, but the move is not fully recorded"]);
    assert!(
        ended.stdout.contains("fix what the reason names, then: switchback rollback --service default"),
        "{ended:#?}"
    );
    assert_eq!(deployment.state()["activeColor"], "green", "the record is the old one");
    start(&["status"]).wait().expect(0).says(&["router    command ✗ out of sync: it sends traffic to blue"]);

    fs::set_permissions(deployment.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    start(&["rollback", "--service", "default"]).wait().expect(0).says(&["traffic is on blue"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
    start(&["status"]).wait().expect(0).says(&["router    command ✓ in sync"]);
}
