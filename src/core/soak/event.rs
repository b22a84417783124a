//! What happens to a run, and what the machine wants done about it.

mod texts;

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::core::detect::Reading;
use crate::model::{Action, Actor, CheckId, Color, Decision, Ending, Traffic};

use super::{Frozen, Refusal, Resumption};

/// One event with its place in the one order of all events of a run. A recording is a file of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Place in the order, from 1 without gaps.
    pub seq: u64,
    /// Milliseconds since the run began, on the monotonic clock that counts suspend.
    pub at_ms: u64,
    /// Wall clock, Unix milliseconds; only ever shown.
    pub wall_ms: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins. Always first.
    Started,
    /// Another process continues the run after its monitor was gone.
    Resumed(Box<Resumption>),
    /// The metrics of one instance were read, or could not be.
    Sampled {
        /// Whose instance.
        color: Color,
        /// Its place in the settings' list.
        instance: usize,
        /// What was read.
        outcome: Sample,
    },
    /// The instances of a color are others now.
    Instances {
        /// Whose.
        color: Color,
        /// All that there are, credentials masked. A place in the settings' list stays its instance's; new ones come behind.
        present: Vec<String>,
    },
    /// Prometheus was asked for the counters of a color.
    Metered {
        /// Whose.
        color: Color,
        /// The check that judges them.
        check: CheckId,
        /// What it said.
        outcome: Metered,
    },
    /// Prometheus was asked for the value of a check.
    Queried {
        /// The check.
        check: CheckId,
        /// What it said.
        answer: Answer,
    },
    /// The readiness of one instance of the watched color was probed.
    Probed {
        /// Its place in the settings' list.
        instance: usize,
        /// The answer.
        answer: Readiness,
    },
    /// The readiness of one instance of the standby was probed.
    StandbyProbed {
        /// Its place in the settings' list.
        instance: usize,
        /// The answer.
        answer: Readiness,
    },
    /// A round of samples is complete, or its time is over: judge.
    Tick {
        /// Scheduled ticks that never ran before this one.
        #[serde(default)]
        skipped: u32,
    },
    /// A scheduled time has come.
    Timer,
    /// Router and state file were read.
    RouterObserved {
        /// The epoch of the request it answers.
        epoch: u32,
        /// What the router does.
        router: Result<Color, ReadError>,
        /// What the state file says.
        state: Result<DeploymentSeen, ReadError>,
        /// What the router holds that is neither color's and was not written by Switchback; `router` has the error then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        foreign: Option<ForeignSeen>,
    },
    /// The switch is over.
    SwitchDone {
        /// How it went.
        result: SwitchResult,
        /// Where a copy is of what a forced move replaced and Switchback had not written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<String>,
    },
    /// An attempt to roll back is over.
    RollbackDone {
        /// Which attempt, from 1.
        attempt: u32,
        /// How it went.
        result: RollbackResult,
        /// The `lastSwitch` of the state file since traffic is back, in Unix milliseconds, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_switch: Option<i64>,
        /// Where a copy is of what a forced move replaced and Switchback had not written.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<String>,
    },
    /// A rollback failed for longer than `rollback.give_up`, and it is not continued in the background.
    GiveUp,
    /// An operator ordered something.
    Action {
        /// What.
        action: Action,
        /// Who.
        actor: Actor,
        /// Why, in their words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Automatic rollback was frozen for the service, or is so no longer.
    Freeze {
        /// The freeze that holds now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        frozen: Option<Frozen>,
    },
    /// Of several hosts this one leads and may not move traffic, or may again.
    Lead {
        /// Why it may not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lost: Option<String>,
    },
    /// The process was asked to stop by a signal.
    Interrupted {
        /// Name of the signal, such as `SIGINT`.
        signal: String,
        /// Whose process it is.
        actor: Actor,
    },
    /// The clock ran on while the process did not (suspend, stall).
    ClockGap {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Something the run continues without: a journal that cannot be written, a state file that cannot be updated.
    Trouble {
        /// What, in a sentence.
        what: String,
    },
}

/// What one scrape gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a reading is the usual case: boxing it would allocate for every page")]
pub enum Sample {
    /// A good page.
    Good(Reading),
    /// None, and why.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a reading is the usual case: boxing it would allocate for every page")]
pub enum Metered {
    New(Reading),
    Same {
        age_ms: u64,
    },
    /// Nothing, or nothing that says anything about now, and why.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Value {
        /// Finite.
        value: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The alerts that fire, sorted, each with its labels.
    Firing {
        alerts: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    Failed(String),
}

/// What one readiness probe gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Ready to take traffic.
    Ready,
    /// Not ready, and why.
    NotReady(String),
    /// The instance answers and does not say: too many requests (429). The sentence has the details.
    Unknown(String),
}

/// What the state file says of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentSeen {
    /// `activeColor`.
    pub active: Color,
    /// `lastSwitch`, Unix milliseconds.
    pub last_switch: Option<i64>,
}

impl fmt::Display for DeploymentSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last_switch {
            Some(at) => write!(f, "{} (lastSwitch {at})", self.active),
            None => write!(f, "{} (never switched)", self.active),
        }
    }
}

/// Why the router or the state file could not be read, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(transparent)]
#[error("{0}")]
pub struct ReadError(pub String);

/// What a router holds that is neither color's and was not written by Switchback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignSeen {
    pub what: String,
    pub by_hand: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SwitchResult {
    Switched {
        /// The new `lastSwitch`, Unix milliseconds.
        last_switch: Option<i64>,
    },
    /// It is not, or nobody can tell; the sentence says where traffic is.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackResult {
    /// Traffic is on the standby, moved now or found there with our intent open.
    Back,
    /// Another process moved traffic; nothing was touched.
    Superseded(String),
    Foreign(ForeignSeen),
    /// It failed or could not be confirmed: recordings from before more was known of a failure.
    Failed(String),
    NotDone(RollbackFailure),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackFailure {
    pub why: String,
    pub traffic: Traffic,
    /// Whether trying again does not help before a person has changed something.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lasting: bool,
}

/// What the machine wants done. The monitor carries effects out in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Write this decision, durably, before anything that follows it.
    Journal(Box<Decision>),
    /// Show the run's summary in the state file.
    Reflect,
    /// Take a round of samples now.
    Sample,
    /// Ask the instances of a color more than usual: it shows whether they count that.
    TryCounting {
        /// Whose.
        color: Color,
    },
    /// Probe the standby now.
    ProbeStandby,
    /// Read router and state file.
    ReadRouter {
        /// To be given back with the answer.
        epoch: u32,
    },
    /// Move traffic to the watched color.
    Switch,
    /// Move traffic back to the standby.
    Rollback {
        /// Which attempt, from 1.
        attempt: u32,
        /// The intent to journal first, unless it is open already.
        intent: Box<Decision>,
        /// Whether the router may replace what was not written by Switchback: the operator forced it.
        force: bool,
    },
    /// Send a [`Event::Timer`] at this time of the run.
    Schedule {
        /// Milliseconds since the run began.
        at_ms: u64,
    },
    /// The answer to an operator's order.
    Answer {
        /// Why it was refused, if it was.
        refused: Option<Refusal>,
    },
    /// The run is over.
    Finish(Ending),
}

impl Event {
    /// Whether it is an answer that is only noted until the next tick.
    pub const fn is_judged_later(&self) -> bool {
        matches!(self, Self::Sampled { .. } | Self::Metered { .. } | Self::Queried { .. } | Self::Probed { .. })
    }
}

impl Effect {
    /// Whether the event that led to it has to be on record first: what cannot be taken back, or was promised to somebody.
    pub const fn needs_record(&self) -> bool {
        match self {
            Self::Journal(_)
            | Self::Switch
            | Self::Rollback { .. }
            | Self::Answer { refused: None }
            | Self::Finish(_) => true,
            Self::Reflect
            | Self::Sample
            | Self::TryCounting { .. }
            | Self::ProbeStandby
            | Self::ReadRouter { .. }
            | Self::Schedule { .. }
            | Self::Answer { refused: Some(_) } => false,
        }
    }
}
