//! Router `command`: commands move traffic and say where it is.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::process::{ProcessError, program_in, program_in_path, run};
use super::said::{NoColor, color_in};
use super::scripts::{MissingScript, Script, script_of};
use super::{Foreign, Moved, Replace, Router, RouterError, RouterFuture};
use crate::config::shell_word;
use crate::io::state::StateFile;
use crate::model::Color;

/// A color read this recently is not read again before a move.
const FRESH: Duration = Duration::from_secs(1);

/// A command of the router failed, or what it printed is no color.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It failed.
    #[error("router command `{command}`: {source}")]
    Failed {
        /// The command with its words filled in.
        command: String,
        /// How it failed.
        source: ProcessError,
    },
    /// It failed, and the script that it runs is missing.
    #[error("router command `{command}`: {source}; {missing}")]
    FailedScript {
        /// The command with its words filled in.
        command: String,
        /// How it failed.
        source: ProcessError,
        /// The script.
        missing: Box<MissingScript>,
    },
    /// The script that it runs is missing.
    #[error("router command `{command}` cannot work: {missing}")]
    NoScript {
        /// The command with its words filled in.
        command: String,
        /// The script.
        missing: Box<MissingScript>,
    },
    /// It printed no color.
    #[error(
        "router command `{command}` printed neither `blue` nor `green` alone, nor `activeColor`; it said: {output}"
    )]
    NoColor {
        /// The command with its words filled in.
        command: String,
        /// The last lines it printed.
        output: String,
        /// Whether it printed only whitespace.
        said_nothing: bool,
    },
    /// It printed both colors without saying which is active.
    #[error(
        "router command `{command}` printed both colors, and no `activeColor` that says which is active; it said: {output}"
    )]
    Ambiguous {
        /// The command with its words filled in.
        command: String,
        /// The last lines it printed.
        output: String,
    },
}

/// Runs without a shell, with `SWITCHBACK_COLOR` and `SWITCHBACK_SERVICE` in the environment, and with `SWITCHBACK_FENCE` where
/// several hosts could move traffic.
#[derive(Clone, Debug)]
pub struct CommandRouter {
    state_file: StateFile,
    service: String,
    pub(super) folder: PathBuf,
    timeout: Duration,
    pub(super) switch: Vec<String>,
    pub(super) rollback: Vec<String>,
    /// Prints the active color. If empty, the state file is read, and a move's exit code alone confirms it.
    pub(super) read: Vec<String>,
    shown: Arc<Mutex<Option<Instant>>>,
    /// The token of the leader; 0 for none.
    fence: Arc<AtomicI64>,
}

impl CommandRouter {
    /// Without commands yet, in the working directory; each command gets `timeout`.
    pub fn new(state_file: StateFile, service: &str, timeout: Duration) -> Self {
        let service = service.to_owned();
        let (switch, rollback, read) = (Vec::new(), Vec::new(), Vec::new());
        let (shown, fence) = (Arc::default(), Arc::default());
        Self { state_file, service, folder: PathBuf::new(), timeout, switch, rollback, read, shown, fence }
    }

    fn filled(&self, words: &[String], color: Color) -> Vec<String> {
        words.iter().map(|word| word.replace("{color}", color.name()).replace("{service}", &self.service)).collect()
    }

    async fn to(&self, words: &[String], color: Color, replace: Replace) -> Result<Moved, RouterError> {
        let replaced = self.look_before(words, replace).await?;
        let words = self.filled(words, color);
        let fence = self.fence.load(Ordering::Relaxed);
        let token = fence.to_string();
        let mut env = vec![("SWITCHBACK_COLOR", color.name()), ("SWITCHBACK_SERVICE", &self.service)];
        env.extend((fence != 0).then_some(("SWITCHBACK_FENCE", token.as_str())));
        let printed =
            run(&self.folder, &words, &env, self.timeout).await.map_err(|source| self.failed_move(&words, source))?;
        let output = Some(printed.quote()).filter(|quoted| !quoted.is_empty());
        Ok(Moved { output, notes: replaced.into_iter().collect(), ..Moved::default() })
    }

    /// Reads before a move, if possible. Returns what `--force` replaced, in a sentence.
    async fn look_before(&self, words: &[String], replace: Replace) -> Result<Option<String>, RouterError> {
        if self.read.is_empty() || self.was_just_read() {
            return Ok(None);
        }
        let Err(error) = self.ask().await else { return Ok(None) };
        if replace == Replace::Anything {
            return Ok(Some(format!("moved anyway (--force): {error}")));
        }
        match error {
            // A move brings all of it to one color, or the first of it anywhere.
            CommandError::Ambiguous { .. } | CommandError::NoColor { said_nothing: true, .. } => Ok(None),
            error => Err(self.or_foreign(words, error).unread()),
        }
    }

    /// A reading without a color: the router is in other hands. `words` are the command that brings it back.
    fn or_foreign(&self, words: &[String], error: CommandError) -> RouterError {
        match error {
            CommandError::NoColor { command, output, said_nothing: false } => {
                let by_hand = |color| format!("run `{}`", for_a_shell(&self.filled(words, color)));
                Foreign::new(command, output.as_bytes(), by_hand).into()
            }
            error => error.into(),
        }
    }

    fn was_just_read(&self) -> bool {
        let shown = *self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.is_some_and(|at| at.elapsed() < FRESH)
    }

    /// Whether the programs exist and the reading works; the commands themselves may do anything.
    fn preview(&self, to: Color) -> Result<Vec<String>, CommandError> {
        let words = self.filled(&self.rollback, to);
        let program = words.first().map_or("", String::as_str);
        let command = for_a_shell(&words);
        if program_in_path(&program_in(&self.folder, program).to_string_lossy()).is_none() {
            return Err(CommandError::Failed { command, source: ProcessError::NoProgram(program.to_owned()) });
        }
        if let Some(missing) = self.missing_script(&words) {
            return Err(CommandError::NoScript { command, missing });
        }
        Ok(vec![format!("run `{command}`; a dry run cannot tell whether it succeeds")])
    }

    async fn ask(&self) -> Result<Color, CommandError> {
        let words: Vec<String> = self.read.iter().map(|word| word.replace("{service}", &self.service)).collect();
        let command = words.join(" ");
        match run(&self.folder, &words, &[("SWITCHBACK_SERVICE", &self.service)], self.timeout).await {
            Err(source) => Err(self.failed(&words, source)),
            Ok(printed) => {
                let text = String::from_utf8_lossy(&printed.stdout);
                color_in(&text).map_err(|none| {
                    let output = printed.quote();
                    match none {
                        NoColor::None => {
                            CommandError::NoColor { command, output, said_nothing: text.trim().is_empty() }
                        }
                        NoColor::Ambiguous => CommandError::Ambiguous { command, output },
                    }
                })
            }
        }
    }

    /// A silenced package manager does not report a missing script, so it is looked for.
    fn failed(&self, words: &[String], source: ProcessError) -> CommandError {
        let command = words.join(" ");
        match self.missing_script(words) {
            Some(missing) => CommandError::FailedScript { command, source, missing },
            None => CommandError::Failed { command, source },
        }
    }

    /// A program that was never started moved nothing.
    fn failed_move(&self, words: &[String], source: ProcessError) -> RouterError {
        let never_ran = matches!(source, ProcessError::NoProgram(_) | ProcessError::Empty | ProcessError::Start(_));
        let error = RouterError::from(self.failed(words, source));
        if never_ran { error.put_back() } else { error }
    }

    fn missing_script(&self, words: &[String]) -> Option<Box<MissingScript>> {
        let folder = std::path::absolute(Path::new(".").join(&self.folder)).ok()?;
        match script_of(words, &folder)? {
            Script::Missing(missing) => Some(Box::new(missing)),
            Script::Found { .. } => None,
        }
    }
}

fn for_a_shell(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

impl Router for CommandRouter {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn reads_state_file(&self) -> bool {
        self.read.is_empty()
    }

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.to(&self.switch, to, replace))
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.to(&self.rollback, to, replace))
    }

    fn fence(&self, token: i64) {
        self.fence.store(token, Ordering::Relaxed);
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async move {
            if self.read.is_empty() {
                return Ok(self.state_file.read()?.active());
            }
            let color = self.ask().await.map_err(|error| self.or_foreign(&self.rollback, error))?;
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            Ok(color)
        })
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async move {
            let mut lines = self.preview(to)?;
            lines.extend(self.look_before(&self.rollback, replace).await?);
            Ok(lines)
        })
    }
}

#[cfg(test)]
mod tests;
