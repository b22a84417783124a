//! The headline of a run, for the first row of a screen.

use crate::core::detect::failed;
use crate::core::soak::{Machine, Retrying};
use crate::model::number::span;
use crate::model::{Color, Ending, Outcome, Phase, Verdict};

use super::outcome::{standing, still_live};

/// The meaning of a text; each front end chooses its color.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    /// Needs attention.
    Warning,
    Bad,
}

impl From<Verdict> for Tone {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Healthy => Self::Good,
            Verdict::Unknown => Self::Plain,
            Verdict::Breached => Self::Bad,
        }
    }
}

/// The state of a run in a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    /// The word, in capitals: `WATCHING`, `ROLLED BACK`, `BLIND 14s`.
    pub word: String,
    /// Details in a few words; may be empty.
    pub detail: String,
    pub tone: Tone,
    /// Whether it is so important that it fills the whole row.
    pub alone: bool,
}

impl Headline {
    /// Where the machine is, `late_ms` after the last event.
    pub(super) fn of(machine: &Machine, late_ms: u64) -> Self {
        if let Some((lasted, why)) = machine.blind() {
            return Self::alone(format!("BLIND {}", seconds(lasted.saturating_add(late_ms))), why, Tone::Warning);
        }
        let (color, other) = (machine.settings().color, machine.settings().color.other());
        match machine.phase() {
            Phase::Gating => Self::calm("GATING", gate(machine)),
            Phase::Baseline => Self::calm("BASELINE", format!("{other}: {}", failed(machine.recovery()))),
            Phase::Switching => Self::calm("SWITCHING", format!("{other} to {color}")),
            Phase::Warmup => Self::calm("WARMUP", String::new()),
            Phase::Watching => Self::watching(machine, late_ms),
            Phase::Held => {
                let parts = [still_live(machine), machine.held_because()];
                Self::alone("HELD", parts.into_iter().flatten().collect::<Vec<_>>().join("; "), Tone::Bad)
            }
            Phase::Grace => {
                let left = machine.remaining_ms().unwrap_or(0).saturating_sub(late_ms);
                Self::alone(format!("ROLLBACK IN {}", seconds(left)), format!("back to {other}"), Tone::Bad)
            }
            Phase::RollingBack => {
                let retrying = machine.retrying().map(|retrying| {
                    let Retrying { failures, why, .. } = retrying;
                    format!(", failed {failures} times, trying again: {why}")
                });
                let detail = format!("{color} to {other}{}", retrying.unwrap_or_default());
                Self::alone("ROLLING BACK", detail, Tone::Bad)
            }
            Phase::Verifying => {
                Self::alone("ROLLED BACK", format!("verifying {other}: {}", failed(machine.recovery())), Tone::Warning)
            }
            Phase::Finished => machine
                .ending()
                .map_or_else(|| Self::calm("OVER", String::new()), |ending| Self::ended(machine, ending)),
        }
    }

    /// Traffic was moved back to a color after the end.
    pub(super) fn back_late(active: Color, ending: &Ending) -> Self {
        let detail =
            format!("{active} is active again; the soak ended {}, exit code {}", ending.outcome, ending.exit_code());
        Self::alone("ROLLED BACK", detail, Tone::Warning)
    }

    /// What keeps a breach from being acted on, shown before there is one.
    fn watching(machine: &Machine, late_ms: u64) -> Self {
        let detail = if machine.settings().no_rollback {
            "NO ROLLBACK".to_owned()
        } else if machine.lead_is_lost() {
            "NOBODY ROLLS BACK from here".to_owned()
        } else if machine.paused() {
            "automatic rollback PAUSED".to_owned()
        } else if let Some(frozen) = machine.frozen() {
            let left = frozen.until_ms.map(|until| until.saturating_sub(machine.wall_ms())).unwrap_or_default();
            let left = u64::try_from(left).unwrap_or(0).saturating_sub(late_ms);
            let left = frozen.until_ms.map(|_| format!(" for {}", seconds(left))).unwrap_or_default();
            format!("automatic rollback FROZEN{left}")
        } else {
            return Self::calm("WATCHING", String::new());
        };
        Self { word: "WATCHING".to_owned(), detail, tone: Tone::Warning, alone: false }
    }

    /// A bad release that may still be live comes first.
    fn ended(machine: &Machine, ending: &Ending) -> Self {
        let (word, tone) = match ending.outcome {
            Outcome::Retained => ("RETAINED", Tone::Good),
            Outcome::RolledBack => ("ROLLED BACK", Tone::Warning),
            Outcome::Aborted => ("ABORTED", Tone::Warning),
            Outcome::Inconclusive => ("INCONCLUSIVE", Tone::Warning),
            Outcome::Held => ("HELD", Tone::Bad),
            Outcome::Superseded => ("SUPERSEDED", Tone::Warning),
            Outcome::RollbackFailed => ("ROLLBACK FAILED", Tone::Bad),
            Outcome::RollbackUndone => ("ROLLBACK UNDONE", Tone::Bad),
            Outcome::Refused => ("REFUSED", Tone::Warning),
            Outcome::SwitchFailed => ("SWITCH FAILED", Tone::Bad),
            Outcome::Switched => ("SWITCHED", Tone::Good),
        };
        let alarms = matches!(ending.outcome, Outcome::Held | Outcome::RollbackFailed | Outcome::RollbackUndone);
        let live = still_live(machine).filter(|_| alarms).map(|live| format!("{live}. Nobody is acting."));
        let standing = standing(machine, ending.outcome);
        let standing = standing.split_once(": ").map(|(_, rest)| format!("{rest};"));
        let cause = format!("cause {}, exit code {}", ending.cause.name(), ending.exit_code());
        let parts = [live.or(standing), Some(cause)];
        Self::alone(word, parts.into_iter().flatten().collect::<Vec<_>>().join(" "), tone)
    }

    fn calm(word: &str, detail: String) -> Self {
        Self { word: word.to_owned(), detail, tone: Tone::Plain, alone: false }
    }

    fn alone(word: impl Into<String>, detail: impl Into<String>, tone: Tone) -> Self {
        Self { word: word.into(), detail: detail.into(), tone, alone: true }
    }
}

fn gate(machine: &Machine) -> String {
    let (ready, all) = machine.target_ready();
    let why = machine.target_failure().map(|why| format!(" ({why})")).unwrap_or_default();
    format!("{ready} of {all} ready{why}")
}

/// Whole seconds, `14s`: what counts down in a headline shows no tenths.
fn seconds(millis: u64) -> String {
    span(millis / 1000 * 1000)
}
