//! What a value counts.

use crate::exposition::{Fault, value, whole};

/// Counts are kept in 1/1024: unlike floats, sums of integers do not depend on their order.
pub const UNIT: u32 = 1024;

/// The same as [`count`] of the value of a sample, from what follows its labels.
pub fn count_of(rest: &[u8]) -> Result<Option<u64>, Fault> {
    match whole(rest) {
        Some(whole) => Ok(Some(whole * u64::from(UNIT))),
        None => value(rest).map(count),
    }
}

/// In 1/[`UNIT`]; `None` if `value` is no count.
pub fn count(value: f64) -> Option<u64> {
    const MAX: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "0 ≤ value ≤ 2^53, so the product is a whole number of at most 2^63"
    )]
    (0.0..=MAX).contains(&value).then(|| {
        // Nearly all are whole, and to round is a call.
        let whole = value as u64;
        if (whole as f64).to_bits() == value.to_bits() {
            whole * u64::from(UNIT)
        } else {
            (value * f64::from(UNIT)).round() as u64
        }
    })
}
