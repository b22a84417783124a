//! Where a run is, with what only that stage needs.

use crate::core::soak::Machine;
use crate::model::{Ending, Phase, ReasonCode};

use super::outbox::Outbox;
use super::rollback::Rolling;
use super::verify::Verifying;

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
    Finished(Finished),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HoldCause {
    Policy,
    AutoRollbackOff,
    NoRollback,
    Frozen,
    Paused,
    StandbyDown,
    RouterForeign,
    SharedCause,
    BreachGone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    ending: Ending,
    recovered: Option<bool>,
    back_unrecorded: bool,
}

impl Stage {
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Gating { .. } => Phase::Gating,
            Self::Baseline { .. } => Phase::Baseline,
            Self::Switching | Self::Unsettled { .. } => Phase::Switching,
            Self::Warmup => Phase::Warmup,
            Self::Watching => Phase::Watching,
            Self::Held(_) => Phase::Held,
            Self::Grace { .. } => Phase::Grace,
            Self::RollingBack(_) => Phase::RollingBack,
            Self::Verifying(_) => Phase::Verifying,
            Self::Finished(_) => Phase::Finished,
        }
    }
}

impl HoldCause {
    pub const fn code(self) -> ReasonCode {
        match self {
            Self::Policy => ReasonCode::Policy,
            Self::AutoRollbackOff => ReasonCode::AutoRollbackOff,
            Self::NoRollback => ReasonCode::NoRollback,
            Self::Frozen => ReasonCode::Frozen,
            Self::Paused => ReasonCode::Paused,
            Self::StandbyDown => ReasonCode::StandbyDown,
            Self::RouterForeign => ReasonCode::RouterForeign,
            Self::SharedCause => ReasonCode::SharedCause,
            Self::BreachGone => ReasonCode::BreachGone,
        }
    }
}

impl From<Ending> for Finished {
    fn from(ending: Ending) -> Self {
        Self { ending, recovered: None, back_unrecorded: false }
    }
}

impl Finished {
    pub const fn verified(ending: Ending, recovered: Option<bool>) -> Self {
        Self { ending, recovered, back_unrecorded: false }
    }

    pub const fn failed(ending: Ending, back_unrecorded: bool) -> Self {
        Self { ending, recovered: None, back_unrecorded }
    }
}

impl Machine {
    /// Where the run is.
    pub const fn phase(&self) -> Phase {
        self.stage.phase()
    }

    /// Whether checks are judged in this phase.
    pub const fn soaking(&self) -> bool {
        matches!(self.phase(), Phase::Warmup | Phase::Watching | Phase::Held | Phase::Grace)
    }

    pub(super) const fn is_before_the_move(&self) -> bool {
        matches!(self.phase(), Phase::Gating | Phase::Baseline)
    }

    pub(super) fn finish(&mut self, finished: impl Into<Finished>, out: &mut Outbox) {
        let finished = finished.into();
        self.time.end();
        self.stage = Stage::Finished(finished.clone());
        if self.time.soak_wall().is_some() {
            out.reflect();
        }
        out.finish(finished.ending);
    }

    const fn finished(&self) -> Option<&Finished> {
        match &self.stage {
            Stage::Finished(finished) => Some(finished),
            _ => None,
        }
    }

    /// How the run ended, once it has.
    pub const fn ending(&self) -> Option<&Ending> {
        match &self.stage {
            Stage::Finished(finished) => Some(&finished.ending),
            _ => None,
        }
    }

    pub(super) fn recovered(&self) -> Option<bool> {
        self.finished()?.recovered
    }

    /// Whether the run ended with traffic on the previous color and a rollback that failed: only the rest of it is missing.
    pub fn back_unrecorded(&self) -> bool {
        self.finished().is_some_and(|finished| finished.back_unrecorded)
    }
}
