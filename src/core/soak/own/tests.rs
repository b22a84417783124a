use super::*;
use crate::core::detect::Counters;

/// One instance, scraped and probed once a second.
struct Service {
    scrapes_count: bool,
    probes_count: bool,
    is_ready: bool,
    asked: Asked,
    counted: TickCounts,
    counters: Counters,
    share: Share,
    cases: Cases,
    told: Counts,
    at_ms: u64,
}

impl Service {
    /// One whose baseline was read.
    fn new(scrapes_count: bool, probes_count: bool) -> Self {
        let mut service = Self {
            scrapes_count,
            probes_count,
            is_ready: true,
            asked: Asked::default(),
            counted: TickCounts { requests: 1_000, errors: 3 },
            counters: Counters::new(0),
            share: Share::default(),
            cases: Cases::default(),
            told: Counts::default(),
            at_ms: 0,
        };
        service.second(TickCounts::default());
        assert_eq!(service.told.all.requests, 0, "what was there before is not counted");
        service
    }

    fn probe(&mut self) {
        let failed = u64::from(!self.is_ready);
        self.asked.probes = self.asked.probes.plus(Requests { least: 1, most: 1, failed });
        if self.probes_count {
            self.counted = self.counted.plus(TickCounts { requests: 1, errors: failed });
        }
    }

    /// A page; the scrape itself stands on the next one.
    fn scrape(&mut self) {
        self.at_ms += 1;
        self.asked.scrapes = self.asked.scrapes.plus(Requests { least: 1, most: 1, failed: 0 });
        let reading = Reading {
            total: self.counted.requests,
            errors: self.counted.errors,
            unrouted: Some(self.counted),
            asked: Some(self.asked),
            ..Reading::default()
        };
        let first = self.at_ms == 1;
        let delta = self.counters.read(&reading, self.at_ms);
        self.told = self.told.plus(self.share.divide(&reading, &delta, self.counters.processes(), first));
        self.cases.learn(&self.share);
        if self.scrapes_count {
            self.counted.requests += 1;
        }
    }

    /// What users do in a second, and what this program asks at its end.
    fn second(&mut self, users: TickCounts) {
        self.counted = self.counted.plus(users);
        self.probe();
        self.scrape();
    }

    fn least(&self) -> u64 {
        self.cases.fewest(&self.told).requests
    }
}

const fn users(requests: u64) -> TickCounts {
    TickCounts { requests, errors: 0 }
}

const ALL: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

#[test]
fn without_users_there_are_none_whatever_is_counted() {
    for (scrapes, probes) in ALL {
        let mut service = Service::new(scrapes, probes);
        for _ in 0..60 {
            service.second(users(0));
        }
        assert_eq!(service.least(), 0, "{scrapes} {probes}");
        assert_eq!(service.told.all.requests, 60 * (u64::from(scrapes) + u64::from(probes)));
    }
}

#[test]
fn a_counter_that_rises_by_less_than_was_asked_does_not_count_that() {
    for rate in [[1, 1, 1], [0, 2, 1], [3, 0, 0]] {
        let mut service = Service::new(false, false);
        for second in 0..60 {
            service.second(users(rate[second % 3]));
            if service.cases.wants_trial(service.told.all, users(service.least())) {
                (0..5).for_each(|_| service.probe());
                service.scrape();
            }
        }
        assert_eq!(service.cases.possible().count(), 1, "{rate:?}");
        assert_eq!(service.least(), service.told.all.requests, "{rate:?}");
    }
}

#[test]
fn what_is_counted_is_never_ruled_out_and_never_users() {
    for (scrapes, probes) in ALL.into_iter().skip(1) {
        let mut service = Service::new(scrapes, probes);
        let mut sent = 0;
        for second in 0..300_u64 {
            // Quiet and busy minutes, and now and then more of this program's requests than usual.
            let now = if second / 60 % 2 == 0 { second % 2 } else { 50 };
            sent += now;
            service.second(users(now));
            if second % 7 == 0 {
                (0..5).for_each(|_| service.probe());
                service.scrape();
            }
            assert!(service.least() <= sent, "{scrapes} {probes}: {} of {sent}", service.least());
        }
        let truth = Case(Some(usize::from(probes) + usize::from(scrapes && probes)));
        assert!(service.cases.possible().any(|case| case == truth));
    }
}

#[test]
fn beside_many_users_what_was_asked_is_all_the_doubt_there_is() {
    let mut service = Service::new(true, true);
    (0..60).for_each(|_| service.second(TickCounts { requests: 50, errors: 1 }));
    // The last probe may have been counted late, and one before the first page.
    assert_eq!(service.least(), 60 * 50 - 1);
    assert!(service.told.users.iter().all(|users| users.errors == 60));
    assert!(!service.cases.wants_trial(service.told.all, users(service.least())), "it would change nothing");
}

#[test]
fn probes_that_fail_are_not_failures_of_users() {
    let mut service = Service::new(false, true);
    service.is_ready = false;
    for _ in 0..30 {
        service.second(users(1));
    }
    assert_eq!(service.told.all, TickCounts { requests: 60, errors: 30 });
    assert_eq!(service.cases.at_best(&service.told).errors, 0);

    let mut failing = Service::new(false, true);
    (0..30).for_each(|_| failing.second(TickCounts { requests: 1, errors: 1 }));
    assert_eq!(failing.cases.at_best(&failing.told).errors, 30, "probes that are well are no excuse");
}

#[test]
fn of_several_processes_nobody_knows_which_was_asked() {
    let mut service = Service::new(true, true);
    let reading =
        |asked: Asked, total| Reading { total, unrouted: Some(users(total)), asked: Some(asked), ..Reading::default() };
    for page in 0..30 {
        service.asked.scrapes = service.asked.scrapes.plus(Requests { least: 1, most: 1, failed: 0 });
        service.probe();
        let delta = Delta { requests: 1, errors: 0, unrouted: users(1), reset: false };
        let reading = reading(service.asked, page);
        service.told = service.told.plus(service.share.divide(&reading, &delta, Processes::Apart(2), false));
        service.cases.learn(&service.share);
    }
    assert_eq!(service.cases.possible().count(), 4, "nothing is ruled out");
    assert_eq!(service.least(), 0);
}

#[test]
fn counting_begins_anew_with_the_window_and_with_another_monitor() {
    let mut service = Service::new(true, true);
    (0..10).for_each(|_| service.second(users(5)));
    service.share.restart();
    service.told = Counts::default();
    (0..10).for_each(|_| service.second(users(5)));
    assert_eq!(service.least(), 49);

    service.share.resume();
    (service.asked, service.told) = Default::default();
    (0..10).for_each(|_| service.second(users(5)));
    let least = service.least();
    assert!((49..=50).contains(&least), "{least}");
}

#[test]
fn pages_of_a_recording_without_such_counts_are_taken_as_they_are() {
    let delta = Delta { requests: 7, errors: 2, ..Delta::default() };
    let counts = Share::default().divide(&Reading::default(), &delta, Processes::One, false);
    assert_eq!(counts, Counts::certain(TickCounts { requests: 7, errors: 2 }));
}
