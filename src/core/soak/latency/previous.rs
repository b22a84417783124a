//! How slow the previous color was before the switch, and what that excuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::Ratio;
use crate::core::detect::{BadEvent, Buckets, Latency, TickCounts, excused, requests_to_clear};
use crate::core::soak::{LatencySettings, Sample};
use crate::model::number::percent;

const MAX_PROCESSES: usize = 64;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Previous {
    instances: Vec<Instance>,
    window: Buckets,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Instance {
    tried: bool,
    /// What each of its processes said last, by its number, or its start where it has none.
    processes: BTreeMap<(Option<u32>, Option<i64>), Last>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Last {
    histogram: Option<Arc<str>>,
    buckets: Buckets,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excused {
    pub limit: f64,
    old: TickCounts,
    bad_event: BadEvent,
    /// Whether they are all since its processes began, rather than those right before the switch.
    is_lifetime: bool,
    allowed: f64,
}

impl Previous {
    pub fn new(instances: usize) -> Self {
        Self { instances: vec![Instance::default(); instances], window: Buckets::default() }
    }

    pub fn resize(&mut self, instances: usize) {
        self.instances.resize(instances, Instance::default());
    }

    pub fn begin_window(&mut self) {
        self.window = Buckets::default();
    }

    pub fn sampled(&mut self, instance: usize, sample: &Sample) {
        let Some(known) = self.instances.get_mut(instance) else { return };
        known.tried = true;
        let Sample::Good(reading) = sample else { return };
        let Some(Latency::Buckets(now)) = &reading.latency else { return };
        let who = match reading.latency_process {
            Some(process) => (Some(process.id), None),
            None => (None, reading.started_ms),
        };
        if known.processes.len() == MAX_PROCESSES && !known.processes.contains_key(&who) {
            return;
        }
        let histogram = reading.histogram.clone();
        let last = known.processes.insert(who, Last { histogram, buckets: now.clone() });
        let last = last.filter(|last| last.histogram == reading.histogram);
        if let Some(since) = last.and_then(|last| now.since(&last.buckets)) {
            self.window.merge(&since);
        }
    }

    pub fn all_tried(&self) -> bool {
        self.instances.iter().all(|known| known.tried)
    }

    /// By the bound of the release, where known, or the next one above, which counts no faster request as slow.
    pub fn excuses(
        &self,
        settings: &LatencySettings,
        bound_ms: Option<f64>,
        (min_requests, false_alarm): (u64, Ratio),
    ) -> Option<Excused> {
        let allowed = settings.allowed();
        let all = self.instances.iter().flat_map(|known| known.processes.values());
        let lifetime = Buckets::sum(all.map(|last| &last.buckets));
        // Few requests would excuse much: then all that is known of the previous color counts.
        #[expect(clippy::cast_precision_loss, reason = "compared with a few thousand")]
        let is_lifetime = (self.window.total() as f64) < requests_to_clear(allowed, min_requests);
        let buckets = if is_lifetime { lifetime } else { self.window.clone() };
        let than_ms = match bound_ms {
            Some(bound) => buckets.bound_from(bound).filter(|own| *own <= bound * 2.0)?,
            None => settings.bound_of(&buckets)?,
        };
        let old = TickCounts { requests: buckets.total(), errors: buckets.slower_than(than_ms) };
        let limit = excused(old, allowed, false_alarm.0)?;
        Some(Excused { limit, old, bad_event: BadEvent::Slower { than_ms }, is_lifetime, allowed })
    }
}

impl Excused {
    /// `limit 6.6% instead of 1%: 24/600 requests took longer than 500ms (4%) on the previous color before the switch`.
    pub fn describe(&self) -> String {
        let when = if self.is_lifetime { "since it started" } else { "before the switch" };
        format!(
            "limit {} instead of {}: {} on the previous color {when}",
            percent(self.limit),
            percent(self.allowed),
            self.bad_event.tally(self.old),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Excuse;
    use crate::core::detect::Reading;

    fn settings() -> LatencySettings {
        LatencySettings {
            threshold_ms: 500.0,
            quantile: Ratio(0.99),
            excuse: Excuse::Previous,
            near: true,
            metered: None,
            required: true,
        }
    }

    fn page(started_ms: i64, bounds: &[f64], counts: &[u64]) -> Sample {
        let latency = Latency::Buckets(Buckets { bounds_ms: bounds.to_vec(), counts: counts.to_vec() });
        Sample::Good(Reading { latency: Some(latency), started_ms: Some(started_ms), ..Reading::default() })
    }

    fn excuses(previous: &Previous, bound_ms: Option<f64>) -> Option<String> {
        previous.excuses(&settings(), bound_ms, (20, Ratio(0.01))).map(|excused| excused.describe())
    }

    #[test]
    fn what_was_slow_right_before_the_switch_is_excused() {
        let mut previous = Previous::new(2);
        previous.sampled(0, &page(1, &[500.0], &[1_000_000, 1_000_000]));
        assert!(!previous.all_tried());
        previous.sampled(1, &Sample::Failed("refused".to_owned()));
        assert!(previous.all_tried());
        assert_eq!(excuses(&previous, None), None, "in all its life nothing was slow");
        previous.begin_window();
        previous.sampled(0, &page(1, &[500.0], &[1_000_576, 1_000_600]));
        assert_eq!(
            excuses(&previous, None).unwrap(),
            "limit 6.5% instead of 1%: 24/600 requests took longer than 500ms (4%) on the previous color before the switch"
        );
    }

    #[test]
    fn few_requests_before_the_switch_count_with_all_that_came_before_them() {
        let mut previous = Previous::new(1);
        previous.sampled(0, &page(1, &[500.0], &[9_600, 10_000]));
        previous.begin_window();
        previous.sampled(0, &page(1, &[500.0], &[9_610, 10_010]));
        assert_eq!(
            excuses(&previous, None).unwrap(),
            "limit 4.5% instead of 1%: 400/10,010 requests took longer than 500ms (4%) on the previous color since it started"
        );
        // A process that began anew is one more.
        previous.sampled(0, &page(2, &[500.0], &[50_000, 50_000]));
        assert_eq!(excuses(&previous, None), None, "400 of 60,010 are no more than half of what is allowed");
    }

    #[test]
    fn another_bound_of_the_previous_color_excuses_no_more_than_its_own() {
        let mut previous = Previous::new(1);
        previous.sampled(0, &page(1, &[250.0, 600.0, 5_000.0], &[5_000, 9_600, 9_700, 10_000]));
        let by = |bound| excuses(&previous, bound).map(|told| told.split(" requests").next().unwrap().to_owned());
        assert_eq!(by(Some(500.0)).unwrap(), "limit 4.5% instead of 1%: 400/10,000");
        assert_eq!(by(Some(250.0)).unwrap(), "limit 51.3% instead of 1%: 5,000/10,000");
        assert_eq!(by(Some(1_000.0)), None, "5s says nothing of 1s");
        assert_eq!(by(None).unwrap(), "limit 51.3% instead of 1%: 5,000/10,000", "its own nearest bound");
        let mut unfit = Previous::new(1);
        unfit.sampled(0, &page(1, &[0.0, 5_000.0], &[0, 9_000, 10_000]));
        assert_eq!(excuses(&unfit, None), None);
        assert_eq!(excuses(&Previous::new(1), None), None);
    }
}
