use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy)]
struct Row(u64, u64);

impl Counted for Row {
    fn id(&self) -> u64 {
        self.0
    }

    fn count(&self) -> u64 {
        self.1 * u64::from(UNIT)
    }

    fn group(&self) -> usize {
        0
    }
}

/// Enters a page of series that count so much, and says whose it was and what the process counts by now.
fn enter(store: &mut SeriesStore, counts: &[u64], started_ms: Option<i64>) -> (Process, u64) {
    let mut rows: Vec<Row> = (0..).zip(counts).map(|(id, count)| Row(id, *count)).collect();
    let entered = store.enter(&mut rows, started_ms, |_, _| {}).unwrap();
    (entered.process, store.sum(&[0]))
}

const fn known(id: u32) -> Process {
    Process { id, first: false, start_moved: false, went_back: false }
}

const fn first(id: u32) -> Process {
    Process { first: true, ..known(id) }
}

#[test]
fn each_process_has_sums_of_its_own() {
    let mut store = SeriesStore::new(100);
    let (a, b) = (Some(100_000), Some(200_000));
    assert_eq!(enter(&mut store, &[10, 1], a), (first(0), 11));
    assert_eq!(enter(&mut store, &[5, 0, 7], b), (first(1), 12));
    assert_eq!(enter(&mut store, &[12, 1], a), (known(0), 13));
    assert_eq!(enter(&mut store, &[5], b), (known(1), 12), "what left its page is kept");
    assert_eq!(enter(&mut store, &[2], Some(900_000)), (first(2), 2));
}

#[test]
fn a_process_that_goes_on_counts_a_counter_that_it_cleared_on_top() {
    let mut store = SeriesStore::new(100);
    let back = Process { went_back: true, ..known(0) };
    enter(&mut store, &[100, 10], Some(100_000));
    assert_eq!(enter(&mut store, &[5, 11], Some(100_000)), (back, 116));
    assert_eq!(enter(&mut store, &[7, 11], Some(100_000)), (known(0), 118));
    assert_eq!(enter(&mut store, &[6, 11], Some(100_000)), (back, 124));
    assert_eq!(enter(&mut store, &[9, 1], Some(200_000)), (first(1), 10));
    assert_eq!(enter(&mut store, &[3, 1], None), (Process { went_back: true, ..known(1) }, 4), "without one, afresh");
}

#[test]
fn a_start_time_that_jitters_is_one_process() {
    let mut store = SeriesStore::new(100);
    assert_eq!(enter(&mut store, &[10], Some(100_060)), (first(0), 10));
    let moved = Process { start_moved: true, ..known(0) };
    assert_eq!(enter(&mut store, &[20], Some(101_060)), (moved, 20));
    for (count, started) in [(30, 101_060), (40, 100_060), (50, 101_060)] {
        assert_eq!(enter(&mut store, &[count], Some(started)), (known(0), count));
    }
}

#[test]
fn a_start_time_that_is_computed_anew_for_every_page_is_one_process() {
    let mut store = SeriesStore::new(100);
    for page in 0..200 {
        let started = 100_000 + i64::try_from(page * 37 % 400).unwrap();
        let (process, total) = enter(&mut store, &[10 * page], Some(started));
        assert_eq!((process.id, process.went_back, total), (0, false, 10 * page));
        assert!(!process.start_moved || page < 5, "page {page}");
    }
}

#[test]
fn workers_forked_together_are_told_apart_once_a_series_goes_back() {
    let mut store = SeriesStore::new(100);
    let starts = [100_000, 100_010, 100_020, 100_030].map(Some);
    assert_eq!(enter(&mut store, &[500], starts[0]).0, first(0));
    assert_eq!(enter(&mut store, &[90], starts[1]).0, first(1));
    assert_eq!(enter(&mut store, &[900], starts[2]).0, first(2));
    assert_eq!(enter(&mut store, &[510], starts[0]), (known(0), 510));
    assert_eq!(enter(&mut store, &[91], starts[1]), (known(1), 91));
    assert_eq!(enter(&mut store, &[3], starts[3]).0, first(3));
    // In the order in which each is ahead of the one before, the second looks like jitter: until it shows.
    let mut store = SeriesStore::new(100);
    enter(&mut store, &[100], starts[0]);
    assert_eq!(enter(&mut store, &[5_000], starts[1]).0, Process { start_moved: true, ..known(0) });
    assert_eq!(enter(&mut store, &[110], starts[0]), (first(1), 110));
    assert_eq!(enter(&mut store, &[5_005], starts[1]), (known(0), 5_005));
    assert_eq!(enter(&mut store, &[115], starts[0]), (known(1), 115));
}

#[test]
fn starts_that_are_never_seen_again_tell_nobody_apart() {
    let mut store = SeriesStore::new(100);
    let pages = (0..30_u64).map(|page| {
        let count = [1_000, 20][usize::try_from(page % 2).unwrap()] + page;
        enter(&mut store, &[count], Some(100_000 + i64::try_from(page).unwrap())).0
    });
    assert!(pages.filter(|process| process.went_back).count() >= 2);
}

#[test]
fn processes_and_series_are_bounded() {
    let mut store = SeriesStore::new(100);
    for process in 0..500 {
        enter(&mut store, &[1], Some(process * 10_000));
    }
    assert_eq!(store.processes.len(), MAX_PROCESSES);
    let mut store = SeriesStore::new(10);
    for process in 0..5 {
        enter(&mut store, &[1; 4], Some(process * 10_000));
    }
    assert_eq!(store.processes.len(), 2);
    assert_eq!(enter(&mut store, &[2; 4], Some(40_000)).0, known(4));
    assert_eq!(enter(&mut store, &[2; 4], Some(0)).0, first(5), "one that was forgotten begins anew");
}

proptest! {
    #[test]
    fn series_count_the_same_in_whatever_order_pages_have_them(
        pages in vec(vec((0_u64..6, 0_u64..4), 0..8), 1..12),
        in_order in vec(any::<bool>(), 12),
    ) {
        let (mut store, mut last, mut sum) = (SeriesStore::new(100), HashMap::new(), 0);
        let mut before: Vec<u64> = Vec::new();
        for (page, in_order) in pages.into_iter().zip(in_order) {
            let mut rows: Vec<Row> = page.into_iter().map(|(id, count)| Row(id, count)).collect();
            if in_order {
                rows.sort_by_key(Counted::id);
            }
            let (mut seen, mut went_back) = (Vec::new(), false);
            for Row(id, count) in &rows {
                // Of duplicates the first counts; a process that goes on counts a counter that fell on top.
                if !seen.contains(id) {
                    seen.push(*id);
                    let known = last.insert(*id, *count).unwrap_or(0);
                    sum += count.checked_sub(known).unwrap_or(*count);
                    went_back |= before.contains(id) && *count < known;
                }
            }
            let duplicates = rows.len() - seen.len();
            let entered = store.enter(&mut rows, Some(100_000), |_, _| {}).unwrap();
            prop_assert_eq!((store.sum(&[0]), entered.duplicates), (sum, duplicates));
            prop_assert_eq!(entered.process.went_back, went_back);
            before = seen;
        }
    }
}
