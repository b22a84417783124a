//! The stretch of time that charts and sparklines show.

use crate::core::view::Dashboard;

/// Lengths of the stretch in milliseconds; the shortest that holds the whole run is shown, and at last the longest.
const LENGTHS_MS: [u64; 5] = [60_000, 120_000, 240_000, 480_000, 900_000];

/// A stretch of time that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the unit belongs to every number")]
pub struct Stretch {
    /// Its beginning, in milliseconds since the run began; negative times are cut off.
    pub from_ms: u64,
    pub to_ms: u64,
    /// Its length, in milliseconds; longer than from beginning to end while the run is young.
    pub length_ms: u64,
}

impl Stretch {
    /// The stretch to show of a run at `now_ms`.
    pub fn of(dashboard: &Dashboard, now_ms: u64) -> Self {
        Self::ending(dashboard.clock(now_ms))
    }

    fn ending(to_ms: u64) -> Self {
        let longest = LENGTHS_MS[LENGTHS_MS.len() - 1];
        let length_ms = LENGTHS_MS.into_iter().find(|length| *length >= to_ms).unwrap_or(longest);
        Self { from_ms: to_ms.saturating_sub(length_ms), to_ms, length_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_length_that_holds_the_run_is_shown_and_at_last_a_quarter_of_an_hour() {
        for (to_ms, from_ms, length_ms) in
            [(0, 0, 60_000), (60_000, 0, 60_000), (61_000, 0, 120_000), (3_600_000, 2_700_000, 900_000)]
        {
            assert_eq!(Stretch::ending(to_ms), Stretch { from_ms, to_ms, length_ms });
        }
    }
}
