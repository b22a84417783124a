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
fn rates_and_wealth_have_three_digits_at_most() {
    for (per_second, text) in [(0.0, "0/s"), (0.456, "0.46/s"), (2.71, "2.7/s"), (17_612.0, "17,600/s")] {
        assert_eq!(rate(per_second), text);
    }
    for (nats, text) in
        [(0.0, "1×"), (1.0, "2.7×"), (10_f64.ln(), "10×"), (-3.0, "0.05×"), (9.0, "8,100×"), (-700.0, "0×")]
    {
        assert_eq!(wealth(nats), text);
    }
    assert_eq!(wealth(f64::INFINITY), "1e304×", "no wealth is without an end");
}

#[test]
fn shares_keep_the_digits_that_matter() {
    for (share, text) in [(0.05, "5%"), (0.1118, "11.2%"), (0.00052, "0.052%"), (0.0096, "1%"), (0.0, "0%")] {
        assert_eq!(percent(share), text);
    }
    for (share, text) in [(0.07, "7%"), (0.00125, "0.125%"), (0.5, "50%")] {
        assert_eq!((percent_limit(share), percent_exact(share)), (text.to_owned(), text.to_owned()));
    }
    // One that was computed is no setting, and has digits that nobody needs.
    let computed = 0.05 / 3.0;
    assert_eq!((percent_limit(computed).as_str(), percent_exact(computed).as_str()), ("1.7%", "1.666666667%"));
}

#[test]
fn spans_grow_from_milliseconds_to_days() {
    for (millis, text) in [
        (0, "0s"),
        (450, "450ms"),
        (1_000, "1s"),
        (1_234, "1.2s"),
        (6_000, "6s"),
        (9_999, "9.9s"),
        (12_345, "12s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (90_999, "1m30s"),
        (190_000, "3m10s"),
        (3_600_000, "1h"),
        (7_500_000, "2h5m"),
        (86_400_000, "24h"),
        (273_600_000, "3d4h"),
    ] {
        assert_eq!(span(millis), text);
    }
    assert!(span(u64::MAX).ends_with('h'));
}

#[test]
fn durations_are_written_exactly_and_without_spaces() {
    for (millis, text) in
        [(0, "0s"), (500, "500ms"), (90_000, "1m30s"), (86_400_000, "24h"), (1_234, "1s234ms"), (176_400_000, "2d1h")]
    {
        assert_eq!(duration_exact(Duration::from_millis(millis)), text);
    }
}

#[test]
fn a_timer_keeps_its_width() {
    for (millis, text) in [(0, "00:00"), (252_999, "04:12"), (3_852_000, "1:04:12")] {
        assert_eq!(timer(millis), text);
    }
}

#[test]
fn measured_latencies_have_three_digits_at_most() {
    for (value, text) in [
        (0.0, "0ms"),
        (0.4, "0.4ms"),
        (2.5, "2.5ms"),
        (99.96, "100ms"),
        (212.4, "212ms"),
        (999.4, "999ms"),
        (999.6, "1s"),
        (1250.0, "1.25s"),
        (12_340.0, "12.3s"),
        (600_000.0, "10m"),
    ] {
        assert_eq!(latency(value), text);
    }
}

#[test]
fn latencies_that_were_set_keep_their_digits() {
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
        assert_eq!(latency_exact(ms), text);
    }
}

#[test]
fn sizes_are_told_in_the_unit_that_fits() {
    for (bytes, text) in [
        (0, "0B"),
        (1_023, "1023B"),
        (1_024, "1KiB"),
        (1_535, "1.4KiB"),
        ((1 << 20) - 1, "1,023.9KiB"),
        (1_503_238_553, "1.3GiB"),
        (u64::MAX, "16,777,215.9TiB"),
    ] {
        assert_eq!(size(bytes), text, "{bytes}");
    }
    for (bytes, text) in [(0, "0B"), (1 << 30, "1GiB"), (1_500_000_000, "1500MB"), (1_025, "1025B")] {
        assert_eq!(size_exact(bytes), text, "{bytes}");
    }
}
