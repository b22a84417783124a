//! The overlays about the files of a service, and the line that orders are typed on.

use crate::app::tui::records::{LogLine, PastSoak};
use crate::app::tui::{Charset, Depth, HelpRow, LogView, OrderView, Overlay, SoaksView};
use crate::model::{Color, Outcome};

use super::scenes::{dashboard, drawn, text, ui};

fn soak(id: &str, outcome: Option<Outcome>, is_recorded: bool) -> PastSoak {
    let id: crate::io::journal::SoakId = id.parse().unwrap();
    PastSoak {
        began: id.began(),
        id,
        color: Some(if is_recorded { Color::Green } else { Color::Blue }),
        release: Some("1.5.0 (a1b2c3d)".to_owned()),
        outcome,
        length_ms: outcome.map(|_| 312_000),
        is_recorded,
    }
}

fn soaks(selected: usize, note: Option<&str>) -> Overlay {
    let all = vec![
        soak("20261123T232011Z-0001", None, true),
        soak("20261123T140211Z-3f2a", Some(Outcome::RollbackFailed), true),
        soak("20261122T090000Z-0002", None, true),
        soak("20261121T090000Z-0003", Some(Outcome::Retained), false),
    ];
    let shown = all[0].id.to_string();
    let note = note.map(str::to_owned);
    Overlay::Soaks(SoaksView { service: "checkout-api".to_owned(), soaks: Some(all), selected, shown, note })
}

fn log(up: usize) -> Overlay {
    let line = |at: i64| LogLine {
        at: Some(jiff::Timestamp::from_second(1_795_476_000 + at).unwrap()),
        level: ["INFO", "WARN", "ERROR"][usize::try_from(at % 3).unwrap()].to_owned(),
        text: format!(
            "line {at}, which is so long that it needs more than a row of a small screen  instance=10.0.4.{at}"
        ),
    };
    let path = "/srv/shop/.switchback/checkout-api/log/switchback.2026-11-23.jsonl".into();
    Overlay::Log(LogView { path: Some(path), lines: (0..40).map(line).collect(), up, note: None })
}

#[test]
fn sheets_at_two_sizes() {
    let dashboard = dashboard("watching");
    let none = Overlay::Soaks(SoaksView {
        service: "checkout-api".to_owned(),
        soaks: Some(Vec::new()),
        selected: 0,
        shown: String::new(),
        note: Some(
            "no soak of `checkout-api` yet: nothing is recorded in `/srv/.switchback/checkout-api/soaks`".to_owned(),
        ),
    });
    let rows = (1..40).map(|at| HelpRow { keys: format!("{at}"), text: format!("does {at}") }).collect();
    for (name, overlay) in [
        ("past_soaks", soaks(1, None)),
        ("past_soaks_note", soaks(3, Some("the recording of 20261121T090000Z-0003 is not there any more"))),
        ("past_soaks_none", none),
        ("log", log(0)),
        ("log_scrolled", log(7)),
        ("help_that_is_cut", Overlay::Help { rows, scroll: 3 }),
    ] {
        let screens = [(60, 15), (100, 30)].map(|size| {
            let mut ui = ui(Depth::True, Charset::Unicode);
            ui.overlay = Some(overlay.clone());
            text(&drawn(&dashboard, &mut ui, size))
        });
        insta::assert_snapshot!(name, screens.join("\n"));
    }
}

#[test]
fn the_line_of_an_order_takes_the_last_row() {
    let wrong = "`abort now` is not a valid action: expected abort, rollback, pause, resume, extend DURATION or keep";
    for (order, width, wanted) in [
        (("ro", "rollback", false), 60, ":ro▏  rollback".to_owned()),
        (("abort now", wrong, true), 120, format!(":abort now▏  {wrong}")),
        (("abort now", wrong, true), 60, format!("{}…", &wrong[..59])),
        ((&"x".repeat(80), "", false), 60, format!(":{}▏", "x".repeat(57))),
    ] {
        let mut ui = ui(Depth::None, Charset::Unicode);
        let (text, note, wrong) = order;
        ui.order = Some(OrderView { text: text.to_owned(), note: note.to_owned(), wrong });
        let shown = super::scenes::text(&drawn(&dashboard("watching"), &mut ui, (width, 15)));
        assert_eq!(shown.lines().last().unwrap(), wanted);
    }
}
