//! The value axis of the big chart: it moves in steps and reluctantly, so that the line does not jump.

/// Tops of the axis in thresholds.
const STEPS: [f64; 10] = [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 10_000.0];

/// The axis shrinks only when everything in view fits into this share of the next smaller step.
const SHRINK_BELOW: f64 = 0.8;

/// The top of the value axis, in steps of the threshold (2×, 5×, 10×, …), so that the threshold is always inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    step: usize,
}

impl Scale {
    /// Takes in the largest value in view, in the threshold's unit. Grows at once; shrinks only when the values have
    /// become clearly smaller than the next step below.
    pub fn follow(&mut self, highest: f64, threshold: f64) {
        let needed = |share: f64| {
            let fits = |step: &f64| highest <= share * step * threshold;
            STEPS.iter().position(fits).unwrap_or(STEPS.len() - 1)
        };
        let (grown, shrunk) = (needed(1.0), needed(SHRINK_BELOW));
        self.step = if grown > self.step { grown } else { self.step.min(shrunk) };
    }

    /// The top of the axis in the threshold's unit, at most `most` where the unit has an end; always above the threshold.
    pub fn top(self, threshold: f64, most: Option<f64>) -> f64 {
        let step = STEPS.get(self.step).copied().unwrap_or(STEPS[0]);
        let top = step * threshold;
        most.filter(|most| *most > threshold).map_or(top, |most| top.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_grows_in_steps_of_the_threshold() {
        for (highest, top) in [(0.0, 0.1), (0.1, 0.1), (0.11, 0.25), (0.3, 0.5), (0.9, 1.0)] {
            let mut scale = Scale::default();
            scale.follow(highest, 0.05);
            assert!((scale.top(0.05, Some(1.0)) - top).abs() < 1e-9, "{highest}");
        }
    }

    #[test]
    fn it_shrinks_only_when_the_values_are_clearly_smaller() {
        let mut scale = Scale::default();
        scale.follow(0.24, 0.05);
        for (highest, top) in [(0.12, 0.25), (0.09, 0.25), (0.08, 0.1)] {
            scale.follow(highest, 0.05);
            assert!((scale.top(0.05, None) - top).abs() < 1e-9, "{highest}");
        }
    }

    #[test]
    fn a_ratio_never_needs_more_than_all() {
        let mut scale = Scale::default();
        scale.follow(0.9, 0.6);
        assert!((scale.top(0.6, Some(1.0)) - 1.0).abs() < 1e-9);
        assert!(scale.top(1.0, Some(1.0)) > 1.0, "the threshold stays inside");
    }
}
