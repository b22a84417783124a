//! The sentences that every front end shows alike.

use crate::detect::{Outlook, failed, percent_exact, span};
use crate::soak::{Ending, ForeignSeen, LATENCY, Outcome, Phase, Verdict};

use super::View;
use super::measure::{allowed, measured, title};

/// One line of how a run stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The phase's word, or the banner that outranks it: `blind 14s`, `held`.
    pub word: String,
    /// Rate, threshold, requests, readiness, verdict, remaining time.
    pub text: String,
}

impl Progress {
    /// How the run stands now.
    pub fn of(view: &View) -> Self {
        let machine = view.machine();
        let word = match machine.blind() {
            Some((lasted, _)) => format!("blind {}", span(lasted)),
            None => machine.phase().name().to_owned(),
        };
        let mut parts = Vec::new();
        match machine.phase() {
            Phase::Gating => {
                let (ready, all) = machine.target_ready();
                let why = machine.target_failure().map(|why| format!(" ({why})")).unwrap_or_default();
                parts.push(format!("{ready} of {all} instances of {} ready{why}", machine.settings().color));
                if ready == all {
                    parts.push("waiting for its first metrics".to_owned());
                }
            }
            Phase::Baseline => {
                let old = machine.settings().color.other();
                parts.push(format!("{old} before the switch: {}", failed(machine.recovery())));
            }
            Phase::Verifying => parts.push(format!(
                "{} after the rollback: {}",
                machine.settings().color.other(),
                failed(machine.recovery())
            )),
            _ => parts.extend(Self::judged(view)),
        }
        if let Some(why) = machine.held_because() {
            parts.push(why);
        }
        if machine.paused() {
            parts.push("automatic rollback paused".to_owned());
        }
        if let Some(remaining) = machine.remaining_ms() {
            parts.push(format!("{} left", span(remaining)));
        }
        Self { word, text: parts.join(", ") }
    }

    /// Error rate against its threshold, readiness, verdict.
    fn judged(view: &View) -> Vec<String> {
        let machine = view.machine();
        let now = machine.recent();
        let threshold = percent_exact(machine.settings().error_rate.threshold.0);
        let (ready, all) = machine.target_ready();
        let seen = failed(machine.seen());
        let rate = match now.rate() {
            Some(rate) => format!("{} now (limit {threshold})", crate::detect::percent(rate)),
            None => format!("no traffic now (limit {threshold})"),
        };
        let mut parts = vec![rate];
        if let Some(latency) = machine.checks().iter().find(|seen| seen.check == LATENCY) {
            let limit = allowed(LATENCY, latency.threshold);
            let now = latency.value.map_or_else(|| "not known".to_owned(), |now| measured(LATENCY, now));
            parts.push(format!("{} {now} (limit {limit})", title(LATENCY, machine.settings())));
        }
        for query in &machine.settings().queries {
            let Some(seen) = machine.checks().into_iter().find(|seen| seen.check == query.name) else { continue };
            let now = seen.value.map_or_else(|| "not known".to_owned(), |now| measured(&query.name, now));
            parts.push(format!("{} {now} (limit {})", query.name, allowed(&query.name, query.threshold)));
        }
        let verdict = match machine.verdict() {
            Verdict::Healthy => "healthy so far",
            Verdict::Unknown => "not known yet",
            Verdict::Breached => "BREACHED",
        };
        let verdict = match machine.outlook() {
            Some(Outlook { breach_in_ms: Some(ms), .. }) => format!("{verdict}, breached in {} at this rate", span(ms)),
            Some(Outlook { healthy_in_ms: Some(ms), .. }) => format!("{verdict}, healthy in {}", span(ms)),
            _ => verdict.to_owned(),
        };
        parts.extend([format!("{seen} so far"), format!("{ready} of {all} ready"), verdict]);
        parts
    }
}

/// What is left in the scrollback when a run is over: outcome, reason, failed requests, what to do next. Each pair is a
/// short label and its text.
pub fn outcome_lines(view: &View, ending: &Ending) -> Vec<(&'static str, String)> {
    let machine = view.machine();
    let settings = machine.settings();
    let (color, other) = (settings.color, settings.color.other());
    let what = match ending.outcome {
        Outcome::Retained => format!("RETAINED: {color} stays active"),
        Outcome::RolledBack => format!("ROLLED BACK: {other} is active again"),
        Outcome::Aborted => "ABORTED: nothing was judged".to_owned(),
        Outcome::Inconclusive => format!("INCONCLUSIVE: {color} stays active, unproven"),
        Outcome::Held => format!("HELD: {color} is breached and stays active"),
        Outcome::Superseded => "SUPERSEDED: somebody else moved traffic".to_owned(),
        Outcome::RollbackFailed => format!("ROLLBACK FAILED: traffic may still reach {color}"),
        Outcome::RollbackUndone => format!("ROLLBACK UNDONE: traffic is on {color} again"),
        Outcome::Refused => format!("REFUSED: traffic stays on {other}"),
        Outcome::SwitchFailed => "SWITCH FAILED".to_owned(),
        Outcome::Switched => format!("SWITCHED: {color} is active"),
    };
    let mut lines = vec![
        ("outcome", format!("{what} (cause {}, exit code {})", ending.cause.name(), ending.exit_code())),
        ("reason", ending.reason.clone()),
    ];
    let begun = machine.summary().is_some();
    if begun {
        lines.push(("requests", format!("{} on {color} during the soak", failed(machine.seen()))));
    }
    let unwatched = machine.unwatched();
    if unwatched.gaps > 0 {
        let gaps = if unwatched.gaps == 1 { "1 gap".to_owned() } else { format!("{} gaps", unwatched.gaps) };
        lines.push(("unwatched", format!("{} in {gaps}: no monitor was at work", span(unwatched.ms))));
    }
    let foreign = machine.foreign().filter(|_| ending.outcome == Outcome::Held);
    if let Some(foreign) = foreign {
        lines.push(("next", foreign_step(foreign, &settings.service)));
    } else if let Some(next) = next_step(ending.outcome, begun, &settings.service) {
        lines.push(("next", next));
    }
    lines.extend(machine.troubles().iter().map(|trouble| ("trouble", trouble.clone())));
    lines
}

/// What an operator does where the router holds what Switchback did not write.
fn foreign_step(foreign: &ForeignSeen, service: &str) -> String {
    let by_hand = &foreign.by_hand;
    format!(
        "{by_hand}, then: switchback rollback --service {service}; or: switchback rollback --force --service {service}, which keeps a copy of what it replaces"
    )
}

/// What an operator does next, where there is something; `begun` says whether there was a soak.
fn next_step(outcome: Outcome, begun: bool, service: &str) -> Option<String> {
    match outcome {
        Outcome::Held | Outcome::RollbackFailed => Some(format!("switchback rollback --service {service}")),
        Outcome::RollbackUndone => {
            Some(format!("stop what moves traffic there, then: switchback rollback --service {service}"))
        }
        Outcome::Inconclusive | Outcome::Aborted if begun => {
            Some(format!("watch on with: switchback soak --service {service}"))
        }
        Outcome::SwitchFailed => Some(format!("switchback status --service {service}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_was_aborted_before_the_move_leaves_nothing_to_watch() {
        assert_eq!(next_step(Outcome::Aborted, false, "shop"), None);
        let watch = next_step(Outcome::Aborted, true, "shop");
        assert_eq!(watch.as_deref(), Some("watch on with: switchback soak --service shop"));
    }
}
