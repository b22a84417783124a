//! Numbers as a person reads them, for the sentences of the checks.

use super::counts::TickCounts;

/// `3120` as `3,120`.
pub fn thousands(count: u64) -> String {
    group(&count.to_string())
}

/// A whole number of 0 or more, `3120.0` as `3,120`.
pub fn whole(value: f64) -> String {
    group(&format!("{value:.0}"))
}

/// `36 of 322 requests failed (11.2 %)`, or `no request was seen`.
pub fn failed(counts: TickCounts) -> String {
    let TickCounts { requests, errors } = counts.clamped();
    match counts.rate() {
        None => "no request was seen".to_owned(),
        Some(rate) => {
            let noun = if requests == 1 { "request" } else { "requests" };
            // Rounding must not claim that every request failed when one did not.
            let shown = if errors == requests { rate } else { rate.min(0.999) };
            format!("{} of {} {noun} failed ({})", thousands(errors), thousands(requests), percent(shown))
        }
    }
}

/// A share between 0 and 1 in per cent: one decimal, below 1 % two significant digits, no trailing zeros.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    let decimals = if value >= 0.95 || value <= 0.0 { 1 } else { decimals_for(value, 2) };
    format!("{} %", trimmed(&format!("{value:.decimals$}")))
}

/// A setting between 0 and 1 in per cent, as it was written: `0.125 %`. One that was computed, and that nobody could have
/// written down, is rounded like any measured share.
pub fn percent_exact(share: f64) -> String {
    /// More digits than anybody writes into a setting.
    const WRITTEN: usize = 8;

    // Nine decimals hide the noise of binary fractions (0.07 × 100).
    let exact = format!("{:.9}", share * 100.0);
    let exact = trimmed(&exact);
    if exact.len() > WRITTEN { percent(share) } else { format!("{exact} %") }
}

/// A number of 0 or more with three significant digits at most, two below 10: `17,600`, `568`, `2.7`, `0.46`, `0`.
pub(super) fn rounded(value: f64) -> String {
    if value >= 1e9 {
        return format!("{value:.0e}");
    }
    let decimals = if value >= 9.95 {
        0
    } else if value >= 0.95 {
        1
    } else {
        decimals_for(value, 2)
    };
    if decimals > 3 {
        // Under a thousandth the digits carry nothing.
        return trimmed(&format!("{value:.3}")).to_owned();
    }
    if decimals > 0 {
        return trimmed(&format!("{value:.decimals$}")).to_owned();
    }
    let mut unit = 1.0;
    while value / unit >= 999.5 {
        unit *= 10.0;
    }
    group(&format!("{:.0}", (value / unit).round() * unit))
}

/// A span of time: `0.4 s`, `6 s`, `3m10s`, `2h05m`.
pub fn span(millis: u64) -> String {
    let tenths = millis / 100;
    let seconds = millis / 1000;
    match seconds {
        0..10 if !tenths.is_multiple_of(10) => format!("{seconds}.{} s", tenths % 10),
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// How many decimals show `digits` significant digits of a value between 0 and 1; never more than nine.
fn decimals_for(value: f64, digits: usize) -> usize {
    let mut decimals = digits;
    let mut scaled = value;
    while scaled < 0.1 && decimals < 9 {
        scaled *= 10.0;
        decimals += 1;
    }
    decimals
}

fn trimmed(decimal: &str) -> &str {
    if decimal.contains('.') { decimal.trim_end_matches('0').trim_end_matches('.') } else { decimal }
}

fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_thousands_separators() {
        for (count, text) in [(0, "0"), (999, "999"), (3120, "3,120"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(count), text);
        }
        assert_eq!(whole(1_234_567.0), "1,234,567");
    }

    #[test]
    fn failures_read_as_a_sentence() {
        for (requests, errors, text) in [
            (3120, 412, "412 of 3,120 requests failed (13.2 %)"),
            (0, 0, "no request was seen"),
            (1, 1, "1 of 1 request failed (100 %)"),
            (10_000, 9_999, "9,999 of 10,000 requests failed (99.9 %)"),
            (14_970, 24, "24 of 14,970 requests failed (0.16 %)"),
            (1000, 0, "0 of 1,000 requests failed (0 %)"),
        ] {
            assert_eq!(failed(TickCounts { requests, errors }), text);
        }
    }

    #[test]
    fn shares_keep_the_digits_that_matter() {
        for (share, text) in [(0.05, "5 %"), (0.1118, "11.2 %"), (0.00052, "0.052 %"), (0.0096, "1 %"), (0.0, "0 %")] {
            assert_eq!(percent(share), text);
        }
        for (share, text) in [(0.07, "7 %"), (0.00125, "0.125 %"), (0.5, "50 %")] {
            assert_eq!(percent_exact(share), text);
        }
    }

    #[test]
    fn spans_grow_from_tenths_to_hours() {
        for (millis, text) in [
            (0, "0 s"),
            (450, "0.4 s"),
            (6000, "6 s"),
            (9999, "9.9 s"),
            (59_999, "59 s"),
            (190_000, "3m10s"),
            (7_500_000, "2h05m"),
        ] {
            assert_eq!(span(millis), text);
        }
    }
}
