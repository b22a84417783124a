mod snapshots;

use std::sync::{Arc, Mutex};

use super::*;
use crate::config::{Baseline, Method, OnBreach, OnInconclusive, Ratio, StandbyPolicy};
use crate::core::soak::{Envelope, ErrorRateSettings, Event, Origin, ReadinessSettings, Settings};
use crate::model::{Actor, Color};

/// What was printed so far.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn settings() -> Settings {
    Settings {
        latency: None,
        service: "shop".to_owned(),
        soak: "20261123T140211Z-3f2a".to_owned(),
        origin: Origin::Soak,
        actor: Actor::Auto,
        color: Color::Green,
        last_switch: None,
        instances: vec!["http://green-1".to_owned()],
        standby_instances: vec!["http://blue-1".to_owned()],
        window_ms: 60_000,
        interval_ms: 1_000,
        baseline_window_ms: 0,
        warmup_ms: 0,
        auto_rollback: true,
        release: None,
        builds: Vec::new(),
        no_rollback: false,
        leader: None,
        force: false,
        on_breach: OnBreach::Rollback,
        grace_ms: 0,
        on_inconclusive: OnInconclusive::Hold,
        max_extension_ms: 0,
        give_up_ms: None,
        verify_window_ms: 0,
        verification: crate::core::soak::Verification::RouterAndRequests,
        standby: StandbyPolicy::Ignore,
        on_shared_cause: crate::config::OnSharedCause::Hold,
        on_failing_standby: None,
        error_rate: ErrorRateSettings {
            threshold: Ratio(0.05),
            min_requests: 20,
            method: Method::Window,
            false_alarm: Ratio(0.01),
            baseline: Baseline::Off,
            metered: None,
            required: true,
        },
        queries: Vec::new(),
        readiness: ReadinessSettings { failures: 3, required: true },
    }
}

/// What a terminal of that width shows after the run's first event and a tick.
fn bar(width: Option<Width>) -> String {
    let screen = Screen::default();
    let places = Places { journal: "j".into(), recording: "r".into() };
    let mut human = Human::new(Box::new(screen.clone()), width, places);
    let mut view = View::new(settings());
    for (seq, event) in [(1, Event::Started), (2, Event::Tick { skipped: 0 })] {
        let news = view.apply(&Envelope { seq, at_ms: seq * 1_000, wall_ms: 0, event });
        human.news(&view, &news).unwrap();
    }
    let printed = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
    printed.rsplit_once("\r\x1b[K").map(|(_, bar)| bar.to_owned()).unwrap_or_default()
}

#[test]
fn the_bar_is_shorter_than_the_terminal_is_wide_whatever_its_width() {
    let widths: [(Width, usize); 5] = [(|| 0, 0), (|| 1, 0), (|| 10, 9), (|| 40, 39), (|| 80, 79)];
    for (width, columns) in widths {
        assert_eq!(bar(Some(width)).chars().count(), columns);
    }
    assert_eq!(bar(None), "");
}

#[test]
fn date_and_offset_stand_on_the_first_line_and_where_they_change() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
    let mut stamps = Stamps::of(TimeZone::get("Europe/Berlin").unwrap());
    for (time, stamp) in [
        ("2026-10-24T21:59:58Z", "2026-10-24 23:59:58 +02:00"),
        ("2026-10-24T21:59:59Z", "23:59:59"),
        ("2026-10-24T22:00:00Z", "2026-10-25 00:00:00 +02:00"),
        ("2026-10-25T00:59:59Z", "02:59:59"),
        // The clocks go back: the same hour again.
        ("2026-10-25T01:00:00Z", "2026-10-25 02:00:00 +01:00"),
        ("2026-10-25T01:00:01Z", "02:00:01"),
    ] {
        assert_eq!(stamps.next(at(time)), stamp);
    }
}
