//! How much failures clump.

use serde::{Deserialize, Serialize};

/// The estimate must exceed `1 + BAND / sqrt(weight)` to count.
const BAND: f64 = 0.5;

/// Each pair of successive ticks or blocks adds its squared difference over the variance of independent failures.
/// 1 at any error rate if failures are independent. A step of the rate counts once: a regression is no clumping.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Dispersion {
    block_ms: u64,
    clip: f64,
    sum: f64,
    weight: f64,
    last: Option<Block>,
    open_ms: u64,
    open_requests: f64,
    open_errors: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    requests: f64,
    rate: f64,
}

impl Dispersion {
    /// Between successive ticks: prior weight 30, each pair clipped at 20.
    pub fn of_ticks() -> Self {
        Self::new(0, 30.0, 20.0)
    }

    /// Between successive blocks of `block_ms`: prior weight 6, each pair clipped at 10.
    pub fn of_blocks(block_ms: u64) -> Self {
        Self::new(block_ms, 6.0, 10.0)
    }

    fn new(block_ms: u64, prior: f64, clip: f64) -> Self {
        Self { block_ms, clip, sum: prior, weight: prior, last: None, open_ms: 0, open_requests: 0.0, open_errors: 0.0 }
    }

    /// How many times the variance of independent failures was seen, at least 1.
    pub fn value(&self) -> f64 {
        (self.sum / self.weight / (1.0 + BAND / self.weight.sqrt())).max(1.0)
    }

    /// Takes in a span of `millis` with its requests and their error rate (0 without a request).
    pub fn see(&mut self, millis: u64, requests: f64, rate: f64) {
        self.open_ms = self.open_ms.saturating_add(millis);
        self.open_requests += requests;
        self.open_errors += requests * rate;
        if self.open_ms < self.block_ms || self.open_requests <= 0.0 {
            return;
        }
        let block = Block { requests: self.open_requests, rate: self.open_errors / self.open_requests };
        if let Some(ratio) = self.last.as_ref().and_then(|last| variance_ratio(last, &block)) {
            self.sum += ratio.min(self.clip);
            self.weight += 1.0;
        }
        self.last = Some(block);
        (self.open_ms, self.open_requests, self.open_errors) = (0, 0.0, 0.0);
    }
}

/// Over the variance at the pooled rate (hence the factor `(n + m - 1) / (n + m)`); `None` if all or none failed.
fn variance_ratio(a: &Block, b: &Block) -> Option<f64> {
    let requests = a.requests + b.requests;
    let pooled = (a.requests * a.rate + b.requests * b.rate) / requests;
    (0.0 < pooled && pooled < 1.0).then(|| {
        let variance = pooled * (1.0 - pooled) * (1.0 / a.requests + 1.0 / b.requests);
        (b.rate - a.rate).powi(2) / variance * (requests - 1.0) / requests
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_failures_are_not_dispersed() {
        let mut dispersion = Dispersion::of_ticks();
        for _ in 0..100 {
            dispersion.see(1000, 50.0, 0.04);
        }
        assert!((dispersion.value() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn failures_that_come_and_go_are_dispersed() {
        let mut dispersion = Dispersion::of_ticks();
        for tick in 0..100 {
            dispersion.see(1000, 50.0, if tick % 2 == 0 { 0.0 } else { 0.2 });
        }
        assert!(dispersion.value() > 5.0, "{}", dispersion.value());
    }

    #[test]
    fn one_step_of_the_rate_is_clipped() {
        let mut dispersion = Dispersion::of_ticks();
        for tick in 0..60 {
            dispersion.see(1000, 1000.0, if tick < 30 { 0.001 } else { 0.9 });
        }
        assert!(dispersion.value() < 1.2, "{}", dispersion.value());
    }

    #[test]
    fn blocks_see_clumps_that_are_longer_than_a_tick() {
        let mut blocks = Dispersion::of_blocks(5000);
        for tick in 0..200 {
            blocks.see(1000, 50.0, if tick / 5 % 2 == 0 { 0.0 } else { 0.2 });
        }
        assert!(blocks.value() > 4.0, "{}", blocks.value());
    }

    #[test]
    fn silence_and_total_failure_say_nothing() {
        let mut dispersion = Dispersion::of_ticks();
        dispersion.see(1000, 0.0, 0.0);
        dispersion.see(1000, 20.0, 1.0);
        dispersion.see(1000, 20.0, 1.0);
        assert!((dispersion.weight - 30.0).abs() < f64::EPSILON);
    }
}
