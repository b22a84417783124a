//! What others may know of the machine.

use crate::core::detect::{Outlook, TickCounts};
use crate::core::soak::{Frozen, Machine, Observation, OldColor, ReadError, Settings};
use crate::model::{Cause, CheckId, Color, Outcome, Phase, Verdict};

use super::stage::Stage;
use super::time::Unwatched;
use super::told::Fact;

/// The run in short: what the state file and `status` show. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: String,
    pub phase: Phase,
    pub verdict: Verdict,
    pub outcome: Option<Outcome>,
    pub cause: Option<Cause>,
    pub check: Option<CheckId>,
    pub reason: Option<String>,
    pub baseline: Option<OldColor>,
    pub recovered: Option<bool>,
    /// Whether its rollback has failed for longer than `rollback.give_up` and is still tried.
    pub overdue: bool,
    pub started_ms: i64,
    /// When the window ends, at the wall clock of the soak's beginning.
    pub ends_ms: i64,
    pub finished_ms: Option<i64>,
}

impl Machine {
    /// The settings of the run.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The colors whose metrics are wanted now.
    pub fn metrics_of(&self) -> Vec<Color> {
        let (watched, other) = (self.settings.color, self.settings.color.other());
        match self.phase() {
            // The counters of both are kept current up to the move: the one's are its baseline, the other's the comparison.
            Phase::Gating | Phase::Baseline => vec![watched, other],
            Phase::Warmup | Phase::Watching | Phase::Held | Phase::Grace => vec![watched],
            Phase::Verifying => vec![other],
            Phase::RollingBack if self.waits_to_retry() => vec![watched],
            Phase::Switching | Phase::RollingBack | Phase::Finished => Vec::new(),
        }
    }

    /// Whether the readiness of the watched color is wanted now.
    pub fn probes_wanted(&self) -> bool {
        matches!(self.phase(), Phase::Gating | Phase::Baseline) || self.soaking() || self.waits_to_retry()
    }

    /// Whether the readiness of the standby is wanted now.
    pub fn standby_probes_wanted(&self) -> bool {
        self.soaking() || self.waits_to_retry()
    }

    /// What every check says now.
    pub fn checks(&self) -> Vec<Observation> {
        self.observations()
    }

    /// Requests and errors since the window began.
    pub fn seen(&self) -> TickCounts {
        self.checks.error_rate().seen()
    }

    /// Requests and errors of the last 10 s: the rate that is drawn, and judged by method `window`.
    pub fn recent(&self) -> TickCounts {
        self.checks.error_rate().recent()
    }

    /// Where the errors are, once there are a few: `92 % of the errors with route=/pay (8 % of the requests)`.
    pub fn attribution(&self) -> Option<String> {
        self.checks.error_rate().attribution()
    }

    /// The routes on which requests failed since the window began, the most failures first.
    pub fn failed_routes(&self) -> Vec<(&str, TickCounts)> {
        self.checks.error_rate().failed_routes()
    }

    /// What comes next if nothing changes, where the method looks ahead. Costs some work: for the eye, not for every event.
    pub fn outlook(&self) -> Option<Outlook> {
        matches!(self.phase(), Phase::Watching).then(|| self.checks.error_rate().outlook(self.time.at()))?
    }

    /// The last tick of the error-rate check: its time since the window's start, and what was counted at it.
    pub const fn last_tick(&self) -> Option<(u64, Option<TickCounts>)> {
        self.checks.error_rate().last_tick()
    }

    /// The sentence of a crash loop, if one of the instances is in one.
    pub fn crash_loop(&self) -> Option<String> {
        self.checks.error_rate().crash_loop()
    }

    /// What the previous color was like before traffic moved, where it was looked at and had traffic.
    pub fn baseline(&self) -> Option<OldColor> {
        self.checks.error_rate().old().filter(|old| old.counts.requests > 0)
    }

    /// Requests and errors on the standby since traffic is back on it.
    pub fn recovery(&self) -> TickCounts {
        self.standby.counts()
    }

    /// The first instance of the watched color that is not ready, with the reason.
    pub fn target_failure(&self) -> Option<String> {
        self.checks.readiness().first_failure()
    }

    /// Instances of the watched color that are ready, and all of them.
    pub fn target_ready(&self) -> (usize, usize) {
        (self.checks.readiness().ready(), self.checks.readiness().all())
    }

    /// How many instances of the target are known not to be ready.
    pub fn target_failing(&self) -> usize {
        self.checks.readiness().failing()
    }

    /// Failed probes in a row of every instance of the target that is there.
    pub fn failed_probes(&self) -> Vec<u32> {
        self.checks.readiness().failed_in_a_row()
    }

    /// Milliseconds until the window, its extension or the verification ends; none before the soak and after its end.
    pub fn remaining_ms(&self) -> Option<u64> {
        let until = match &self.stage {
            Stage::Held(_) => self.window.hold_end(),
            Stage::Watching if self.window.runs_on() => self.window.hold_end(),
            Stage::Warmup | Stage::Watching => self.window.end(),
            Stage::Gating { deadline_ms: until } | Stage::Grace { deadline_ms: until } => *until,
            Stage::Verifying(verifying) => verifying.until_ms(),
            Stage::Baseline { since_ms, .. } => since_ms.saturating_add(self.settings.baseline_window_ms),
            Stage::Switching | Stage::Unsettled { .. } | Stage::RollingBack(_) | Stage::Finished(_) => return None,
        };
        Some(until.saturating_sub(self.time.at()))
    }

    /// Milliseconds of the window that are over, and its whole length; none before the soak began.
    pub fn progress(&self) -> Option<(u64, u64)> {
        self.time.soak_wall()?;
        Some(self.window.progress(self.time.at()))
    }

    /// For how long the error rate has been unknown, and why, once that is worth a banner.
    pub fn blind(&self) -> Option<(u64, String)> {
        if self.soaking() { self.checks.error_rate().blind(self.time.at()) } else { None }
    }

    /// Instances of the standby that are ready, and all of them.
    pub fn standby_ready(&self) -> (usize, usize) {
        self.standby.ready()
    }

    /// What the router was last seen doing, if it could be read.
    pub const fn router(&self) -> Option<&Result<Color, ReadError>> {
        self.router.last()
    }

    /// Why a breach is held, while it is.
    pub fn held_because(&self) -> Option<String> {
        match &self.stage {
            Stage::Held(cause) => Some(self.hold_reason(*cause)),
            _ => None,
        }
    }

    /// What the check says that breached, as it was then; none of a release that could only not be judged.
    pub fn breach(&self) -> Option<&Observation> {
        self.response.breach()
    }

    /// Whether automatic rollback is paused by an operator.
    pub fn paused(&self) -> bool {
        self.response.is_paused()
    }

    /// Wall clock of the last event, Unix milliseconds.
    pub const fn wall_ms(&self) -> i64 {
        self.time.wall()
    }

    /// The freeze of automatic rollback that holds now.
    pub const fn frozen(&self) -> Option<&Frozen> {
        self.response.frozen()
    }

    /// The time nobody watched: the process stood still, or there was none.
    pub const fn unwatched(&self) -> Unwatched {
        self.time.unwatched()
    }

    /// What the run went on without, first things first.
    pub fn troubles(&self) -> &[String] {
        &self.troubles
    }

    /// Whether this host may not act, of several that agree on one.
    pub fn lead_is_lost(&self) -> bool {
        self.told.knows(&Fact::LeadLost)
    }

    /// The run in short; none before the soak began.
    pub fn summary(&self) -> Option<Summary> {
        let started_ms = self.time.soak_wall()?;
        let length =
            self.settings.warmup_ms.saturating_add(self.settings.window_ms).saturating_add(self.window.extended_by());
        let ending = self.ending();
        Some(Summary {
            id: self.settings.soak.clone(),
            phase: self.phase(),
            verdict: self.verdict(),
            outcome: ending.map(|ending| ending.outcome),
            cause: ending.map(|ending| ending.cause),
            check: self.deciding_check(),
            reason: ending.map(|ending| ending.reason.clone()).or_else(|| self.standing_reason()),
            baseline: self.baseline(),
            recovered: self.recovered(),
            overdue: self.overdue(),
            started_ms,
            ends_ms: started_ms.saturating_add(i64::try_from(length).unwrap_or(i64::MAX)),
            finished_ms: self.time.end_wall(),
        })
    }

    fn deciding_check(&self) -> Option<CheckId> {
        if let Some(trigger) = self.response.trigger() {
            return Some(trigger.observation.check.clone());
        }
        let worst = self.observations().into_iter().filter(|seen| seen.required).max_by_key(|seen| seen.verdict)?;
        (worst.verdict != Verdict::Healthy).then_some(worst.check)
    }

    fn standing_reason(&self) -> Option<String> {
        let breach = self.response.trigger().map(|trigger| trigger.observation.message.clone());
        if let Some(retrying) = self.retrying() {
            let failed = format!("not rolled back yet, {} failed attempts: {}", retrying.failures, retrying.why);
            return Some(breach.map_or(failed.clone(), |breach| format!("{breach}; {failed}")));
        }
        match (breach, self.held_because()) {
            (Some(breach), Some(held)) => Some(format!("{breach}; held: {held}")),
            (breach, held) => breach.or(held),
        }
    }
}
