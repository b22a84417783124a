//! Sums in log space and binomial tails.

/// `ln(e^a + e^b)` of two finite numbers.
pub(super) fn log_add_exp(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    high + (low - high).exp().ln_1p()
}

/// `ln` of the sum of `e^x` over finite numbers; `-inf` for none.
pub(super) fn log_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    /// What is that many nats below the largest term is under half a unit in the last place of the sum.
    const NEGLIGIBLE: f64 = -40.0;

    let highest = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    let scaled = terms.map(|term| term - highest).filter(|below| *below > NEGLIGIBLE);
    highest + scaled.map(f64::exp).sum::<f64>().ln()
}

/// `P(X <= k)`, `X` binomial (`n` trials, `p` in (0, 1)), `k`, `n` whole; largest term by `lgamma` (FreeBSD's msun).
pub(super) fn binomial_cdf(k: f64, n: f64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    let (log_largest, sum) = lower_tail(k, n, p, log_choose(k, n));
    (log_largest + sum.ln()).exp().min(1.0)
}

fn log_choose(k: f64, n: f64) -> f64 {
    libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
}

/// `ln P(X = k)`, and `P(X <= k)` in multiples of `P(X = k)`; `k < n`.
fn lower_tail(k: f64, n: f64, p: f64, log_choose: f64) -> (f64, f64) {
    let (mut term, mut sum, mut i) = (1.0, 0.0, k);
    while i >= 0.0 && term > 1e-16 * sum {
        sum += term;
        term *= i * (1.0 - p) / ((n - i + 1.0) * p);
        i -= 1.0;
    }
    (log_choose + k * p.ln() + (n - k) * (-p).ln_1p(), sum)
}

/// Upper bound of `k` in `n` (Clopper and Pearson 1934): the `p` with `P(X <= k) = beta`; 1 without a trial, or if all are.
pub(super) fn upper_bound(k: f64, n: f64, beta: f64) -> f64 {
    /// It takes five to ten. More would be a mistake here, and the bound still one, for all are above it.
    const STEPS: usize = 60;

    if k >= n {
        return 1.0;
    }
    // Newton's method for ln P, which falls ever faster with p, so that every step ends above the bound, and the next comes
    // closer. Its slope is -(n - k) P(X = k) / (1 - p) / P.
    let log_choose = log_choose(k, n);
    let mut bound = f64::INFINITY;
    let mut next = if k > 0.0 { step(k, n, k / n, beta, log_choose) } else { -beta.ln() / n };
    for _ in 0..STEPS {
        // One above 1 is as good as any other there is.
        let p = next.min(1.0_f64.next_down());
        if p >= bound {
            break;
        }
        bound = p;
        next = step(k, n, p, beta, log_choose);
    }
    bound
}

fn step(k: f64, n: f64, p: f64, beta: f64, log_choose: f64) -> f64 {
    let (log_largest, sum) = lower_tail(k, n, p, log_choose);
    p + (log_largest + sum.ln() - beta.ln()) * (1.0 - p) * sum / (n - k)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs().max(1e-12)
    }

    #[test]
    fn sums_in_log_space_are_the_sums() {
        assert!(close(log_add_exp(2_f64.ln(), 3_f64.ln()), 5_f64.ln()));
        assert!(close(log_add_exp(-1000.0, -1000.0), 2_f64.ln() - 1000.0));
        assert!(close(log_sum_exp([1_f64, 2.0, 3.0, 1e-30].map(f64::ln).into_iter()), 6_f64.ln()));
        assert!(close(log_sum_exp([900.0, -900.0].into_iter()), 900.0));
        assert!(log_sum_exp(std::iter::empty()).is_infinite());
    }

    #[test]
    fn binomial_tails_equal_their_exact_values() {
        for (k, n, p, exact) in [
            (0.0, 10.0, 0.5, 1.0 / 1024.0),
            (1.0, 10.0, 0.5, 11.0 / 1024.0),
            (9.0, 10.0, 0.5, 1023.0 / 1024.0),
            (10.0, 10.0, 0.5, 1.0),
            (0.0, 59.0, 0.05, 0.95_f64.powi(59)),
        ] {
            let cdf = binomial_cdf(k, n, p);
            assert!((cdf - exact).abs() < 1e-13, "P(X <= {k}) of {n} at {p}: {cdf}");
        }
    }

    #[test]
    fn the_upper_bound_is_the_rate_at_which_the_tail_is_beta() {
        assert!((upper_bound(0.0, 59.0, 0.05) - (1.0 - 0.05_f64.powf(1.0 / 59.0))).abs() < 1e-12);
        for n in [1.0, 2.0, 20.0, 2_000.0, 90_000.0, 1e9] {
            for k in [0.0, 1.0, 3.0, 0.03 * n, 0.5 * n, 0.97 * n, n - 2.0, n - 1.0].map(f64::round) {
                if (0.0..n).contains(&k) {
                    let bound = upper_bound(k, n, 0.05);
                    assert!(bound > k / n && bound < 1.0, "{k} of {n}: {bound}");
                    assert!((binomial_cdf(k, n, bound) - 0.05).abs() < 1e-7, "{k} of {n}: {bound}");
                }
            }
        }
        assert!(close(upper_bound(0.0, 0.0, 0.05), 1.0));
        assert!(close(upper_bound(7.0, 7.0, 0.05), 1.0));
    }
}
