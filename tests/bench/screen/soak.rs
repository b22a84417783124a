//! A soak as the monitor tells it, event by event.

use serde_json::json;
use switchback::config::{Inputs, load};
use switchback::core::detect::Reading;
use switchback::core::soak::{DeploymentSeen, Envelope, Event, Readiness, Sample, Settings};
use switchback::model::Color;

/// Instances of the watched color.
const INSTANCES: usize = 4;
/// Requests a second of each.
const REQUESTS: u64 = 50;

/// Tells a soak, second by second.
pub struct Soak {
    seq: u64,
    at_ms: u64,
    errors: u64,
}

impl Soak {
    pub const fn new() -> Self {
        Self { seq: 0, at_ms: 0, errors: 0 }
    }

    /// The settings of an hour's soak.
    pub fn settings() -> Settings {
        let names = |color: &str| (1..=INSTANCES).map(|n| format!("http://{color}-{n}:3000")).collect::<Vec<_>>();
        let config = load(Inputs::default()).expect("the defaults are valid").config;
        let error_rate = json!({
            "threshold": 0.05, "min_requests": config.error_rate.min_requests, "method": "evidence", "false_alarm": 0.01,
            "baseline": "off", "required": true
        });
        let settings = json!({
            "service": "checkout-api", "soak": "20261123T140211Z-3f2a", "origin": { "with": "soak" },
            "actor": "operator:ana@deploy-1", "color": "green", "last_switch": 1, "instances": names("green"),
            "standby_instances": names("blue"), "window_ms": 3_600_000, "interval_ms": 1_000, "baseline_window_ms": 0,
            "warmup_ms": 0, "auto_rollback": true, "on_breach": "rollback", "grace_ms": 0, "on_inconclusive": "hold",
            "max_extension_ms": 0, "verify_window_ms": 0, "standby": "require", "error_rate": error_rate,
            "readiness": { "failures": 3, "required": true }
        });
        serde_json::from_value(settings).expect("settings read back")
    }

    /// The events of the next second.
    pub fn second(&mut self) -> Vec<Envelope> {
        let mut events = if self.at_ms == 0 { vec![Event::Started] } else { Vec::new() };
        let second = self.at_ms / 1000;
        // The rate wanders, as rates do: between 0 and 4% of a second's requests.
        self.errors += second % 7 % 3;
        for instance in 0..INSTANCES {
            let reading = Reading { total: second * REQUESTS, errors: self.errors, ..Reading::default() };
            let outcome = Sample::Good(reading);
            events.push(Event::Probed { instance, answer: Readiness::Ready });
            events.push(Event::StandbyProbed { instance, answer: Readiness::Ready });
            events.push(Event::Sampled { color: Color::Green, instance, outcome });
        }
        let state = Ok(DeploymentSeen { active: Color::Green, last_switch: Some(1) });
        events.push(Event::RouterObserved { epoch: 0, router: Ok(Color::Green), state, foreign: None });
        events.push(Event::Tick { skipped: 0 });
        let told = events.into_iter().map(|event| {
            self.seq += 1;
            let wall_ms = 1_795_442_531_000 + i64::try_from(self.at_ms).expect("a soak lasts no centuries");
            Envelope { seq: self.seq, at_ms: self.at_ms, wall_ms, event }
        });
        let told = told.collect();
        self.at_ms += 1000;
        told
    }
}
