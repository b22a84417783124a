//! The value axis of the big chart: a row of its own for the threshold, values below it below, values at or above it not.

use super::cells;

/// From values to rows. Row 0 is the top; the threshold has the row [`Axis::threshold_row`] to itself: no value below the
/// threshold reaches it, and none at or above it falls below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// Value at the top of row 0, above the threshold.
    pub top: f64,
    /// The threshold, above 0.
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
        let exact = cells::share_of(last, 1.0 - self.threshold / self.top);
        match self.rows {
            0..=2 => 0,
            _ => exact.clamp(1, last - 1),
        }
    }

    /// The dot of a value, counted from the top.
    pub fn dot(self, value: f64) -> u16 {
        let row = self.threshold_row();
        let bottom = (self.rows * self.dots).saturating_sub(1);
        if value >= self.threshold {
            // From the threshold's own row up to the top.
            let dots = (row + 1) * self.dots - 1;
            let share = (value - self.threshold) / (self.top - self.threshold);
            return dots - cells::share_of(dots, share);
        }
        let first = ((row + 1) * self.dots).min(bottom);
        bottom - cells::share_of(bottom - first, value / self.threshold).min(bottom - first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_threshold_has_a_row_with_room_above_and_below() {
        for (rows, top, row) in [(1, 0.1, 0), (2, 0.1, 0), (3, 0.1, 1), (5, 0.1, 2), (9, 0.5, 7), (4, 500.0, 2)] {
            let axis = Axis { top, threshold: 0.05, rows, dots: 4 };
            assert_eq!(axis.threshold_row(), row, "{rows} rows up to {top}");
        }
    }

    proptest! {
        #[test]
        fn a_value_at_or_above_the_threshold_is_never_below_its_row_and_one_below_never_on_or_above_it(
            rows in 2_u16..60, dots in prop::sample::select(vec![1_u16, 4]), factor in 1.01_f64..1000.0,
            value in 0.0_f64..50.0,
        ) {
            let axis = Axis { top: 0.05 * factor, threshold: 0.05, rows, dots };
            let dot = axis.dot(value);
            prop_assert!(dot < rows * dots);
            if value >= 0.05 {
                prop_assert!(dot / dots <= axis.threshold_row());
            } else {
                prop_assert!(dot / dots > axis.threshold_row());
            }
        }

        #[test]
        fn larger_values_are_never_drawn_lower(rows in 2_u16..60, a in 0.0_f64..1.0, b in 0.0_f64..1.0) {
            let axis = Axis { top: 0.5, threshold: 0.05, rows, dots: 4 };
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(axis.dot(high) <= axis.dot(low));
        }
    }
}
