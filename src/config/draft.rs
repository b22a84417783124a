//! A configuration in the making.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::{
    Baseline, Colors, Config, ErrorRateConfig, HealthConfig, Method, MetricsConfig, Named, OnBreach, OnInconclusive,
    ReadinessConfig, RouterConfig, RouterKind, SoakConfig, StandbyPolicy,
};
use super::values::{Ratio, StatusSet};
use crate::journal::Limits;

/// What the rows of the key table write into.
pub struct Draft {
    folder: PathBuf,
    /// Everything whose type is the same before and after validation.
    pub config: Config,
    /// The parts of `config.router.kind`.
    pub router: RouterDraft,
}

/// The router's settings while it is still open which of them its kind takes.
pub struct RouterDraft {
    pub kind: RouterWord,
    pub switch: Vec<String>,
    pub rollback: Vec<String>,
    pub read: Vec<String>,
}

/// The words of `router.kind`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum RouterWord {
    StateFile,
    Command,
}

impl Draft {
    /// A draft without values. Every row of the table overwrites its field, if only with its default.
    pub fn blank(folder: PathBuf) -> Self {
        Self {
            folder,
            config: blank_config(),
            router: RouterDraft {
                kind: RouterWord::StateFile,
                switch: Vec::new(),
                rollback: Vec::new(),
                read: Vec::new(),
            },
        }
    }

    /// The folder in which relative paths lie.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The configuration, once every row and every rule is content.
    pub fn finish(self) -> Config {
        let RouterDraft { kind, switch, rollback, read } = self.router;
        let mut config = self.config;
        config.router.kind = match kind {
            RouterWord::StateFile => RouterKind::StateFile,
            RouterWord::Command => RouterKind::Command { switch, rollback, read },
        };
        config
    }
}

fn blank_config() -> Config {
    Config {
        service: String::new(),
        state_file: PathBuf::new(),
        data_dir: PathBuf::new(),
        soak: SoakConfig {
            window: Duration::ZERO,
            interval: Duration::ZERO,
            baseline_window: Duration::ZERO,
            warmup: Duration::ZERO,
            auto_rollback: false,
            on_breach: OnBreach::Notify,
            grace: Duration::ZERO,
            on_inconclusive: OnInconclusive::Hold,
            max_extension: Duration::ZERO,
            verify_window: Duration::ZERO,
            standby: StandbyPolicy::Require,
        },
        colors: Colors { blue: Vec::new(), green: Vec::new() },
        metrics: MetricsConfig { path: String::new(), timeout: Duration::ZERO, bearer_token: None },
        health: HealthConfig { path: String::new(), timeout: Duration::ZERO, switch_timeout: Duration::ZERO },
        error_rate: ErrorRateConfig {
            threshold: Ratio(0.0),
            min_requests: 0,
            method: Method::Evidence,
            false_alarm: Ratio(0.0),
            baseline: Baseline::Off,
            requests: Named::Auto,
            status_label: Named::Auto,
            errors: StatusSet { classes: Vec::new(), codes: Vec::new() },
            required: false,
        },
        readiness: ReadinessConfig { failures: 0, required: false },
        router: RouterConfig { kind: RouterKind::StateFile, timeout: Duration::ZERO },
        control_socket: PathBuf::new(),
        retention: Limits { soaks: 0, age: Duration::ZERO, bytes: 0 },
    }
}
