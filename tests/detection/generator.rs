//! Seeded random soaks. The generator is small and exact (integers, and one comparison of a 53-bit fraction), so that the
//! executable specification can be run on the very same traces.

use switchback::core::detect::{EvidenceConfig, TickCounts};

use super::soak::Row;

/// `SplitMix64` (Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number below `limit`.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let index = self.below(u64::try_from(choices.len()).unwrap());
        choices[usize::try_from(index).unwrap()]
    }

    /// True with probability `p`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    pub fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0 < p
    }
}

/// The soak of one seed: a rate that changes once and may change back, traffic from none to bursts, failed scrapes,
/// restarts, errors counted ahead of their requests, and clumps.
pub fn soak(seed: u64) -> (EvidenceConfig, Vec<Row>) {
    let mut random = Random::new(seed);
    let tick_ms = random.pick(&[250, 1000, 1000, 2000, 5000, 10_000]);
    let ticks = 40 + random.below(121);
    let config = EvidenceConfig {
        threshold: random.pick(&[0.01, 0.02, 0.05, 0.05, 0.1, 0.3]),
        false_alarm: random.pick(&[0.001, 0.01, 0.05]),
        min_requests: random.pick(&[1, 20, 200]),
        window_ms: tick_ms * ticks,
        tick_ms,
    };
    let most = random.pick(&[1, 2, 4, 21, 101, 101, 401]);
    let before = config.threshold * random.pick(&[0.0, 0.1, 0.5, 0.8, 1.0]);
    let after = (config.threshold * random.pick(&[0.5, 1.0, 1.6, 3.0, 10.0, 100.0])).min(1.0);
    let silent_from = random.pick(&[ticks + 1, ticks + 1, ticks - 5, ticks * 2 / 3]);
    let change = if random.chance(0.5) { random.below(ticks) } else { silent_from - 1 };
    let back = change + random.pick(&[1, 3, 10, 1000, 1000]);
    let missing = random.pick(&[0.0, 0.0, 0.125, 0.25, 0.625]);
    let restart = random.pick(&[0.0, 0.0, 0.0, 0.015_625]);
    let ahead = random.pick(&[1, 1, 1, 1, 4]);
    let clump = random.pick(&[0, 0, 1, 5]);

    let mut total = TickCounts { requests: random.below(1000), errors: random.below(10) };
    let mut rows = vec![(0, Some(total))];
    let mut clump_factor = 1.0;
    for tick in 1..=ticks {
        let rate = if (change..back).contains(&tick) { after } else { before };
        if clump > 0 && tick % clump == 0 {
            clump_factor = if random.chance(0.25) { 4.0 } else { 0.0 };
        }
        let requests = if tick < silent_from { random.below(most) } else { 0 };
        let errors = (0..requests).filter(|_| random.chance(rate * clump_factor)).count();
        if random.chance(restart) {
            total = TickCounts::default();
        }
        total = total.plus(TickCounts { requests, errors: u64::try_from(errors).unwrap() });
        let lag = random.below(ahead).min(total.requests);
        let shown = TickCounts { requests: total.requests - lag, ..total };
        rows.push((tick * tick_ms, (!random.chance(missing)).then_some(shown)));
    }
    (config, rows)
}
