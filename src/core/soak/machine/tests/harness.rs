//! A machine under test, with a clock and services that do as they are told.

use crate::config::{Baseline, Method, OnBreach, OnInconclusive, Ratio, StandbyPolicy};
use crate::core::detect::{Buckets, Latency, Reading};
use crate::core::soak::{
    Check, DeploymentSeen, Effect, Envelope, ErrorRateSettings, Event, Machine, Metered, Origin, ReadError, Readiness,
    ReadinessSettings, Resumption, RollbackResult, Sample, Settings, SwitchResult, Verification,
};
use crate::model::{Action, Actor, CheckId, Color, Decision, DecisionKind, Ending, Phase};

/// Wall clock at the start of every run.
pub const WALL: i64 = 1_795_476_131_000;

pub fn settings() -> Settings {
    Settings {
        service: "shop".to_owned(),
        soak: "20261123T140211Z-3f2a".to_owned(),
        release: None,
        builds: Vec::new(),
        origin: Origin::Soak,
        actor: Actor::Operator("ana@deploy-1".to_owned()),
        color: Color::Green,
        last_switch: Some(WALL),
        instances: vec!["http://green-1".to_owned(), "http://green-2".to_owned()],
        standby_instances: vec!["http://blue-1".to_owned()],
        window_ms: 60_000,
        interval_ms: 1_000,
        baseline_window_ms: 10_000,
        warmup_ms: 0,
        auto_rollback: true,
        no_rollback: false,
        force: false,
        leader: None,
        on_breach: OnBreach::Rollback,
        grace_ms: 0,
        on_inconclusive: OnInconclusive::Hold,
        max_extension_ms: 30_000,
        give_up_ms: Some(900_000),
        verify_window_ms: 10_000,
        verification: Verification::RouterAndRequests,
        standby: StandbyPolicy::Require,
        on_shared_cause: crate::config::OnSharedCause::Hold,
        on_failing_standby: None,
        error_rate: ErrorRateSettings {
            threshold: Ratio(0.05),
            min_requests: 20,
            method: Method::Window,
            false_alarm: Ratio(0.01),
            baseline: Baseline::Warn,
            metered: None,
            required: true,
        },
        latency: None,
        queries: Vec::new(),
        readiness: ReadinessSettings { failures: 3, required: true },
    }
}

/// What another monitor knows that goes on with a run of these settings.
pub fn resumption() -> Resumption {
    let Settings { instances, standby_instances, .. } = settings();
    Resumption { instances, standby_instances, ..Resumption::default() }
}

/// What the services do.
#[derive(Clone, Copy)]
pub struct World {
    pub requests: u64,
    pub errors: u64,
    /// Requests that take 700 ms; the others take 80 ms.
    pub slow: u64,
    pub metrics: bool,
    pub ready: bool,
    pub standby: bool,
    pub standby_errors: u64,
    /// Where the router sends traffic while a rollback is verified; none where it cannot be read.
    pub routed: Option<Color>,
}

pub const HEALTHY: World = World {
    requests: 50,
    errors: 0,
    slow: 0,
    metrics: true,
    ready: true,
    standby: true,
    standby_errors: 0,
    routed: Some(Color::Blue),
};
pub const FAILING: World = World { errors: 10, ..HEALTHY };
pub const SLOW: World = World { slow: 10, ..HEALTHY };

pub struct Harness {
    pub machine: Machine,
    /// What the machine was made of.
    settings: Settings,
    pub at: u64,
    seq: u64,
    totals: [(u64, u64); 3],
    slow: [u64; 3],
    /// `lastSwitch` of the last rollback.
    pub back: i64,
    pub effects: Vec<Effect>,
    pub log: Vec<Envelope>,
}

impl Harness {
    pub fn new(settings: Settings) -> Self {
        let machine = Machine::new(settings.clone());
        Self::of(machine, settings)
    }

    /// The same with one more check.
    pub fn with_check(settings: Settings, check: Box<dyn Check>) -> Self {
        let machine = Machine::new(settings.clone()).with_check(check);
        Self::of(machine, settings)
    }

    fn of(machine: Machine, settings: Settings) -> Self {
        let mut harness = Self {
            machine,
            settings,
            at: 0,
            seq: 0,
            totals: [(1_000, 10); 3],
            slow: [5; 3],
            back: WALL,
            effects: vec![],
            log: vec![],
        };
        harness.feed(Event::Started);
        harness
    }

    /// The same run in another monitor, which has the first `events` of it and comes `gap_ms` after the last of them.
    pub fn resumed(&self, events: usize, gap_ms: u64, by: Resumption) -> Self {
        let log = self.log[..events].to_vec();
        let mut machine = Machine::new(self.settings.clone());
        for envelope in &log {
            machine.handle(envelope);
        }
        let (at, seq) = log.last().map_or((0, 0), |last| (last.at_ms, last.seq));
        let (settings, at) = (self.settings.clone(), at + gap_ms);
        let mut harness = Self {
            machine,
            settings,
            at,
            seq,
            totals: self.totals,
            slow: self.slow,
            back: self.back,
            effects: vec![],
            log,
        };
        harness.feed(Event::Resumed(Box::new(by)));
        harness
    }

    /// What the run began with.
    pub fn began_with(&self) -> &Settings {
        &self.settings
    }

    pub fn feed(&mut self, event: Event) {
        self.seq += 1;
        let wall_ms = WALL + i64::try_from(self.at).unwrap();
        let envelope = Envelope { seq: self.seq, at_ms: self.at, wall_ms, event };
        self.effects.extend(self.machine.handle(&envelope));
        self.log.push(envelope);
    }

    /// One interval: probes, samples of all instances, tick.
    pub fn second(&mut self, world: World) {
        self.at += self.machine.settings().interval_ms;
        let answer =
            |ready: bool| if ready { Readiness::Ready } else { Readiness::NotReady("answered 503".to_owned()) };
        for instance in 0..2 {
            self.feed(Event::Probed { instance, answer: answer(world.ready) });
        }
        self.feed(Event::StandbyProbed { instance: 0, answer: answer(world.standby) });
        if self.machine.phase() == Phase::Verifying {
            self.sample(Color::Blue, 0, World { errors: world.standby_errors, ..world });
        } else {
            for instance in 0..2 {
                self.sample(Color::Green, instance, world);
            }
        }
        self.feed(Event::Tick { skipped: 0 });
        if self.machine.phase() == Phase::Verifying && self.settings.verification == Verification::RouterAndRequests {
            self.read_router(world);
        }
    }

    /// The router answers while a rollback is verified.
    pub fn read_router(&mut self, world: World) {
        let router = world.routed.ok_or_else(|| ReadError("no route".to_owned()));
        let state = Ok(DeploymentSeen { active: Color::Blue, last_switch: Some(self.back) });
        self.feed(Event::RouterObserved { epoch: self.epoch(), router, state, foreign: None });
    }

    pub fn sample(&mut self, color: Color, instance: usize, world: World) {
        let slot = if color == Color::Green { instance } else { 2 };
        let (total, errors) = &mut self.totals[slot];
        *total += world.requests;
        *errors += world.errors;
        self.slow[slot] += world.slow;
        let latency = self.settings.latency.is_some().then(|| {
            let fast = *total - self.slow[slot];
            Latency::Buckets(Buckets {
                bounds_ms: vec![100.0, 500.0, 1000.0],
                counts: vec![fast, fast, *total, *total],
            })
        });
        let reading = Reading { total: *total, errors: *errors, latency, ..Reading::default() };
        if self.settings.error_rate.metered.is_some() {
            // Prometheus counts for the whole color; here the first instance stands for it.
            if instance == 0 {
                let outcome = Metered::New(reading);
                self.feed(Event::Metered { color, check: CheckId::ErrorRate, outcome });
            }
            return;
        }
        let outcome = if world.metrics { Sample::Good(reading) } else { Sample::Failed("answered 500".to_owned()) };
        self.feed(Event::Sampled { color, instance, outcome });
    }

    /// The counters of an instance start anew.
    pub fn restart(&mut self, instance: usize) {
        self.totals[instance] = (0, 0);
        self.slow[instance] = 0;
    }

    pub fn seconds(&mut self, seconds: usize, world: World) {
        for _ in 0..seconds {
            self.second(world);
        }
    }

    /// Runs until the machine has ended or `seconds` are over.
    pub fn until_over(&mut self, seconds: usize, world: World) -> Ending {
        for _ in 0..seconds {
            if self.machine.ending().is_some() {
                break;
            }
            self.second(world);
        }
        self.machine.ending().cloned().unwrap_or_else(|| panic!("not over but {}", self.machine.phase()))
    }

    pub fn order(&mut self, action: &str) -> Result<(), String> {
        let action: Action = action.parse().unwrap();
        let actor = Actor::Operator("bo@laptop".to_owned());
        self.effects.clear();
        self.feed(Event::Action { action, actor, reason: Some("because".to_owned()) });
        let answer = self.effects.iter().find_map(|effect| match effect {
            Effect::Answer { refused } => Some(refused.as_ref().map(ToString::to_string)),
            _ => None,
        });
        answer.expect("every order is answered").map_or(Ok(()), Err)
    }

    pub fn rollback_done(&mut self, attempt: u32, result: RollbackResult) {
        self.back = WALL + i64::try_from(self.at).unwrap();
        self.feed(Event::RollbackDone { attempt, result, last_switch: Some(self.back), kept: None });
    }

    pub fn switch_done(&mut self, result: SwitchResult) {
        self.feed(Event::SwitchDone { result, kept: None });
    }

    pub fn interrupt(&mut self) {
        let actor = Actor::Operator("ana@deploy-1".to_owned());
        self.feed(Event::Interrupted { signal: "SIGINT".to_owned(), actor });
    }

    pub fn observe(&mut self, router: Color, state: Color, last_switch: i64) {
        let epoch = self.epoch();
        let state = Ok(DeploymentSeen { active: state, last_switch: Some(last_switch) });
        self.feed(Event::RouterObserved { epoch, router: Ok(router), state, foreign: None });
    }

    /// The epoch of the last question to the router.
    pub fn epoch(&self) -> u32 {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::ReadRouter { epoch } => Some(*epoch),
            _ => None,
        });
        asked.expect("the router is asked at every tick")
    }

    pub fn decisions(&self) -> Vec<&Decision> {
        let journaled = self.effects.iter().filter_map(|effect| match effect {
            Effect::Journal(decision) => Some(&**decision),
            _ => None,
        });
        journaled.collect()
    }

    pub fn kinds(&self) -> Vec<DecisionKind> {
        self.decisions().into_iter().map(|decision| decision.decision).collect()
    }

    pub fn message(&self, kind: DecisionKind) -> String {
        let found = self.decisions().into_iter().rfind(|decision| decision.decision == kind);
        found.unwrap_or_else(|| panic!("no {kind} among {:?}", self.kinds())).message.clone()
    }

    pub fn attempts(&self) -> Vec<u32> {
        let attempts = self.effects.iter().filter_map(|effect| match effect {
            Effect::Rollback { attempt, .. } => Some(*attempt),
            _ => None,
        });
        attempts.collect()
    }

    pub fn has(&self, wanted: &Effect) -> bool {
        self.effects.contains(wanted)
    }
}
