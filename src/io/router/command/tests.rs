use std::fs;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::config::{RouterConfig, RouterKind};
use crate::io::router::api::from_config;

const PATIENT: Duration = Duration::from_secs(30);

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn sh(script: &str) -> Vec<String> {
    words(&["sh", "-c", script])
}

fn router(folder: &Path, timeout: Duration) -> CommandRouter {
    CommandRouter::new(StateFile::open(&folder.join("state.json")).unwrap(), "shop", timeout)
}

/// Runs `script` as the switch to green and returns what it failed with.
async fn failure(script: &str, timeout: Duration) -> String {
    let tmp = tempfile::tempdir().unwrap();
    let router = CommandRouter { switch: sh(script), ..router(tmp.path(), timeout) };
    router.switch(Color::Green, Replace::Ours).await.unwrap_err().to_string()
}

#[tokio::test]
async fn color_and_service_are_filled_in_each_word_and_stand_in_the_environment() {
    let tmp = tempfile::tempdir().unwrap();
    let script = "echo $1 $2; echo $SWITCHBACK_COLOR $SWITCHBACK_SERVICE >&2";
    let switch = words(&["sh", "-c", script, "sh", "deploy:switch-{color}", "{service}/{color}"]);
    let router = CommandRouter { switch, ..router(tmp.path(), PATIENT) };
    let output = router.switch(Color::Green, Replace::Ours).await.unwrap().output.unwrap();
    assert_eq!(output, "deploy:switch-green shop/green\ngreen shop");
}

#[tokio::test]
async fn no_shell_reads_the_words() {
    let tmp = tempfile::tempdir().unwrap();
    let router = CommandRouter { switch: words(&["echo", "$HOME; `id` {color}"]), ..router(tmp.path(), PATIENT) };
    assert_eq!(router.switch(Color::Blue, Replace::Ours).await.unwrap().output.unwrap(), "$HOME; `id` blue");
}

#[tokio::test]
async fn an_empty_rollback_uses_the_switch_and_an_empty_read_the_state_file() {
    let tmp = tempfile::tempdir().unwrap();
    let state_file = StateFile::open(&tmp.path().join("state.json")).unwrap();
    let kind = |rollback| RouterKind::Command { switch: words(&["echo", "switch"]), rollback, read: vec![] };
    let router = |rollback| {
        from_config(
            &RouterConfig { kind: kind(rollback), timeout: PATIENT, probe: None, folder: PathBuf::new() },
            &state_file,
            "shop",
            tmp.path(),
        )
    };
    assert_eq!(router(vec![]).rollback(Color::Blue, Replace::Ours).await.unwrap().output.unwrap(), "switch");
    assert_eq!(
        router(words(&["echo", "back"])).rollback(Color::Blue, Replace::Ours).await.unwrap().output.unwrap(),
        "back"
    );
    assert_eq!(router(vec![]).kind(), "command");
    assert!(router(vec![]).reads_state_file());
    fs::write(state_file.path(), r#"{"activeColor":"green"}"#).unwrap();
    assert_eq!(router(vec![]).read().await.unwrap(), Color::Green);
}

#[tokio::test]
async fn failures_quote_the_command_and_its_last_lines() {
    let exit = failure("echo first; echo broken pipe dream >&2; exit 3", PATIENT).await;
    assert!(exit.starts_with("router command `sh -c echo first;"), "{exit}");
    assert!(exit.ends_with("it ended with exit code 3; it said: first\nbroken pipe dream"), "{exit}");
    let silent = failure("exit 1", PATIENT).await;
    assert!(silent.ends_with("exit code 1, without output"), "{silent}");
    let signal = failure("kill -KILL $$", PATIENT).await;
    assert!(signal.contains("it was killed by signal 9"), "{signal}");
}

#[tokio::test]
async fn a_command_that_cannot_be_started_is_named() {
    let tmp = tempfile::tempdir().unwrap();
    let router = router(tmp.path(), PATIENT);
    let missing = CommandRouter { rollback: words(&["/no/such/program"]), ..router.clone() };
    let missing = missing.rollback(Color::Blue, Replace::Ours).await.unwrap_err().to_string();
    assert!(missing.starts_with("router command `/no/such/program`: it cannot be started: No such file"), "{missing}");
    let empty = router.switch(Color::Blue, Replace::Ours).await.unwrap_err().to_string();
    assert!(empty.contains("no program given"), "{empty}");
}

/// Whether the process whose number stands in `file` is gone, or nothing but a zombie of its new parent.
fn is_gone(file: &Path) -> bool {
    let pid = fs::read_to_string(file).unwrap();
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.is_empty() || stat.contains(") Z ")
}

async fn wait_until(mut condition: impl FnMut() -> bool) {
    let patience = Instant::now() + PATIENT;
    while !condition() {
        assert!(Instant::now() < patience, "it never happened");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A script that starts a grandchild, notes both numbers in `folder`, says so, and never ends.
fn endless(folder: &Path) -> String {
    let folder = folder.display();
    format!("sleep 600 & echo $! >{folder}/grandchild; echo $$ >{folder}/child; echo started; wait")
}

#[tokio::test]
async fn a_timeout_kills_everything_the_command_started_and_leaves_no_zombie() {
    let tmp = tempfile::tempdir().unwrap();
    let failed = failure(&endless(tmp.path()), Duration::from_millis(1500)).await;
    assert!(failed.ends_with("did not end within 1s500ms and was killed; it said: started"), "{failed}");
    let child = fs::read_to_string(tmp.path().join("child")).unwrap();
    assert!(!Path::new(&format!("/proc/{}", child.trim())).exists(), "our own child is reaped at once");
    wait_until(|| is_gone(&tmp.path().join("grandchild"))).await;
}

#[tokio::test]
async fn giving_a_move_up_kills_its_command() {
    let tmp = tempfile::tempdir().unwrap();
    let router = CommandRouter { switch: sh(&endless(tmp.path())), ..router(tmp.path(), PATIENT) };
    let moving = tokio::spawn(async move { router.switch(Color::Green, Replace::Ours).await });
    wait_until(|| fs::read_to_string(tmp.path().join("child")).is_ok_and(|pid| pid.ends_with('\n'))).await;
    moving.abort();
    wait_until(|| is_gone(&tmp.path().join("child")) && is_gone(&tmp.path().join("grandchild"))).await;
}

#[tokio::test]
async fn what_a_command_leaves_running_does_not_hold_the_move_up() {
    let tmp = tempfile::tempdir().unwrap();
    let script = format!("sleep 600 & echo $! >{}/left; echo done", tmp.path().display());
    let router = CommandRouter { switch: sh(&script), ..router(tmp.path(), PATIENT) };
    let moved = router.switch(Color::Green, Replace::Ours).await.unwrap();
    assert_eq!(moved.output.unwrap(), "done");
    assert!(!is_gone(&tmp.path().join("left")), "a service that a command starts goes on");
    let left: i32 = fs::read_to_string(tmp.path().join("left")).unwrap().trim().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(left).unwrap(), rustix::process::Signal::KILL)
        .unwrap();
}

#[tokio::test]
async fn a_command_that_closes_its_output_is_still_awaited() {
    let failed = failure("exec >&- 2>&-; sleep 0.05; exit 5", PATIENT).await;
    assert!(failed.contains("exit code 5"), "{failed}");
}

#[tokio::test]
async fn endless_output_is_neither_kept_nor_in_the_way() {
    let failed = failure("yes filler | head -c 3500000; echo the end; exit 4", PATIENT).await;
    assert!(failed.ends_with("filler\nthe end") && failed.len() < 4096, "{failed}");
}

#[tokio::test]
async fn the_active_color_is_read_from_what_the_command_prints_and_quoted_where_that_is_none() {
    let tmp = tempfile::tempdir().unwrap();
    for (printed, color) in [
        ("green\n", Ok(Color::Green)),
        ("{ activeColor: 'blue', lastSwitch: 5 }\n", Ok(Color::Blue)),
        (
            "red",
            Err("`printf %s red` holds `red`, which is neither blue's nor green's and was not written by Switchback"),
        ),
        ("", Err("printed neither `blue` nor `green` alone, nor `activeColor`; it said: ")),
        (
            "blue and green",
            Err("printed both colors, and no `activeColor` that says which is active; it said: blue and green"),
        ),
    ] {
        let router = CommandRouter { read: words(&["printf", "%s", printed]), ..router(tmp.path(), PATIENT) };
        assert!(!router.reads_state_file());
        match (router.read().await, color) {
            (Ok(read), Ok(color)) => assert_eq!(read, color, "{printed}"),
            (Err(error), Err(wanted)) => assert!(error.to_string().ends_with(wanted), "{error}"),
            (other, _) => panic!("{printed}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_script_that_is_not_there_is_named_where_its_package_manager_is_silent() {
    let tmp = tempfile::tempdir().unwrap();
    let npm = tmp.path().join("npm");
    std::os::unix::fs::symlink("/bin/false", &npm).unwrap();
    fs::write(tmp.path().join("package.json"), r#"{"scripts":{"deploy:switch-green":"x"}}"#).unwrap();
    let (npm, folder) = (npm.display().to_string(), tmp.path().display().to_string());
    let call = words(&[&npm, "--prefix", &folder, "run", "--silent", "deploy:switch-{color}"]);
    let router = CommandRouter { switch: call.clone(), rollback: call, ..router(tmp.path(), PATIENT) };
    let failed = router.switch(Color::Blue, Replace::Ours).await.unwrap_err().to_string();
    assert!(failed.contains("exit code 1, without output; `"), "{failed}");
    assert!(
        failed.ends_with("package.json` has no script `deploy:switch-blue`; it has `deploy:switch-green`"),
        "{failed}"
    );
    let known = router.switch(Color::Green, Replace::Ours).await.unwrap_err().to_string();
    assert!(known.ends_with("exit code 1, without output"), "{known}");
    let tried = Router::try_out(&router, Color::Blue, Replace::Ours).await.unwrap_err().to_string();
    assert!(tried.contains("cannot work: `"), "{tried}");
}

#[tokio::test]
async fn a_read_that_fails_is_an_error() {
    let tmp = tempfile::tempdir().unwrap();
    let router = CommandRouter { read: sh("echo blue; exit 1"), ..router(tmp.path(), PATIENT) };
    let failed = Router::read(&router).await.unwrap_err().to_string();
    assert!(failed.contains("exit code 1"), "{failed}");
}

/// A router whose moves leave a trace, and what `read` prints.
fn traced(folder: &Path, read: &str) -> CommandRouter {
    let move_to = sh(&format!("echo {{color}} >> '{}'", folder.join("moves").display()));
    CommandRouter { switch: move_to.clone(), rollback: move_to, read: sh(read), ..router(folder, PATIENT) }
}

fn moves(folder: &Path) -> String {
    fs::read_to_string(folder.join("moves")).unwrap_or_default()
}

#[tokio::test]
async fn what_is_no_color_is_left_alone_and_told_with_the_command_to_run_by_hand() {
    let tmp = tempfile::tempdir().unwrap();
    let router = traced(tmp.path(), "echo down for maintenance");
    for error in [
        router.switch(Color::Green, Replace::Ours).await.unwrap_err(),
        router.rollback(Color::Green, Replace::Ours).await.unwrap_err(),
        router.try_out(Color::Green, Replace::Ours).await.unwrap_err(),
    ] {
        let foreign = error.foreign().expect("what was printed is not ours");
        assert!(foreign.to_string().contains("holds `down for maintenance`"), "{foreign}");
        let step = foreign.by_hand(Color::Green);
        let command = step.trim_start_matches("run `").trim_end_matches('`');
        assert!(command.contains("echo green >> "), "{step}");
        // As it is printed, so it is pasted.
        let before = moves(tmp.path());
        assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{step}");
        assert_eq!(moves(tmp.path()), format!("{before}green\n"));
        fs::write(tmp.path().join("moves"), before).unwrap();
    }
    assert_eq!(moves(tmp.path()), "");
    let forced = router.rollback(Color::Blue, Replace::Anything).await.unwrap();
    assert!(forced.notes[0].contains("moved anyway (--force): ") && forced.notes[0].contains("down for maintenance"));
    assert_eq!(moves(tmp.path()), "blue\n");
}

#[tokio::test]
async fn a_reading_that_fails_forbids_a_move_and_may_be_tried_again() {
    for read in ["exit 3", "echo blue; exit 1", "cat nowhere"] {
        let tmp = tempfile::tempdir().unwrap();
        let error = traced(tmp.path(), read).switch(Color::Green, Replace::Ours).await.unwrap_err();
        assert!(matches!(error, RouterError::Unread(_)), "{read}: {error:?}");
        assert_eq!(moves(tmp.path()), "", "{read}");
    }
}

#[tokio::test]
async fn a_color_both_of_them_or_nothing_at_all_may_be_moved_away_from() {
    for read in ["true", "echo; echo '   '", "echo blue", "echo green", "echo blue; echo green"] {
        let tmp = tempfile::tempdir().unwrap();
        traced(tmp.path(), read).switch(Color::Green, Replace::Ours).await.unwrap();
        assert_eq!(moves(tmp.path()), "green\n", "{read}");
    }
}

#[tokio::test]
async fn a_color_that_was_just_read_is_not_read_once_more() {
    let tmp = tempfile::tempdir().unwrap();
    let router = traced(tmp.path(), &format!("echo read >> '{}'; echo blue", tmp.path().join("reads").display()));
    assert_eq!(router.read().await.unwrap(), Color::Blue);
    router.switch(Color::Green, Replace::Ours).await.unwrap();
    assert_eq!(fs::read_to_string(tmp.path().join("reads")).unwrap(), "read\n");
}
