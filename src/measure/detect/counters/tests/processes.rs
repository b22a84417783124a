//! Several processes behind one URL.

use super::*;

/// Workers behind one URL, all older than the run, take turns in this order; each counts ten requests a second.
fn workers(starts: &[i64], turns: &[usize]) -> Counters {
    let mut counters = Counters::new(SOAK);
    let mut seen = vec![None; starts.len()];
    for (second, worker) in (1..).zip(turns) {
        let total = 1_000 * u64::try_from(*worker).unwrap() + 500 + 10 * second;
        let counted = counters.read(&started(total, 50, starts[*worker]), second * 1_000);
        let expected = seen[*worker].map_or(0, |last| total - last);
        assert_eq!(counted, delta(expected, 0), "worker {worker} at {second} s");
        seen[*worker] = Some(total);
    }
    counters
}

#[test]
fn workers_with_start_times_of_their_own_are_followed_apart() {
    let starts: Vec<i64> = (0..8).map(|worker| SOAK - 700_000 + 40_000 * worker).collect();
    for turns in [
        vec![0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3],
        vec![7, 6, 5, 4, 3, 2, 1, 0, 7, 6],
        vec![3, 3, 6, 1, 0, 7, 2, 5, 4, 4, 6, 0],
        vec![2, 2, 2, 2, 2, 5, 5, 5, 5, 2, 2, 1, 1],
    ] {
        let counters = workers(&starts, &turns);
        assert!(!counters.is_crash_loop() && counters.processes() != Processes::Mixed, "{turns:?}");
        assert!(matches!(counters.processes(), Processes::Apart(3..=8)), "{turns:?}: {:?}", counters.processes());
    }
}

#[test]
fn a_worker_that_was_replaced_counts_from_zero_and_one_that_was_there_from_its_first_page() {
    let (old, other) = (SOAK - 60_000, SOAK - 30_000);
    let mut counters = Counters::new(SOAK);
    assert_eq!(counters.read(&started(100, 0, old), 1_000), delta(0, 0));
    assert_eq!(counters.read(&started(900, 90, other), 2_000), delta(0, 0), "its past is not this soak's");
    assert_eq!(counters.read(&started(8, 1, SOAK + 2_500), 3_000), Delta { reset: true, ..delta(8, 1) });
    assert_eq!(counters.read(&started(9, 1, SOAK + 2_500), 13_000), delta(1, 0));
    assert_eq!(counters.read(&started(7, 0, SOAK + 5_000), 14_000), delta(7, 0), "one that was replaced a while ago");
    assert_eq!(counters.read(&started(905, 90, other), 15_000), delta(5, 0));
    assert_eq!(counters.read(&started(12, 1, SOAK + 2_500), 16_000), delta(3, 0));
    assert_eq!((counters.processes(), counters.is_crash_loop()), (Processes::Apart(4), false));
}

#[test]
fn workers_that_have_all_just_started_are_no_crash_loop() {
    for (apart_ms, every_ms) in [(30, 250), (30, 1_000), (150, 250), (700, 1_000)] {
        let mut counters = Counters::new(SOAK);
        for turn in 0..8 {
            let process = Process { id: u32::try_from(turn).unwrap(), first: true, ..Process::default() };
            counters.read(&of(process, 3, SOAK - 3_001 + apart_ms * millis(turn)), every_ms * turn);
        }
        assert_eq!(
            (counters.is_crash_loop(), counters.processes()),
            (false, Processes::Apart(8)),
            "{apart_ms} {every_ms}"
        );
    }
}

#[test]
fn lives_of_less_than_a_second_are_a_crash_loop_all_the_same() {
    let mut counters = Counters::new(SOAK);
    for reading in 0..10_u64 {
        let life = reading / 3;
        let first = reading % 3 == 0;
        let process = Process { id: u32::try_from(life).unwrap(), first, ..Process::default() };
        counters.read(&of(process, 1 + reading % 3, SOAK + 300 * millis(life) + 7), 100 * reading + 60);
    }
    assert!(counters.is_crash_loop());
}

/// A page by an instance whose clock is off by so much.
fn dated(total: u64, errors: u64, started_ms: i64, at_ms: i64, off_ms: i64) -> Reading {
    let answered_ms = (SOAK + at_ms + off_ms).div_euclid(1_000) * 1_000;
    Reading { answered_ms: Some(answered_ms), ..started(total, errors, started_ms + off_ms) }
}

#[test]
fn the_clock_of_the_instance_may_differ() {
    for off_ms in [-3_600_000, -5_000, 0, 5_000, 3_600_000] {
        let read = |pages: &[(u64, u64, i64, i64)]| {
            let mut counters = Counters::new(SOAK);
            let deltas: Vec<Delta> = pages
                .iter()
                .map(|(total, errors, started, at)| {
                    counters.read(&dated(*total, *errors, SOAK + started, *at, off_ms), u64::try_from(*at).unwrap())
                })
                .collect();
            (deltas, counters)
        };
        // It is older than the soak: what it counted before is not the soak's.
        let (deltas, _) = read(&[(9_000, 900, -600_000, 250), (9_010, 901, -600_000, 1_250)]);
        assert_eq!(deltas, [delta(0, 0), delta(10, 1)], "off by {off_ms} ms");
        // It began after the soak.
        assert_eq!(read(&[(40, 4, 8_000, 10_000)]).0, [delta(40, 4)], "off by {off_ms} ms");
        let (_, counters) =
            read(&[(900, 9, -600_000, 1_000), (5, 0, 3_000, 4_000), (4, 0, 8_000, 9_000), (6, 0, 13_000, 14_000)]);
        assert!(counters.is_crash_loop(), "off by {off_ms} ms");
        let (_, counters) = read(&[
            (900, 9, -600_000, 1_000),
            (800, 9, -500_000, 2_000),
            (700, 0, -400_000, 3_000),
            (600, 0, -300_000, 4_000),
        ]);
        assert_eq!(
            (counters.is_crash_loop(), counters.processes()),
            (false, Processes::Apart(4)),
            "off by {off_ms} ms"
        );
    }
}

#[test]
fn without_a_date_a_start_time_in_the_future_says_nothing() {
    let hour = 3_600_000;
    let (deltas, counters) = after([started(9_000, 900, SOAK + hour), started(9_010, 900, SOAK + hour)]);
    assert_eq!((deltas, counters.resets()), (delta(10, 0), 0));
    // A date that lies before the start of the process is nobody's either.
    let strange = Reading { answered_ms: Some(0), ..started(9_000, 900, SOAK - 50_000) };
    assert_eq!(after([strange]).0, delta(0, 0));
}

#[test]
fn processes_that_started_together_are_mixed_and_no_crash_loop() {
    let (_, counters) = after([1000, 20, 1001, 21].map(|total| started(total, 0, 100_000)));
    assert_eq!((counters.resets(), counters.processes()), (0, Processes::Mixed));
}

#[test]
fn a_process_that_clears_its_counter_does_not_crash_and_one_that_does_it_all_the_time_cannot_be_followed() {
    let (last, counters) = after([50, 40].map(|total| started(total, 0, 100_000)));
    assert_eq!((last.requests, counters.resets(), counters.processes()), (0, 0, Processes::Unclear));
    let (last, _) = after([50, 55, 9].map(|total| started(total, 0, 100_000)));
    assert_eq!(last, delta(9, 0), "that is what came since");
    assert_eq!(after([50, 40, 30, 20, 10].map(|total| started(total, 0, 100_000))).1.processes(), Processes::Mixed);
}

/// A page of the process of this number.
fn of(process: Process, total: u64, started_ms: i64) -> Reading {
    Reading { process: Some(process), ..started(total, 0, started_ms) }
}

#[test]
fn the_reader_of_the_pages_knows_best_which_process_it_is() {
    let [one, two] = [0, 1].map(|id| Process { id, ..Process::default() });
    let first = |process: Process| Process { first: true, ..process };
    let pages = [
        of(first(one), 500, 100_000),
        of(first(two), 90, 100_700),
        of(one, 510, 100_000),
        of(Process { start_moved: true, ..one }, 9_000, 101_000),
        of(two, 95, 100_700),
        of(one, 9_007, 101_000),
    ];
    for (read, last) in [(2, 0), (3, 10), (4, 0), (5, 5), (6, 7)] {
        assert_eq!(after(pages[..read].to_vec()).0, delta(last, 0), "page {read}");
    }
    // Another watch over the same reader, begun later: what the process counted before is not its own.
    assert_eq!(after([of(one, 40, SOAK + 900)]).0, delta(0, 0));
    assert_eq!(after([of(first(one), 40, SOAK + 900)]).0, delta(40, 0));
    // The reader adds up what counters that were cleared show since.
    let back = Process { went_back: true, ..one };
    assert_eq!(after([of(first(one), 500, 0), of(one, 510, 0), of(back, 512, 0)]).0, delta(2, 0));
    let twice = [of(first(one), 500, 0), of(back, 900, 0), of(back, 950, 0)];
    assert_eq!(after(twice).1.processes(), Processes::Mixed);
}

#[test]
fn what_a_process_counted_while_nobody_read_it_is_left_out_after_a_rebase() {
    let (a, b) = (|total| started(total, 0, 100_000), |total| started(total, 0, 200_000));
    let mut counters = Counters::new(SOAK);
    for (second, page) in (0..).zip([a(100), b(10), a(110)]) {
        counters.read(&page, second * 1_000);
    }
    counters.rebase();
    assert_eq!(counters.read(&b(500), 30_000), delta(0, 0));
    assert_eq!(counters.read(&a(150), 31_000), delta(40, 0), "the one read last goes on");
    assert_eq!(counters.read(&b(505), 32_000), delta(5, 0));
}

#[test]
fn many_processes_need_no_more_memory_than_a_few() {
    let (_, counters) = after((0..1000).map(|life| started(5, 0, 10_000 * life)));
    assert_eq!(counters.lineages.len(), MAX_PROCESSES);
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
        counters.read(&before, 0);
        counters.resume();
        let first = counters.read(&after, 30_000);
        (first, counters.read(&Reading { total: after.total + 7, ..after.clone() }, 31_000), counters.resets())
    };
    assert_eq!(resume(page(100, 9), page(90, 4)), (delta(0, 0), delta(7, 0), 0));
    assert_eq!(resume(page(100, 9), page(105, 9)), (delta(5, 0), delta(7, 0), 0));
    let restarted = resume(started(100, 9, SOAK - 9_000), started(90, 4, SOAK + 9_000));
    assert_eq!(restarted, (reset(90, 4), delta(7, 0), 1));
    // Another reader numbers the processes anew.
    let numbered = |id| Some(Process { id, first: true, ..Process::default() });
    let before = Reading { process: numbered(3), ..started(100, 9, 50_000) };
    let after = Reading { process: numbered(0), ..started(90, 4, 51_000) };
    let mut counters = Counters::new(SOAK);
    counters.read(&before, 0);
    counters.resume();
    assert_eq!((counters.read(&after, 30_000), counters.resets()), (delta(0, 0), 0));
}
