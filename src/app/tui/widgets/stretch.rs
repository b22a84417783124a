//! The stretch of time that charts and sparklines show: from the switch on, growing with the run.

use crate::core::view::{Dashboard, MarkKind};

/// Lengths in seconds. The shortest that holds what there is is shown, so that points stay in their columns for a while.
const LENGTHS_S: [u64; 32] = [
    10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720, 900, 1_200, 1_500, 1_800,
    2_400, 3_000, 3_600, 5_400, 7_200, 14_400, 43_200, 86_400,
];
/// What came before the switch takes at most this part of the length after it.
const LEAD_IN: u64 = 8;

/// A stretch of time. Times are milliseconds since the run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to every number")]
pub struct Stretch {
    /// Its beginning: a little before the switch, where something was seen then.
    pub from_ms: u64,
    /// Now.
    pub to_ms: u64,
    /// From its beginning to its end, which lies ahead of now most of the time.
    pub length_ms: u64,
    /// The switch, or the beginning of the run before it.
    pub origin_ms: u64,
}

impl Stretch {
    /// The stretch to show of a run at `now_ms`.
    pub fn of(dashboard: &Dashboard, now_ms: u64) -> Self {
        let switched = dashboard.marks().iter().find(|mark| mark.kind == MarkKind::Switch);
        Self::from_switch(switched.map_or(0, |mark| mark.at_ms), dashboard.clock(now_ms))
    }

    fn from_switch(origin_ms: u64, to_ms: u64) -> Self {
        let longest = LENGTHS_S[LENGTHS_S.len() - 1];
        let passed = to_ms.saturating_sub(origin_ms);
        let length = LENGTHS_S.into_iter().find(|length| length * 1_000 >= passed).unwrap_or(longest) * 1_000;
        if passed > length {
            return Self { from_ms: to_ms - length, to_ms, length_ms: length, origin_ms };
        }
        let lead_in = origin_ms.min(length / LEAD_IN);
        Self { from_ms: origin_ms - lead_in, to_ms, length_ms: length + lead_in, origin_ms }
    }

    /// Where a time lies, from 0 at the beginning to 1 at the end; none outside of what has passed.
    pub fn share(self, at_ms: u64) -> Option<f64> {
        let inside = (self.from_ms..=self.to_ms).contains(&at_ms);
        inside.then(|| super::cells::ms(at_ms - self.from_ms) / super::cells::ms(self.length_ms.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_at_the_switch_and_grows_in_steps() {
        for (switched, now, from, length) in [
            (0, 0, 0, 10_000),
            (0, 6_000, 0, 10_000),
            (0, 61_000, 0, 75_000),
            (30_000, 36_000, 28_750, 11_250),
            (5_000, 65_000, 0, 65_000),
            (0, 90_000_000, 3_600_000, 86_400_000),
        ] {
            let stretch = Stretch::from_switch(switched, now);
            assert_eq!((stretch.from_ms, stretch.length_ms), (from, length), "{switched} {now}");
            assert_eq!((stretch.to_ms, stretch.origin_ms), (now, switched));
        }
    }

    #[test]
    fn a_run_fills_most_of_it_from_its_first_ten_seconds_on() {
        for now in 10_000..4_000_000 {
            let stretch = Stretch::from_switch(0, now);
            assert!(stretch.share(now).is_some_and(|share| share > 0.66), "{now}");
            assert_eq!(stretch.share(now + 1), None);
        }
    }
}
