//! What is known of each instance.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::core::detect::{Buckets, Counters, Counting, Latency, RECENT_MS, TickCounts};
use crate::core::soak::{Readiness, Sample};

/// Samples that are kept of an instance: the last 10s at the shortest interval.
const MAX_SAMPLES: usize = 128;
/// So many error rates are kept of an instance, the newest: more than a row of the screen has room for.
const MAX_RATES: usize = 60;

#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Its base URL, credentials masked.
    pub url: String,
    /// When the last good sample came, in milliseconds since the run began.
    pub sampled_at: Option<u64>,
    /// Why the last sample failed, if it did.
    pub failure: Option<String>,
    /// The last answer to a readiness probe: ready, or why not; none before the first.
    pub readiness: Option<Readiness>,
    /// Requests and errors since the run began.
    pub seen: TickCounts,
    pub gone: bool,
    /// By what its page counts requests, and its latency histogram, once a page has told.
    pub counted_by: Option<Counting>,
    pub histogram: Option<Arc<str>>,
    counters: Option<Counters>,
    recent: VecDeque<(u64, TickCounts)>,
    buckets: VecDeque<(u64, Buckets)>,
    rates: VecDeque<Option<f64>>,
}

impl Instance {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            sampled_at: None,
            failure: None,
            readiness: None,
            seen: TickCounts::default(),
            gone: false,
            counted_by: None,
            histogram: None,
            counters: None,
            recent: VecDeque::new(),
            buckets: VecDeque::new(),
            rates: VecDeque::new(),
        }
    }

    /// Takes one sample; a process that started after `run_started_wall` counts from zero.
    pub(super) fn sampled(&mut self, at_ms: u64, run_started_wall: i64, sample: &Sample) {
        let reading = match sample {
            Sample::Good(reading) => reading,
            Sample::Failed(why) => {
                self.failure = Some(why.clone());
                self.remember(None);
                return;
            }
        };
        let delta = self.counters.get_or_insert_with(|| Counters::new(run_started_wall)).read(reading, at_ms);
        let counts = TickCounts { requests: delta.requests, errors: delta.errors };
        self.seen = self.seen.plus(counts);
        (self.sampled_at, self.failure) = (Some(at_ms), None);
        keep_recent(&mut self.recent, at_ms, counts);
        if let Some(Latency::Buckets(buckets)) = &reading.latency {
            keep_recent(&mut self.buckets, at_ms, buckets.clone());
        }
        if let Some(counting) = &reading.counting {
            self.counted_by = Some((**counting).clone());
        }
        if reading.histogram.is_some() {
            self.histogram.clone_from(&reading.histogram);
        }
        self.remember(self.error_rate());
    }

    fn remember(&mut self, rate: Option<f64>) {
        if self.rates.len() == MAX_RATES {
            self.rates.pop_front();
        }
        self.rates.push_back(rate);
    }

    /// It is back, perhaps as another process: forgets all but its counts.
    pub(super) fn came_back(&mut self) {
        *self = Self { seen: self.seen, ..Self::new(std::mem::take(&mut self.url)) };
    }

    pub(super) fn probed(&mut self, answer: &Readiness) {
        self.readiness = Some(answer.clone());
    }

    /// Its name without the scheme: `10.0.0.7:3002`.
    pub fn name(&self) -> &str {
        let bare = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        bare.trim_end_matches('/')
    }

    /// Whether its last probe was good; none before the first, and where the answer does not say.
    pub fn ready(&self) -> Option<bool> {
        match self.readiness.as_ref()? {
            Readiness::Ready => Some(true),
            Readiness::NotReady(_) => Some(false),
            Readiness::Unknown(_) => None,
        }
    }

    /// Why it is not well: the last failed sample or probe.
    pub fn complaint(&self) -> Option<&str> {
        match (&self.failure, &self.readiness) {
            (Some(why), _) | (None, Some(Readiness::NotReady(why) | Readiness::Unknown(why))) => Some(why),
            _ => None,
        }
    }

    /// Milliseconds since the last good sample; none before the first.
    pub fn age_ms(&self, now_ms: u64) -> Option<u64> {
        self.sampled_at.map(|at| now_ms.saturating_sub(at))
    }

    /// Share of failed requests in the last 10s before the last good sample; none without a request.
    pub fn error_rate(&self) -> Option<f64> {
        self.counted().rate()
    }

    /// Requests a second in the last 10s before the last good sample; none before the second sample.
    pub fn requests_per_second(&self) -> Option<f64> {
        let (first, last) = (self.recent.front()?.0, self.recent.back()?.0);
        per_second(self.counted().requests, last.saturating_sub(first))
    }

    /// The error rates as of the last samples, oldest first; none where a sample failed or nobody asked anything.
    pub const fn rates(&self) -> &VecDeque<Option<f64>> {
        &self.rates
    }

    /// The latency in milliseconds that this share of the requests of the last 10s stayed within; none where it is not known.
    pub fn latency(&self, quantile: f64) -> Option<f64> {
        let (first, last) = (self.buckets.front()?, self.buckets.back()?);
        last.1.since(&first.1)?.quantile(quantile)
    }

    fn counted(&self) -> TickCounts {
        self.recent.iter().skip(1).fold(TickCounts::default(), |sum, (_, counts)| sum.plus(*counts))
    }
}

/// Keeps what came at a time, and what is not older than 10s. One that is older stays: what came since is what the next one counted.
fn keep_recent<T>(recent: &mut VecDeque<(u64, T)>, at_ms: u64, new: T) {
    if recent.len() == MAX_SAMPLES {
        recent.pop_front();
    }
    recent.push_back((at_ms, new));
    while recent.get(1).is_some_and(|(next, _)| next.saturating_add(RECENT_MS) <= at_ms) {
        recent.pop_front();
    }
}

/// So many in so many milliseconds, a second; none without time.
pub(super) fn per_second(count: u64, millis: u64) -> Option<f64> {
    let [count, millis] = [count, millis].map(|number| f64::from(u32::try_from(number).unwrap_or(u32::MAX)));
    (millis > 0.0).then(|| count * 1000.0 / millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::detect::Reading;

    fn good(total: u64, errors: u64) -> Sample {
        Sample::Good(Reading { total, errors, ..Reading::default() })
    }

    #[test]
    fn rates_are_those_of_the_last_ten_seconds() {
        let mut instance = Instance::new("http://10.0.0.7:3002/".to_owned());
        assert_eq!((instance.error_rate(), instance.requests_per_second()), (None, None));
        for second in 0..=20_u64 {
            let errors = if second > 10 { (second - 10) * 5 } else { 0 };
            instance.sampled(second * 1_000, 0, &good(1_000 + second * 50, errors));
        }
        assert_eq!(instance.error_rate(), Some(0.1));
        assert_eq!(instance.requests_per_second(), Some(50.0));
        assert_eq!(instance.seen, TickCounts { requests: 1_000, errors: 50 });
        assert_eq!(instance.name(), "10.0.0.7:3002");
    }

    #[test]
    fn a_failed_sample_keeps_the_numbers_and_is_forgotten_with_the_next_good_one() {
        let mut instance = Instance::new("a:1".to_owned());
        instance.sampled(1_000, 0, &good(10, 0));
        instance.sampled(2_000, 0, &Sample::Failed("answered 500".to_owned()));
        assert_eq!(instance.complaint(), Some("answered 500"));
        assert_eq!(instance.age_ms(4_000), Some(3_000));
        instance.sampled(3_000, 0, &good(20, 0));
        assert_eq!(instance.complaint(), None);
        instance.probed(&Readiness::NotReady("refused".to_owned()));
        assert_eq!((instance.complaint(), instance.ready()), (Some("refused"), Some(false)));
        instance.probed(&Readiness::Unknown("answered 429".to_owned()));
        assert_eq!((instance.complaint(), instance.ready()), (Some("answered 429"), None));
    }

    #[test]
    fn latency_and_history_are_those_of_the_last_samples() {
        let mut instance = Instance::new("a:1".to_owned());
        assert_eq!(instance.latency(0.9), None);
        for second in 0..=20_u64 {
            // From the tenth second on every request takes longer than 100ms.
            let fast = second.min(10) * 50;
            let buckets = Buckets { bounds_ms: vec![100.0, 200.0], counts: vec![fast, second * 50, second * 50] };
            let reading =
                Reading { total: second * 50, latency: Some(Latency::Buckets(buckets)), ..Reading::default() };
            instance.sampled(second * 1_000, 0, &Sample::Good(reading));
        }
        assert_eq!(instance.latency(0.5), Some(150.0));
        instance.sampled(21_000, 0, &Sample::Failed("answered 500".to_owned()));
        assert_eq!(instance.rates().len(), 22);
        assert_eq!(instance.rates().iter().rev().take(2).collect::<Vec<_>>(), [&None, &Some(0.0)]);
    }

    #[test]
    fn what_a_page_counts_by_is_known_from_then_on() {
        let mut instance = Instance::new("a:1".to_owned());
        let counting = Counting { metric: "http_requests_total".to_owned(), label: "status".to_owned() };
        let told = Reading {
            counting: Some(Box::new(counting.clone())),
            histogram: Some("http_request_duration_seconds".into()),
            ..Reading::default()
        };
        for reading in [told, Reading::default()] {
            instance.sampled(1_000, 0, &Sample::Good(reading));
            assert_eq!(instance.counted_by.as_ref(), Some(&counting));
            assert_eq!(instance.histogram.as_deref(), Some("http_request_duration_seconds"));
        }
    }

    #[test]
    fn samples_of_an_instance_are_bounded_however_fast_they_come() {
        let mut instance = Instance::new("a:1".to_owned());
        for at in 0..5_000 {
            instance.sampled(at, 0, &good(at, 0));
        }
        assert_eq!(instance.recent.len(), MAX_SAMPLES);
    }
}
