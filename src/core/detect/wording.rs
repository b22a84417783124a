//! Numbers as a person reads them, for the sentences of the checks.

/// `3120` as `3,120`.
pub fn thousands(count: u64) -> String {
    group(&count.to_string())
}

/// A whole number of 0 or more, `3120.0` as `3,120`.
pub fn whole(value: f64) -> String {
    group(&format!("{value:.0}"))
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

/// Any number with five significant digits at most: `1,234.5`, `-0.25`, `1.5e12`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e9 || (size > 0.0 && size < 1e-4) {
        return format!("{value:.3e}").replace(".000e", "e");
    }
    let decimals = if size >= 9_999.95 {
        0
    } else if size >= 1.0 {
        4 - [10.0, 100.0, 1_000.0].iter().filter(|power| size >= **power).count()
    } else {
        6
    };
    let text = format!("{size:.decimals$}");
    let text = if decimals > 0 { trimmed(&text) } else { &text };
    let (whole, fraction) = text.split_once('.').map_or((text, String::new()), |(w, f)| (w, format!(".{f}")));
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}{fraction}", group(whole))
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

/// A latency in milliseconds, with three significant digits at most: `0.4 ms`, `212 ms`, `1.2 s`.
pub fn millis(millis: f64) -> String {
    let (value, unit) = if millis >= 999.5 { (millis / 1000.0, "s") } else { (millis, "ms") };
    let decimals = if value >= 99.5 {
        0
    } else if value >= 9.95 {
        1
    } else {
        2
    };
    format!("{} {unit}", trimmed(&format!("{value:.decimals$}")))
}

/// A latency in milliseconds as it would be written in the configuration: `0.5ms`, `250ms`, `2.5s`, `1m30s`.
pub fn brief(millis: f64) -> String {
    let short = |value: f64| trimmed(&format!("{value:.3}")).to_owned();
    if millis < 999.999_5 {
        return format!("{}ms", short(millis));
    }
    let seconds = millis / 1000.0;
    if seconds < 59.999_5 {
        return format!("{}s", short(seconds));
    }
    let minutes = (seconds / 60.0 + 1e-9).floor();
    match short(seconds - minutes * 60.0).as_str() {
        "0" | "-0" => format!("{minutes}m"),
        rest => format!("{minutes}m{rest}s"),
    }
}

/// A share between 0 and 1 as it would be written in the configuration, rounded like [`percent`]: `5%`, `11.2%`, `0.05%`.
pub fn share(share: f64) -> String {
    percent(share).replace(' ', "")
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
    fn any_number_is_short() {
        for (value, text) in [
            (0.0, "0"),
            (5.0, "5"),
            (-0.25, "-0.25"),
            (1_234.5, "1,234.5"),
            (99_999.6, "100,000"),
            (0.000_123, "0.000123"),
            (0.000_012, "1.200e-5"),
            (2e12, "2e12"),
            (2.718_77, "2.7188"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn counts_have_thousands_separators() {
        for (count, text) in [(0, "0"), (999, "999"), (3120, "3,120"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(count), text);
        }
        assert_eq!(whole(1_234_567.0), "1,234,567");
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
    fn latencies_are_written_as_in_the_configuration() {
        for (ms, text) in [
            (0.0, "0ms"),
            (0.5, "0.5ms"),
            (5.0, "5ms"),
            (250.0, "250ms"),
            (1000.0, "1s"),
            (2500.0, "2.5s"),
            (60_000.0, "1m"),
            (90_000.0, "1m30s"),
            (10_000_000.0, "166m40s"),
            (0.1 * 3.0 * 1000.0, "300ms"),
        ] {
            assert_eq!(brief(ms), text);
        }
        assert_eq!((share(0.05), share(0.1118), share(0.00052)), ("5%".into(), "11.2%".into(), "0.052%".into()));
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

    #[test]
    fn latencies_have_three_digits_at_most() {
        for (value, text) in [
            (0.0, "0 ms"),
            (0.4, "0.4 ms"),
            (2.5, "2.5 ms"),
            (99.96, "100 ms"),
            (212.4, "212 ms"),
            (999.4, "999 ms"),
            (999.6, "1 s"),
            (1250.0, "1.25 s"),
            (12_340.0, "12.3 s"),
            (600_000.0, "600 s"),
        ] {
            assert_eq!(millis(value), text);
        }
    }
}
