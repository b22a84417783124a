//! `[soak]`: the watch and its policies.

use std::time::Duration;

use super::key::{Derived, Text};
use crate::config::kind;
use crate::config::model::{OnBreach, OnFailingStandby, OnInconclusive, OnSharedCause, StandbyPolicy};
use crate::model::number::duration_exact;

section! {
    #[derive(Clone, Debug, Default)]
    pub struct SoakConfig, rows KEYS: "soak." at |draft| draft.config.soak;

    /// Length of the soak after a switch.
    window: Duration {
        default: Text("10m"),
        kind: kind::Span { min: Duration::from_secs(3), max: Duration::from_hours(24) },
        flag: "window",
        example: "10m",
    }

    /// Time between two samples of an instance; the default is shorter for a window shorter than 4s.
    interval: Duration {
        default: Derived {
            text: "1s",
            fill: |draft| {
                let soak = &mut draft.config.soak;
                soak.interval = Duration::from_secs(1).min(soak.window / 4);
                Some(duration_exact(soak.interval))
            },
        },
        kind: kind::Span { min: Duration::from_millis(100), max: Duration::from_mins(5) },
        old_env: "SWITCHBACK_SAMPLE_INTERVAL", flag: "interval",
        also: "at most a quarter of the window",
        example: "500ms",
    }

    /// How long switch measures the active color before it moves traffic; ends early at 2,000 requests.
    baseline_window: Duration {
        default: Text("30s"),
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_mins(10) },
        old_env: "SWITCHBACK_BASELINE_WINDOW", flag: "baseline-window",
        example: "1m",
    }

    /// Time before the window starts, in which only outages and crash loops are judged.
    warmup: Duration {
        default: Text("0s"),
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_hours(1) },
        old_env: "SWITCHBACK_WARMUP", flag: "warmup",
        example: "30s",
    }

    /// Whether a breach is rolled back automatically; if not, it is only watched and reported.
    auto_rollback: bool {
        default: Text("true"),
        kind: kind::Switch,
        old_env: "SWITCHBACK_AUTO_ROLLBACK", flag: "auto-rollback",
        example: "true",
    }

    /// What to do on a breach: roll back, wait for the operator (hold), or report and never act (notify).
    on_breach: OnBreach {
        default: Text("rollback"),
        kind: kind::Choice(&[("rollback", OnBreach::Rollback), ("hold", OnBreach::Hold), ("notify", OnBreach::Notify)]),
        old_env: "SWITCHBACK_ON_BREACH", flag: "on-breach",
        example: "hold",
    }

    /// Countdown before an automatic rollback, in which an operator can stop it.
    grace: Duration {
        default: Text("0s"),
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_mins(10) },
        old_env: "SWITCHBACK_GRACE", flag: "grace",
        example: "30s",
    }

    /// What to do if the verdict is still unknown at the end: extend (hold), keep the release, or roll back.
    on_inconclusive: OnInconclusive {
        default: Text("hold"),
        kind: kind::Choice(&[
            ("hold", OnInconclusive::Hold),
            ("keep", OnInconclusive::Keep),
            ("rollback", OnInconclusive::Rollback),
        ]),
        old_env: "SWITCHBACK_ON_INCONCLUSIVE", flag: "on-inconclusive",
        example: "keep",
    }

    /// Longest extension of the soak beyond its window.
    max_extension: Duration {
        default: Derived {
            text: "= window",
            fill: |draft| {
                let soak = &mut draft.config.soak;
                soak.max_extension = soak.window;
                Some(duration_exact(soak.max_extension))
            },
        },
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_hours(24) },
        old_env: "SWITCHBACK_MAX_EXTENSION", flag: "max-extension",
        example: "10m",
    }

    /// How long the standby's error rate is measured after a rollback, to say whether it helped.
    verify_window: Duration {
        default: Text("30s"),
        kind: kind::Span { min: Duration::ZERO, max: Duration::from_mins(10) },
        old_env: "SWITCHBACK_VERIFY_WINDOW", flag: "verify-window",
        example: "1m",
    }

    /// Require a ready standby before a rollback (require), or roll back regardless (ignore).
    standby: StandbyPolicy {
        default: Text("require"),
        kind: kind::Choice(&[("require", StandbyPolicy::Require), ("ignore", StandbyPolicy::Ignore)]),
        old_env: "SWITCHBACK_STANDBY", flag: "standby",
        example: "require",
    }

    /// What to do on a breach of the error rate while the standby fails in the same way.
    on_shared_cause: OnSharedCause {
        default: Text("hold"),
        kind: kind::Choice(&[("hold", OnSharedCause::Hold), ("rollback", OnSharedCause::Rollback)]),
        old_env: "SWITCHBACK_ON_SHARED_CAUSE", flag: "on-shared-cause",
        example: "rollback",
    }

    /// What to do if the active color fails before the switch: report it, or refuse the switch.
    on_failing_standby: OnFailingStandby {
        default: Text("tell"),
        kind: kind::Choice(&[("tell", OnFailingStandby::Tell), ("refuse", OnFailingStandby::Refuse)]),
        old_env: "SWITCHBACK_ON_FAILING_STANDBY", flag: "on-failing-standby",
        example: "refuse",
    }
}
