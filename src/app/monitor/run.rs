//! The loop: puts all events into one order, and carries out the machine's effects in that order.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::answer::Answer;
use super::clock::{RunClock, Wakeups, every};
use super::effect_runner::{EffectRunner, told_of_router};
use super::freeze::FreezeWatch;
use super::json::Json;
use super::log::{JOURNAL_TIMEOUT, journaled, log};
use super::open::Opened;
use super::recorder::Recorder;
use super::sampler_pool::{Job, SamplerPool};
use super::sampling_rounds::SamplingRounds;
use super::sharing::Sharing;
use super::standing_by::{LeadWatch, counts, over};
use super::stop::{Finished, OnSignal};
use super::watchdog::Watchdog;
use crate::app::headless::Observer;
use crate::config::scrub_in_place;
use crate::core::soak::{Effect, Envelope, Event, Machine, Refusal};
use crate::io::control::{Hub, Order, StreamEnd};
use crate::io::descriptors;
use crate::io::journal::Journal;
use crate::io::notify::Notifier;
use crate::io::ports::{Asking, Disk, SIGTERM, on_thread};
use crate::model::{Ending, Phase};

/// Interval of readiness probes of a target that is not ready yet, whatever the sample interval.
const GATE_POLL: Duration = Duration::from_millis(500);

/// Least time between two runs of a router's `read` command.
const COMMAND_EVERY_MS: u64 = 1_000;

/// Runs one soak to its end.
pub async fn run(opened: Opened, on_signal: OnSignal, observer: Option<Observer>) -> Finished {
    let Opened { machine, first, seq, samplers, runner, recorder, journal, events, mut inbox, .. } = opened;
    let Opened { hub, notifier, mut orders, server, mut signals, lock, sharing, clock, disk, shared, .. } = opened;
    let leadership = runner.deployment().leadership().cloned();
    let interval_ms = machine.settings().interval_ms;
    let freeze = FreezeWatch::new(runner.freeze_file(), machine.frozen().cloned());
    let mut run = Run {
        machine,
        freeze,
        samplers,
        runner,
        recorder,
        journal,
        events,
        observer,
        json: Json::default(),
        hub,
        notifier,
        rounds: SamplingRounds::new(interval_ms, clock.at_ms()),
        clock,
        disk,
        seq,
        wakeups: Wakeups::default(),
        ending: None,
        stopping: None,
        sharing,
        answer: None,
        reading_router: false,
        router_read_at: None,
        router_unread: false,
        watchdog: if shared { Watchdog::of_another() } else { Watchdog::start() },
    };
    run.feed(first).await;
    let finished = run.until_the_end(&mut inbox, &mut orders, &mut signals, on_signal).await;
    match &finished {
        Finished::Ended(_) | Finished::Saved | Finished::StoodDown => run.close(&mut inbox, &finished).await,
        // Ends at once: waits neither for a move that holds the lock nor for a slow disk.
        Finished::CutOff => drop(run),
    }
    if let Some(server) = server {
        server.stop().await;
    }
    if let Some(leadership) = leadership.filter(|_| !shared) {
        leadership.resign().await;
    }
    drop(lock);
    finished
}

struct Run {
    machine: Box<Machine>,
    freeze: FreezeWatch,
    samplers: SamplerPool,
    runner: EffectRunner,
    recorder: Recorder,
    journal: Journal,
    events: mpsc::Sender<Event>,
    observer: Option<Observer>,
    json: Json,
    hub: Hub,
    notifier: Option<Notifier>,
    clock: RunClock,
    disk: Arc<dyn Disk>,
    seq: u64,
    rounds: SamplingRounds,
    wakeups: Wakeups,
    ending: Option<Ending>,
    /// How it ends once the move under way is over, and what asked for that.
    stopping: Option<(Finished, &'static str)>,
    sharing: Option<Sharing>,
    answer: Option<Answer>,
    reading_router: bool,
    router_read_at: Option<u64>,
    /// Whether the last reading of router and state file failed; reported once until one succeeds.
    router_unread: bool,
    watchdog: Watchdog,
}

impl Run {
    async fn until_the_end(
        &mut self,
        inbox: &mut mpsc::Receiver<Event>,
        orders: &mut mpsc::Receiver<Order>,
        signals: &mut Box<dyn Asking>,
        on_signal: OnSignal,
    ) -> Finished {
        let period = Duration::from_millis(self.machine.settings().interval_ms);
        let (mut schedule, mut gate_poll) = (every(period), every(period.min(GATE_POLL)));
        let (leadership, mut signalled) = (self.runner.deployment().leadership().cloned(), false);
        let mut lead = LeadWatch::default();
        loop {
            if let Some(event) = lead.news(leadership.as_ref()) {
                self.feed(event).await;
            }
            if let Some(ending) = self.ending.take_if(|ending| counts(ending, leadership.as_ref())) {
                return Finished::Ended(ending);
            }
            if let Some((finished, _)) = self.stopping.clone().filter(|_| !self.machine.is_moving()) {
                return finished;
            }
            if on_signal == OnSignal::Abort && self.machine.overdue() && !self.machine.is_moving() {
                self.feed(Event::GiveUp).await;
                continue;
            }
            let wakeup = self.wakeups.next(&self.clock);
            // Operators come first, then answers, then new questions.
            tokio::select! {
                biased;
                signal = signals.next() => {
                    if signalled {
                        tracing::error!(signal, "second signal: leaving at once");
                        return Finished::CutOff;
                    }
                    signalled = true;
                    self.signalled(signal, on_signal.saves(signal)).await;
                }
                () = over(leadership.as_ref()), if self.stopping.is_none() => {
                    self.stopping = Some((Finished::StoodDown, "the end of its lead"));
                }
                () = self.watchdog.due() => Watchdog::answer(),
                Some(order) = orders.recv() => self.ordered(order).await,
                () = sleep_until(wakeup.unwrap_or_else(Instant::now)), if wakeup.is_some() => self.wake().await,
                Some(event) = inbox.recv() => self.arrived(event).await,
                Some(change) = self.samplers.change() => self.feed(change).await,
                _ = schedule.tick() => self.round_due().await,
                _ = gate_poll.tick(), if self.machine.phase() == Phase::Gating => {
                    self.samplers.probe(self.machine.settings().color);
                }
            }
        }
    }

    async fn signalled(&mut self, signal: &'static str, save: bool) {
        // Another monitor can continue a rollback that is retried.
        if save || (signal == SIGTERM && self.machine.retrying().is_some()) {
            tracing::warn!(signal, "asked to stop: the run is saved for another monitor");
            self.stopping = Some((Finished::Saved, signal));
        } else {
            let actor = self.machine.settings().actor.clone();
            self.feed(Event::Interrupted { signal: signal.to_owned(), actor }).await;
        }
    }

    /// An operator's order. It is answered once its decision is journaled, or refused.
    async fn ordered(&mut self, order: Order) {
        let Order { action, actor, reason, answer } = order;
        self.answer = Some(Answer { to: answer, seq: self.seq + 1 });
        self.feed(Event::Action { action, actor, reason }).await;
    }

    async fn wake(&mut self) {
        if self.wakeups.take_due(self.clock.at_ms()) {
            self.feed(Event::Timer).await;
        }
    }

    async fn arrived(&mut self, event: Event) {
        let mut completes_round = false;
        let mut trouble = None;
        if let Some(job) = Job::answered_by(&event, self.machine.settings()) {
            self.samplers.answered(&job);
            completes_round = self.rounds.answered(&job);
        }
        match &event {
            Event::RouterObserved { router, state, foreign, .. } => {
                self.reading_router = false;
                let unread = router.as_ref().err().or(state.as_ref().err());
                trouble = unread.map(|why| told_of_router(why, foreign.as_ref()));
                if std::mem::replace(&mut self.router_unread, trouble.is_some()) {
                    trouble = None;
                }
            }
            Event::SwitchDone { .. } | Event::RollbackDone { .. } => self.rounds.restart(self.clock.at_ms()),
            _ => {}
        }
        self.feed(event).await;
        if let Some(what) = trouble {
            self.feed(Event::Trouble { what }).await;
        }
        if completes_round {
            self.tick().await;
        }
    }

    /// The interval is over: answers still missing are too late for this tick.
    async fn round_due(&mut self) {
        if self.rounds.is_open() {
            self.tick().await;
        }
        self.start_round();
    }

    fn start_round(&mut self) {
        if !self.machine.is_moving() {
            descriptors::keep_back();
        }
        let color = self.machine.settings().color;
        if self.machine.probes_wanted() {
            self.samplers.probe(color);
        }
        if self.machine.standby_probes_wanted() {
            self.samplers.probe(color.other());
        }
        let seconds = self.seconds_since_switch();
        let mut waiting: Vec<Job> =
            self.machine.metrics_of().into_iter().flat_map(|color| self.samplers.count(color, seconds)).collect();
        if self.machine.queries_wanted() {
            waiting.extend(self.samplers.query(seconds));
        }
        // No tick waits for samples of the standby.
        if self.machine.compares_with_standby() || self.machine.wants_previous_latency() {
            self.samplers.count(self.machine.settings().color.other(), seconds);
        }
        if !self.machine.metrics_of().is_empty() {
            self.rounds.open(waiting);
        }
    }

    fn seconds_since_switch(&self) -> u64 {
        let since_ms =
            self.machine.settings().last_switch.map_or(0, |at_ms| self.clock.wall_ms().saturating_sub(at_ms));
        u64::try_from(since_ms / 1000).unwrap_or(0)
    }

    async fn tick(&mut self) {
        let due = self.rounds.close(self.clock.at_ms());
        if let Some(ms) = due.gap_ms {
            self.feed(Event::ClockGap { ms }).await;
        }
        self.feed(Event::Tick { skipped: due.skipped }).await;
    }

    /// Numbers an event, tells everybody, carries out the effects. A failure becomes an event of its own.
    async fn feed(&mut self, event: Event) {
        let mut queue = self.freeze.before(event, self.clock.now());
        while let Some(mut event) = queue.pop_front() {
            // Secrets are masked here, before any event spreads.
            event.edit_texts(scrub_in_place);
            self.seq += 1;
            let envelope = Envelope { seq: self.seq, at_ms: self.clock.at_ms(), wall_ms: self.clock.wall_ms(), event };
            let json = self.json.of(&envelope);
            self.recorder.record(&envelope, json.clone());
            let effects = self.machine.handle(&envelope);
            if effects.iter().any(Effect::needs_record) {
                self.recorder.settle().await;
            }
            for effect in effects {
                queue.extend(self.carry_out(effect).await.map(|what| Event::Trouble { what }));
            }
            // A decision is on disk before it is shown.
            self.tell(&envelope, json);
        }
    }

    fn tell(&mut self, envelope: &Envelope, json: Bytes) {
        let news = self.hub.publish(envelope, json);
        if let Some(notifier) = &self.notifier {
            notifier.tell(&news, envelope, self.machine.settings());
        }
        let Some(observer) = &mut self.observer else { return };
        if !self.hub.with_view(|view| observer(envelope, view, &news)) {
            tracing::warn!("the observer does not keep up or has no reader, and is dropped");
            self.observer = None;
        }
    }

    /// Carries out one effect; the sentence says what failed.
    async fn carry_out(&mut self, effect: Effect) -> Option<String> {
        match effect {
            Effect::Journal(decision) => {
                let decision = self.runner.deployment().signed(*decision);
                self.sharing.iter().for_each(|sharing| sharing.decided(decision.clone()));
                return journaled(&*self.disk, &self.journal, decision, self.clock.clone()).await;
            }
            Effect::Reflect => self.runner.reflect(self.machine.summary(), self.machine.settings()),
            Effect::Sample => self.sample_now(),
            Effect::TryCounting { color } => self.samplers.try_counting(color),
            Effect::ProbeStandby => self.samplers.probe(self.machine.settings().color.other()),
            Effect::ReadRouter { epoch } => self.read_router(epoch),
            Effect::Switch => {
                self.runner.switch(self.machine.settings().clone(), self.events.clone(), self.sharing.as_ref());
            }
            Effect::Rollback { attempt, intent, force } => {
                log(&intent);
                let journaled = self.answer.take().map(Answer::once_journaled);
                self.runner.rollback(attempt, *intent, force, self.machine.settings(), self.events.clone(), journaled);
            }
            Effect::Schedule { at_ms } => {
                self.wakeups.insert(at_ms);
            }
            Effect::Answer { refused } => self.answer_order(refused),
            Effect::Finish(ending) => self.ending = Some(ending),
        }
        None
    }

    /// Answers the order under way. A rollback is answered once its intent is on disk, which is a part of the move.
    fn answer_order(&mut self, refused: Option<Refusal>) {
        if let Some(why) = &refused {
            tracing::info!(%why, "an order was refused");
        } else if self.machine.is_moving() {
            return;
        }
        if let Some(Answer { to, seq }) = self.answer.take() {
            let _ = to.send(refused.map_or(Ok(seq), Err));
        }
    }

    fn sample_now(&mut self) {
        if !self.rounds.is_open() {
            self.start_round();
        }
    }

    /// One reading at a time, so that a slow router does not pile them up; commands at most once a second.
    fn read_router(&mut self, epoch: u32) {
        let now = self.clock.at_ms();
        let rested = self.runner.reads_state_file()
            || self.router_read_at.is_none_or(|at| now.saturating_sub(at) >= COMMAND_EVERY_MS);
        if !self.reading_router && rested {
            self.reading_router = true;
            self.router_read_at = Some(now);
            self.runner.read_router(epoch, self.machine.settings().color.other(), self.events.clone());
        }
    }

    /// Waits, with a time limit, until the state file shows the end and the recording is complete.
    async fn close(mut self, inbox: &mut mpsc::Receiver<Event>, finished: &Finished) {
        self.runner.finish().await;
        while let Ok(event) = inbox.try_recv() {
            if matches!(event, Event::Trouble { .. }) {
                self.feed(event).await;
            }
        }
        match (finished, self.stopping) {
            (Finished::Ended(ending), _) => self.hub.finish(StreamEnd::Ended(ending.clone())),
            (_, stopping) => {
                let why = stopping.map_or("a signal", |(_, why)| why).to_owned();
                self.hub.finish(StreamEnd::Stopped { why });
            }
        }
        drop(self.observer);
        let recorder = self.recorder;
        let closed = on_thread(&*self.disk, move || recorder.finish());
        if timeout(JOURNAL_TIMEOUT, closed).await.is_err() {
            tracing::error!("the recording is still not written: leaving without waiting for it");
        }
        Sharing::end(self.sharing, finished).await;
        // Last, so that an unreachable webhook delays no record.
        if let Some(notifier) = self.notifier {
            notifier.finish().await;
        }
    }
}
