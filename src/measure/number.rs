//! Numbers for people: every sentence, screen, document and error text writes its numbers with these functions.
//!
//! Measured values are rounded to the digits that matter; settings are written exactly (`_exact`). Thousands have a
//! comma. Text for machines (JSON, the journal's times, the metrics page) has its own rules and is written elsewhere.

use std::fmt::Write as _;
use std::time::Duration;

/// Nanoseconds in a second.
const SECOND: u128 = 1_000_000_000;

const DAY: u128 = 24 * 3_600 * SECOND;

/// The units of time, largest first, in nanoseconds.
const TIME: [(&str, u128); 7] =
    [("d", DAY), ("h", 3_600 * SECOND), ("m", 60 * SECOND), ("s", SECOND), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)];

/// The units of sizes and their bytes: those of IEC 80000-13 count in 1024, those of SI in 1000.
pub const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// A count: `3120` as `3,120`.
pub fn thousands(count: u64) -> String {
    group(&count.to_string())
}

/// A whole number of 0 or more, `3120.0` as `3,120`.
pub fn whole(value: f64) -> String {
    group(&format!("{value:.0}"))
}

/// A number of 0 or more with three significant digits at most, two below 10: `17,600`, `568`, `2.7`, `0.46`, `0`.
pub fn rounded(value: f64) -> String {
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
    let text = trimmed(&text);
    let (whole, fraction) = text.split_once('.').map_or((text, String::new()), |(w, f)| (w, format!(".{f}")));
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}{fraction}", group(whole))
}

/// So many in a second: `17,600/s`, `2.7/s`.
pub fn rate(per_second: f64) -> String {
    format!("{}/s", rounded(per_second))
}

/// Evidence in nats, as what a bet against the release has multiplied its stake by: `90×`, `2.7×`, `0.05×`.
pub fn wealth(nats: f64) -> String {
    // Beyond this a number with a fraction has no end.
    format!("{}×", rounded(nats.min(700.0).exp()))
}

/// A share between 0 and 1: one decimal, below 1% two significant digits, no trailing zeros: `5%`, `11.2%`, `0.052%`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    let decimals = if value >= 0.95 || value <= 0.0 { 1 } else { decimals_for(value, 2) };
    format!("{}%", trimmed(&format!("{value:.decimals$}")))
}

/// A share between 0 and 1 with all of its digits: `0.125%`, `12.3456%`.
pub fn percent_exact(share: f64) -> String {
    // Nine decimals hide the noise of binary fractions (0.07 × 100).
    format!("{}%", trimmed(&format!("{:.9}", share * 100.0)))
}

/// A limit between 0 and 1, as it was set: `0.125%`. A computed one is rounded like any measured share.
pub fn percent_limit(share: f64) -> String {
    /// More characters than anybody writes into a setting.
    const WRITTEN: usize = 9;

    let exact = percent_exact(share);
    if exact.len() > WRITTEN { percent(share) } else { exact }
}

/// A span of time in milliseconds, cut to what matters: `450ms`, `1.2s`, `12s`, `1m30s`, `2h5m`, `3d4h`.
pub fn span(millis: u64) -> String {
    // The next smaller unit is the last one that still tells something.
    let matters = match millis {
        0..1_000 => 1,
        1_000..10_000 => return format!("{}s", trimmed(&format!("{}.{}", millis / 1_000, millis / 100 % 10))),
        10_000..3_600_000 => 1_000,
        3_600_000..172_800_000 => 60_000,
        _ => 3_600_000,
    };
    if millis == 0 {
        return "0s".to_owned();
    }
    duration_exact(Duration::from_millis(millis / matters * matters))
}

/// A duration to its last nanosecond, as it is read again: `1h30m`, `90d`, `0s`, `500ms`.
pub fn duration_exact(duration: Duration) -> String {
    if duration.is_zero() {
        return "0s".to_owned();
    }
    let mut rest = duration.as_nanos();
    let mut text = String::new();
    // What is less than two days is told in hours, as people do: a window of `24h`.
    let units = if rest < 2 * DAY { &TIME[1..] } else { &TIME };
    for &(unit, nanos) in units {
        if rest >= nanos {
            // Writing to a string cannot fail.
            let _ = write!(text, "{}{unit}", rest / nanos);
            rest %= nanos;
        }
    }
    text
}

/// The hands of a clock that runs, in milliseconds: `04:12`, and `1:04:12` from an hour on. Its width stays the same for an hour.
pub fn timer(millis: u64) -> String {
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1_000 % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}

/// A latency in milliseconds, with three significant digits at most: `0.4ms`, `212ms`, `1.25s`, `1m30s`.
pub fn latency(millis: f64) -> String {
    let (value, unit) = match millis {
        // Latencies are 0 or more, and this one is far below the largest span.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 or more, and a cast saturates")]
        60_000.0.. => return span(millis as u64),
        999.5.. => (millis / 1000.0, "s"),
        _ => (millis, "ms"),
    };
    let decimals = if value >= 99.5 {
        0
    } else if value >= 9.95 {
        1
    } else {
        2
    };
    format!("{}{unit}", trimmed(&format!("{value:.decimals$}")))
}

/// A latency in milliseconds with all of its digits, to a microsecond: `0.5ms`, `250ms`, `2.5s`, `1m30s`.
pub fn latency_exact(millis: f64) -> String {
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

/// A size in bytes, cut after its first decimal: `1.4MiB`, `820B`.
pub fn size(bytes: u64) -> String {
    let binary = SIZES.iter().filter(|(name, _)| name.ends_with("iB")).find(|(_, unit)| bytes >= *unit);
    match binary {
        Some((name, unit)) => {
            format!("{}.{}", thousands(bytes / unit), bytes % unit * 10 / unit).trim_end_matches(".0").to_owned() + name
        }
        None => format!("{bytes}B"),
    }
}

/// A size in bytes to its last byte, as it is read again, in the unit that takes the smallest number: `1GiB`, `1500MB`.
pub fn size_exact(bytes: u64) -> String {
    if bytes == 0 {
        return "0B".to_owned();
    }
    let exact = SIZES.iter().filter(|(_, unit)| bytes.is_multiple_of(*unit));
    // Bytes themselves always fit.
    let (name, unit) = exact.min_by_key(|(_, unit)| bytes / unit).unwrap_or(&("B", 1));
    format!("{}{name}", bytes / unit)
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
mod tests;
