//! Which metrics there are, and what they say.

use std::time::Duration;

use crate::core::soak::Machine;
use crate::core::view::View;
use crate::model::{Phase, Verdict};

use super::Tally;
use super::text::Text;

const PHASES: [Phase; 10] = [
    Phase::Gating,
    Phase::Baseline,
    Phase::Switching,
    Phase::Warmup,
    Phase::Watching,
    Phase::Held,
    Phase::Grace,
    Phase::RollingBack,
    Phase::Verifying,
    Phase::Finished,
];
const VERDICTS: [Verdict; 3] = [Verdict::Healthy, Verdict::Unknown, Verdict::Breached];

#[derive(Clone, Copy, Debug, Default)]
pub struct Clients {
    pub local: usize,
    pub operators: usize,
    pub viewers: usize,
    pub dropped: u64,
    pub refused: u64,
}

pub fn page(view: &View, tally: &Tally, clients: Clients) -> String {
    let Clients { local, operators, viewers, dropped, refused } = clients;
    let mut text = Text::default();
    soak(&mut text, view.machine());
    checks(&mut text, view.machine());
    counts(&mut text, view.machine(), tally);
    text.metric("switchback_clients", "gauge", "Clients that follow the events.")
        .sample(&[], local + operators + viewers);
    text.metric("switchback_clients_dropped_total", "counter", "Clients whose event stream was cut short.")
        .sample(&[], dropped);
    text.metric("switchback_control_refused_total", "counter", "Requests over the network that were refused.")
        .sample(&[], refused);
    text.finish()
}

fn soak(text: &mut Text, machine: &Machine) {
    let settings = machine.settings();
    let labels = [("service", &*settings.service), ("soak", &*settings.soak), ("color", settings.color.name())];
    text.metric("switchback_soak_info", "gauge", "The soak and the color it watches; always 1.").sample(&labels, 1);
    text.metric("switchback_soak_phase", "gauge", "1 for the phase that the run is in, 0 for the others.").states(
        "phase",
        PHASES.map(Phase::name),
        machine.phase().name(),
    );
    text.metric("switchback_soak_verdict", "gauge", "1 for the verdict of the soak so far, 0 for the others.").states(
        "verdict",
        VERDICTS.map(Verdict::name),
        machine.verdict().name(),
    );
    text.metric("switchback_soak_remaining_seconds", "gauge", "Time until the phase ends, where it has an end.");
    if let Some(ms) = machine.remaining_ms() {
        text.sample(&[], seconds(ms));
    }
}

fn checks(text: &mut Text, machine: &Machine) {
    let checks = machine.checks();
    text.metric(
        "switchback_check_value",
        "gauge",
        "Value of a check, where it has one: a ratio between 0 and 1; seconds for latency.",
    );
    for check in &checks {
        if let Some(value) = check.value {
            text.sample(&[("check", check.check.as_str())], value);
        }
    }
    text.metric("switchback_check_threshold", "gauge", "Threshold of a check, in the unit of its value.");
    for check in &checks {
        text.sample(&[("check", check.check.as_str())], check.threshold);
    }
    text.metric("switchback_check_verdict", "gauge", "1 for the verdict of a check, 0 for the others.");
    for check in &checks {
        for verdict in VERDICTS {
            let labels = [("check", check.check.as_str()), ("verdict", verdict.name())];
            text.sample(&labels, u8::from(verdict == check.verdict));
        }
    }
}

fn counts(text: &mut Text, machine: &Machine, tally: &Tally) {
    let seen = machine.seen();
    text.metric("switchback_requests_total", "counter", "Requests to the watched color since the window began.")
        .sample(&[], seen.requests);
    text.metric("switchback_request_errors_total", "counter", "Those of them that failed.").sample(&[], seen.errors);
    text.metric("switchback_rollbacks_total", "counter", "Rollbacks of this monitor by their result, not attempts.")
        .sample(&[("result", "rolled-back")], tally.rolled_back)
        .sample(&[("result", "failed")], tally.rollbacks_failed)
        .sample(&[("result", "undone")], tally.rollbacks_undone);
    text.metric("switchback_scrapes_total", "counter", "Scrapes of an instance's metrics page by their result.");
    for (instance, scrapes) in &tally.scrapes {
        text.sample(&[("instance", instance), ("result", "good")], scrapes.good)
            .sample(&[("instance", instance), ("result", "failed")], scrapes.failed);
    }
    text.metric("switchback_scrape_duration_seconds", "gauge", "How long the last scrape of an instance took.");
    for (instance, scrapes) in &tally.scrapes {
        text.sample(&[("instance", instance)], seconds(scrapes.took_ms));
    }
}

fn seconds(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}
