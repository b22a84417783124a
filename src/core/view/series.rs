//! The history of one value, bounded.

use std::collections::VecDeque;

use crate::core::detect::TickCounts;
use crate::model::Verdict;

/// Points that are kept, the newest ones: more than the widest screen shows of the longest span.
const MAX_POINTS: usize = 10_000;

/// The point of one tick.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// The value in its threshold's unit; `None` if unknown (no traffic, no data).
    pub value: Option<f64>,
    /// What was counted at this tick; none for a missing tick, and where nothing is counted.
    pub counts: Option<TickCounts>,
    pub verdict: Verdict,
    /// How far the check was from a breach, 1 being one; see [`Gauge::toward`](super::Gauge).
    pub toward: Option<f64>,
}

/// The points of one value, oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    points: VecDeque<Point>,
}

impl Series {
    pub(super) const fn new() -> Self {
        Self { points: VecDeque::new() }
    }

    pub(super) fn push(&mut self, point: Point) {
        if self.points.len() == MAX_POINTS {
            self.points.pop_front();
        }
        self.points.push_back(point);
    }

    /// The points from `at_ms` on, oldest first.
    pub fn since(&self, at_ms: u64) -> impl DoubleEndedIterator<Item = &Point> + ExactSizeIterator {
        let from = self.points.partition_point(|point| point.at_ms < at_ms);
        self.points.range(from..)
    }

    pub fn last(&self) -> Option<&Point> {
        self.points.back()
    }

    /// The newest point with a value.
    pub fn last_known(&self) -> Option<&Point> {
        self.points.iter().rfind(|point| point.value.is_some())
    }

    /// The largest value since `at_ms`; none without one.
    pub fn highest_since(&self, at_ms: u64) -> Option<f64> {
        self.since(at_ms).filter_map(|point| point.value).max_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(at_ms: u64, value: Option<f64>) -> Point {
        Point { at_ms, value, counts: None, verdict: Verdict::Healthy, toward: None }
    }

    #[test]
    fn only_the_newest_points_are_kept() {
        let mut series = Series::default();
        for at in 0..25_000 {
            series.push(point(at, Some(0.0)));
        }
        assert_eq!(series.since(0).len(), MAX_POINTS);
        assert_eq!(series.since(0).next().map(|point| point.at_ms), Some(15_000));
        assert_eq!(series.last().map(|point| point.at_ms), Some(24_999));
    }

    #[test]
    fn the_highest_value_is_that_of_the_stretch_asked_for() {
        let mut series = Series::default();
        for (at, value) in [(0, Some(0.9)), (1, None), (2, Some(0.2)), (3, Some(0.4)), (4, None)] {
            series.push(point(at, value));
        }
        assert_eq!(series.highest_since(1), Some(0.4));
        assert_eq!(series.highest_since(0), Some(0.9));
        assert_eq!(series.highest_since(4), None);
    }
}
