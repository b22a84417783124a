//! What the machine and a recording are told of the configuration.

use std::time::Duration;

use crate::config::{Config, Loaded};
use crate::deploy::{Color, State};
use crate::soak::{Actor, ErrorRateSettings, LatencySettings, Origin, ReadinessSettings, Settings};

/// The machine's settings for a run that begins now.
pub fn settings(config: &Config, id: &str, origin: Origin, color: Color, state: &State, actor: Actor) -> Settings {
    let soak = &config.soak;
    Settings {
        service: config.service.clone(),
        soak: id.to_owned(),
        origin,
        actor,
        color,
        last_switch: state.last_switch(),
        instances: instances(config, color),
        standby_instances: instances(config, color.other()),
        window_ms: millis(soak.window),
        interval_ms: millis(soak.interval),
        baseline_window_ms: millis(soak.baseline_window),
        warmup_ms: millis(soak.warmup),
        auto_rollback: soak.auto_rollback,
        no_way_back: false,
        on_breach: soak.on_breach,
        grace_ms: millis(soak.grace),
        on_inconclusive: soak.on_inconclusive,
        max_extension_ms: millis(soak.max_extension),
        verify_window_ms: millis(soak.verify_window),
        standby: soak.standby,
        error_rate: ErrorRateSettings {
            threshold: config.error_rate.threshold,
            min_requests: config.error_rate.min_requests,
            method: config.error_rate.method,
            false_alarm: config.error_rate.false_alarm,
            baseline: config.error_rate.baseline,
            required: config.error_rate.required,
        },
        latency: config.latency.threshold.map(|threshold| LatencySettings {
            threshold_ms: threshold.as_secs_f64() * 1000.0,
            quantile: config.latency.quantile,
            required: config.latency.required,
        }),
        readiness: ReadinessSettings { failures: config.readiness.failures, required: config.readiness.required },
    }
}

/// The names of a color's instances, credentials masked.
pub fn instances(config: &Config, color: Color) -> Vec<String> {
    config.colors.of(color).iter().map(ToString::to_string).collect()
}

/// The configuration as it can be read in again; secrets and instances, whose credentials are masked, are left out.
pub fn recorded_config(loaded: &Loaded) -> Vec<(String, String)> {
    let shown = loaded.settings.iter().filter(|setting| !setting.key.starts_with("colors."));
    let pairs = shown.filter_map(|setting| Some((setting.key.to_owned(), setting.value.clone()?)));
    pairs.filter(|(_, value)| value != "***").collect()
}

/// The configuration that a recorded run began with; secrets, instances and the control socket are those of now.
///
/// `None` where this version of the program does not understand all of it; then the configuration of now has to do, and
/// the machine judges by what it was told at the beginning all the same.
pub fn began_with(recorded: &[(String, String)], now: &Config) -> Option<Config> {
    let inputs = crate::config::Inputs { flags: recorded.to_vec(), ..crate::config::Inputs::default() };
    let mut config = crate::config::load(inputs).ok()?.config;
    config.colors = now.colors.clone();
    config.metrics.bearer_token.clone_from(&now.metrics.bearer_token);
    config.control_socket.clone_from(&now.control_socket);
    Some(config)
}

/// A duration as the machine has it.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
