mod processes;
mod properties;

use super::*;
use crate::detect::Process;

const SOAK: i64 = 1_000_000;

fn page(total: u64, errors: u64) -> Reading {
    Reading { total, errors, ..Reading::default() }
}

fn started(total: u64, errors: u64, started_ms: i64) -> Reading {
    Reading { started_ms: Some(started_ms), ..page(total, errors) }
}

fn delta(requests: u64, errors: u64) -> Delta {
    Delta { requests, errors, ..Delta::default() }
}

fn reset(requests: u64, errors: u64) -> Delta {
    Delta { reset: true, ..delta(requests, errors) }
}

/// Reads pages one after the other, one a second, and returns the last delta with the counters.
fn after(pages: impl IntoIterator<Item = Reading>) -> (Delta, Counters) {
    let mut counters = Counters::new(SOAK);
    let pages = (0..).zip(pages);
    let last = pages.fold(Delta::default(), |_, (second, page)| counters.read(&page, second * 1_000));
    (last, counters)
}

#[test]
fn the_first_reading_is_the_baseline() {
    assert_eq!(after([page(1000, 50)]).0, delta(0, 0));
    assert_eq!(after([page(1000, 50), page(1010, 52)]).0, delta(10, 2));
    assert_eq!(after([started(1000, 50, SOAK)]).0, delta(0, 0));
}

#[test]
fn an_instance_that_started_after_the_soak_counts_from_zero() {
    assert_eq!(after([started(30, 3, SOAK + 1)]).0, delta(30, 3));
}

#[test]
fn an_error_read_before_its_request_waits_for_it() {
    let pages = [page(100, 0), page(102, 5), page(103, 5), page(110, 6), page(120, 6)];
    for (read, last) in [(2, delta(2, 2)), (3, delta(1, 1)), (4, delta(7, 3)), (5, delta(10, 0))] {
        assert_eq!(after(pages[..read].to_vec()).0, last);
    }
}

#[test]
fn a_counter_that_goes_back_counts_from_zero_where_a_restart_explains_it() {
    let fifty_a_second = [page(900, 40), page(950, 45), page(1000, 50)];
    for (back, counted) in [
        (page(20, 2), delta(20, 2)),
        (page(0, 0), delta(0, 0)),
        (page(110, 9), delta(110, 9)),
        (page(960, 44), delta(0, 0)),
        (page(1100, 2), delta(0, 0)),
    ] {
        let (last, counters) = after(fifty_a_second.clone().into_iter().chain([back.clone()]));
        assert_eq!(Delta { reset: false, ..last }, counted, "{back:?}");
        assert_eq!((counters.resets() > 0, counters.processes()), (last.reset, Processes::Unclear));
        assert_eq!(last.reset, counted.requests > 0 || back.total == 0, "{back:?}");
    }
}

#[test]
fn a_restart_forgets_the_errors_that_waited_for_requests_of_the_dead_process() {
    assert_eq!(after([page(98, 0), page(100, 0), page(101, 9), page(5, 0)]).0, reset(5, 0));
}

#[test]
fn a_later_start_time_is_a_reset_even_if_the_counters_are_higher() {
    let (last, counters) = after([started(1000, 50, SOAK - 500_000), started(1500, 60, SOAK + 500)]);
    assert_eq!(last, reset(1500, 60));
    assert_eq!(counters.resets(), 1);
}

#[test]
fn a_start_time_that_jitters_is_no_reset() {
    for jitter in [10, 500, 1_000, 2_000, -1_000, -2_000] {
        let (last, counters) = after([started(10, 0, 5000), started(20, 0, 5000 + jitter), started(30, 0, 5000)]);
        assert_eq!((last, counters.resets()), (delta(10, 0), 0), "{jitter}");
    }
}

#[test]
fn a_start_time_that_comes_or_goes_is_no_reset() {
    let (last, counters) = after([page(10, 0), started(20, 0, 5500), page(30, 1)]);
    assert_eq!((last, counters.resets()), (delta(10, 1), 0));
}

#[test]
fn three_restarts_are_a_crash_loop() {
    let pages = [1000, 1010, 1025, 20, 50, 75, 10, 40, 70, 12].map(|total| page(total, 0));
    for (read, resets) in [(3, 0), (4, 1), (6, 1), (7, 2), (9, 2), (10, 3)] {
        let (_, counters) = after(pages[..read].to_vec());
        assert_eq!(counters.resets(), resets, "after {read} pages");
        assert_eq!(counters.is_crash_loop(), resets >= CRASH_LOOP_RESETS);
        assert!(counters.processes() != Processes::Mixed);
    }
    let mut counters = Counters::new(SOAK);
    for life in 0..4 {
        let started_ms = SOAK + 3_000 * i64::try_from(life).unwrap();
        counters.read(&started(5 + life, 0, started_ms), 3_000 * life + 1_000);
        assert_eq!(counters.is_crash_loop(), life == 3);
    }
}

#[test]
fn a_life_that_was_read_once_is_one_only_if_its_end_was_seen() {
    // Four processes that have just started, in the order in which they have less and less.
    assert_eq!(after([9, 7, 5, 3].map(|total| page(total, 0))).1.resets(), 0);
    let mut counters = Counters::new(SOAK);
    for (second, total) in (0..).zip([9, 7, 5, 3]) {
        counters.read(&page(total, 0), second * 1_000);
        counters.missed();
    }
    assert!(counters.is_crash_loop());
}

#[test]
fn processes_without_a_start_time_are_mixed_and_no_crash_loop() {
    for totals in [
        vec![1000, 20, 1001, 21, 1002, 22],
        vec![1000, 990, 1010, 980, 1003, 995],
        vec![400, 300, 200, 100, 401, 301, 201, 101],
        vec![1000, 1037, 1148, 1333, 1592, 1925, 2332, 2813, 1004, 1041, 1152, 1337, 1596, 1929, 2336, 2817, 1008],
        vec![100, 101, 102, 103, 90, 91, 92, 93, 104, 105, 80, 81, 82],
        vec![6, 4, 3, 2, 7, 5, 4, 3, 8, 6, 5],
    ] {
        let (last, counters) = after(totals.iter().map(|total| page(*total, 0)));
        assert_eq!((counters.processes(), last), (Processes::Mixed, delta(0, 0)), "{totals:?}");
        assert!(!counters.is_crash_loop());
    }
    // One return proves nothing, but makes it unclear; and what goes on then is what it returned to.
    let (last, counters) = after([1000, 20, 1001, 21, 1002].map(|total| page(total, 0)));
    assert_eq!((last, counters.processes()), (delta(1, 0), Processes::Unclear));
    // As many as there may be in any order, nobody calls it a crash loop.
    let mut place = 7_u64;
    let anywhere = (0..400).map(|second| {
        place = (place * 5 + 3) % 16;
        page(1_000 * place * place + second, 10 * place)
    });
    assert!(!after(anywhere).1.is_crash_loop());
}

#[test]
fn a_doubt_passes_when_nothing_speaks_for_it_any_more() {
    let mut counters = Counters::new(SOAK);
    counters.read(&page(1000, 0), 0);
    counters.read(&page(1030, 0), 1_000);
    for second in 2..=23 {
        counters.read(&page(second * 10, 0), second * 1_000);
        let clear = second > 22;
        assert_eq!(counters.processes() == Processes::One, clear, "after {second} s");
    }
    assert_eq!(counters.read(&page(1100, 0), 24_000), delta(870, 0), "it may outgrow its former self");
}

#[test]
fn a_cluster_that_loses_a_worker_now_and_then_is_no_riddle_for_long() {
    // A page that adds up four workers, of which one is replaced every two minutes.
    let mut counters = Counters::new(SOAK);
    let (mut total, mut counted) = (4_000, 0);
    for second in 0..600 {
        total = if second % 120 == 119 { total * 3 / 4 } else { total + 20 };
        counted += counters.read(&page(total, 0), second * 1_000).requests;
        assert!(counters.processes() != Processes::Mixed && !counters.is_crash_loop(), "at {second} s");
    }
    assert_eq!(counted, 594 * 20, "nothing is invented, and what came while a worker was replaced is lost");
}

#[test]
fn doubt_whether_a_process_is_the_same_invents_no_errors() {
    let crashes = [page(103, 24), page(1, 1), page(0, 0), page(72, 20), page(19, 19), page(43, 25), page(73, 25)];
    assert_eq!(after(crashes).0.errors, 0);
}

#[test]
fn errors_that_wait_belong_to_their_own_process() {
    let (a, b) = (|total| started(total, 0, 100_000), |total, errors| started(total, errors, 200_000));
    assert_eq!(after([a(100), b(10, 0), b(11, 5), a(110)]).0, delta(10, 0));
}
