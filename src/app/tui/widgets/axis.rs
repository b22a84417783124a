//! The value axis of a chart: a row for the threshold alone, with everything at or above it above, and the rest below.

use super::cells;

/// From values to rows. Row 0 is the top; where there are three rows or more no value reaches [`Axis::threshold_row`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Value at the bottom of the last row, below the threshold.
    pub bottom: f64,
    /// Value at the top of row 0, above the threshold.
    pub top: f64,
    pub threshold: f64,
    /// Rows of cells.
    pub rows: u16,
    /// Dots in a row of cells.
    pub dots: u16,
}

impl Axis {
    /// The row of the threshold. With three rows or more, one is above and one below it.
    pub fn threshold_row(self) -> u16 {
        let last = self.rows.saturating_sub(1);
        let exact = cells::share_of(last, (self.top - self.threshold) / (self.top - self.bottom));
        match self.rows {
            0..=2 => 0,
            _ => exact.clamp(1, last - 1),
        }
    }

    /// The dot of a value, counted from the top.
    pub fn dot(self, value: f64) -> u16 {
        let row = self.threshold_row();
        let bottom = (self.rows * self.dots).saturating_sub(1);
        let first = ((row + 1) * self.dots).min(bottom);
        if value >= self.threshold {
            // In two rows there is none above the threshold's.
            let Some(above) = (row * self.dots).checked_sub(1) else { return first };
            return above - cells::share_of(above, (value - self.threshold) / (self.top - self.threshold));
        }
        let share = (value - self.bottom) / (self.threshold - self.bottom);
        bottom - cells::share_of(bottom - first, share)
    }

    /// How a row stands to the threshold: 1 and more above it, else its upper end as a share of the way there.
    pub fn share(self, row: u16) -> f64 {
        let threshold = self.threshold_row();
        if row <= threshold && self.rows > 2 {
            return 1.0;
        }
        let below = f64::from(self.rows.saturating_sub(threshold + 1).max(1));
        // The row right below the threshold ends at it, and is still below.
        (f64::from(self.rows.saturating_sub(row)) / below).min(0.999)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_threshold_has_a_row_with_room_above_and_below() {
        for (rows, top, row) in [(1, 0.1, 0), (2, 0.1, 0), (3, 0.1, 1), (5, 0.1, 2), (9, 0.5, 7), (4, 500.0, 2)] {
            let axis = Axis { bottom: 0.0, top, threshold: 0.05, rows, dots: 4 };
            assert_eq!(axis.threshold_row(), row, "{rows} rows up to {top}");
        }
    }

    #[test]
    fn a_row_knows_how_near_to_the_threshold_it_is() {
        let axis = Axis { bottom: -0.5, top: 1.5, threshold: 1.0, rows: 9, dots: 4 };
        let shares: Vec<f64> = (0..9).map(|row| axis.share(row)).collect();
        assert_eq!(axis.threshold_row(), 2);
        assert_eq!(shares[..4], [1.0, 1.0, 1.0, 0.999]);
        assert!((shares[8] - 1.0 / 6.0).abs() < 1e-9);
        assert!((shares[4] - 5.0 / 6.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn the_threshold_is_never_covered_and_every_value_is_on_its_side_of_it(
            rows in 1_u16..60, dots in prop::sample::select(vec![1_u16, 4]), factor in 1.01_f64..1000.0,
            value in -1.0_f64..50.0, bottom in prop::sample::select(vec![0.0, -0.05]),
        ) {
            let axis = Axis { bottom, top: 0.05 * factor, threshold: 0.05, rows, dots };
            let dot = axis.dot(value);
            prop_assert!(dot < rows * dots);
            if rows > 2 {
                prop_assert_eq!(value >= 0.05, dot / dots < axis.threshold_row());
                prop_assert!(dot / dots != axis.threshold_row());
            }
        }

        #[test]
        fn larger_values_are_never_drawn_lower(rows in 2_u16..60, a in -1.0_f64..1.0, b in -1.0_f64..1.0) {
            let axis = Axis { bottom: 0.0, top: 0.5, threshold: 0.05, rows, dots: 4 };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(axis.dot(high) <= axis.dot(low));
        }
    }
}
