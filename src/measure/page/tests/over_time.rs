//! What series add up to over many pages.

use proptest::prelude::*;

use super::*;

#[test]
fn values_that_are_no_counts_are_ignored_and_noted() {
    for value in ["NaN", "+Inf", "-Inf", "-1", "1e16"] {
        let page = format!("http_requests_total{{code=\"200\"}} {value}\nhttp_requests_total{{code=\"500\"}} 4\n");
        let reading = read(&mut auto(), &page);
        assert_eq!((reading.total, reading.errors), (4, 4), "{value}");
        assert_eq!(reading.note.unwrap(), "1 values were not counts and were ignored");
    }
}

#[test]
fn fractions_are_summed_and_then_dropped() {
    let page = "http_requests_total{code=\"200\"} 1.5\nhttp_requests_total{code=\"500\"} 2.75\n\
                http_requests_total{code=\"502\"} 0.5\n";
    assert_eq!(sums(&mut auto(), page), (4, 3));
    assert_eq!(sums(&mut auto(), "http_requests_total{code=\"200\"} 9007199254740992\n"), (9_007_199_254_740_992, 0));
}

#[test]
fn a_series_that_stands_twice_counts_once() {
    let page =
        "http_requests_total{code=\"200\",method=\"get\"} 9\nhttp_requests_total{method=\"get\",code=\"200\"} 4\n";
    let mut reader = auto();
    for _ in 0..3 {
        let reading = read(&mut reader, page);
        assert_eq!(reading.total, 9, "the first wins, whatever the order of its labels");
        assert_eq!(reading.note.unwrap(), "1 series appeared twice on the page: the first of each was counted");
    }
}

/// A page of a counter with two series, and perhaps a start time.
fn page(good: Option<u64>, bad: Option<u64>, started: Option<u32>) -> String {
    let good = good.map(|n| format!("http_requests_total{{code=\"200\"}} {n}\n")).unwrap_or_default();
    let bad = bad.map(|n| format!("http_requests_total{{code=\"500\"}} {n}\n")).unwrap_or_default();
    let started = started.map(|s| format!("process_start_time_seconds {s}\n")).unwrap_or_default();
    format!("# TYPE http_requests_total counter\n{good}{bad}{started}")
}

#[test]
fn a_series_that_leaves_the_page_keeps_its_value() {
    let mut reader = auto();
    assert_eq!(sums(&mut reader, &page(Some(100), Some(10), None)), (110, 10));
    assert_eq!(sums(&mut reader, &page(Some(120), None, None)), (130, 10));
    assert_eq!(sums(&mut reader, &page(None, None, None)), (130, 10));
    assert_eq!(sums(&mut reader, &page(Some(125), Some(12), None)), (137, 12), "it goes on");
    assert_eq!(sums(&mut reader, &page(Some(125), None, None)), (137, 12));
    assert_eq!(sums(&mut reader, &page(Some(125), Some(3), None)), (140, 15), "it counts afresh on top");
    assert_eq!(sums(&mut reader, &page(Some(125), Some(5), None)), (142, 17));
}

#[test]
fn a_series_that_becomes_nan_keeps_its_value() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), None));
    assert_eq!(read(&mut reader, "http_requests_total{code=\"500\"} NaN\n").total, 110);
}

#[test]
fn without_a_start_time_a_series_that_goes_back_is_a_restart() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), None));
    assert_eq!(sums(&mut reader, &page(Some(200), Some(1), None)), (201, 1));
    assert_eq!(sums(&mut reader, &page(Some(5), None, None)), (5, 0), "and nothing of the old process is kept");
}

#[test]
fn another_start_time_is_a_restart_whatever_the_values() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), Some(1000)));
    assert_eq!(sums(&mut reader, &page(Some(200), None, Some(1003))), (200, 0));
}

#[test]
fn a_start_time_in_milliseconds_is_understood() {
    for (text, started_ms) in [("1764329000", 1_764_329_000_000), ("1764329000.25", 1_764_329_000_250)] {
        let page = |text: &str| format!("process_start_time_seconds {text}\n");
        assert_eq!(read(&mut auto(), &page(text)).started_ms, Some(started_ms));
        assert_eq!(read(&mut auto(), &page(&started_ms.to_string())).started_ms, Some(started_ms));
    }
}

#[test]
fn a_counter_that_leaves_for_good_is_noted() {
    let mut reader = auto();
    read(&mut reader, &page(Some(100), Some(10), None));
    let reading = read(&mut reader, "up 1\n");
    assert_eq!(reading.total, 110);
    assert_eq!(reading.note.unwrap(), "`http_requests_total` is no longer on the page: its last values are kept");
}

#[test]
fn a_start_time_that_is_no_time_is_none() {
    for time in ["NaN", "-1", "1e300"] {
        assert_eq!(read(&mut auto(), &format!("process_start_time_seconds {time}\n")).started_ms, None);
    }
}

#[test]
fn prose_is_no_page() {
    for prose in ["OK\n", "Not Found\n", "{\"status\":\"UP\"}\n", "404 page not found\n"] {
        assert!(matches!(read_as(&mut auto(), Format::Text, prose), Err(PageError::Malformed { number: 1, .. })));
    }
}

#[test]
fn a_broken_page_leaves_no_trace() {
    let mut reader = auto();
    assert_eq!(sums(&mut reader, &page(Some(100), Some(10), None)), (110, 10));
    read_as(&mut reader, Format::Text, "http_requests_total{code=\"200\"} 500\nhttp_requests_total{code=\"500\"} x\n")
        .unwrap_err();
    assert_eq!(sums(&mut reader, &page(Some(101), Some(10), None)), (111, 10));
}

#[test]
fn the_number_of_series_is_bounded() {
    let mut reader = PageReader::with_limit(config(Named::Auto, Named::Auto), Routes::default(), 3);
    let page = |series: std::ops::Range<u8>| {
        let lines = series.map(|user| format!("http_requests_total{{code=\"200\",user=\"{user}\"}} 1\n"));
        lines.collect::<Vec<_>>().concat()
    };
    assert_eq!(read_as(&mut reader, Format::Text, &page(0..4)), Err(PageError::TooManySeries));
    assert_eq!(sums(&mut reader, &page(0..2)), (2, 0));
    assert_eq!(sums(&mut reader, &page(1..3)), (3, 0));
    let kept = read_as(&mut reader, Format::Text, &page(3..4));
    assert_eq!(kept, Err(PageError::TooManySeries), "series that left the page are kept, and count");
    let restarted = format!("{}process_start_time_seconds 60\n", page(3..6));
    assert_eq!(sums(&mut reader, "process_start_time_seconds 1\n# TYPE http_requests_total counter\n"), (3, 0));
    assert_eq!(sums(&mut reader, &restarted), (3, 0), "a restart makes room");
    assert_eq!(sums(&mut reader, &page(5..6).replace("} 1", "} 0.5")), (0, 0));
    assert_eq!(sums(&mut reader, &page(5..8)), (3, 0), "and so does a restart that only the values show");
    assert_eq!(PageError::TooManySeries.to_string(), "the request counter has more than 500000 series");
}

proptest! {
    #[test]
    fn chunks_make_no_difference(at in prop::collection::vec(0..PROM_CLIENT.len(), 0..20)) {
        let mut cuts = at;
        cuts.sort_unstable();
        let mut reader = auto();
        reader.begin(Format::Text);
        let mut start = 0;
        for cut in cuts.into_iter().chain([PROM_CLIENT.len()]) {
            reader.push(&PROM_CLIENT.as_bytes()[start..cut]).unwrap();
            start = cut;
        }
        let reading = reader.finish(false).unwrap();
        prop_assert_eq!((reading.total, reading.errors, reading.note), (940, 20, None));
    }

    /// Whatever expires and comes back, the sums of a living process never go back and never exceed the truth.
    #[test]
    fn expiring_series_never_turn_the_sums_back(
        pages in prop::collection::vec(prop::collection::vec((0..9_u64, any::<bool>()), 4), 1..20),
    ) {
        use std::fmt::Write;
        let (mut reader, mut counts, mut before) = (auto(), [1_u64; 4], 0);
        for steps in pages {
            let mut page = "http_requests_total{code=\"200\",route=\"always\"} 1\n".to_owned();
            for (series, (more, shown)) in steps.into_iter().enumerate() {
                counts[series] += more;
                if shown {
                    writeln!(page, "http_requests_total{{code=\"500\",route=\"{series}\"}} {}", counts[series]).unwrap();
                }
            }
            let reading = read(&mut reader, &page);
            prop_assert!(reading.total >= before);
            prop_assert!(reading.total <= 1 + counts.iter().sum::<u64>());
            before = reading.total;
        }
    }
}
