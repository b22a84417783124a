//! The result of a command in the requested output format, so that programs need not parse prose. A run prints its own
//! outcome; refusals, usage errors, orders and moves without a run are concluded here.

use std::ffi::OsString;

use jiff::Timestamp;

use crate::app::called;
use crate::app::cli::{Cli, Command, Common};
use crate::app::headless::{Conclusion, Output, is_concluded};
use crate::app::inputs;
use crate::config::load;
use crate::io::state::{State, StateFile};
use crate::model::Color;

use super::failure::Failure;
use super::known::Known;
use super::{context, format, known, others, output};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    output: Output,
    kind: &'static str,
    when: When,
}

/// The conclusion of a command that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// Its message.
    Always,
    /// A failure, unless a run has printed its outcome.
    Failing,
    /// None: another process or the command's own output has it.
    Never,
}

impl Close {
    pub fn of(command: &Command) -> Self {
        let close = |output, kind, when| Self { output, kind, when };
        match command {
            Command::Switch { switch, .. } | Command::SwitchGreen(switch) | Command::SwitchBlue(switch) => {
                let when = if switch.watch.background { When::Never } else { When::Failing };
                close(switch.watch.output, "outcome", when)
            }
            Command::Soak { watch, .. } => {
                let when = if watch.background { When::Never } else { When::Failing };
                close(watch.output, "outcome", when)
            }
            Command::Attach(attach) => close(attach.output, "outcome", When::Failing),
            Command::Rollback { output, .. } => close(*output, "outcome", When::Always),
            Command::Ctl { json, output, .. } => {
                close(if *json { Output::Json } else { *output }, "order", When::Always)
            }
            Command::Status(status) => {
                close(if status.json { Output::Json } else { status.output }, "outcome", When::Never)
            }
            _ => close(Output::Human, "outcome", When::Never),
        }
    }

    pub fn prepare(self) {
        match (self.output, self.when) {
            (Output::Json, When::Always) => output::collect(),
            (Output::Json, When::Failing) => output::on_stderr(),
            _ => {}
        }
    }

    /// Prints the conclusion, and returns the exit code.
    pub fn finish(self, common: &Common, done: Result<u8, Failure>) -> u8 {
        match done {
            Ok(code) => {
                let tells = match self.when {
                    When::Always => true,
                    When::Failing => code != 0 && !is_concluded(),
                    When::Never => false,
                };
                if tells {
                    self.tell(&of_what_was_said(common, code));
                }
                code
            }
            Err(failure) => {
                output::error(&failure.message);
                self.tell(&of_failure(&failure, standing(common)));
                failure.code
            }
        }
    }

    /// The same for a failure before the deployment is known.
    pub fn fail(self, failure: &Failure) -> u8 {
        output::error(&failure.message);
        self.tell(&of_failure(failure, Standing::default()));
        failure.code
    }

    fn tell(self, conclusion: &Conclusion) {
        match self.output {
            Output::Human => {}
            Output::Json => {
                output::data(&format!("{}\n", conclusion.to_json(self.kind, &output::said(), Timestamp::now())));
            }
            Output::Github => tell_job(conclusion),
        }
    }
}

/// Concludes a GitHub Actions step: annotation, outputs, summary.
pub fn tell_job(conclusion: &Conclusion) {
    for line in conclusion.tell_job(&format::job_files()) {
        output::data(&format!("{line}\n"));
    }
}

/// The conclusion of a command line that cannot be parsed.
pub fn misused(error: &clap::Error) {
    let words: Vec<OsString> = std::env::args_os().collect();
    let asked = |output: &str| {
        let joined = format!("--output={output}");
        words.iter().any(|word| word.as_os_str() == joined.as_str())
            || words.windows(2).any(|pair| pair[0] == "--output" && pair[1] == output)
    };
    let has = |wanted: &str| words.iter().any(|word| word.as_os_str() == wanted);
    let is_order = has("ctl");
    let output = match () {
        () if !error.use_stderr() => return,
        () if asked("github") => Output::Github,
        () if asked("json") || (has("--json") && (is_order || has("status"))) => Output::Json,
        () => return,
    };
    let reason = first_paragraph(&error.to_string());
    let next = Some("switchback --help".to_owned());
    let conclusion = Conclusion { outcome: name_of(2).to_owned(), reason, exit_code: 2, next, ..Conclusion::default() };
    let kind = if is_order { "order" } else { "outcome" };
    Close { output, kind, when: When::Never }.tell(&conclusion);
}

/// The message of clap without the usage, in one line.
fn first_paragraph(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

fn of_what_was_said(common: &Common, code: u8) -> Conclusion {
    let Standing { service, active, soak, release, .. } = standing(common);
    let reason = output::said().first().cloned().or_else(output::last_error).unwrap_or_default();
    let next = match code {
        0 => None,
        143 => Some("switchback soak --resume"),
        _ => Some("switchback status"),
    };
    Conclusion {
        outcome: name_of(code).to_owned(),
        reason,
        active,
        exit_code: code,
        next: next.map(|next| for_service(next, service.as_deref())),
        service,
        soak,
        release,
        ..Conclusion::default()
    }
}

fn of_failure(failure: &Failure, standing: Standing) -> Conclusion {
    let Standing { service, active, soak, release, by } = standing;
    let (reason, next) = take_apart(&failure.message);
    let next = next.or_else(|| Some(for_service(usual_next(failure.code), service.as_deref())));
    Conclusion {
        outcome: name_of(failure.code).to_owned(),
        lead: active.map(|active| format!("traffic is on {active} according to {by}")),
        reason,
        active,
        exit_code: failure.code,
        next,
        service,
        soak,
        recording: None,
        release,
    }
}

/// The sentence, and its `next` step.
fn take_apart(message: &str) -> (String, Option<String>) {
    let (before, next) = match message.split_once("next: ") {
        Some((before, rest)) => (before, rest.lines().next().map(str::to_owned)),
        None => (message, None),
    };
    (before.trim_end_matches([' ', ';', '\n']).to_owned(), next)
}

const fn usual_next(code: u8) -> &'static str {
    match code {
        2 => "switchback doctor",
        10 => "switchback attach",
        _ => "switchback status",
    }
}

fn for_service(command: &str, service: Option<&str>) -> String {
    let flag = service.map(|service| format!(" --service {service}")).unwrap_or_default();
    command.to_owned() + &flag
}

/// The word for an exit code: an outcome, or another word without one.
const fn name_of(code: u8) -> &'static str {
    match code {
        0 => "done",
        3 | 4 => "rolled-back",
        5 => "aborted",
        6 => "inconclusive",
        7 => "rollback-failed",
        8 => "superseded",
        9 | 10 | 13 => "refused",
        11 => "held",
        12 => "switch-failed",
        143 => "stopped",
        _ => "error",
    }
}

/// The source of a state whose files cannot be read.
const MONITOR: &str = "the last report of its monitor";

/// The state of the deployment, from its state file or the monitor on another machine, if either can be read.
#[derive(Default)]
struct Standing {
    by: &'static str,
    service: Option<String>,
    active: Option<Color>,
    soak: Option<String>,
    release: Option<String>,
}

fn standing(common: &Common) -> Standing {
    let loaded = load(inputs::from_process(common.settings.0.clone(), common.config.clone()));
    let Ok(loaded) = loaded else { return Standing::default() };
    let named = context::named_service(&loaded).map(str::to_owned);
    let config = loaded.config;
    if config.control.url.is_some() {
        let Known { service, active, soak, release } = known::last();
        if service.is_none() {
            called::nobody_is_there();
        }
        let service = named.or(service).or(Some(config.service));
        return Standing { by: MONITOR, service, active, soak, release };
    }
    let state = StateFile::open(&config.state_file).map(|file| file.read());
    if let Ok(Err(error)) = &state
        && others::is_denied(error)
    {
        // A member of the group knows only what the monitor reported.
        let Known { active, soak, release, .. } = known::last();
        return Standing { by: MONITOR, service: Some(config.service), active, soak, release };
    }
    let state = state.ok().and_then(Result::ok).filter(State::exists);
    let block = state.as_ref().and_then(|state| state.soak());
    Standing {
        by: "the state file",
        service: Some(config.service),
        active: state.as_ref().map(State::active),
        soak: block.map(|block| block.id.clone()),
        release: block.and_then(|block| block.known_release()).map(str::to_owned),
    }
}

impl Cli {
    /// How the command is concluded: in which form, and when.
    pub fn close(&self) -> Close {
        Close::of(&self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_is_taken_out_of_the_message() {
        for (message, reason, next) in [
            (
                "blue is not ready (503)\nnext: start blue, then: switchback rollback",
                "blue is not ready (503)",
                Some("start blue, then: switchback rollback"),
            ),
            (
                "ROLLBACK UNDONE; next: stop that, then: switchback rollback",
                "ROLLBACK UNDONE",
                Some("stop that, then: switchback rollback"),
            ),
            (
                "needs a color (blue is active)\nnext: switchback switch green\na job settles it once",
                "needs a color (blue is active)",
                Some("switchback switch green"),
            ),
            ("the state file is corrupt", "the state file is corrupt", None),
        ] {
            assert_eq!(take_apart(message), (reason.to_owned(), next.map(str::to_owned)));
        }
    }

    #[test]
    fn what_is_missing_on_a_command_line_is_named() {
        let error = crate::app::cli::try_parse_from(["switchback", "ctl"]).unwrap_err();
        let told = first_paragraph(&error.to_string());
        assert!(told.starts_with("the following required arguments were not provided: <"), "{told}");
        assert_eq!(
            first_paragraph("error: unexpected argument '--x' found\n\nUsage: y"),
            "unexpected argument '--x' found"
        );
    }

    #[test]
    fn no_code_of_a_failure_is_named_like_a_success() {
        let good = [name_of(0), "retained", "switched"];
        for code in 1..=u8::MAX {
            assert!(!good.contains(&name_of(code)), "{code}");
        }
    }
}
