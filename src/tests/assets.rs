//! The service unit and the examples for CI: what they run can be typed, and the exit codes they know are the program's.

use super::*;
use crate::app::cli::Command;

/// How often an attempt to roll back asks its router and its probe at the most, each within `router.timeout`: a reading, the move,
/// its read-back, where traffic is after a failure, and the probe before and after the state file is written. Between two
/// attempts a monitor stops at once.
const QUESTIONS: u32 = 6;

fn unit() -> String {
    read(&root().join("assets/systemd/switchback@.service"))
}

/// The settings of a unit as section, name and value, in order.
fn settings(unit: &str) -> Vec<(&str, &str, &str)> {
    let (mut section, mut settings) = ("", Vec::new());
    for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("`{line}` is no setting"));
            settings.push((section, name, value));
        }
    }
    settings
}

/// The value of the one setting of that name.
fn value(name: &str) -> String {
    let unit = unit();
    let mut found = settings(&unit).into_iter().filter(|(_, known, _)| *known == name);
    let (_, _, value) = found.next().unwrap_or_else(|| panic!("the unit has no {name}"));
    assert!(found.next().is_none(), "{name} is given twice");
    value.to_owned()
}

fn codes(text: &str) -> BTreeSet<u8> {
    text.split_whitespace().map(|code| code.parse().unwrap()).collect()
}

/// Codes with which a run ends for good: its outcomes, what it cannot begin with, and another monitor.
fn final_codes() -> BTreeSet<u8> {
    outcome_codes().into_iter().chain([2, 10]).filter(|code| *code != 0).collect()
}

#[test]
fn the_unit_has_its_sections_and_names_nothing_twice() {
    let unit = unit();
    let settings = settings(&unit);
    let mut seen = BTreeSet::new();
    for (section, name, _) in &settings {
        assert!(["Unit", "Service", "Install"].contains(section), "[{section}] is no section of a service");
        assert!(seen.insert((section, name)), "{name} stands twice in [{section}]");
    }
    assert!(settings.len() > 20, "most of the unit was not read");
}

#[test]
fn the_unit_runs_a_soak_that_resumes_without_a_terminal() {
    let start = value("ExecStart");
    assert!(start.starts_with('/'), "systemd wants a whole path");
    let cli = cli::try_parse_from(words(&start)).unwrap_or_else(|error| panic!("`{start}`: {error}"));
    assert!(matches!(cli.command, Command::Soak { resume: true, .. }), "{start}");
    for flag in ["--resume", "--no-tui", "--supervised"] {
        assert!(start.contains(flag), "{flag} is missing: {start}");
    }
}

#[test]
fn the_unit_of_an_agent_runs_one_for_the_folder_that_it_may_write_to_and_waits_for_it() {
    let unit = read(&root().join("assets/systemd/switchback-agent.service"));
    let value = |name: &str| {
        let found: Vec<_> = settings(&unit).into_iter().filter(|(_, known, _)| *known == name).collect();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        found[0].2.to_owned()
    };
    let cli = cli::try_parse_from(words(&value("ExecStart"))).unwrap();
    let Command::Agent(agent) = cli.command else { panic!("{:?}", cli.command) };
    assert_eq!(agent.folder, Path::new(&value("WorkingDirectory")));
    assert!(agent.folder.starts_with(value("ReadWritePaths")));
    let minutes = |name: &str| crate::config::parse_duration(&value(name).replace("min", "m")).unwrap();
    assert!(minutes("TimeoutStopSec") > crate::app::agent::SAVE_TIMEOUT);
    // It ends with 0 when it is asked to stop, and is started again unless systemd did that.
    assert_eq!((value("Restart"), codes(&value("RestartPreventExitStatus"))), ("always".to_owned(), [2, 10].into()));
    assert_eq!((value("KillMode"), value("Type")), ("mixed".to_owned(), "notify".to_owned()));
    let rest = |unit: &str| unit.split_once("ProtectSystem=").map(|(_, rest)| rest.to_owned());
    assert_eq!(rest(&unit), rest(&self::unit()), "both are closed off alike");
}

#[test]
fn the_unit_starts_again_what_died_and_not_what_ended() {
    assert_eq!(value("Restart"), "on-failure");
    assert_eq!(codes(&value("RestartPreventExitStatus")), final_codes());
    // Asked to stop: clean for `systemctl stop`, and resumed when anybody else sent the signal.
    assert_eq!((value("SuccessExitStatus"), value("RestartForceExitStatus")), ("143".to_owned(), "143".to_owned()));
}

#[test]
fn the_unit_waits_longer_than_an_attempt_to_roll_back_takes() {
    let stop = crate::config::parse_duration(&value("TimeoutStopSec").replace("min", "m")).unwrap();
    let timeout = load(Inputs { folder: "/srv/app".into(), ..Inputs::default() }).unwrap().config.router.timeout;
    assert!(stop > QUESTIONS * timeout, "{stop:?} is less than {QUESTIONS} times {timeout:?}");
    assert_eq!(value("KillMode"), "mixed", "a router command must not be killed in the middle of a move");
}

#[test]
fn a_call_that_the_unit_does_not_allow_fails_and_kills_nothing() {
    assert_eq!((value("SystemCallFilter"), value("SystemCallErrorNumber")), ("@system-service".into(), "EPERM".into()));
}

#[test]
fn the_unit_may_write_where_state_file_and_records_lie() {
    let (folder, writable) = (value("WorkingDirectory").replace("%i", "shop"), value("ReadWritePaths"));
    let writable: Vec<_> = writable.split_whitespace().map(|path| path.replace("%i", "shop")).collect();
    let config = load(Inputs { folder: folder.into(), ..Inputs::default() }).unwrap().config;
    for path in [&config.state_file, &config.data_dir, &config.control.socket] {
        assert!(writable.iter().any(|folder| path.starts_with(folder)), "{} cannot be written", path.display());
    }
}

#[test]
fn the_script_for_ci_knows_every_exit_code() {
    let script = read(&root().join("assets/ci/switch.sh"));
    let patterns = script.lines().filter_map(|line| line.strip_prefix("    ")?.split_once(") echo "));
    let known: BTreeSet<u8> =
        patterns.flat_map(|(codes, _)| codes.split(" | ")).filter_map(|code| code.parse().ok()).collect();
    let codes: BTreeSet<u8> = final_codes().into_iter().chain([0]).filter(|code| *code != 2).collect();
    assert_eq!(known, codes, "2, 1 and what kills it fall under the last of them");
}

#[test]
fn the_workflow_asks_only_for_exit_codes_that_there_are() {
    let workflow = read(&root().join("assets/ci/github-actions.yml"));
    let asked = workflow.split("steps.soak.outputs.exit-code ").skip(1);
    let asked: BTreeSet<u8> = asked.filter_map(|rest| rest.split('\'').nth(1)?.parse().ok()).collect();
    assert!(asked.is_subset(&final_codes()), "{asked:?}");
    assert!(asked.is_superset(&[3, 4, 7, 11].into()), "nobody is told of a bad release: {asked:?}");
}

#[test]
fn the_workflow_settles_the_color_once_in_a_job_of_its_own_and_switches_to_that() {
    let workflow = read(&root().join("assets/ci/github-actions.yml"));
    let (_, jobs) = workflow.split_once("\njobs:\n").unwrap();
    let job = |name: &str| {
        let (_, rest) = jobs.split_once(&format!("  {name}:\n")).unwrap_or_else(|| panic!("no job {name}"));
        let lines = rest.lines().take_while(|line| line.is_empty() || line.starts_with("    "));
        lines.collect::<Vec<_>>().join("\n")
    };
    let (settle, switch) = (job("settle"), job("switch"));
    // A re-run of failed jobs runs all steps of those again.
    assert_eq!((jobs.matches("--inactive").count(), settle.matches("--inactive").count()), (1, 1));
    assert!(settle.contains("color: ${{ steps.inactive.outputs.color }}"), "{settle}");
    assert!(switch.contains("needs: [settle, deploy]"), "{switch}");
    assert!(switch.contains("color: ${{ needs.settle.outputs.color }}"), "{switch}");
    assert!(switch.contains("uses: OWNER/switchback/.github/actions/switchback@"), "{switch}");
}
