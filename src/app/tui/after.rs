//! A rollback that is ordered when the run is over and its monitor is gone.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::Command;

use crate::io::children;
use crate::model::Action;

/// How `switchback rollback` is called for this deployment: as a process, whose words do not get between the panes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// The arguments that name the deployment, such as `--config=FILE`.
    pub place: Vec<OsString>,
}

impl After {
    /// Rolls back; an error is what the command said.
    pub async fn give(&self, action: Action, reason: Option<String>) -> Result<(), String> {
        let Action::Rollback { force } = action else { return Err("the soak is over".to_owned()) };
        // The file itself, even if another version was put in its place meanwhile.
        let program = std::env::current_exe().map_err(|error| format!("cannot start switchback rollback: {error}"))?;
        let mut command = Command::new(program);
        command.arg("rollback").args(&self.place);
        command.args(force.then_some("--force"));
        command.args(reason.map(|reason| format!("--reason={reason}")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = children::spawn(command.kill_on_drop(false));
        let (child, _own) = started.map_err(|error| format!("cannot start switchback rollback: {error}"))?;
        let done = child.wait_with_output().await.map_err(|error| format!("switchback rollback: {error}"))?;
        if done.status.success() { Ok(()) } else { Err(said(&done.stderr)) }
    }
}

/// What a command said, as one line.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() { "switchback rollback failed without a word".to_owned() } else { lines.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_said_is_one_line() {
        assert_eq!(
            said(b"error: blue is not ready\nnext: start blue\n\n"),
            "error: blue is not ready; next: start blue"
        );
        assert_eq!(said(b"\n"), "switchback rollback failed without a word");
    }

    #[tokio::test]
    async fn only_a_rollback_makes_sense_after_the_end() {
        let after = After { place: Vec::new() };
        assert_eq!(after.give(Action::Keep, None).await, Err("the soak is over".to_owned()));
    }
}
