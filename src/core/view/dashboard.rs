//! All that a screen shows of one run, bounded in memory.

use crate::core::detect::{RECENT_MS, RecentCounts, TickCounts};
use crate::core::soak::{
    Envelope, Event, Machine, Observation, Origin, ReadError, RollbackResult, Settings, SwitchResult,
};
use crate::model::{CheckId, Color, Ending, Verdict};

use super::decided::DecisionLog;
use super::instances::{Instance, per_second};
use super::series::Series;
use super::{Decided, Gauge, Headline, View, ViewUpdate};

/// Evidence in nats (10×) from which errors are attributed.
const SUSPICIOUS: f64 = std::f64::consts::LN_10;

/// Something that happened, as a mark in the big chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Milliseconds since the run began.
    pub at_ms: u64,
    pub kind: MarkKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// Traffic was moved, or the soak began on a deployment that was active already.
    Switch,
    Breach,
    Rollback,
    /// Traffic is back on the previous color.
    Back,
}

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckState<'a> {
    pub seen: Observation,
    /// Its history.
    pub series: &'a Series,
    /// How far it is from a breach, if known.
    pub gauge: Option<Gauge>,
}

/// The fold of a run's events into all that a screen shows. Live, attached and replayed runs are the same fold; seeking
/// back folds again from the start.
#[derive(Clone, Debug)]
pub struct Dashboard {
    pub(super) view: View,
    pub(super) router_kind: Option<String>,
    /// The color that takes user traffic, and since when.
    pub(super) active: Color,
    pub(super) last_switch: Option<i64>,
    /// What the router was last seen doing. A move ends with reading it back.
    pub(super) routed: Option<Result<Color, ReadError>>,
    run_started_wall: i64,
    pub(super) checks: Vec<(CheckId, Series)>,
    pub(super) old: Series,
    pub(super) old_recent: RecentCounts,
    pub(super) old_counts: TickCounts,
    pub(super) marks: Vec<Mark>,
    decisions: DecisionLog,
    watched: Vec<Instance>,
    standby: Vec<Instance>,
    ended_at: Option<u64>,
    /// Whether traffic was moved back after the end.
    pub(super) back_late: bool,
}

impl Dashboard {
    /// A dashboard of a run that has not begun.
    pub fn new(settings: Settings) -> Self {
        let instances = |urls: &[String]| urls.iter().cloned().map(Instance::new).collect::<Vec<_>>();
        let active = match settings.origin {
            Origin::Switch { .. } => settings.color.other(),
            Origin::Soak => settings.color,
        };
        Self {
            router_kind: None,
            active,
            last_switch: settings.last_switch,
            routed: None,
            run_started_wall: 0,
            checks: Vec::new(),
            old: Series::default(),
            old_recent: RecentCounts::default(),
            old_counts: TickCounts::default(),
            marks: Vec::new(),
            decisions: DecisionLog::default(),
            watched: instances(&settings.instances),
            standby: instances(&settings.standby_instances),
            ended_at: None,
            back_late: false,
            view: View::new(settings),
        }
    }

    /// The same, knowing the kind of the router (`router.kind` of the configuration): no event tells it.
    #[must_use]
    pub fn with_router_kind(self, kind: impl Into<String>) -> Self {
        Self { router_kind: Some(kind.into()), ..self }
    }

    /// Takes the next event and says what it changed.
    pub fn apply(&mut self, envelope: &Envelope) -> ViewUpdate {
        let before = self.machine().phase();
        let news = self.view.apply(envelope);
        let at_ms = self.view.at_ms();
        self.look(envelope);
        if news.judged {
            self.record_tick(at_ms, before);
        }
        for decision in &news.decisions {
            self.mark(at_ms, decision.decision);
            self.decisions.push(at_ms, envelope.wall_ms, decision.clone());
        }
        if news.ending.is_some() {
            self.ended_at = Some(at_ms);
        }
        news
    }

    /// What the machine does not keep: instances, and where traffic is.
    fn look(&mut self, envelope: &Envelope) {
        let watched = self.machine().settings().color;
        match &envelope.event {
            Event::Started => self.run_started_wall = envelope.wall_ms,
            Event::Resumed(by) => self.resumed(&by.instances, &by.standby_instances),
            Event::Instances { color, present } => self.came_and_went(*color, present),
            Event::Sampled { color, instance, outcome } => {
                let (at_ms, started) = (self.view.at_ms(), self.run_started_wall);
                if let Some(known) = self.instances_mut(*color).get_mut(*instance) {
                    known.sampled(at_ms, started, outcome);
                }
            }
            Event::Probed { instance, answer } => {
                if let Some(known) = self.watched.get_mut(*instance) {
                    known.probed(answer);
                }
            }
            Event::StandbyProbed { instance, answer } => {
                if let Some(known) = self.standby.get_mut(*instance) {
                    known.probed(answer);
                }
            }
            Event::RouterObserved { router, state, .. } => {
                self.routed = Some(router.clone());
                if let Ok(seen) = state {
                    (self.active, self.last_switch) = (seen.active, seen.last_switch);
                }
            }
            Event::SwitchDone { result: SwitchResult::Switched { last_switch }, .. } => {
                (self.active, self.last_switch) = (watched, *last_switch);
                self.routed = Some(Ok(watched));
            }
            Event::RollbackDone { result: RollbackResult::Back, last_switch, .. } => {
                (self.active, self.last_switch) = (watched.other(), last_switch.or(Some(envelope.wall_ms)));
                self.routed = Some(Ok(watched.other()));
            }
            _ => {}
        }
    }

    /// Another monitor has resumed the run, perhaps with other instances: keeps those that stay.
    fn resumed(&mut self, watched: &[String], standby: &[String]) {
        let kept = |known: &[Instance], urls: &[String]| -> Vec<Instance> {
            let of = |url: &String| known.iter().find(|instance| instance.url == *url).cloned();
            urls.iter().map(|url| of(url).unwrap_or_else(|| Instance::new(url.clone()))).collect()
        };
        (self.watched, self.standby) = (kept(&self.watched, watched), kept(&self.standby, standby));
    }

    /// Indices are those of the machine: new instances come after the known ones.
    fn came_and_went(&mut self, color: Color, present: &[String]) {
        let watched = color == self.machine().settings().color;
        let known = if watched { &mut self.watched } else { &mut self.standby };
        for url in present {
            if !known.iter().any(|instance| instance.url == *url) {
                known.push(Instance::new(url.clone()));
            }
        }
        for instance in known {
            let gone = !present.contains(&instance.url);
            if std::mem::replace(&mut instance.gone, gone) && !gone {
                instance.came_back();
            }
        }
    }

    fn instances_mut(&mut self, color: Color) -> &mut [Instance] {
        if color == self.machine().settings().color { &mut self.watched } else { &mut self.standby }
    }

    /// The machine.
    pub const fn machine(&self) -> &Machine {
        self.view.machine()
    }

    /// The view that the lines of other front ends are made of.
    pub const fn view(&self) -> &View {
        &self.view
    }

    /// How the run ended, once it has.
    pub const fn ending(&self) -> Option<&Ending> {
        self.machine().ending()
    }

    /// The time that is shown at `now_ms` (milliseconds since the run began), which stops with the run.
    pub fn clock(&self, now_ms: u64) -> u64 {
        self.ended_at.map_or(now_ms, |ended| now_ms.min(ended))
    }

    /// Milliseconds between the last event and the time that is shown at `now_ms`.
    pub fn late_ms(&self, now_ms: u64) -> u64 {
        self.clock(now_ms).saturating_sub(self.view.at_ms())
    }

    /// The state of the run in a word.
    pub fn headline(&self, now_ms: u64) -> Headline {
        match self.ending().filter(|_| self.back_late) {
            Some(ending) => Headline::back_late(self.active, ending),
            None => Headline::of(self.machine(), self.late_ms(now_ms)),
        }
    }

    /// Every check, in the order of [`Machine::checks`].
    pub fn checks(&self) -> Vec<CheckState<'_>> {
        const NONE: &Series = &Series::new();
        let state = |seen: Observation| {
            let series = self.checks.iter().find(|(name, _)| *name == seen.check).map_or(NONE, |(_, series)| series);
            let shown = Observation { verdict: self.view.shown(&seen), ..seen };
            CheckState { gauge: Gauge::of(self.machine(), &shown), series, seen: shown }
        };
        self.machine().checks().into_iter().map(state).collect()
    }

    /// The error rate of the previous color while it took traffic: before the switch, and after the rollback.
    pub const fn old_color(&self) -> &Series {
        &self.old
    }

    /// The error rate of the previous color before the switch, where it was looked at and had traffic.
    pub fn baseline_rate(&self) -> Option<f64> {
        self.machine().baseline().and_then(|old| old.counts.rate())
    }

    /// What happened, oldest first.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The decisions that contain the text, oldest first.
    pub fn decisions(&self, filter: &str) -> impl DoubleEndedIterator<Item = &Decided> {
        self.decisions.iter().filter(move |decided| decided.contains(filter))
    }

    /// The decision with this number, while it is kept.
    pub fn decision(&self, number: u64) -> Option<&Decided> {
        self.decisions.iter().find(|decided| decided.number == number)
    }

    /// The color whose instances matter now: the watched one, and the other one once traffic is back on it.
    pub fn shown_color(&self) -> Color {
        let back = self.marks.iter().any(|mark| mark.kind == MarkKind::Back);
        let watched = self.machine().settings().color;
        if back { watched.other() } else { watched }
    }

    /// The instances of a color, worst first: not ready, failing samples, then by error rate; equal ones as configured.
    pub fn instances(&self, color: Color) -> Vec<&Instance> {
        let known = if color == self.machine().settings().color { &self.watched } else { &self.standby };
        let badness = |instance: &Instance| {
            let trouble = u8::from(instance.ready() == Some(false)) * 2 + u8::from(instance.failure.is_some());
            (trouble, instance.error_rate().unwrap_or(0.0))
        };
        let mut sorted: Vec<&Instance> = known.iter().filter(|instance| !instance.gone).collect();
        sorted.sort_by(|a, b| {
            let ((a_trouble, a_rate), (b_trouble, b_rate)) = (badness(a), badness(b));
            b_trouble.cmp(&a_trouble).then(b_rate.total_cmp(&a_rate))
        });
        sorted
    }

    /// Requests a second on the shown color, over its instances; `None` while unknown.
    pub fn requests_per_second(&self) -> Option<f64> {
        let color = self.shown_color();
        let known = if color == self.machine().settings().color { &self.watched } else { &self.standby };
        let counted = known
            .iter()
            .filter(|instance| !instance.gone)
            .filter_map(Instance::requests_per_second)
            .reduce(|sum, rate| sum + rate);
        counted.or_else(|| self.metered_per_second())
    }

    /// The same where requests are counted by Prometheus, over the last 10s.
    fn metered_per_second(&self) -> Option<f64> {
        self.machine().settings().error_rate.metered.as_ref()?;
        per_second(self.machine().recent().requests, RECENT_MS).filter(|rate| *rate > 0.0)
    }

    /// Which instance and labels carry the errors, while the error rate is breached or the evidence is on the way there.
    pub fn attribution(&self) -> Option<String> {
        let checks = self.machine().checks();
        let error_rate = checks.iter().find(|seen| seen.check == CheckId::ErrorRate)?;
        let suspicious = error_rate.evidence.is_some_and(|evidence| evidence >= SUSPICIOUS);
        if error_rate.verdict != Verdict::Breached && !suspicious {
            return None;
        }
        let there = self.watched.iter().filter(|instance| !instance.gone).count();
        let spread = || format!("the errors are spread over {there} instances");
        self.machine().attribution().or_else(|| (there > 1 && self.machine().seen().errors > 2).then(spread))
    }
}
