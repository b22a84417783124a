use proptest::prelude::*;

use super::*;

const SOAK: i64 = 1_000_000;

fn page(total: u64, errors: u64) -> Reading {
    Reading { total, errors, ..Reading::default() }
}

fn started(total: u64, errors: u64, started_ms: i64) -> Reading {
    Reading { started_ms: Some(started_ms), ..page(total, errors) }
}

fn delta(requests: u64, errors: u64) -> Delta {
    Delta { requests, errors, reset: false }
}

fn reset(requests: u64, errors: u64) -> Delta {
    Delta { reset: true, ..delta(requests, errors) }
}

/// Reads pages one after the other and returns the last delta with the counters.
fn after(pages: impl IntoIterator<Item = Reading>) -> (Delta, Counters) {
    let mut counters = Counters::new(SOAK);
    let last = pages.into_iter().fold(Delta::default(), |_, page| counters.read(&page));
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
fn an_explicit_baseline_counts_nothing_before_it() {
    let mut counters = Counters::new(SOAK);
    counters.baseline(&started(30, 3, SOAK + 1));
    assert_eq!(counters.read(&started(31, 3, SOAK + 1)), delta(1, 0));
    assert_eq!(counters.read(&started(31, 5, SOAK + 1)), delta(0, 0));
    counters.baseline(&started(40, 9, SOAK + 1));
    assert_eq!(counters.read(&started(45, 9, SOAK + 1)), delta(5, 0), "what was carried is forgotten too");
    counters.baseline(&started(2, 0, SOAK + 9000));
    assert_eq!(counters.resets(), 1, "a restart before the baseline is still a restart");
}

#[test]
fn an_error_read_before_its_request_waits_for_it() {
    let mut counters = Counters::new(SOAK);
    counters.read(&page(100, 0));
    assert_eq!(counters.read(&page(102, 5)), delta(2, 2));
    assert_eq!(counters.read(&page(103, 5)), delta(1, 1));
    assert_eq!(counters.read(&page(110, 6)), delta(7, 3));
    assert_eq!(counters.read(&page(120, 6)), delta(10, 0));
}

#[test]
fn a_counter_that_goes_back_counts_from_zero() {
    for back in [page(20, 2), page(1100, 2), page(0, 0)] {
        let (last, counters) = after([page(1000, 50), back.clone()]);
        assert_eq!(last, reset(back.total, back.errors));
        assert_eq!(counters.resets(), 1);
    }
}

#[test]
fn a_reset_forgets_the_errors_that_waited_for_requests_of_the_dead_process() {
    assert_eq!(after([page(100, 0), page(101, 9), page(50, 0)]).0, reset(50, 0));
}

#[test]
fn a_later_start_time_is_a_reset_even_if_the_counters_are_higher() {
    let (last, counters) = after([started(1000, 50, 500_000), started(1500, 60, 500_501)]);
    assert_eq!(last, reset(1500, 60));
    assert_eq!(counters.resets(), 1);
}

#[test]
fn a_start_time_computed_anew_for_every_page_is_no_reset() {
    let (last, counters) = after([started(10, 0, 5000), started(20, 0, 5500), started(30, 0, 5010)]);
    assert_eq!((last, counters.resets()), (delta(10, 0), 0));
}

#[test]
fn a_start_time_that_comes_or_goes_is_no_reset() {
    let (last, counters) = after([page(10, 0), started(20, 0, 5500), page(30, 1)]);
    assert_eq!((last, counters.resets()), (delta(10, 1), 0));
}

#[test]
fn three_resets_are_a_crash_loop() {
    let pages = [1000, 20, 50, 10, 40, 12].map(|total| page(total, 0));
    for (read, resets) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3)] {
        let (_, counters) = after(pages[..read].to_vec());
        assert_eq!(counters.resets(), resets, "after {read} pages");
        assert_eq!(counters.is_crash_loop(), resets >= CRASH_LOOP_RESETS);
        assert!(!counters.mixed());
    }
    let by_start = (0..4).map(|life| started(5 + u64::try_from(life).unwrap(), 0, SOAK + 10_000 * life));
    assert!(after(by_start).1.is_crash_loop());
}

#[test]
fn two_processes_behind_one_url_are_no_crash_loop() {
    let (last, counters) = after([1000, 20, 1001, 21, 1002, 22].map(|total| page(total, 0)));
    assert_eq!(last, delta(1, 0), "a process that returns goes on from where it was");
    assert!(counters.mixed());
    assert!(!counters.is_crash_loop());
    let (last, counters) = after([1000, 20, 1001, 21, 1002].map(|total| page(total, 0)));
    assert_eq!(last, delta(1, 0), "so does one that jumps ahead, once there is doubt");
    assert!(!counters.mixed(), "one return proves nothing");
}

#[test]
fn a_restarted_process_may_outgrow_its_former_self() {
    let (last, counters) = after([1000, 20, 500, 1100].map(|total| page(total, 0)));
    assert_eq!((last, counters.resets()), (delta(600, 0), 1));
}

#[test]
fn doubt_whether_a_process_is_the_same_invents_no_errors() {
    let crashes = [page(103, 24), page(1, 1), page(0, 0), page(72, 20), page(19, 19), page(43, 25), page(73, 25)];
    let (last, counters) = after(crashes);
    assert_eq!((last.errors, counters.returns), (0, 1));
}

#[test]
fn errors_that_wait_belong_to_their_own_process() {
    let (a, b) = (|total| started(total, 0, 100_000), |total, errors| started(total, errors, 200_000));
    assert_eq!(after([a(100), b(10, 0), b(11, 5), a(110)]).0, delta(10, 0));
    let without = [page(1000, 0), page(20, 0), page(1001, 0), page(21, 0), page(22, 5), page(1003, 0)];
    assert_eq!(after(without).0, delta(2, 0));
}

#[test]
fn processes_with_start_times_are_told_apart_exactly() {
    let (a, b) = (|total| started(total, 0, 100_000), |total| started(total, 0, 200_000));
    let mut counters = Counters::new(SOAK);
    let deltas = [a(1000), b(20), a(1001), b(22), a(1004)].map(|page| counters.read(&page));
    assert_eq!(deltas, [delta(0, 0), reset(20, 0), delta(1, 0), delta(2, 0), delta(3, 0)]);
    assert_eq!((counters.resets(), counters.mixed()), (1, true));
}

#[test]
fn processes_that_started_together_are_mixed_and_no_crash_loop() {
    let (_, counters) = after([1000, 20, 1001, 21, 1002, 22].map(|total| started(total, 0, 100_000)));
    assert_eq!((counters.resets(), counters.mixed()), (0, true));
}

#[test]
fn a_process_whose_counter_is_cleared_again_and_again_does_not_crash() {
    let (last, counters) = after([50, 40, 30, 20, 10].map(|total| started(total, 0, 100_000)));
    assert_eq!((last, counters.resets(), counters.mixed()), (reset(10, 0), 0, false));
}

#[test]
fn many_processes_need_no_more_memory_than_a_few() {
    let (_, counters) = after((0..1000).map(|life| started(5, 0, 10_000 * life)));
    assert_eq!((counters.lineages.len(), counters.resets()), (MAX_LINEAGES, 999));
}

#[test]
fn counters_go_on_after_a_resume() {
    let (_, counters) = after([page(100, 0), page(102, 5), page(90, 1)]);
    let stored = serde_json::to_string(&counters).unwrap();
    assert_eq!(serde_json::from_str::<Counters>(&stored).unwrap(), counters);
}

#[test]
fn a_resume_forgets_series_that_had_left_the_page_and_counts_nothing_twice() {
    let resume = |before: Reading, after: Reading| {
        let mut counters = Counters::new(SOAK);
        counters.read(&before);
        counters.resume();
        (counters.read(&after), counters.read(&Reading { total: after.total + 7, ..after.clone() }), counters.resets())
    };
    assert_eq!(resume(page(100, 9), page(90, 4)), (delta(0, 0), delta(7, 0), 0));
    assert_eq!(resume(page(100, 9), page(105, 9)), (delta(5, 0), delta(7, 0), 0));
    assert_eq!(resume(started(100, 9, 0), started(90, 4, 9000)), (reset(90, 4), delta(7, 0), 1));
}

/// What happens to one process between two scrapes.
#[derive(Clone, Debug)]
enum Happens {
    /// So many good and so many failed requests.
    Traffic(u64, u64),
    /// It dies and another one starts.
    Restart,
    /// It is read. `early` errors are read before their request.
    Scrape { early: u64 },
}

fn happens(with_restarts: bool) -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0..50_u64, 0..20_u64).prop_map(|(good, bad)| Happens::Traffic(good, bad)),
        u32::from(with_restarts) => Just(Happens::Restart),
        3 => (0..3_u64).prop_map(|early| Happens::Scrape { early }),
    ]
}

/// Plays a process and returns what happened after the first scrape, and what the counters say.
fn play(story: Vec<Happens>, with_start_times: bool) -> ((u64, u64), (u64, u64)) {
    let mut counters = Counters::new(SOAK);
    let (mut now, mut truth, mut seen) = (Reading::default(), (0, 0), (0, 0));
    let mut clock = SOAK - 10_000;
    now.started_ms = with_start_times.then_some(clock);
    counters.read(&now);
    for event in story.into_iter().chain([Happens::Scrape { early: 0 }]) {
        clock += 1000;
        match event {
            Happens::Traffic(good, bad) => {
                now.total += good + bad;
                now.errors += bad;
                truth = (truth.0 + good + bad, truth.1 + bad);
            }
            Happens::Restart => now = Reading { started_ms: with_start_times.then_some(clock), ..Reading::default() },
            Happens::Scrape { early } => {
                let read = Reading { total: now.total.saturating_sub(early.min(now.errors)), ..now.clone() };
                let delta = counters.read(&read);
                assert!(delta.errors <= delta.requests);
                seen = (seen.0 + delta.requests, seen.1 + delta.errors);
            }
        }
    }
    (truth, seen)
}

proptest! {
    #[test]
    fn no_request_is_lost_or_invented_as_long_as_the_process_lives(
        story in prop::collection::vec(happens(false), 0..60), with_start_times: bool,
    ) {
        // Within one process the total never goes back, whatever is read early.
        let mut read = 0;
        let story = story.into_iter().scan((0, 0), |(total, errors), event| Some(match event {
            Happens::Traffic(good, bad) => {
                (*total, *errors) = (*total + good + bad, *errors + bad);
                Happens::Traffic(good, bad)
            }
            Happens::Scrape { early } => {
                let early = early.min(*errors).min(*total - read);
                read = *total - early;
                Happens::Scrape { early }
            }
            Happens::Restart => Happens::Restart,
        })).collect();
        let (truth, seen) = play(story, with_start_times);
        prop_assert_eq!(seen, truth);
    }

    #[test]
    fn restarts_and_missed_scrapes_invent_nothing(
        story in prop::collection::vec(happens(true), 0..60), with_start_times: bool,
    ) {
        let story = story.into_iter().map(|event| match event {
            Happens::Scrape { .. } => Happens::Scrape { early: 0 },
            event => event,
        }).collect();
        let (truth, seen) = play(story, with_start_times);
        prop_assert!(seen.0 <= truth.0, "{} requests seen, {} made", seen.0, truth.0);
        prop_assert!(seen.1 <= truth.1, "{} errors seen, {} made", seen.1, truth.1);
    }
}
