//! What the machine and a recording get from the configuration.

use std::time::Duration;

use crate::config::{Asked, Config, Loaded, QueryConfig, Source};
use crate::core::soak::{
    ErrorRateSettings, LatencySettings, Origin, QueryKind, QuerySettings, ReadinessSettings, Settings, Verification,
};
use crate::io::state::State;
use crate::model::{Actor, CheckId, Color};

/// Keys that are not recorded: they may hold credentials, and another monitor reads them again.
const NOT_RECORDED: [&str; 7] =
    ["colors.", "instances.", "prometheus.", "notify.", "control.", "coordination.", "router.probe_"];

pub fn settings(config: &Config, id: &str, origin: Origin, color: Color, state: &State, actor: Actor) -> Settings {
    let soak = &config.soak;
    Settings {
        service: config.service.clone(),
        soak: id.to_owned(),
        // A soak of the active color judges the release of the switch, whichever job runs it.
        release: state
            .release()
            .filter(|_| origin == Origin::Soak)
            .map(str::to_owned)
            .or_else(|| config.release.clone()),
        builds: Vec::new(),
        origin,
        actor,
        leader: None,
        color,
        last_switch: state.last_switch(),
        instances: instances(config, color),
        standby_instances: instances(config, color.other()),
        window_ms: millis(soak.window),
        interval_ms: millis(soak.interval),
        baseline_window_ms: millis(soak.baseline_window),
        warmup_ms: millis(soak.warmup),
        auto_rollback: soak.auto_rollback,
        no_rollback: false,
        force: false,
        on_breach: soak.on_breach,
        grace_ms: millis(soak.grace),
        on_inconclusive: soak.on_inconclusive,
        max_extension_ms: millis(soak.max_extension),
        give_up_ms: Some(millis(config.rollback.give_up)),
        verify_window_ms: millis(soak.verify_window),
        verification: Verification::RouterAndRequests,
        standby: soak.standby,
        on_shared_cause: soak.on_shared_cause,
        on_failing_standby: Some(soak.on_failing_standby),
        error_rate: ErrorRateSettings {
            threshold: config.error_rate.threshold,
            min_requests: config.error_rate.min_requests,
            method: config.error_rate.method,
            false_alarm: config.error_rate.false_alarm,
            baseline: config.error_rate.baseline,
            metered: metered(config, config.error_rate.source),
            required: config.error_rate.required,
        },
        latency: config.latency.threshold.map(|threshold| LatencySettings {
            threshold_ms: threshold.as_secs_f64() * 1000.0,
            quantile: config.latency.quantile,
            excuse: config.latency.excuse,
            near: true,
            metered: metered(config, config.latency.source),
            required: config.latency.required,
        }),
        queries: config.queries.iter().map(query).collect(),
        readiness: ReadinessSettings { failures: config.readiness.failures, required: config.readiness.required },
    }
}

/// The name of the API that a check's counters are read from, credentials masked.
fn metered(config: &Config, source: Source) -> Option<String> {
    config.prometheus.url.as_ref().filter(|_| source == Source::Prometheus).map(ToString::to_string)
}

fn query(query: &QueryConfig) -> QuerySettings {
    QuerySettings {
        name: CheckId::from(query.name.as_str()),
        kind: match query.asked {
            Asked::Value(_) => QueryKind::Value,
            Asked::Alerts(_) => QueryKind::Alerts,
        },
        threshold: query.threshold,
        breach: query.breach,
        for_ms: millis(query.hold),
        required: query.required,
    }
}

/// The names of a color's instances, credentials masked.
pub fn instances(config: &Config, color: Color) -> Vec<String> {
    config.colors.of(color).iter().map(ToString::to_string).collect()
}

/// The configuration in a form that can be parsed again, without keys that are read again and without secrets.
pub fn recorded_config(loaded: &Loaded) -> Vec<(String, String)> {
    let recorded = |key: &str| !NOT_RECORDED.iter().any(|keys| key.starts_with(keys));
    let shown = loaded.settings.iter().filter(|setting| recorded(setting.key));
    let pairs = shown.filter_map(|setting| Some((setting.key.to_owned(), setting.value.clone()?)));
    pairs.filter(|(_, value)| value != "***").collect()
}

/// The configuration that a recorded run began with, with current secrets, instances and listeners. `None` if this
/// version does not understand all of it: then the current one is used, and the machine judges by recorded settings.
pub fn began_with(recorded: &[(String, String)], now: &Config) -> Option<Config> {
    let mut flags = recorded.to_vec();
    // Marks that there is one; the current value, with credentials, is put in below.
    flags.extend(now.prometheus.url.iter().map(|_| ("prometheus.url".to_owned(), "http://prometheus".to_owned())));
    let inputs = crate::config::Inputs { flags, ..crate::config::Inputs::default() };
    let mut config = crate::config::load(inputs).ok()?.config;
    config.colors = now.colors.clone();
    config.access = now.access.clone();
    config.health.bearer_token.clone_from(&now.health.bearer_token);
    config.router.folder.clone_from(&now.router.folder);
    config.router.probe.clone_from(&now.router.probe);
    config.prometheus = now.prometheus.clone();
    config.metrics.bearer_token.clone_from(&now.metrics.bearer_token);
    config.notify = now.notify.clone();
    config.control = now.control.clone();
    // Those of another host, where that led before.
    config.state_file.clone_from(&now.state_file);
    config.data_dir.clone_from(&now.data_dir);
    config.coordination = now.coordination.clone();
    Some(config)
}

pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
