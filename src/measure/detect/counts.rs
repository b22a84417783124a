//! What one tick adds to a check.

use serde::{Deserialize, Serialize};

/// Requests that were answered since the last good tick, summed over all instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickCounts {
    /// Requests.
    pub requests: u64,
    /// Those of them that failed; what exceeds `requests` is ignored.
    pub errors: u64,
}

impl TickCounts {
    /// The sum of both. Saturates, so that an absurd page cannot wrap a count around.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            errors: self.errors.saturating_add(other.errors),
        }
    }

    /// The same with at most as many errors as requests.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self { errors: self.errors.min(self.requests), ..self }
    }

    /// Errors / requests, between 0 and 1; `None` without a request.
    pub fn rate(self) -> Option<f64> {
        let Self { requests, errors } = self.clamped();
        (requests > 0).then(|| to_f64(errors) / to_f64(requests))
    }
}

/// The nearest float; exact up to 2^53.
pub(super) fn to_f64(count: u64) -> f64 {
    let [high, low] = [count >> 32, count & 0xffff_ffff].map(|half| f64::from(u32::try_from(half).unwrap_or(u32::MAX)));
    high * 4_294_967_296.0 + low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_needs_a_request_and_never_exceeds_one() {
        for (requests, errors, rate) in [(0, 0, None), (0, 4, None), (8, 2, Some(0.25)), (8, 9, Some(1.0))] {
            assert_eq!(TickCounts { requests, errors }.rate(), rate);
        }
    }

    #[test]
    fn counts_become_the_nearest_float() {
        for (count, float) in [(0, 0.0), (4_294_967_297, 4_294_967_297.0), (1 << 53, 9_007_199_254_740_992.0)] {
            assert!((to_f64(count) - float).abs() < f64::EPSILON, "{count}");
        }
        assert!((to_f64(u64::MAX) / 1.844_674_407_370_955_2e19 - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn sums_saturate() {
        let most = TickCounts { requests: u64::MAX, errors: 1 };
        assert_eq!(most.plus(most), TickCounts { requests: u64::MAX, errors: 2 });
    }
}
