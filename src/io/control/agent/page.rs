//! The metrics page of an agent.

use std::sync::Arc;
use std::time::Duration;

use crate::core::view::{State, Summary};
use crate::io::control::metrics::Text;

const STATES: [State; 4] = [State::Watching, State::Idle, State::Error, State::Elsewhere];

/// What the agent measures of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    /// How late its tasks ran at the worst within the last minute, in seconds.
    pub tick_lag: f64,
    pub resident_bytes: u64,
    pub open_descriptors: u64,
    pub threads: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub gauges: Gauges,
    pub begun: u64,
    pub restarts: u64,
    pub errors: u64,
    pub refused: u64,
}

pub(super) fn page(services: &[Arc<Summary>], tally: &Tally) -> String {
    let Tally { gauges, begun, restarts, errors, refused } = tally;
    let mut text = Text::default();
    text.metric("switchback_agent_soaks", "gauge", "Services by state; those that are watched have a soak.");
    for state in STATES {
        let count = services.iter().filter(|row| row.state == state).count();
        text.sample(&[("state", state.name())], count);
    }
    text.metric("switchback_agent_soaks_begun_total", "counter", "Soaks begun or resumed by this process.")
        .sample(&[], begun)
        .metric("switchback_agent_restarts_total", "counter", "Soaks resumed because their task failed.")
        .sample(&[], restarts)
        .metric("switchback_agent_errors_total", "counter", "Errors of services: files, state files, soaks.")
        .sample(&[], errors)
        .metric("switchback_agent_refused_total", "counter", "Clients and requests that were refused.")
        .sample(&[], refused)
        .metric("switchback_agent_tick_lag_seconds", "gauge", "Latest tick of the last minute, beyond its time.")
        .sample(&[], gauges.tick_lag)
        .metric("switchback_agent_resident_memory_bytes", "gauge", "Resident memory of the process.")
        .sample(&[], gauges.resident_bytes)
        .metric("switchback_agent_open_descriptors", "gauge", "Open file descriptors of the process.")
        .sample(&[], gauges.open_descriptors)
        .metric("switchback_agent_threads", "gauge", "Threads of the process.")
        .sample(&[], gauges.threads);
    text.metric("switchback_agent_service_state", "gauge", "1 for the state that a service is in.");
    for row in services {
        text.sample(&[("service", &row.service), ("state", row.state.name())], 1);
    }
    soaks(&mut text, services);
    text.finish()
}

/// What each service's row says of its soak, in numbers. A service that has none has no sample.
fn soaks(text: &mut Text, services: &[Arc<Summary>]) {
    text.metric("switchback_agent_check_value", "gauge", "Value of the worst check: a ratio; seconds for latency.");
    for (row, value) in known(services, |row| row.value) {
        text.sample(&[("service", &row.service), ("check", check(row))], value);
    }
    text.metric("switchback_agent_check_threshold", "gauge", "Threshold of that check, in the unit of its value.");
    for (row, limit) in known(services, |row| row.limit) {
        text.sample(&[("service", &row.service), ("check", check(row))], limit);
    }
    text.metric("switchback_agent_evidence_ratio", "gauge", "Evidence as a share of what makes a breach.");
    for (row, evidence) in known(services, |row| row.evidence) {
        text.sample(&[("service", &row.service)], evidence);
    }
    text.metric("switchback_agent_requests_per_second", "gauge", "Requests to the color that is judged.");
    for (row, rate) in known(services, |row| row.requests_per_second) {
        text.sample(&[("service", &row.service)], rate);
    }
    text.metric("switchback_agent_soak_remaining_seconds", "gauge", "Time until the phase ends, where it has an end.");
    for (row, left) in known(services, |row| row.left_ms) {
        text.sample(&[("service", &row.service)], Duration::from_millis(left).as_secs_f64());
    }
    text.metric("switchback_agent_last_outcome", "gauge", "1 for the outcome of the last soak, where none runs.");
    for (row, outcome) in known(services, |row| row.outcome) {
        text.sample(&[("service", &row.service), ("outcome", outcome.name())], 1);
    }
}

fn known<T>(services: &[Arc<Summary>], of: impl Fn(&Summary) -> Option<T>) -> impl Iterator<Item = (&Summary, T)> {
    services.iter().filter_map(move |row| Some((&**row, of(row)?)))
}

fn check(row: &Summary) -> &str {
    row.check.as_ref().map_or("", |check| check.as_str())
}
