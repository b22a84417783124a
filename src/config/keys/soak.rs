//! `[soak]`: the watch and its policies.

use std::time::Duration;

use super::key::{Fallback, Key};
use crate::config::kind::{Kind, Word};
use crate::config::model::{OnBreach, OnFailingStandby, OnInconclusive, OnSharedCause, StandbyPolicy};
use crate::model::number::duration_exact;

pub const KEYS: &[Key] = &[
    Key {
        name: "soak.window",
        env: Some("SWITCHBACK_SOAK_WINDOW"),
        flag: Some("window"),
        help: "How long the watch after a switch lasts.",
        default: Fallback::Text("10m"),
        kind: Kind::Duration {
            min: Duration::from_secs(3),
            max: Duration::from_hours(24),
            set: |draft, window| draft.config.soak.window = window,
        },
        also: None,
        example: "10m",
    },
    Key {
        name: "soak.interval",
        env: Some("SWITCHBACK_SAMPLE_INTERVAL"),
        flag: Some("interval"),
        help: "Time between two samples of an instance; the default gives way to a window shorter than 4s.",
        default: Fallback::Derived {
            text: "1s",
            fill: |draft| {
                let soak = &mut draft.config.soak;
                soak.interval = Duration::from_secs(1).min(soak.window / 4);
                Some(duration_exact(soak.interval))
            },
        },
        kind: Kind::Duration {
            min: Duration::from_millis(100),
            max: Duration::from_mins(5),
            set: |draft, interval| draft.config.soak.interval = interval,
        },
        also: Some("at most a quarter of the window"),
        example: "500ms",
    },
    Key {
        name: "soak.baseline_window",
        env: Some("SWITCHBACK_BASELINE_WINDOW"),
        flag: Some("baseline-window"),
        help: "How long switch looks at the old color before it moves traffic; it ends early at 2,000 requests.",
        default: Fallback::Text("30s"),
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: Duration::from_mins(10),
            set: |draft, window| draft.config.soak.baseline_window = window,
        },
        also: None,
        example: "1m",
    },
    Key {
        name: "soak.warmup",
        env: Some("SWITCHBACK_WARMUP"),
        flag: Some("warmup"),
        help: "Time before the window starts, in which only outages and crash loops are judged.",
        default: Fallback::Text("0s"),
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: Duration::from_hours(1),
            set: |draft, warmup| draft.config.soak.warmup = warmup,
        },
        also: None,
        example: "30s",
    },
    Key {
        name: "soak.auto_rollback",
        env: Some("SWITCHBACK_AUTO_ROLLBACK"),
        flag: Some("auto-rollback"),
        help: "Whether a breach may be acted on without a person; if not, it is watched and reported as always.",
        default: Fallback::Text("true"),
        kind: Kind::Bool(|draft, auto| draft.config.soak.auto_rollback = auto),
        also: None,
        example: "true",
    },
    Key {
        name: "soak.on_breach",
        env: Some("SWITCHBACK_ON_BREACH"),
        flag: Some("on-breach"),
        help: "What a breach leads to: roll back, wait for the operator (hold), or tell and never act (notify).",
        default: Fallback::Text("rollback"),
        kind: Kind::Choice(&[
            Word { text: "rollback", set: |draft| draft.config.soak.on_breach = OnBreach::Rollback },
            Word { text: "hold", set: |draft| draft.config.soak.on_breach = OnBreach::Hold },
            Word { text: "notify", set: |draft| draft.config.soak.on_breach = OnBreach::Notify },
        ]),
        also: None,
        example: "hold",
    },
    Key {
        name: "soak.grace",
        env: Some("SWITCHBACK_GRACE"),
        flag: Some("grace"),
        help: "Countdown before an automatic rollback, in which an operator can stop it.",
        default: Fallback::Text("0s"),
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: Duration::from_mins(10),
            set: |draft, grace| draft.config.soak.grace = grace,
        },
        also: None,
        example: "30s",
    },
    Key {
        name: "soak.on_inconclusive",
        env: Some("SWITCHBACK_ON_INCONCLUSIVE"),
        flag: Some("on-inconclusive"),
        help: "What a verdict still unknown at the end leads to: extend (hold), keep the release, or roll back.",
        default: Fallback::Text("hold"),
        kind: Kind::Choice(&[
            Word { text: "hold", set: |draft| draft.config.soak.on_inconclusive = OnInconclusive::Hold },
            Word { text: "keep", set: |draft| draft.config.soak.on_inconclusive = OnInconclusive::Keep },
            Word { text: "rollback", set: |draft| draft.config.soak.on_inconclusive = OnInconclusive::Rollback },
        ]),
        also: None,
        example: "keep",
    },
    Key {
        name: "soak.max_extension",
        env: Some("SWITCHBACK_MAX_EXTENSION"),
        flag: Some("max-extension"),
        help: "How far the soak may run beyond its window.",
        default: Fallback::Derived {
            text: "= window",
            fill: |draft| {
                let soak = &mut draft.config.soak;
                soak.max_extension = soak.window;
                Some(duration_exact(soak.max_extension))
            },
        },
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: Duration::from_hours(24),
            set: |draft, extension| draft.config.soak.max_extension = extension,
        },
        also: None,
        example: "10m",
    },
    Key {
        name: "soak.verify_window",
        env: Some("SWITCHBACK_VERIFY_WINDOW"),
        flag: Some("verify-window"),
        help: "How long the standby's error rate is watched after a rollback, to say whether it helped.",
        default: Fallback::Text("30s"),
        kind: Kind::Duration {
            min: Duration::ZERO,
            max: Duration::from_mins(10),
            set: |draft, window| draft.config.soak.verify_window = window,
        },
        also: None,
        example: "1m",
    },
    Key {
        name: "soak.standby",
        env: Some("SWITCHBACK_STANDBY"),
        flag: Some("standby"),
        help: "Whether a rollback needs a living standby (require) or is made all the same (ignore).",
        default: Fallback::Text("require"),
        kind: Kind::Choice(&[
            Word { text: "require", set: |draft| draft.config.soak.standby = StandbyPolicy::Require },
            Word { text: "ignore", set: |draft| draft.config.soak.standby = StandbyPolicy::Ignore },
        ]),
        also: None,
        example: "require",
    },
    Key {
        name: "soak.on_shared_cause",
        env: Some("SWITCHBACK_ON_SHARED_CAUSE"),
        flag: Some("on-shared-cause"),
        help: "What a breach of the error rate leads to while the standby fails in the same way.",
        default: Fallback::Text("hold"),
        kind: Kind::Choice(&[
            Word { text: "hold", set: |draft| draft.config.soak.on_shared_cause = OnSharedCause::Hold },
            Word { text: "rollback", set: |draft| draft.config.soak.on_shared_cause = OnSharedCause::Rollback },
        ]),
        also: None,
        example: "rollback",
    },
    Key {
        name: "soak.on_failing_standby",
        env: Some("SWITCHBACK_ON_FAILING_STANDBY"),
        flag: Some("on-failing-standby"),
        help: "What a previous color that fails before traffic leaves it leads to: it is told, or the switch is refused.",
        default: Fallback::Text("tell"),
        kind: Kind::Choice(&[
            Word { text: "tell", set: |draft| draft.config.soak.on_failing_standby = OnFailingStandby::Tell },
            Word { text: "refuse", set: |draft| draft.config.soak.on_failing_standby = OnFailingStandby::Refuse },
        ]),
        also: None,
        example: "refuse",
    },
];
