//! The closing lines of a run: where traffic is, what to do, why, numbers.

use crate::core::detect::failed;
use crate::core::soak::{Aftermath, Machine, Origin};
use crate::model::number::{percent, percent_limit, span};
use crate::model::{CheckId, Color, Ending, Outcome, Phase};

use super::measure::{allowed, measured, title};
use super::{Dashboard, Standing, View};

/// Room for the text of an outcome: with its label of 16 columns it fits in a line of 100.
const ROOM: usize = 84;

/// The closing lines after a run, as pairs of label and text: where traffic is, what to do next, why, what failed.
pub fn outcome_lines(view: &View, ending: &Ending) -> Vec<(&'static str, String)> {
    let machine = view.machine();
    let color = machine.settings().color;
    let standing = standing(machine, ending.outcome);
    let how = format!("(cause {}, exit code {})", ending.cause.name(), ending.exit_code());
    let whole = format!("{standing} {how}");
    let is_apart = alarms(ending.outcome) || whole.chars().count() > ROOM;
    let mut lines = vec![("outcome", if is_apart { standing } else { whole })];
    lines.extend(next_step(machine, ending).map(|next| ("next", next)));
    if is_apart {
        lines.push(("ended", format!("{} {how}", word(ending.outcome))));
    }
    // What to do stands in `next`; the sentence has it for those who are told nothing else, in a journal or a message.
    let reason = ending.reason.split(" Move traffic to ").next().unwrap_or(&ending.reason);
    // The second is as older monitors say it.
    let reason = reason.split(" Fix that, then run: ").next().unwrap_or(reason);
    let reason = reason.split(" Mend that, then run: ").next().unwrap_or(reason);
    lines.push(("reason", reason.to_owned()));
    lines.extend(machine.settings().known_release().map(|release| ("release", release.to_owned())));
    if machine.summary().is_some() {
        lines.push(("requests", format!("{} on {color} during the soak", failed(machine.seen()))));
    }
    let unwatched = machine.unwatched();
    if unwatched.gaps > 0 {
        let gaps = if unwatched.gaps == 1 { "1 gap".to_owned() } else { format!("{} gaps", unwatched.gaps) };
        lines.push(("unwatched", format!("{} in {gaps}: no monitor was running", span(unwatched.ms))));
    }
    lines.extend(machine.troubles().iter().map(|trouble| ("trouble", trouble.clone())));
    lines
}

impl Dashboard {
    /// Traffic was moved back after the end, which no event records.
    pub fn brought_back(&mut self) {
        let back = self.machine().settings().color.other();
        (self.active, self.routed, self.back_late) = (back, Some(Ok(back)), true);
    }

    /// The closing lines; empty while the run continues.
    pub fn outcome_lines(&self) -> Option<Vec<(&'static str, String)>> {
        let ending = self.ending()?;
        let mut lines = outcome_lines(self.view(), ending);
        if self.back_late {
            lines.retain(|(label, _)| !matches!(*label, "outcome" | "next" | "ended"));
            let (outcome, code) = (ending.outcome, ending.exit_code());
            let text =
                format!("ROLLED BACK: {} is active again (the soak ended {outcome}, exit code {code})", self.active);
            lines.insert(0, ("outcome", text));
        }
        Some(lines)
    }

    /// The next step after the run, if any.
    pub fn next_step(&self) -> Option<String> {
        next_step(self.machine(), self.ending()?).filter(|_| !self.back_late)
    }
}

/// The next step after this end, with a command that works; `None` if there is nothing to do.
pub fn next_step(machine: &Machine, ending: &Ending) -> Option<String> {
    let settings = machine.settings();
    let aftermath = Aftermath {
        outcome: ending.outcome,
        begun: machine.summary().is_some(),
        service: &settings.service,
        color: settings.color,
        no_rollback: settings.no_rollback,
        standby_down: machine.standby_is_down(),
        foreign: machine.foreign(),
        back_unrecorded: machine.back_unrecorded(),
    };
    aftermath.next()
}

/// Whether a bad release may be live after this end.
const fn alarms(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Held | Outcome::RollbackFailed | Outcome::RollbackUndone)
}

/// Where traffic is after the end; with what to do, where a bad release may be live.
pub(super) fn stand(machine: &Machine, ending: &Ending) -> Standing {
    let next = next_step(machine, ending).filter(|_| alarms(ending.outcome));
    Standing { text: standing(machine, ending.outcome), next }
}

/// An outcome in capitals: `ROLLED BACK`.
pub fn word(outcome: Outcome) -> String {
    outcome.name().to_uppercase().replace('-', " ")
}

/// Where traffic is after the end, and what that means: one line, whatever the numbers.
pub fn standing(machine: &Machine, outcome: Outcome) -> String {
    let (color, other) = (machine.settings().color, machine.settings().color.other());
    match outcome {
        Outcome::Retained => format!("RETAINED: {color} stays active"),
        Outcome::RolledBack => format!("ROLLED BACK: {other} is active again"),
        Outcome::Aborted if machine.summary().is_none() => {
            format!("ABORTED: traffic stays on {other}, nothing was judged")
        }
        Outcome::Aborted => format!("ABORTED: traffic stays on {color}, nothing was judged"),
        Outcome::Inconclusive => format!("INCONCLUSIVE: {color} stays active, unproven"),
        Outcome::Held => {
            let live = live_in_a_line(machine, "", ". Nobody is acting");
            live.unwrap_or_else(|| format!("HELD: traffic is on {color}. Nobody is acting"))
        }
        Outcome::Superseded if active_after(machine, outcome) == Some(other) => {
            format!("SUPERSEDED: another process moved traffic to {other}")
        }
        Outcome::Superseded => "SUPERSEDED: another process moved traffic".to_owned(),
        Outcome::RollbackFailed if machine.back_unrecorded() => {
            format!("ROLLBACK FAILED: traffic is on {other}, but the move is not fully recorded")
        }
        Outcome::RollbackFailed => {
            let live = live_in_a_line(machine, "ROLLBACK FAILED, ", "");
            live.unwrap_or_else(|| format!("ROLLBACK FAILED: traffic may still reach {color}. Nobody is acting"))
        }
        Outcome::RollbackUndone if machine.foreign().is_some() => {
            "ROLLBACK UNDONE: the router sends traffic to neither color. Nobody is acting".to_owned()
        }
        Outcome::RollbackUndone => {
            let live = live_in_a_line(machine, "ROLLBACK UNDONE, ", "");
            live.unwrap_or_else(|| format!("ROLLBACK UNDONE: traffic is on {color} again. Nobody is acting"))
        }
        Outcome::Refused => format!("REFUSED: traffic stays on {other}"),
        Outcome::SwitchFailed => "SWITCH FAILED: the reason says where traffic is".to_owned(),
        Outcome::Switched => format!("SWITCHED: {color} is active"),
    }
}

/// That the bad release is live, with as much of how bad it is as one line has room for; the reason has the rest.
fn live_in_a_line(machine: &Machine, before: &str, after: &str) -> Option<String> {
    let against_limit = against_limit(machine)?;
    let check = title(&machine.breach()?.check, machine.settings());
    let color = machine.settings().color;
    let details = [format!(": {against_limit}"), format!(": {check} beyond its limit"), String::new()];
    let lines = details.map(|detail| format!("{before}BAD RELEASE STILL LIVE on {color}{detail}{after}"));
    lines.into_iter().find(|line| line.chars().count() <= ROOM)
}

/// The color that takes user traffic after this end; where a move failed, the one that may take it still, as far as that is known.
pub fn active_after(machine: &Machine, outcome: Outcome) -> Option<Color> {
    let (color, other) = (machine.settings().color, machine.settings().color.other());
    match outcome {
        Outcome::Retained | Outcome::Switched | Outcome::Held | Outcome::Inconclusive | Outcome::RollbackUndone => {
            Some(color)
        }
        Outcome::Aborted => Some(if machine.summary().is_none() { other } else { color }),
        Outcome::RollbackFailed => Some(if machine.back_unrecorded() { other } else { color }),
        Outcome::RolledBack | Outcome::Refused => Some(other),
        Outcome::Superseded | Outcome::SwitchFailed => machine.router()?.as_ref().ok().copied(),
    }
}

/// The color with user traffic now; after the end that of [`active_after`].
pub fn active_so_far(machine: &Machine) -> Option<Color> {
    let settings = machine.settings();
    if let Some(ending) = machine.ending() {
        return active_after(machine, ending.outcome);
    }
    let is_switch = matches!(settings.origin, Origin::Switch { .. });
    Some(match machine.phase() {
        Phase::Gating | Phase::Baseline | Phase::Switching if is_switch => settings.color.other(),
        Phase::Verifying | Phase::Finished => settings.color.other(),
        _ => settings.color,
    })
}

/// `BAD RELEASE STILL LIVE on green: 20% errors (limit 5%)`, of a release that a check has breached.
pub(super) fn still_live(machine: &Machine) -> Option<String> {
    if machine.back_unrecorded() {
        return None;
    }
    Some(format!("BAD RELEASE STILL LIVE on {}: {}", machine.settings().color, against_limit(machine)?))
}

/// How bad it is against its limit: as last seen, or at the breach if that is worse.
fn against_limit(machine: &Machine) -> Option<String> {
    let breach = machine.breach()?;
    let now = machine.checks().into_iter().find(|seen| seen.check == breach.check).and_then(|seen| seen.value);
    // Against a lower bound small values are the worst, so the breach's own value is taken.
    let value = now.filter(|now| *now >= breach.threshold && breach.check == CheckId::ErrorRate).or(breach.value)?;
    let (check, threshold) = (&breach.check, breach.threshold);
    Some(match check {
        CheckId::ErrorRate => format!("{} errors (limit {})", percent(value), percent_limit(threshold)),
        CheckId::Readiness => {
            let (ready, all) = machine.target_ready();
            format!("{ready} of {all} instances ready")
        }
        _ => format!(
            "{} {} (limit {})",
            title(check, machine.settings()),
            measured(check, value),
            allowed(check, threshold)
        ),
    })
}

#[cfg(test)]
mod tests;
