//! Which of two rows is worse, and which of two exit codes.

use crate::core::view::{State, Summary, Tone};
use crate::model::{Outcome, Phase, Verdict};

/// Exit codes, the worst first: a bad release that may be live, then what could not be done, then what ended otherwise.
const WORST: [u8; 14] = [7, 12, 11, 1, 2, 3, 4, 8, 6, 5, 10, 9, 13, 0];
/// The place of a code that has none: as bad as an internal error.
const UNLISTED: usize = 3;
/// The exit code of a host that cannot be reached.
pub const UNREACHED: u8 = 13;

/// The worst of them; 0 if there are none.
pub fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let place = |code: &u8| WORST.iter().position(|listed| listed == code).unwrap_or(UNLISTED);
    codes.into_iter().min_by_key(place).unwrap_or(0)
}

/// What a service adds to the exit code: that of its last soak, 10 while one runs.
pub fn exit_code(summary: &Summary) -> u8 {
    match summary.state {
        State::Watching | State::Elsewhere => 10,
        State::Idle => summary.exit_code.unwrap_or(0),
        State::Error => 2,
        State::Unreachable => UNREACHED,
    }
}

/// How far a watched release is on the way to a breach, as rows are put in order by it: it holds until the value has gone
/// down for good, so that rows that come and go at one value stand still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Toward {
    #[default]
    Far,
    /// Halfway, by its evidence.
    Near,
    /// Its value is beyond its limit.
    Beyond,
}

impl Toward {
    /// From which share on, and until which.
    const NEAR: (f64, f64) = (0.5, 0.4);
    const BEYOND: (f64, f64) = (1.0, 0.9);

    pub fn next(self, summary: &Summary) -> Self {
        let holds = |is: bool, (from, until): (f64, f64), share: f64| share > if is { until } else { from };
        if holds(self == Self::Beyond, Self::BEYOND, summary.of_limit().unwrap_or(0.0)) {
            Self::Beyond
        } else if holds(self != Self::Far, Self::NEAR, summary.evidence.unwrap_or(0.0)) {
            Self::Near
        } else {
            Self::Far
        }
    }
}

/// The place of a row in the list: the lower, the further up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// A bad release may be live and nobody acts.
    Live,
    /// It is being rolled back, or will be in a moment.
    Acting,
    /// Nothing is known: an error, a host out of reach.
    Unknown,
    /// Breached, beyond its limit, or blind.
    Beyond,
    /// Rolled back or ended otherwise than well.
    Ended,
    /// It would not be rolled back: paused, frozen.
    Disarmed,
    /// Watched, by how far it is on the way to a breach.
    Near,
    NotKnown,
    Healthy,
    Elsewhere,
    Well,
    /// There was no soak.
    Idle,
}

impl Rank {
    pub fn of(summary: &Summary, toward: Toward) -> Self {
        match summary.state {
            State::Error | State::Unreachable => Self::Unknown,
            State::Elsewhere => Self::Elsewhere,
            State::Idle => summary.outcome.map_or(Self::Idle, Self::ended),
            State::Watching => Self::watched(summary, toward),
        }
    }

    fn ended(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Held | Outcome::RollbackFailed | Outcome::RollbackUndone | Outcome::SwitchFailed => Self::Live,
            Outcome::Retained | Outcome::Switched => Self::Well,
            _ => Self::Ended,
        }
    }

    fn watched(summary: &Summary, toward: Toward) -> Self {
        match (summary.phase, summary.verdict) {
            (Some(Phase::Held), _) => Self::Live,
            (Some(Phase::Grace | Phase::RollingBack), _) => Self::Acting,
            (Some(Phase::Verifying), _) => Self::Ended,
            (_, Some(Verdict::Breached)) => Self::Beyond,
            // Nothing is judged yet.
            (Some(Phase::Gating | Phase::Baseline | Phase::Switching), _) => Self::NotKnown,
            _ if summary.blind_ms.is_some() || toward == Toward::Beyond => Self::Beyond,
            _ if summary.word().1 == Tone::Warning => Self::Disarmed,
            _ if toward == Toward::Near => Self::Near,
            (_, Some(Verdict::Healthy)) => Self::Healthy,
            _ => Self::NotKnown,
        }
    }
}
