//! Whatever happens, nothing is invented.

use proptest::prelude::*;

use super::*;

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
    let at_ms = |clock: i64| u64::try_from(clock - SOAK + 10_000).unwrap();
    counters.read(&now, 0);
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
                let delta = counters.read(&read, at_ms(clock));
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
