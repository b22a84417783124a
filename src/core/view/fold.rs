//! The fold itself.

use crate::core::soak::{Effect, Envelope, Event, Machine, Observation, RollbackResult, Settings, SwitchResult};
use crate::model::{Actor, Decision, DecisionKind, Ending, Phase, Verdict};

use super::outcome::stand;
use super::steady::{Steady, is_beyond};

/// What one event changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ViewUpdate {
    /// Decisions that were made, in order.
    pub decisions: Vec<Decision>,
    /// The new phase, if it changed.
    pub phase: Option<Phase>,
    /// Whether checks were judged.
    pub judged: bool,
    /// A part that failed while the run continues.
    pub trouble: Option<String>,
    pub ending: Option<Ending>,
    /// With the end: where traffic is.
    pub standing: Option<Standing>,
}

/// Where traffic is after the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// In one line, the news first.
    pub text: String,
    /// What to do, with a command that works, where a bad release may be live.
    pub next: Option<String>,
}

/// Where a copy is of what a forced move replaced.
fn copy(kept: Option<&str>) -> String {
    kept.map(|kept| format!("; the replaced content was copied to `{kept}`")).unwrap_or_default()
}

/// What a person is shown of one run.
#[derive(Clone, Debug)]
pub struct View {
    machine: Machine,
    seq: u64,
    wall_ms: i64,
    at_ms: u64,
    steady: Steady,
}

impl View {
    /// A view of a run that has not begun.
    pub fn new(settings: Settings) -> Self {
        Self::resumed(Machine::new(settings), 0, 0, 0)
    }

    /// A view of a run that is under way, from its machine and its last event.
    pub fn resumed(machine: Machine, seq: u64, at_ms: u64, wall_ms: i64) -> Self {
        Self { machine, seq, wall_ms, at_ms, steady: Steady::default() }
    }

    /// Takes the next event and says what it changed.
    pub fn apply(&mut self, envelope: &Envelope) -> ViewUpdate {
        let before = self.machine.phase();
        let effects = self.machine.handle(envelope);
        (self.seq, self.wall_ms, self.at_ms) = (envelope.seq, envelope.wall_ms, envelope.at_ms);
        let mut news = ViewUpdate { decisions: self.decided_elsewhere(&envelope.event), ..ViewUpdate::default() };
        for effect in effects {
            match effect {
                Effect::Journal(decision) | Effect::Rollback { attempt: 1, intent: decision, .. } => {
                    news.decisions.push(*decision);
                }
                Effect::Finish(ending) => {
                    news.standing = Some(stand(&self.machine, &ending));
                    news.ending = Some(ending);
                }
                _ => {}
            }
        }
        let after = self.machine.phase();
        news.phase = (after != before).then_some(after);
        news.judged = matches!(envelope.event, Event::Tick { .. });
        if news.judged {
            self.steady.tick(&self.machine, self.at_ms);
        }
        if let Event::Trouble { what } = &envelope.event {
            news.trouble = Some(what.clone());
        }
        news
    }

    /// The moves: decisions that `deploy` journals itself.
    fn decided_elsewhere(&self, event: &Event) -> Vec<Decision> {
        let settings = self.machine.settings();
        let (color, other) = (settings.color, settings.color.other());
        let decision = match event {
            Event::SwitchDone { result: SwitchResult::Switched { .. }, kept } => {
                let named = settings.known_release().map(|name| format!(" with release {name}")).unwrap_or_default();
                let message = format!("{other} → {color}{named} by {}{}", settings.actor, copy(kept.as_deref()));
                let switched = Decision::new(DecisionKind::Switch, settings.actor.clone(), message);
                Decision { release: settings.known_release().map(str::to_owned), ..switched }
            }
            Event::SwitchDone { result: SwitchResult::Failed(why), .. } => {
                Decision::new(DecisionKind::SwitchFailed, settings.actor.clone(), why.clone())
            }
            Event::RollbackDone { result: RollbackResult::Back, kept, .. } => {
                let message = format!("traffic is back on {other}{}", copy(kept.as_deref()));
                Decision::new(DecisionKind::RolledBack, Actor::Auto, message)
            }
            _ => return Vec::new(),
        };
        vec![Decision { soak: Some(settings.soak.clone()), ..decision }]
    }

    /// The machine.
    pub const fn machine(&self) -> &Machine {
        &self.machine
    }

    /// The shown verdict of a check: never healthy above its limit, and without flicker.
    pub fn shown(&self, seen: &Observation) -> Verdict {
        self.steady.of(&self.machine, seen)
    }

    /// The shown verdict of the soak; after the end, the one that was decided.
    pub fn verdict(&self) -> Verdict {
        let decided = self.machine.verdict();
        if decided != Verdict::Healthy || self.machine.ending().is_some() {
            return decided;
        }
        let required = self.machine.checks().into_iter().filter(|seen| seen.required);
        required.map(|seen| self.shown(&seen)).max().unwrap_or(decided)
    }

    /// Whether a required check is beyond its limit now without a breach yet.
    pub fn is_beyond_a_limit(&self) -> bool {
        let required = self.machine.checks().into_iter().filter(|seen| seen.required);
        self.verdict() == Verdict::Unknown && required.into_iter().any(|seen| is_beyond(&self.machine, &seen))
    }

    /// The sequence number of the last event.
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Wall clock of the last event, Unix milliseconds.
    pub const fn wall_ms(&self) -> i64 {
        self.wall_ms
    }

    /// Time of the last event since the run began, in milliseconds.
    pub const fn at_ms(&self) -> u64 {
        self.at_ms
    }
}
