//! What a tick leaves behind for the charts.

use crate::core::detect::TickCounts;
use crate::core::soak::Observation;
use crate::model::{CheckId, DecisionKind, Phase, Verdict};

use super::dashboard::{Dashboard, Mark, MarkKind};
use super::gauge::Gauge;
use super::series::{Point, Series};
use super::steady::honest;

impl Dashboard {
    /// What a tick says, as points of the charts.
    pub(super) fn record_tick(&mut self, at_ms: u64, phase: Phase) {
        match phase {
            Phase::Warmup | Phase::Watching | Phase::Held | Phase::Grace => self.record_checks(at_ms),
            Phase::Gating | Phase::Baseline | Phase::Verifying => self.record_old(at_ms),
            Phase::Switching | Phase::RollingBack | Phase::Finished => {}
        }
    }

    fn record_checks(&mut self, at_ms: u64) {
        // A tick that ends the warmup starts the judgement anew: nothing was counted yet.
        let Some((_, counts)) = self.machine().last_tick() else { return };
        for seen in self.machine().checks() {
            let verdict = honest(self.machine(), &seen);
            let toward = Gauge::of(self.machine(), &seen).map(|gauge| gauge.toward);
            let Observation { check, value, .. } = seen;
            let point = if check.counts_requests() {
                // The rate of the last 10s is still known at a missing tick; what was not seen is not drawn.
                Point { at_ms, value: value.filter(|_| counts.is_some()), counts, verdict, toward }
            } else {
                Point { at_ms, value, counts: None, verdict, toward }
            };
            self.series_mut(check).push(point);
        }
    }

    fn series_mut(&mut self, check: CheckId) -> &mut Series {
        let at = self.checks.iter().position(|(name, _)| *name == check).unwrap_or_else(|| {
            self.checks.push((check, Series::default()));
            self.checks.len() - 1
        });
        &mut self.checks[at].1
    }

    /// The previous color's traffic, before the switch and after the rollback.
    fn record_old(&mut self, at_ms: u64) {
        let now = self.machine().recovery();
        // The count begins anew with the baseline and with the verification.
        let counts = match now.requests.checked_sub(self.old_counts.requests) {
            Some(requests) => {
                TickCounts { requests, errors: now.errors.saturating_sub(self.old_counts.errors) }.clamped()
            }
            None => now,
        };
        self.old_counts = now;
        self.old_recent.tick(at_ms, Some(counts));
        let value = self.old_recent.rate();
        self.old.push(Point { at_ms, value, counts: Some(counts), verdict: Verdict::Unknown, toward: None });
    }

    /// What a decision puts into the chart.
    pub(super) fn mark(&mut self, at_ms: u64, kind: DecisionKind) {
        let kind = match kind {
            DecisionKind::Switch => MarkKind::Switch,
            DecisionKind::SoakStart if self.marks.is_empty() => MarkKind::Switch,
            DecisionKind::Breach => MarkKind::Breach,
            DecisionKind::Rollback => MarkKind::Rollback,
            DecisionKind::RolledBack => MarkKind::Back,
            _ => return,
        };
        // A breach is latched and a rollback happens once, so this stays short.
        if !self.marks.iter().any(|mark| mark.kind == kind) {
            self.marks.push(Mark { at_ms, kind });
        }
    }
}
