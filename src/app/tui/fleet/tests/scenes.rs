//! Many services, as they are drawn.

use jiff::tz::TimeZone;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use crate::app::tui::fleet::app::App;
use crate::app::tui::fleet::screen::Drawn;
use crate::app::tui::{Charset, Depth, Theme, UiState};
use crate::core::fleet::{Key, Update};
use crate::core::view::{State, Summary};
use crate::model::{Color, Outcome, Phase, Verdict};

pub const SIZES: [(u16, u16); 3] = [(60, 15), (80, 24), (200, 60)];
/// The wall clock of all scenes, Unix milliseconds.
pub const WALL: i64 = 1_795_480_000_000;
const WORDS: [&str; 8] = ["checkout", "search", "catalog", "payments", "mail", "ledger", "profile", "basket"];

pub fn watched(service: &str, value: f64, evidence: f64) -> Summary {
    Summary {
        state: State::Watching,
        soak: Some("20261123T140211Z-3f2a".to_owned()),
        release: Some("1.5.0".to_owned()),
        phase: Some(Phase::Watching),
        verdict: Some(if value > 0.05 { Verdict::Unknown } else { Verdict::Healthy }),
        check: Some("error-rate".into()),
        title: Some("error rate".to_owned()),
        value: Some(value),
        limit: Some(0.05),
        evidence: Some(evidence),
        requests_per_second: Some(120.0),
        left_ms: Some(252_000),
        since_ms: Some(WALL - 348_000),
        ..Summary::idle(service, Some(Color::Green))
    }
}

pub fn held(service: &str) -> Summary {
    Summary {
        phase: Some(Phase::Held),
        verdict: Some(Verdict::Breached),
        reason: Some(
            "60 of 300 requests failed (20%) in the last 3s; evidence 2,480× against a rate of 5% or less (acts at 100×); \
             held: the policy on_breach asks to wait for the operator"
                .to_owned(),
        ),
        ..watched(service, 0.185, 1.7)
    }
}

pub fn ended(service: &str, outcome: Outcome, exit_code: u8, active: Color) -> Summary {
    Summary {
        state: State::Idle,
        active: Some(active),
        phase: Some(Phase::Finished),
        left_ms: None,
        requests_per_second: None,
        outcome: Some(outcome),
        exit_code: Some(exit_code),
        since_ms: Some(WALL - 720_000),
        reason: Some("recovered: blue after the rollback: 0 of 450 requests failed (0%)".to_owned()),
        ..watched(service, 0.02, -0.2)
    }
}

pub fn three() -> Vec<Summary> {
    let slow = Summary {
        check: Some("latency".into()),
        title: Some("latency p99".to_owned()),
        limit: Some(0.5),
        verdict: Some(Verdict::Healthy),
        ..watched("search-api", 0.212, 0.42)
    };
    vec![held("checkout-api"), slow, ended("mail-worker", Outcome::RolledBack, 3, Color::Blue)]
}

/// A thousand services in every state.
pub fn thousand() -> Vec<Summary> {
    let service = |at: usize| {
        let name = format!("{}-{:03}", WORDS[at % WORDS.len()], at);
        let part = |share: usize| {
            f64::from(u32::try_from(at * 37 % share).unwrap()) / f64::from(u32::try_from(share).unwrap())
        };
        match at {
            0 | 512 => held(&name),
            7 => Summary { phase: Some(Phase::RollingBack), left_ms: None, ..held(&name) },
            11 => ended(&name, Outcome::RollbackFailed, 7, Color::Green),
            13 => Summary::error(
                &name,
                "switchback.toml: 1 problem in the configuration: `soak.window`: must be at least 1s",
            ),
            17 => Summary { blind_ms: Some(14_000), value: None, ..watched(&name, 0.0, 0.1) },
            19 => Summary { paused: true, ..watched(&name, 0.01, 0.0) },
            23 => watched(&name, 0.068, 0.6),
            29 => Summary::elsewhere(&name, "a monitor of its own, process 4711"),
            at if at % 97 == 0 => ended(&name, Outcome::RolledBack, 3, Color::Blue),
            at if at % 10 == 3 => ended(&name, Outcome::Retained, 0, Color::Green),
            at if at % 41 == 0 => Summary::idle(&name, Some(Color::Blue)),
            _ => Summary {
                requests_per_second: Some(900.0 * part(17)),
                ..watched(&name, 0.045 * part(101), 0.4 * part(53))
            },
        }
    };
    (0..1_000).map(service).collect()
}

pub fn all(source: usize, host: &str, services: Vec<Summary>) -> Update {
    Update::Services { source, host: host.to_owned(), is_agent: true, services }
}

pub fn app(depth: Depth, charset: Charset, services: Vec<Summary>) -> App {
    let mut app = App::new(UiState::new(Theme::new(depth), charset, TimeZone::UTC), vec!["deploy-1:9710".to_owned()]);
    app.tick(0, WALL);
    app.update(all(0, "deploy-1", services), 0);
    app
}

pub fn plain(services: Vec<Summary>) -> App {
    app(Depth::None, Charset::Unicode, services)
}

/// The same after so many seconds in which the values have gone up and down.
pub fn aged(mut app: App, seconds: u64) -> App {
    for second in 1..=seconds {
        let keys = app.fleet.ordered(&[]);
        for (at, key) in keys.iter().enumerate() {
            let summary = app.fleet.row(key).unwrap().summary.clone();
            if summary.state != State::Watching {
                continue;
            }
            let wave = f64::from(u32::try_from((second + at as u64 * 5) % 12).unwrap()) / 12.0 * 0.5 + 0.2;
            let told =
                Summary { value: summary.value.map(|_| summary.limit.unwrap() * wave.min(0.97)), ..summary.clone() };
            let told = if summary.verdict == Some(Verdict::Healthy) { told } else { summary };
            app.update(Update::Service { source: key.source, service: Box::new(told) }, second * 1_000);
        }
        app.tick(second * 1_000, WALL + i64::try_from(second * 1_000).unwrap());
    }
    app
}

pub fn drawn(app: &mut App, size: (u16, u16)) -> (Buffer, Drawn) {
    let area = Rect { x: 0, y: 0, width: size.0, height: size.1 };
    let mut buffer = Buffer::empty(area);
    let drawn = app.render(&mut buffer, area);
    (buffer, drawn)
}

pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned() + "\n").collect()
}

pub fn screen(app: &mut App, size: (u16, u16)) -> String {
    text(&drawn(app, size).0)
}

pub fn screens(app: &mut App) -> String {
    SIZES.map(|size| screen(app, size)).join("\n")
}

pub fn key(service: &str) -> Key {
    Key { source: 0, service: service.to_owned() }
}

/// Nothing is known yet of these hosts.
pub fn empty(names: &[&str]) -> App {
    let ui = UiState::new(Theme::new(Depth::None), Charset::Unicode, TimeZone::UTC);
    App::new(ui, names.iter().map(|name| (*name).to_owned()).collect())
}
