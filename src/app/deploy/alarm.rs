//! What a status says first: that a bad release takes user traffic, and what to do about it.

use crate::core::soak::Aftermath;
use crate::io::router::NOT_OURS;
use crate::io::state::StatusReport;
use crate::model::{Color, Outcome, Phase};

/// A bad release that takes user traffic, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Where traffic is, and who acts.
    pub text: String,
    pub next: String,
}

impl StatusReport {
    /// The alarm, if the soak of the active deployment was breached and traffic was not moved back.
    pub fn alarm(&self) -> Option<Alarm> {
        let block = self.soak.block.as_ref()?;
        let held = block.phase == Phase::Held.name();
        let outcome = match block.outcome.as_deref() {
            None if held => Outcome::Held,
            None if block.overdue => Outcome::RollbackFailed,
            Some("held") => Outcome::Held,
            Some("rollback-failed") => Outcome::RollbackFailed,
            Some("rollback-undone") => Outcome::RollbackUndone,
            _ => return None,
        };
        let color = if outcome == Outcome::RollbackUndone { self.active_color.other() } else { self.active_color };
        let foreign = self.router.error.as_deref().is_some_and(|error| error.contains(NOT_OURS));
        let current = match outcome {
            // The rollback is on record: only the router can show that it was undone.
            Outcome::RollbackUndone => self.router.active_color == Some(color) || foreign,
            _ => block.last_switch.is_none_or(|at| Some(at) == self.last_switch),
        };
        // A release that was held because it could not be judged is not known to be bad.
        let bad = block.verdict.as_deref().is_none_or(|verdict| verdict == "breached");
        if !current || !bad {
            return None;
        }
        let acts = match self.soak.running {
            true if held => "The monitor waits for you",
            true if block.overdue => "The rollback is being retried",
            _ => "Nobody is acting",
        };
        let standby_down = self.standby.ready == Some(false);
        let text = if foreign && outcome == Outcome::RollbackUndone {
            format!("ROLLBACK UNDONE: the router sends traffic to neither color. {acts}")
        } else {
            self.standing(color, acts)
        };
        Some(Alarm { text, next: self.next(outcome, color, standby_down, foreign)? })
    }

    fn standing(&self, color: Color, acts: &str) -> String {
        match self.router.active_color {
            Some(routed) if routed == color => format!("BAD RELEASE STILL LIVE on {color}. {acts}"),
            Some(routed) => format!("BAD RELEASE MAY BE LIVE: router on {routed}, state file on {color}. {acts}"),
            None => format!("BAD RELEASE MAY BE LIVE on {color}: the router cannot be read. {acts}"),
        }
    }

    fn next(&self, outcome: Outcome, color: Color, standby_down: bool, foreign: bool) -> Option<String> {
        if foreign {
            let service = &self.service;
            return Some(format!(
                "restore what the router held, then: switchback rollback --service {service}; to see what that is: \
                 switchback rollback --dry-run --service {service}"
            ));
        }
        let back_by_hand = outcome == Outcome::RollbackFailed && self.router.active_color == Some(color.other());
        let outcome = if back_by_hand { Outcome::Held } else { outcome };
        let service = &self.service;
        let no_rollback = self.no_rollback;
        Aftermath {
            outcome,
            begun: true,
            service,
            color,
            no_rollback,
            standby_down,
            foreign: None,
            back_unrecorded: false,
        }
        .next()
    }
}
