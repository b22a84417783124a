//! Whether the instances are ready, and may be asked as often as a soak does.

use super::elsewhere;
use super::finding::{Finding, Level};
use crate::app::deploy::Binding;
use crate::config::{Config, InstanceUrl};
use crate::core::soak::named;
use crate::io::source::{Probe, ProbeError, Ready};
use crate::io::state::State;
use crate::model::number::duration_exact;
use crate::model::{Color, Phase};

const AREA: &str = "readiness";

pub enum Readiness {
    Ready(Ready),
    /// It answers that it is probed too often.
    Limited(String),
    /// It is not ready; with what answers instead, and the key to set.
    NotReady {
        why: String,
        found: Option<String>,
    },
}

impl Readiness {
    #[cfg(test)]
    pub fn ready() -> Self {
        Self::Ready(Ready::default())
    }

    /// Whether it can be expected to show its metrics.
    pub const fn answers(&self) -> bool {
        !matches!(self, Self::NotReady { .. })
    }
}

pub async fn ask(config: &Config, url: &InstanceUrl) -> Readiness {
    let probe = match Probe::of(config, url) {
        Ok(probe) => probe,
        Err(error) => return Readiness::NotReady { why: error.to_string(), found: None },
    };
    match probe.probe().await {
        Ok(ready) => Readiness::Ready(ready),
        Err(error @ ProbeError::Limited { .. }) => Readiness::Limited(error.to_string()),
        Err(error) => {
            let found = elsewhere::health(config, url, &error).await;
            Readiness::NotReady { why: error.to_string(), found }
        }
    }
}

pub fn standby_alarm(state: Option<&State>) -> Level {
    let open = |state: &State| state.soak().is_some_and(|soak| soak.phase != Phase::Finished.name());
    let at_stake = state.is_some_and(|state| open(state) && Binding::to(state).is_ok());
    if at_stake { Level::Failure } else { Level::Warning }
}

/// The finding about an instance: depends on whether its color is active, and on how much the standby is needed.
pub fn findings(
    config: &Config,
    color: Color,
    name: &str,
    ready: &Readiness,
    (is_active, alarm): (bool, Level),
) -> Vec<Finding> {
    let exempt = || {
        format!(
            "exempt {} from the rate limit: a soak asks every {}, and `429` leaves readiness unknown",
            config.health.path,
            duration_exact(config.soak.interval),
        )
    };
    match ready {
        Readiness::Ready(Ready { rate_limit }) => {
            let mut findings = vec![Finding::ok(AREA, format!("{color} {name} is ready"))];
            if let Some(header) = rate_limit {
                let text = format!("{color} {name} limits the rate of readiness requests: `{header}`");
                findings.push(Finding::warning(AREA, text, exempt()));
            }
            findings
        }
        Readiness::Limited(why) => {
            let text = format!("the readiness of {color} is not known: {}", named(name, why));
            vec![Finding::warning(AREA, text, exempt())]
        }
        Readiness::NotReady { why, found } => vec![not_ready(color, why, found.as_deref(), is_active, alarm)],
    }
}

fn not_ready(color: Color, why: &str, found: Option<&str>, is_active: bool, alarm: Level) -> Finding {
    let text = format!("{color} is not ready: {why}");
    if is_active {
        return Finding::failure(AREA, text, found.unwrap_or("user traffic goes there: check it now"));
    }
    let next = match found {
        Some(found) => found.to_owned(),
        None if alarm == Level::Failure => {
            format!("start {color}: a rollback goes there, and is held as long as it is down")
        }
        None => format!("start {color} before a switch to it; a rollback to it would be held"),
    };
    Finding { level: alarm, ..Finding::warning(AREA, text, next) }
}
