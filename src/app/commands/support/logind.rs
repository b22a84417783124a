//! Whether a background process survives the logout of its user.

use std::path::Path;
use std::process::Command;

use super::output;
use crate::io::router::program_in_path;

/// Where systemd notes the users whose processes may stay.
const LINGERING: &str = "/var/lib/systemd/linger";
/// Where logind is configured; later files overrule earlier ones.
const LOGIND: [&str; 2] = ["/etc/systemd/logind.conf", "/etc/systemd/logind.conf.d"];

const KILLED: &str = "this machine ends background processes when their user logs out (KillUserProcesses=yes)";
const REMEDY: &str = "`loginctl enable-linger` keeps the monitor running";

/// `systemd-run --user --scope` if available and the user may linger; else `None`, with a warning if logout would kill.
pub fn scope() -> Option<Command> {
    let in_session = std::fs::read_to_string("/proc/self/cgroup").is_ok_and(|cgroup| is_session(&cgroup));
    if !in_session {
        return None;
    }
    let user = std::env::var("USER").unwrap_or_default();
    if lingers(Path::new(LINGERING), &user)
        && let Some(program) = program_in_path("systemd-run")
    {
        let mut command = Command::new(program);
        command.args(["--user", "--scope", "--quiet", "--collect", "--"]);
        return Some(command);
    }
    if kills_user_processes(&logind_config()) {
        output::warn(&format!("{KILLED}: {REMEDY}"));
    }
    None
}

/// The problem and the remedy, if a background monitor would end with its login session.
pub fn trouble() -> Option<(&'static str, &'static str)> {
    let user = std::env::var("USER").unwrap_or_default();
    let killed = kills_user_processes(&logind_config()) && !lingers(Path::new(LINGERING), &user);
    killed.then_some((KILLED, REMEDY))
}

/// Whether a process belongs to a login session, by its `/proc/self/cgroup`.
fn is_session(cgroup: &str) -> bool {
    let unit = |line: &str| line.rsplit('/').next().is_some_and(|unit| unit.starts_with("session-"));
    cgroup.lines().any(unit)
}

fn lingers(folder: &Path, user: &str) -> bool {
    !user.is_empty() && !user.contains('/') && folder.join(user).exists()
}

fn logind_config() -> String {
    let mut text = std::fs::read_to_string(LOGIND[0]).unwrap_or_default();
    let mut dropins: Vec<_> =
        std::fs::read_dir(LOGIND[1]).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    dropins.sort_unstable();
    for dropin in dropins {
        text.push('\n');
        text.push_str(&std::fs::read_to_string(dropin).unwrap_or_default());
    }
    text
}

/// The last `KillUserProcesses=` of logind's configuration; without one it does not.
fn kills_user_processes(config: &str) -> bool {
    let mut values = config.lines().filter_map(|line| line.trim().strip_prefix("KillUserProcesses="));
    values.next_back().is_some_and(|value| matches!(value.trim(), "yes" | "true" | "on" | "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_session_is_told_from_a_service() {
        assert!(is_session("0::/user.slice/user-1000.slice/session-3.scope\n"));
        assert!(!is_session("0::/system.slice/cron.service\n"));
        assert!(!is_session("0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n"));
        assert!(!is_session("0::/\n"));
    }

    #[test]
    fn the_last_setting_of_logind_counts_and_comments_do_not() {
        for (config, kills) in [
            ("", false),
            ("[Login]\n#KillUserProcesses=yes\n", false),
            ("[Login]\nKillUserProcesses=yes\n", true),
            ("KillUserProcesses=yes\n[Login]\nKillUserProcesses=no\n", false),
        ] {
            assert_eq!(kills_user_processes(config), kills, "{config}");
        }
    }

    #[test]
    fn a_user_lingers_where_systemd_has_a_file_of_that_name() {
        let tmp = tempfile::tempdir().unwrap();
        std::fs::write(tmp.path().join("ana"), "").unwrap();
        assert!(lingers(tmp.path(), "ana"));
        assert!(!lingers(tmp.path(), "bo") && !lingers(tmp.path(), "") && !lingers(tmp.path(), "../ana"));
    }
}
