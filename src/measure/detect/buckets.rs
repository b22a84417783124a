//! The buckets of a latency histogram.

use serde::{Deserialize, Serialize};

use super::counts::to_f64;
use crate::number::latency_exact;

/// How far from a threshold a bound may be to stand for it.
const NEAR: f64 = 2.0;
const SHOWN: usize = 16;

/// How long the requests of one instance took, by one good metrics page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// The histogram, cumulative since the process started.
    Buckets(Buckets),
    Unknown(String),
    /// No histogram, and why: more requests will not change that.
    Missing(String),
    /// A histogram that nothing can be judged by, and why: more requests will not change that.
    Unfit(String),
}

/// A histogram's series, added up. Those that leave the page stay in the sums, which fall only if it counts anew.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Buckets {
    /// Upper bounds in milliseconds, rising; the last bucket has none and is left out.
    pub bounds_ms: Vec<f64>,
    /// For each bound, how many requests took at most that long; last, how many there were.
    pub counts: Vec<u64>,
}

impl Buckets {
    pub fn total(&self) -> u64 {
        self.counts.last().copied().unwrap_or(0)
    }

    /// The largest bound that is not above a threshold; none where all are.
    pub fn bound_within(&self, threshold_ms: f64) -> Option<f64> {
        // A bound of 0.25s and a threshold of 250ms are the same, whatever the binary fractions say.
        let within = |bound: &&f64| **bound <= threshold_ms * (1.0 + 1e-9);
        self.bounds_ms.iter().rfind(within).copied()
    }

    /// The bound a threshold is judged by: the largest up to it, else the smallest above; none beyond a factor of two.
    pub fn bound_near(&self, threshold_ms: f64) -> Option<f64> {
        let below = self.bound_within(threshold_ms).filter(|bound| *bound >= threshold_ms / NEAR * (1.0 - 1e-9));
        below.or_else(|| self.bound_from(threshold_ms).filter(|bound| *bound <= threshold_ms * NEAR * (1.0 + 1e-9)))
    }

    pub fn bound_from(&self, latency_ms: f64) -> Option<f64> {
        self.bounds_ms.iter().find(|bound| **bound >= latency_ms * (1.0 - 1e-9)).copied()
    }

    /// Why no bound is near a threshold: `no bucket between 250ms and 1s; its bounds are 5s, 10s`.
    pub fn no_bound_near(&self, threshold_ms: f64) -> String {
        let bounds: Vec<String> = self.bounds_ms.iter().map(|bound| latency_exact(*bound)).collect();
        let shown = match bounds.as_slice() {
            [] => return "only the bucket `+Inf`, which says nothing about durations".to_owned(),
            [one] => format!("its only bound is {one}"),
            few if few.len() <= SHOWN => format!("its bounds are {}", few.join(", ")),
            [first @ .., last] => format!("its bounds are {}, … {last}", first[..SHOWN - 1].join(", ")),
        };
        let (least, most) = (latency_exact(threshold_ms / NEAR), latency_exact(threshold_ms * NEAR));
        let hint = self.other_unit().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("no bucket between {least} and {most}; {shown}{hint}")
    }

    /// The unit that implausible bounds are probably in.
    fn other_unit(&self) -> Option<&'static str> {
        let positive = self.bounds_ms.iter().find(|bound| **bound > 0.0)?;
        let last = self.bounds_ms.last()?;
        if *positive >= 1_000.0 && *last >= 1_000_000.0 {
            Some("they look like milliseconds recorded as seconds: give the histogram buckets for seconds")
        } else if *positive < 1.0 && *last <= 60.0 {
            Some("they look like seconds recorded as milliseconds: give the histogram buckets for milliseconds")
        } else {
            None
        }
    }

    pub fn slower_than(&self, bound_ms: f64) -> u64 {
        let at = self.bounds_ms.iter().position(|known| known.total_cmp(&bound_ms).is_eq());
        let within = at.and_then(|at| self.counts.get(at)).copied().unwrap_or(0);
        self.total().saturating_sub(within)
    }

    /// What came since an earlier reading of the same process; none where the counts went back or the bounds are others.
    pub fn since(&self, earlier: &Self) -> Option<Self> {
        if self.bounds_ms != earlier.bounds_ms || self.counts.len() != earlier.counts.len() {
            return None;
        }
        let counts = self.counts.iter().zip(&earlier.counts).map(|(now, then)| now.checked_sub(*then));
        Some(Self { bounds_ms: self.bounds_ms.clone(), counts: counts.collect::<Option<_>>()? })
    }

    pub fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        all.for_each(|one| sum.merge(one));
        sum
    }

    /// Adds the counts of another, in the bounds that both have.
    pub fn merge(&mut self, other: &Self) {
        if self.bounds_ms == other.bounds_ms && self.counts.len() == other.counts.len() {
            for (count, also) in self.counts.iter_mut().zip(&other.counts) {
                *count = count.saturating_add(*also);
            }
        } else if !other.counts.is_empty() {
            *self = self.merged(other);
        }
    }

    fn merged(&self, other: &Self) -> Self {
        if self.counts.is_empty() {
            return other.clone();
        }
        let mut merged = Self::default();
        for (bound, count) in self.bounds_ms.iter().zip(&self.counts) {
            let same = other.bounds_ms.iter().position(|known| known.total_cmp(bound).is_eq());
            if let Some(also) = same.and_then(|at| other.counts.get(at)) {
                merged.bounds_ms.push(*bound);
                merged.counts.push(count.saturating_add(*also));
            }
        }
        merged.counts.push(self.total().saturating_add(other.total()));
        merged
    }

    /// Milliseconds; linear within a bucket, the largest bound beyond it, as PromQL has it; none without a request
    /// (<https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>).
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let total = self.total();
        if total == 0 || self.bounds_ms.is_empty() {
            return None;
        }
        let rank = share * to_f64(total);
        // Bounds are read at slightly different moments, so a count may be below the one before it.
        let at = self.counts.iter().position(|count| to_f64(*count) >= rank).unwrap_or(self.bounds_ms.len());
        let Some(upper) = self.bounds_ms.get(at) else { return self.bounds_ms.last().copied() };
        let (lower, below) = match at.checked_sub(1) {
            Some(before) => (self.bounds_ms[before], self.counts[before]),
            None => (upper.min(0.0), 0),
        };
        let inside = self.counts[at].saturating_sub(below);
        let part = if inside == 0 { 1.0 } else { (rank - to_f64(below)) / to_f64(inside) };
        Some(lower + (upper - lower) * part.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(bounds_ms: &[f64], counts: &[u64]) -> Buckets {
        Buckets { bounds_ms: bounds_ms.to_vec(), counts: counts.to_vec() }
    }

    #[test]
    fn a_quantile_is_linear_within_its_bucket_and_ends_at_the_largest_bound() {
        let seen = buckets(&[100.0, 200.0, 500.0], &[50, 90, 98, 100]);
        for (share, ms) in [(0.25, 50.0), (0.5, 100.0), (0.9, 200.0), (0.94, 350.0), (0.98, 500.0), (0.99, 500.0)] {
            let found = seen.quantile(share).unwrap();
            assert!((found - ms).abs() < 1e-9, "{share}: {found}");
        }
        assert_eq!(buckets(&[100.0], &[0, 0]).quantile(0.9), None);
        assert_eq!(buckets(&[], &[7]).quantile(0.9), None);
        assert_eq!(Buckets::default().quantile(0.9), None);
    }

    #[test]
    fn the_bound_within_a_threshold_is_the_largest_one() {
        let seen = buckets(&[100.0, 0.25 * 1000.0, 500.0], &[50, 90, 98, 100]);
        assert_eq!(seen.bound_within(250.0), Some(250.0));
        assert_eq!(seen.bound_within(499.0), Some(250.0));
        assert_eq!(seen.bound_within(99.0), None);
        assert_eq!((seen.slower_than(250.0), seen.slower_than(500.0)), (10, 2));
    }

    #[test]
    fn a_bound_stands_for_a_threshold_within_a_factor_of_two() {
        for (bounds, threshold, near) in [
            (&[100.0, 500.0, 1000.0][..], 500.0, Some(500.0)),
            (&[100.0, 250.0, 1000.0], 500.0, Some(250.0)),
            (&[100.0, 249.0, 1000.0], 500.0, Some(1000.0)),
            (&[100.0, 1001.0], 500.0, None),
            (&[0.0, 5000.0, 10_000.0], 500.0, None),
            (&[0.1 * 1000.0, 0.3 * 1000.0], 300.0, Some(300.0)),
            (&[600.0], 500.0, Some(600.0)),
            (&[0.0], 500.0, None),
            (&[], 500.0, None),
        ] {
            let found = buckets(bounds, &vec![0; bounds.len() + 1]).bound_near(threshold);
            assert_eq!(found.map(f64::round), near, "{bounds:?}");
        }
    }

    #[test]
    fn bounds_that_are_not_near_are_listed() {
        let told = |bounds: &[f64], threshold| buckets(bounds, &[]).no_bound_near(threshold);
        assert_eq!(told(&[100.0, 2000.0], 500.0), "no bucket between 250ms and 1s; its bounds are 100ms, 2s");
        assert_eq!(told(&[50.0], 1500.0), "no bucket between 750ms and 3s; its only bound is 50ms");
        assert_eq!(told(&[], 500.0), "only the bucket `+Inf`, which says nothing about durations");
        let many: Vec<f64> = (0..40).map(|n| f64::from(n + 1) * 1_000.0).collect();
        assert!(told(&many, 100.0).ends_with("15s, … 40s"), "{}", told(&many, 100.0));
        let as_seconds: Vec<f64> = [0.0, 5.0, 10.0, 25.0, 1000.0].iter().map(|bound| bound * 1000.0).collect();
        assert!(told(&as_seconds, 500.0).contains("they look like milliseconds recorded as seconds"));
        assert!(told(&[0.005, 0.1, 10.0], 500.0).contains("they look like seconds recorded as milliseconds"));
    }

    #[test]
    fn what_came_since_is_told_only_for_one_process_with_the_same_bounds() {
        let before = buckets(&[100.0, 200.0], &[5, 6, 7]);
        assert_eq!(buckets(&[100.0, 200.0], &[6, 8, 10]).since(&before), Some(buckets(&[100.0, 200.0], &[1, 2, 3])));
        assert_eq!(buckets(&[100.0, 200.0], &[4, 8, 10]).since(&before), None, "a restart");
        assert_eq!(buckets(&[100.0, 300.0], &[6, 8, 10]).since(&before), None, "other bounds");
    }

    #[test]
    fn instances_are_merged_in_the_bounds_that_they_share() {
        let (one, two) = (buckets(&[50.0, 100.0], &[1, 2, 4]), buckets(&[100.0, 200.0], &[3, 5, 6]));
        assert_eq!(Buckets::sum([&one, &two].into_iter()), buckets(&[100.0], &[5, 10]));
        assert_eq!(Buckets::sum([&one, &one].into_iter()).counts, one.counts.iter().map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(Buckets::sum([&one, &Buckets::default()].into_iter()), one);
        assert_eq!(Buckets::sum([&Buckets::default(), &two].into_iter()), two);
    }
}
