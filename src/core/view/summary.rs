//! One row of the fleet: a service and its soak in a few words and numbers.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::core::detect::RECENT_MS;
use crate::core::soak::Observation;
use crate::model::{CheckId, Color, Ending, Outcome, Phase, Verdict};

use super::gauge::Gauge;
use super::instances::per_second;
use super::measure::{allowed, measured, title};
use super::outcome::active_so_far;
use super::steady::is_beyond;
use super::{Tone, View};

/// What is known of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// A soak runs.
    Watching,
    /// None runs; what is told of a soak is told of the last one.
    Idle,
    /// It cannot be watched: its configuration, its state file.
    Error,
    /// A monitor of its own watches it.
    Elsewhere,
    /// Who watches it cannot be reached; all else is as last heard.
    Unreachable,
}

impl State {
    /// The word in JSON and in lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Watching => "watching",
            Self::Idle => "idle",
            Self::Error => "error",
            Self::Elsewhere => "elsewhere",
            Self::Unreachable => "unreachable",
        }
    }
}

/// A service and its soak, as the control API lists them. Newer ones may have more fields and words: those are left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Name of the service.
    pub service: String,
    #[serde(deserialize_with = "state")]
    pub state: State,
    /// Where it is watched, as the machine is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Id of the soak: another one begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak: Option<String>,
    /// The release that is judged, or that was switched to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// The color that is judged; without a soak the active one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub color: Option<Color>,
    /// The color that takes user traffic.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub active: Option<Color>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub phase: Option<Phase>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub verdict: Option<Verdict>,
    /// The check that the numbers are of: the worst one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckId>,
    /// Its name for people, where that is another: `latency p99`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its value and its limit: a share, seconds, or what a query answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// How far it is from a breach, as a share of what makes one: 1 and more is a breach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// Milliseconds until the window, its extension, or the verification ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// When the soak began, or ended once it has: Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<i64>,
    /// For how long nothing has been known of the error rate, once that is worth a banner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_ms: Option<u64>,
    /// Whether an operator has paused automatic rollback.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Whether a freeze disables automatic rollback.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// How the last soak ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "known")]
    pub outcome: Option<Outcome>,
    /// The exit code of that end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<u8>,
    /// Why it ended so; while a soak runs, why it is held or breached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it is not watched, or not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Summary {
    /// A service of which nothing is known but its state.
    fn new(service: impl Into<String>, state: State) -> Self {
        Self {
            service: service.into(),
            state,
            host: None,
            soak: None,
            release: None,
            color: None,
            active: None,
            phase: None,
            verdict: None,
            check: None,
            title: None,
            value: None,
            limit: None,
            evidence: None,
            requests_per_second: None,
            left_ms: None,
            since_ms: None,
            blind_ms: None,
            paused: false,
            frozen: false,
            outcome: None,
            exit_code: None,
            reason: None,
            error: None,
        }
    }

    /// A service without a soak, its traffic on this color; the fields of the last soak are the caller's.
    pub fn idle(service: impl Into<String>, active: Option<Color>) -> Self {
        Self { color: active, active, ..Self::new(service, State::Idle) }
    }

    /// A service that cannot be watched, and why.
    pub fn error(service: impl Into<String>, why: impl Into<String>) -> Self {
        Self { error: Some(why.into()), ..Self::new(service, State::Error) }
    }

    /// A service that a monitor of its own watches, and which one.
    pub fn elsewhere(service: impl Into<String>, who: impl Into<String>) -> Self {
        Self { error: Some(who.into()), ..Self::new(service, State::Elsewhere) }
    }

    /// A host that does not answer, as a row that says so.
    pub fn unreachable(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { error: Some(why.into()), ..Self::new(name, State::Unreachable) }
    }

    /// What a view of a run says now: idle once it has ended.
    pub fn of(view: &View) -> Self {
        let machine = view.machine();
        let (settings, told, ending) = (machine.settings(), machine.summary(), machine.ending());
        let state = if ending.is_some() { State::Idle } else { State::Watching };
        let reason = told.as_ref().and_then(|told| told.reason.clone());
        let running = ending.is_none();
        let summary = Self {
            soak: Some(settings.soak.clone()),
            release: settings.known_release().map(str::to_owned),
            color: Some(settings.color),
            active: active_so_far(machine),
            phase: Some(machine.phase()),
            verdict: Some(view.verdict()),
            requests_per_second: running.then(|| requests_per_second(view)).flatten(),
            left_ms: machine.remaining_ms(),
            since_ms: told.as_ref().map(|told| told.finished_ms.unwrap_or(told.started_ms)),
            blind_ms: machine.blind().map(|(lasted, _)| lasted),
            paused: running && machine.paused(),
            frozen: running && machine.frozen().is_some(),
            outcome: ending.map(|ending| ending.outcome),
            exit_code: ending.map(Ending::exit_code),
            reason: ending.map(|ending| ending.reason.clone()).or(reason),
            ..Self::new(settings.service.clone(), state)
        };
        match worst(view) {
            Some(seen) => summary.with(view, &seen),
            None => summary,
        }
    }

    fn with(self, view: &View, seen: &Observation) -> Self {
        let machine = view.machine();
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let name = title(&seen.check, machine.settings());
        Self {
            title: (name != seen.check.as_str()).then_some(name),
            value: finite(seen.value),
            limit: finite(Some(seen.threshold)),
            evidence: finite(Gauge::of(machine, seen).map(|gauge| gauge.toward)),
            check: Some(seen.check.clone()),
            ..self
        }
    }

    /// Whether there is more to tell than that time has passed since `before`, `passed_ms` ago: what counts down counts alone.
    pub fn is_news(&self, before: &Self, passed_ms: u64) -> bool {
        /// A second, and what a message takes.
        const SLACK_MS: u64 = 1_500;

        let expected = before.left_ms.map(|left| left.saturating_sub(passed_ms));
        let on_time = match (self.left_ms, expected) {
            (Some(left), Some(expected)) => left.abs_diff(expected) <= SLACK_MS,
            (left, expected) => left == expected,
        };
        !on_time || Self { left_ms: before.left_ms, ..self.clone() } != *before
    }

    /// The state in a word, in capitals where it is not calm: `WATCHING`, `BLIND`, `ROLLED BACK`, `UNREACHABLE`.
    pub fn word(&self) -> (&'static str, Tone) {
        match (self.state, self.outcome, self.phase) {
            (State::Unreachable, ..) => ("UNREACHABLE", Tone::Warning),
            (State::Error, ..) => ("ERROR", Tone::Bad),
            (State::Elsewhere, ..) => ("elsewhere", Tone::Plain),
            (State::Idle, Some(outcome), _) => ended(outcome),
            (State::Idle, None, _) => ("idle", Tone::Plain),
            (State::Watching, _, phase) => self.running(phase),
        }
    }

    /// The value as a multiple of its limit; of a check that has a limit of another kind, how far it is from a breach.
    pub fn of_limit(&self) -> Option<f64> {
        let ratio = self.value.zip(self.limit).map(|(value, limit)| value / limit);
        let told = match self.check {
            Some(CheckId::Named(_)) => self.evidence.or(ratio),
            _ => ratio,
        };
        told.filter(|told| told.is_finite())
    }

    /// The value and its limit for people: `18.5%` and `5%`.
    pub fn numbers(&self) -> Option<(String, String)> {
        let (check, limit) = (self.check.as_ref()?, self.limit?);
        let down = if *check == CheckId::Readiness { " down" } else { "" };
        let value = self.value.map_or_else(|| "-".to_owned(), |value| measured(check, value));
        Some((format!("{value}{down}"), allowed(check, limit)))
    }

    /// The name of its check for people.
    pub fn check_name(&self) -> Option<&str> {
        self.title.as_deref().or_else(|| self.check.as_ref().map(CheckId::as_str))
    }

    /// Whether its value is beyond its limit.
    pub fn is_beyond(&self) -> bool {
        self.of_limit().is_some_and(|times| times > 1.0)
    }

    fn running(&self, phase: Option<Phase>) -> (&'static str, Tone) {
        match phase {
            Some(Phase::Held) => ("HELD", Tone::Bad),
            Some(Phase::Grace) => ("ROLLBACK SOON", Tone::Bad),
            Some(Phase::RollingBack) => ("ROLLING BACK", Tone::Bad),
            Some(Phase::Verifying) => ("VERIFYING", Tone::Warning),
            _ if self.blind_ms.is_some() => ("BLIND", Tone::Warning),
            Some(Phase::Watching) if self.paused => ("PAUSED", Tone::Warning),
            Some(Phase::Watching) if self.frozen => ("FROZEN", Tone::Warning),
            Some(Phase::Gating) => ("gating", Tone::Plain),
            Some(Phase::Baseline) => ("baseline", Tone::Plain),
            Some(Phase::Switching) => ("switching", Tone::Plain),
            Some(Phase::Warmup) => ("warmup", Tone::Plain),
            Some(Phase::Watching) | None => ("watching", Tone::Plain),
            Some(Phase::Finished) => ("over", Tone::Plain),
        }
    }
}

const fn ended(outcome: Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Retained => ("retained", Tone::Good),
        Outcome::Switched => ("switched", Tone::Good),
        Outcome::RolledBack => ("ROLLED BACK", Tone::Warning),
        Outcome::Aborted => ("ABORTED", Tone::Warning),
        Outcome::Inconclusive => ("INCONCLUSIVE", Tone::Warning),
        Outcome::Superseded => ("SUPERSEDED", Tone::Warning),
        Outcome::Refused => ("REFUSED", Tone::Warning),
        Outcome::Held => ("HELD TO THE END", Tone::Bad),
        Outcome::RollbackFailed => ("ROLLBACK FAILED", Tone::Bad),
        Outcome::RollbackUndone => ("ROLLBACK UNDONE", Tone::Bad),
        Outcome::SwitchFailed => ("SWITCH FAILED", Tone::Bad),
    }
}

/// The check that breached, else the first of the worst that have a vote: beyond its limit, then by its shown verdict.
fn worst(view: &View) -> Option<Observation> {
    let machine = view.machine();
    let checks = machine.checks().into_iter().map(|seen| Observation { verdict: view.shown(&seen), ..seen });
    let checks: Vec<_> = checks.collect();
    let breached = machine.breach().and_then(|breach| checks.iter().find(|seen| seen.check == breach.check));
    let voting = || checks.iter().filter(|seen| seen.required);
    // `max_by_key` takes the last one of equals.
    let worst = || {
        voting().rev().max_by_key(|seen| (seen.verdict == Verdict::Breached, is_beyond(machine, seen), seen.verdict))
    };
    breached.or_else(worst).or(checks.first()).cloned()
}

/// Of the last 10s, or of the window so far while that is shorter.
fn requests_per_second(view: &View) -> Option<f64> {
    let machine = view.machine();
    let (lasted, _) = machine.progress()?;
    let soaking = matches!(machine.phase(), Phase::Watching | Phase::Held | Phase::Grace);
    per_second(machine.recent().requests, lasted.min(RECENT_MS)).filter(|_| soaking && lasted >= 1_000)
}

/// A word that a newer one says is left out.
fn known<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let told = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(told.and_then(|told| serde_json::from_value(told).ok()))
}

/// A state that a newer one says is none that is well.
fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
    Ok(known(deserializer)?.unwrap_or(State::Error))
}

#[cfg(test)]
mod tests;
