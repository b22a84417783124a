//! The state of a run and the dispatch of its events.

use std::collections::BTreeSet;

use crate::core::soak::blame::Ledger;
use crate::core::soak::builds::Builds;
use crate::core::soak::latency::LatencyCheck;
use crate::core::soak::query::QueryCheck;
use crate::core::soak::rate::RateCheck;
use crate::core::soak::readiness::ReadinessCheck;
use crate::core::soak::verify::RecoveryWatch;
use crate::core::soak::{
    Effect, Envelope, Event, ForeignSeen, Frozen, Observation, ReadinessSettings, Roster, Settings, SwitchResult,
};
use crate::model::number::span;
use crate::model::{Actor, Cause, CheckId, Color, Decision, DecisionKind, Ending, ReasonCode};

use super::outbox::Outbox;
use super::persist::Rolling;
use super::resume::Unwatched;
use super::shared::standby_rate;
use super::standby::StandbyLook;
use super::verify::Verifying;

/// An instance without a good sample for this long, or for three intervals, is not known any more.
pub(super) const PATIENCE_MS: u64 = 10_000;

/// Most sentences of trouble that are kept; more would only repeat the first ones.
const MOST_TROUBLES: usize = 20;

/// Where the run is, with what only that phase needs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    Gating {
        deadline_ms: u64,
    },
    Baseline {
        since_ms: u64,
        gate_deadline_ms: u64,
    },
    Switching,
    /// A switch that was cut off: is traffic here, there or between?
    Unsettled {
        gate_deadline_ms: u64,
        /// When to ask again.
        ask_at: u64,
    },
    Warmup,
    Watching,
    Held(HoldCause),
    Grace {
        deadline_ms: u64,
    },
    RollingBack(Rolling),
    Verifying(Verifying),
    Finished(Ending),
}

/// Why a breach is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldCause {
    Policy,
    AutoRollbackOff,
    NoWayBack,
    Frozen,
    Paused,
    StandbyDown,
    RouterForeign,
    SharedCause,
    /// A rollback failed for too long, and what led to it cannot be seen any more.
    BreachGone,
}

/// What the operator made of automatic rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Automatic {
    AsConfigured,
    Paused,
    /// Turned on, although the configuration holds it back.
    Released,
}

/// What was told already and is not told again.
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each told once")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The check that is not required and is breached.
    pub optional: Option<CheckId>,
    /// That the metrics cannot be read.
    pub blind: bool,
    /// That the release is worse than its predecessor.
    pub worse: bool,
    /// That the soak runs on beyond its window.
    pub extending: bool,
    /// That the latency is not judged, and that it is.
    pub unjudged: bool,
    pub judged: bool,
    /// That the readiness of the watched color, and of the standby, cannot be asked as often as it is.
    pub unsaid: [bool; 2],
    /// By what requests are counted.
    pub counting: BTreeSet<String>,
    /// What was told of the release that the pages name.
    pub releases: BTreeSet<String>,
    /// The instances behind whose URLs several processes answer, and whether their counters are of no use.
    pub several: BTreeSet<(usize, bool)>,
}

/// What the machine acts on: a breach, or a window that ended without a verdict.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Trigger {
    pub cause: Cause,
    pub observation: Observation,
}

/// The soak machine. See the module's documentation.
#[derive(Clone, Debug)]
pub struct Machine {
    pub(super) settings: Settings,
    pub(super) stage: Stage,
    pub(super) at: u64,
    pub(super) wall: i64,
    /// Wall clock of the run's first event.
    pub(super) run_wall: i64,
    pub(super) error_rate: RateCheck,
    pub(super) latency: Option<LatencyCheck>,
    pub(super) queries: Vec<QueryCheck>,
    /// What failed, by label.
    pub(super) ledger: Ledger,
    pub(super) readiness: ReadinessCheck,
    pub(super) standby: ReadinessCheck,
    /// Who is there, of the watched color and of the standby.
    pub(super) roster: Roster,
    pub(super) standby_roster: Roster,
    /// Its error rate, for a cause that both colors share.
    pub(super) standby_rate: RateCheck,
    /// And before traffic leaves it.
    pub(super) standby_look: StandbyLook,
    pub(super) recovery: RecoveryWatch,
    /// The same for requests that take too long, where latency is judged.
    pub(super) slow_recovery: RecoveryWatch,
    /// Start and end of the window, and the end of the automatic extension; set when the soak begins.
    pub(super) window_start: u64,
    pub(super) window_end: u64,
    /// Ticks since the window's end.
    pub(super) overtime: u64,
    pub(super) told: Told,
    pub(super) extended_by_ms: u64,
    pub(super) started_wall: Option<i64>,
    pub(super) finished_wall: Option<i64>,
    pub(super) trigger: Option<Trigger>,
    pub(super) automatic: Automatic,
    pub(super) frozen: Option<Frozen>,
    pub(super) grace_served: bool,
    /// Who wants the process to stop once the move under way is over.
    pub(super) stop: Option<(Actor, String)>,
    pub(super) epoch: u32,
    pub(super) router: Option<Result<Color, String>>,
    pub(super) router_elsewhere: u32,
    /// What the router holds that Switchback did not write, and how many readings in a row showed the watched color.
    pub(super) foreign: Option<ForeignSeen>,
    pub(super) router_ours: u32,
    pub(super) recovered: Option<bool>,
    /// Whether a rollback failed with traffic on the previous color: only the rest of it is missing.
    pub(super) back_unrecorded: bool,
    /// What the watched color's pages name as their release.
    pub(super) builds: Builds,
    pub(super) troubles: Vec<String>,
    pub(super) unwatched: Unwatched,
    /// When another process took the run up, the last time.
    pub(super) resumed_at: Option<u64>,
}

impl Machine {
    /// A machine that waits for [`Event::Started`].
    pub fn new(settings: Settings) -> Self {
        let standby_settings = ReadinessSettings { failures: 1, required: false };
        Self {
            stage: Stage::Gating { deadline_ms: 0 },
            at: 0,
            wall: 0,
            run_wall: 0,
            latency: settings.latency.clone().map(|latency| {
                let names = sources(latency.metered.as_ref(), &settings.instances);
                let previous = sources(latency.metered.as_ref(), &settings.standby_instances).len();
                LatencyCheck::new(
                    latency,
                    &settings.error_rate,
                    settings.window_ms,
                    settings.interval_ms,
                    names,
                    previous,
                )
            }),
            queries: settings.queries.iter().cloned().map(QueryCheck::new).collect(),
            ledger: Ledger::default(),
            error_rate: RateCheck::new(
                CheckId::ErrorRate,
                settings.error_rate.clone(),
                settings.window_ms,
                settings.interval_ms,
                sources(settings.error_rate.metered.as_ref(), &settings.instances),
            ),
            readiness: ReadinessCheck::new(settings.readiness.clone(), settings.instances.clone()),
            standby: ReadinessCheck::new(standby_settings, settings.standby_instances.clone()),
            standby_rate: standby_rate(&settings),
            standby_look: StandbyLook::default(),
            roster: Roster::new(&settings.instances),
            standby_roster: Roster::new(&settings.standby_instances),
            recovery: RecoveryWatch::new(settings.standby_instances.len()),
            slow_recovery: RecoveryWatch::new(settings.standby_instances.len()),
            window_start: 0,
            window_end: 0,
            overtime: 0,
            told: Told::default(),
            extended_by_ms: 0,
            started_wall: None,
            finished_wall: None,
            trigger: None,
            automatic: Automatic::AsConfigured,
            frozen: None,
            grace_served: false,
            stop: None,
            epoch: 0,
            router: None,
            router_elsewhere: 0,
            foreign: None,
            router_ours: 0,
            recovered: None,
            back_unrecorded: false,
            builds: Builds::default(),
            troubles: Vec::new(),
            unwatched: Unwatched::default(),
            resumed_at: None,
            settings,
        }
    }

    /// Takes one event and says what is to be done, in order. After [`Effect::Finish`] nothing more is wanted.
    pub fn handle(&mut self, envelope: &Envelope) -> Vec<Effect> {
        let before = self.at;
        self.at = self.at.max(envelope.at_ms);
        self.wall = envelope.wall_ms;
        let mut out = Outbox::default();
        if matches!(self.stage, Stage::Finished(_)) {
            self.after_the_end(&envelope.event, &mut out);
            return out.into_effects();
        }
        match &envelope.event {
            Event::Started => {
                self.run_wall = self.wall;
                self.begin(&mut out);
            }
            Event::Resumed(by) => self.resumed(before, by, &mut out),
            Event::Sampled { color, instance, outcome } => {
                self.sampled(*color, *instance, outcome);
                self.pass_gate(&mut out);
            }
            Event::Instances { color, present } => {
                self.instances_changed(*color, present, &mut out);
                self.pass_gate(&mut out);
            }
            Event::Metered { color, check, outcome } => {
                self.metered(*color, check, outcome);
                self.pass_gate(&mut out);
            }
            Event::Queried { check, answer } => self.queried(check, answer),
            Event::Probed { instance, answer } => {
                self.readiness.probed(self.at, *instance, answer);
                self.tell_unsaid(self.settings.color, answer, &mut out);
                self.pass_gate(&mut out);
            }
            Event::StandbyProbed { instance, answer } => {
                self.standby.probed(self.at, *instance, answer);
                self.tell_unsaid(self.settings.color.other(), answer, &mut out);
                self.standby_changed(&mut out);
            }
            Event::Tick { skipped } => self.tick(*skipped, &mut out),
            Event::Timer => {
                self.sample_at_an_end(&mut out);
                self.deadlines(&mut out);
            }
            Event::RouterObserved { epoch, router, state, foreign } if *epoch == self.epoch => {
                self.observed(router, state, foreign.as_ref(), &mut out);
            }
            // An answer to a question from before the last move says nothing about now.
            Event::RouterObserved { .. } => {}
            Event::SwitchDone { result, .. } => self.switch_done(result, &mut out),
            Event::RollbackDone { attempt, result, last_switch, .. } => {
                self.rollback_done(*attempt, result, *last_switch, &mut out);
            }
            Event::GiveUp => self.give_up(&mut out),
            Event::Action { action, actor, reason } => self.ordered(*action, actor, reason.as_deref(), &mut out),
            Event::Freeze { frozen } => self.freeze_changed(frozen.clone(), &mut out),
            Event::Interrupted { signal, actor } => self.interrupted(signal, actor, &mut out),
            Event::ClockGap { ms } => self.clock_gap(*ms, &mut out),
            Event::Trouble { what } => self.trouble(what),
        }
        out.into_effects()
    }

    /// How long an instance may be silent before it counts as not known.
    pub(super) fn patience_ms(&self) -> u64 {
        PATIENCE_MS.max(self.settings.interval_ms.saturating_mul(3))
    }

    /// A decision about this soak, with the deployment as it stands.
    pub(super) fn decision(&self, kind: DecisionKind, actor: Actor, message: impl Into<String>) -> Decision {
        let mut decision = Decision::new(kind, actor, message);
        decision.soak = Some(self.settings.soak.clone());
        decision.release = self.settings.known_release().map(str::to_owned);
        decision.active_color = Some(self.settings.color);
        decision.previous_color = Some(self.settings.color.other());
        decision
    }

    /// The same, with the numbers of a check.
    pub(super) fn judged(
        &self,
        kind: DecisionKind,
        actor: Actor,
        message: impl Into<String>,
        observation: &Observation,
    ) -> Decision {
        let mut decision = self.decision(kind, actor, message);
        decision.check = Some(observation.check.clone());
        decision.value = observation.value;
        decision.threshold = Some(observation.threshold);
        decision.evidence = observation.evidence;
        if observation.check.counts_requests() {
            decision.requests = Some(observation.requests);
            decision.errors = Some(observation.errors);
        }
        decision
    }

    /// What every check says now: the error rate first, then latency and queries, the readiness last.
    pub(super) fn observations(&self) -> Vec<Observation> {
        let (patience, warmup) = (self.patience_ms(), self.warming_up());
        let latency = self.latency.as_ref().map(|latency| latency.observe(self.at, patience, warmup));
        let mut observations = vec![self.observed_error_rate()];
        observations.extend(latency);
        observations.extend(self.queries.iter().map(|query| query.observe(self.at, patience, warmup)));
        observations.push(self.readiness.observe(self.at, patience));
        observations
    }

    /// What the error-rate check says now.
    pub(super) fn observed_error_rate(&self) -> Observation {
        self.error_rate.observe(self.at, self.patience_ms(), self.warming_up())
    }

    fn warming_up(&self) -> bool {
        self.stage == Stage::Warmup
    }

    /// Ends the run.
    pub(super) fn finish(&mut self, ending: Ending, out: &mut Outbox) {
        self.finished_wall = Some(self.wall);
        self.stage = Stage::Finished(ending.clone());
        if self.started_wall.is_some() {
            out.reflect();
        }
        out.finish(ending);
    }

    pub(super) fn trouble(&mut self, what: &str) {
        if self.troubles.len() < MOST_TROUBLES && !self.troubles.iter().any(|known| known == what) {
            self.troubles.push(what.to_owned());
        }
    }

    fn clock_gap(&mut self, ms: u64, out: &mut Outbox) {
        if self.started_wall.is_none() {
            return;
        }
        self.unwatched.add(ms);
        let message = format!("nothing was seen for {}: the process or the machine stood still", span(ms));
        out.journal(self.decision(DecisionKind::Observe, Actor::Auto, message).because(ReasonCode::ClockGap));
    }

    /// After the end orders are refused; a switch that was still under way is only noted.
    fn after_the_end(&mut self, event: &Event, out: &mut Outbox) {
        match event {
            Event::Action { .. } => out.refuse("the soak is over".to_owned()),
            Event::SwitchDone { result: SwitchResult::Failed(why), .. } => self.trouble(why),
            Event::Trouble { what } => self.trouble(what),
            _ => {}
        }
    }
}

/// Who a check's counters come from: one API, or every instance.
pub(super) fn sources(metered: Option<&String>, instances: &[String]) -> Vec<String> {
    metered.map_or_else(|| instances.to_vec(), |api| vec![api.clone()])
}
