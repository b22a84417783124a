//! The sentences that all front ends share.

use crate::core::detect::{Outlook, failed};
use crate::model::number::{percent, percent_limit, span};
use crate::model::{CheckId, Phase, Verdict};

use super::View;
use super::measure::{allowed, measured, title};

/// One line about the state of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The phase's word, or the banner that outranks it: `blind 14s`, `held`.
    pub word: String,
    /// Rate, threshold, requests, readiness, verdict, remaining time.
    pub text: String,
}

impl Progress {
    pub fn of(view: &View) -> Self {
        let machine = view.machine();
        let word = match machine.blind() {
            Some((lasted, _)) => format!("blind {}", span(lasted)),
            None => machine.phase().name().to_owned(),
        };
        let mut parts = Vec::new();
        match machine.phase() {
            Phase::Gating => {
                let (ready, all) = machine.target_ready();
                let why = machine.target_failure().map(|why| format!(" ({why})")).unwrap_or_default();
                parts.push(format!("{ready} of {all} instances of {} ready{why}", machine.settings().color));
                if ready == all {
                    parts.push("waiting for its first metrics".to_owned());
                }
            }
            Phase::Baseline => {
                let old = machine.settings().color.other();
                parts.push(format!("{old} before the switch: {}", failed(machine.recovery())));
            }
            Phase::Verifying => parts.push(format!(
                "{} after the rollback: {}",
                machine.settings().color.other(),
                failed(machine.recovery())
            )),
            _ => parts.extend(Self::judged(view)),
        }
        if let Some(retrying) = machine.retrying() {
            let next = retrying.next_ms.map(|ms| format!(" (again in {})", span(ms))).unwrap_or_default();
            parts.push(format!("{} failed attempts to roll back{next}: {}", retrying.failures, retrying.why));
        }
        if let Some(why) = machine.held_because() {
            parts.push(why);
        }
        if machine.paused() {
            parts.push("automatic rollback paused".to_owned());
        }
        if let Some(remaining) = machine.remaining_ms() {
            parts.push(format!("{} left", span(remaining)));
        }
        Self { word, text: parts.join(", ") }
    }

    /// Error rate against its threshold, readiness, verdict.
    fn judged(view: &View) -> Vec<String> {
        let machine = view.machine();
        let now = machine.recent();
        let threshold = percent_limit(machine.settings().error_rate.threshold.0);
        let (ready, all) = machine.target_ready();
        let seen = failed(machine.seen());
        let rate = match now.rate() {
            Some(rate) => format!("{} now (limit {threshold})", percent(rate)),
            None => format!("no traffic now (limit {threshold})"),
        };
        let mut parts = vec![rate];
        if let Some(latency) = machine.checks().iter().find(|seen| seen.check == CheckId::Latency) {
            let limit = allowed(&CheckId::Latency, latency.threshold);
            let now = latency.value.map_or_else(|| "not known".to_owned(), |now| measured(&CheckId::Latency, now));
            parts.push(format!("{} {now} (limit {limit})", title(&CheckId::Latency, machine.settings())));
        }
        for query in &machine.settings().queries {
            let Some(seen) = machine.checks().into_iter().find(|seen| seen.check == query.name) else { continue };
            let now = seen.value.map_or_else(|| "not known".to_owned(), |now| measured(&query.name, now));
            parts.push(format!("{} {now} (limit {})", query.name, allowed(&query.name, query.threshold)));
        }
        let verdict = match view.verdict() {
            Verdict::Healthy => "healthy so far",
            Verdict::Unknown if view.is_beyond_a_limit() => "above the limit",
            Verdict::Unknown => "not known yet",
            Verdict::Breached => "BREACHED",
        };
        let verdict = match machine.outlook() {
            Some(Outlook { breach_in_ms: Some(ms), .. }) => format!("{verdict}, breached in {} at this rate", span(ms)),
            Some(Outlook { healthy_in_ms: Some(ms), .. }) => format!("{verdict}, healthy in {}", span(ms)),
            _ => verdict.to_owned(),
        };
        parts.extend([format!("{seen} so far"), format!("{ready} of {all} ready"), verdict]);
        parts
    }
}
