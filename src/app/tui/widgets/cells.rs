//! From values to cells, without casts that can lose anything.

/// The cell of `cells` in which a share between 0 and 1 of them ends, rounded; what is no number counts as 0.
pub fn share_of(cells: u16, share: f64) -> u16 {
    let exact = (share.clamp(0.0, 1.0) * f64::from(cells)).round();
    // The first count that is not below the exact one; there are at most 65,536 to look at, found by halving.
    let (mut low, mut high) = (0, cells);
    while low < high {
        let middle = low + (high - low) / 2;
        if f64::from(middle) < exact { low = middle + 1 } else { high = middle }
    }
    low
}

/// Milliseconds as a number to calculate with; beyond 49 days it stays there.
pub fn ms(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_cells_and_never_leave_them() {
        for (share, cells) in
            [(0.0, 0), (0.049, 0), (0.05, 1), (0.5, 5), (0.94, 9), (1.0, 10), (7.0, 10), (f64::NAN, 0), (-1.0, 0)]
        {
            assert_eq!(share_of(10, share), cells, "{share}");
        }
        assert_eq!((share_of(0, 1.0), share_of(u16::MAX, 1.0)), (0, u16::MAX));
    }
}
