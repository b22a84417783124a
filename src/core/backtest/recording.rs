//! A trace from the recording of a soak.

use super::trace::{Trace, TraceTick};
use crate::config::OnBreach;
use crate::core::soak::{Envelope, Event, Machine, Settings};
use crate::model::{Ending, Phase};

/// How a recorded soak ended; `None` if its recording stops before the end.
pub fn ending_of<'a>(settings: Settings, envelopes: impl IntoIterator<Item = &'a Envelope>) -> Option<Ending> {
    let mut machine = Machine::new(settings);
    for envelope in envelopes {
        machine.handle(envelope);
    }
    machine.ending().cloned()
}

/// Counts of the error-rate check at each tick of the window. The machine never acts: they continue after a breach.
pub fn trace_of(settings: Settings, envelopes: impl IntoIterator<Item = Envelope>) -> Trace {
    let mut machine = Machine::new(Settings { on_breach: OnBreach::Hold, ..settings });
    let mut trace = Trace::default();
    for envelope in envelopes {
        // Orders and signals are left out: only what was seen counts.
        if matches!(envelope.event, Event::Action { .. } | Event::Interrupted { .. } | Event::RouterObserved { .. }) {
            continue;
        }
        // The tick that ends the soak is judged as well, so the phase before it counts.
        let open = matches!(machine.phase(), Phase::Watching | Phase::Held);
        let ticked = matches!(envelope.event, Event::Tick { .. });
        machine.handle(&envelope);
        let Some((at_ms, counts)) = machine.last_tick().filter(|_| ticked && open) else { continue };
        trace.ticks.push(TraceTick { at_ms, counts });
        if trace.crash_loop.is_none() {
            trace.crash_loop = machine.crash_loop().map(|reason| (at_ms, reason));
        }
    }
    trace
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::soak::testing::{FAILING, HEALTHY, Harness, World, settings};
    use crate::model::{Cause, Outcome};

    fn counts(trace: &Trace) -> (u64, u64) {
        let counts = trace.ticks.iter().filter_map(|tick| tick.counts);
        counts.fold((0, 0), |(requests, errors), tick| (requests + tick.requests, errors + tick.errors))
    }

    #[test]
    fn a_recording_gives_the_ticks_that_its_soak_judged() {
        let mut harness = Harness::new(settings());
        harness.seconds(20, HEALTHY);
        harness.second(World { metrics: false, ..HEALTHY });
        harness.seconds(39, HEALTHY);
        let seen = harness.machine.seen();
        let trace = trace_of(settings(), harness.log);
        assert_eq!(trace.ticks.len(), 60);
        assert_eq!((trace.length_ms(), trace.interval_ms()), (60_000, 1_000));
        assert_eq!(trace.ticks[20].counts, None, "a missing tick stays one");
        assert_eq!(counts(&trace), (seen.requests, seen.errors));
        assert_eq!(trace.crash_loop, None);
    }

    #[test]
    fn a_recording_says_how_its_soak_ended() {
        let mut harness = Harness::new(settings());
        harness.seconds(15, HEALTHY);
        assert_eq!(ending_of(settings(), &harness.log), None);
        harness.order("abort").unwrap();
        let ending = ending_of(settings(), &harness.log).unwrap();
        assert_eq!(Some(&ending), harness.machine.ending());
        assert_eq!((ending.outcome, ending.cause), (Outcome::Aborted, Cause::Operator));
    }

    #[test]
    fn warmup_is_left_out_and_orders_are_not_obeyed_again() {
        let mut warm = settings();
        warm.warmup_ms = 10_000;
        let mut harness = Harness::new(warm.clone());
        harness.seconds(15, HEALTHY);
        harness.order("abort").unwrap();
        let trace = trace_of(warm, harness.log);
        assert_eq!(trace.ticks.iter().map(|tick| tick.at_ms).collect::<Vec<_>>(), [1_000, 2_000, 3_000, 4_000, 5_000]);
    }

    #[test]
    fn a_breach_does_not_end_the_trace_and_a_crash_loop_is_kept() {
        let mut held = settings();
        held.on_breach = OnBreach::Notify;
        let mut harness = Harness::new(held.clone());
        harness.seconds(20, FAILING);
        for requests in [50, 49, 48] {
            harness.restart(0);
            harness.seconds(3, World { requests, ..HEALTHY });
        }
        let trace = trace_of(held, harness.log);
        assert_eq!(trace.ticks.len(), 29);
        let (at_ms, reason) = trace.crash_loop.unwrap();
        assert_eq!(at_ms, 27_000);
        assert!(reason.starts_with("crash loop: the counters of http://green-1"), "{reason}");
    }
}
