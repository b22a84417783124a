//! The course of a row's value against its limit, bounded: the longer it is, the further apart its points are.

use std::collections::VecDeque;

/// Time between two points at first.
const STEP_MS: u64 = 1_000;

/// Values as multiples of their limit, oldest first; `None` where nothing was known.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    points: VecDeque<Option<f64>>,
    step_ms: u64,
    /// When the last point began, and the worst value since.
    since_ms: Option<u64>,
    worst: Option<f64>,
}

impl Default for Trend {
    fn default() -> Self {
        Self { points: VecDeque::new(), step_ms: STEP_MS, since_ms: None, worst: None }
    }
}

impl Trend {
    /// Points that are kept at most: more than a row of the widest screen has room for.
    pub const MAX: usize = 64;

    /// Takes what is known at this time.
    pub fn push(&mut self, now_ms: u64, value: Option<f64>) {
        let since = *self.since_ms.get_or_insert(now_ms);
        self.worst = worse(self.worst, value);
        let is_first = self.points.is_empty();
        if !is_first && now_ms.saturating_sub(since) < self.step_ms {
            if let Some(last) = self.points.back_mut() {
                *last = self.worst;
            }
            return;
        }
        if self.points.len() == Self::MAX {
            let halved = self.points.make_contiguous().chunks(2);
            self.points = halved.map(|pair| pair.iter().copied().fold(None, worse)).collect();
            self.step_ms *= 2;
        }
        self.points.push_back(value);
        (self.since_ms, self.worst) = (Some(now_ms), value);
    }

    /// The newest points, oldest first: so many at most.
    pub fn last(&self, count: usize) -> impl ExactSizeIterator<Item = Option<f64>> + '_ {
        self.points.iter().skip(self.points.len().saturating_sub(count)).copied()
    }
}

fn worse(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_has_the_worst_of_its_time_and_none_is_without_data() {
        let mut trend = Trend::default();
        for (at, value) in [(0, Some(0.1)), (400, Some(0.9)), (800, Some(0.2)), (1_000, None), (2_000, Some(0.3))] {
            trend.push(at, value);
        }
        assert_eq!(trend.last(9).collect::<Vec<_>>(), [Some(0.9), None, Some(0.3)]);
        assert_eq!(trend.last(1).collect::<Vec<_>>(), [Some(0.3)]);
    }

    #[test]
    fn a_long_course_is_kept_with_its_worst_moment() {
        let mut trend = Trend::default();
        for second in 0..10_000_u64 {
            trend.push(second * 1_000, Some(if second == 4_321 { 3.0 } else { 0.5 }));
        }
        assert!(trend.points.len() <= Trend::MAX && trend.points.len() >= Trend::MAX / 2, "{}", trend.points.len());
        assert_eq!(trend.last(Trend::MAX).flatten().filter(|value| *value > 1.0).count(), 1);
        assert_eq!(trend.step_ms, 256_000);
    }
}
