//! How many requests of a tick count as independent.

use serde::{Deserialize, Serialize};

use super::config::EvidenceConfig;
use super::dispersion::Dispersion;
use super::plan::{Plan, seconds};

/// Clumping is also looked for in blocks of these lengths, in milliseconds.
const BLOCKS_MS: [u64; 2] = [5000, 15_000];

/// Bursts and clumps: both make many failures say less than their number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct EffectiveSampleSize {
    /// The bucket of requests that may still count in full, refilled over time.
    tokens: f64,
    ticks: Dispersion,
    blocks: [Option<Dispersion>; BLOCKS_MS.len()],
}

impl EffectiveSampleSize {
    /// A full bucket and no clumping; blocks that would hold no more than two ticks are left out.
    pub fn new(config: &EvidenceConfig, plan: &Plan) -> Self {
        let block =
            |block_ms: u64| (block_ms > config.tick_ms.saturating_mul(2)).then(|| Dispersion::of_blocks(block_ms));
        Self { tokens: plan.depth, ticks: Dispersion::of_ticks(), blocks: BLOCKS_MS.map(block) }
    }

    /// Takes a tick's requests out of the bucket after `millis` of refilling; returns those that count.
    pub fn draw(&mut self, plan: &Plan, millis: u64, requests: f64) -> f64 {
        self.tokens = plan.depth.min(self.tokens + plan.refill * seconds(millis));
        let counting = requests.min(self.tokens);
        self.tokens -= counting;
        counting
    }

    /// The factor, 0 to 1, that tempers the evidence of `requests` of which `counting` count; a tick counts like one at least.
    pub fn discount(&self, requests: f64, counting: f64) -> f64 {
        if requests > 0.0 { ((counting / self.dispersion()).max(1.0) / requests).min(1.0) } else { 1.0 }
    }

    pub fn dispersion(&self) -> f64 {
        self.blocks.iter().flatten().fold(self.ticks.value(), |largest, block| largest.max(block.value()))
    }

    /// After the tick was judged.
    pub fn see(&mut self, millis: u64, requests: f64, errors: f64, counting: f64) {
        let rate = if requests > 0.0 { errors / requests } else { 0.0 };
        if requests > 0.0 {
            self.ticks.see(millis, counting.max(1.0), rate);
        }
        for block in self.blocks.iter_mut().flatten() {
            block.see(millis, requests, rate);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: EvidenceConfig =
        EvidenceConfig { threshold: 0.05, false_alarm: 0.01, min_requests: 20, window_ms: 300_000, tick_ms: 1000 };

    #[test]
    fn a_burst_counts_as_far_as_the_bucket_is_filled() {
        let plan = Plan::of(&CONFIG);
        let mut sample_size = EffectiveSampleSize::new(&CONFIG, &plan);
        for (millis, requests, counting) in
            [(0, 30.0, 30.0), (0, 500.0, 70.0), (500, 500.0, 50.0), (9000, 500.0, 100.0)]
        {
            let drawn = sample_size.draw(&plan, millis, requests);
            assert!((drawn - counting).abs() < 1e-9, "{drawn} of {requests} after {millis} ms");
        }
    }

    #[test]
    fn long_ticks_leave_no_blocks() {
        for (tick_ms, blocks) in [(1000, 2), (2499, 2), (2500, 1), (7500, 0)] {
            let config = EvidenceConfig { tick_ms, ..CONFIG };
            let sample_size = EffectiveSampleSize::new(&config, &Plan::of(&config));
            assert_eq!(sample_size.blocks.iter().flatten().count(), blocks, "ticks of {tick_ms} ms");
        }
    }

    #[test]
    fn a_tick_counts_like_one_request_at_least() {
        let sample_size = EffectiveSampleSize::new(&CONFIG, &Plan::of(&CONFIG));
        for (requests, counting, discount) in [(0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (100.0, 0.0, 0.01), (100.0, 50.0, 0.5)]
        {
            assert!((sample_size.discount(requests, counting) - discount).abs() < f64::EPSILON);
        }
    }
}
