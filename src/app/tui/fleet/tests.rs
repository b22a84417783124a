mod scenes;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::layout::{Position, Rect};

use self::scenes::{
    WALL, aged, all, app, drawn, empty, ended, key, plain, screen, screens, text, thousand, three, watched,
};
use super::app::{App, Effect, Event};
use crate::app::tui::mouse::{Deed, Pointer};
use crate::app::tui::{Charset, Depth, Palette, to_svg};
use crate::core::fleet::Update;
use crate::core::view::Summary;
use crate::model::{Action, Color, Outcome};

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '↓' => KeyCode::Down,
            '↑' => KeyCode::Up,
            '←' => KeyCode::Backspace,
            '\t' => KeyCode::Tab,
            key => KeyCode::Char(key),
        };
        let now = app.now_ms;
        effects.extend(app.handle(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), now));
    }
    effects
}

fn order(service: &str, action: Action) -> Effect {
    Effect::Order { key: key(service), action, reason: None }
}

#[test]
fn no_row_three_and_a_thousand_at_three_sizes() {
    let mut waiting = empty(&["deploy-1:9710", "/run/switchback/agent.sock"]);
    insta::assert_snapshot!("waiting", screens(&mut waiting));
    insta::assert_snapshot!("nothing", screens(&mut plain(Vec::new())));
    insta::assert_snapshot!("three", screens(&mut aged(plain(three()), 20)));
    insta::assert_snapshot!("a_thousand", screens(&mut aged(plain(thousand()), 20)));
}

#[test]
fn a_host_out_of_reach_is_a_row_and_its_services_are_stale() {
    let mut app = empty(&["deploy-1:9710", "deploy-2:9710"]);
    app.tick(0, WALL);
    app.update(all(0, "deploy-1", three()), 0);
    let why = || "no monitor answers: https://deploy-2:9710/ connection refused".to_owned();
    app.update(Update::Lost { source: 1, why: why() }, 0);
    let mut app = aged(app, 10);
    app.update(Update::Lost { source: 0, why: "the monitor does not answer".to_owned() }, 11_000);
    insta::assert_snapshot!("unreachable", screens(&mut app));
}

#[test]
fn a_filter_and_marks() {
    let mut app = aged(plain(thousand()), 5);
    press(&mut app, "/ledger watch");
    let typing = screen(&mut app, (80, 24));
    press(&mut app, "\n↓↓  ");
    insta::assert_snapshot!("filtered_and_marked", [typing, screen(&mut app, (100, 24))].join("\n"));
    press(&mut app, "\x1b");
    assert_eq!((app.filter.text(), app.marks.len()), ("", 2));
    press(&mut app, "\x1b");
    assert!(app.marks.is_empty());
    press(&mut app, "/nothing-like-that");
    assert!(screen(&mut app, (80, 24)).contains("no row has `nothing-like-that`"));
    press(&mut app, "\x1b");
    assert!(app.filter.text().is_empty() && screen(&mut app, (80, 24)).contains("of 1,000"));
}

#[test]
fn a_few_soaks_are_listed_and_ordered_with_one_key() {
    let mut app = plain(three());
    press(&mut app, "*R");
    let asked = screen(&mut app, (80, 24));
    assert_eq!(press(&mut app, "\n"), [], "Enter is on Cancel");
    press(&mut app, "R");
    let given = press(&mut app, "y");
    let rolled_back = |service| order(service, Action::Rollback { force: false });
    assert_eq!(given, [rolled_back("checkout-api"), rolled_back("search-api")]);
    let waiting = screen(&mut app, (80, 24));
    app.handle(Event::Answered { key: key("checkout-api"), answer: Ok(()) }, 0);
    let refused = Err("the standby is DOWN: use --force".to_owned());
    app.handle(Event::Answered { key: key("search-api"), answer: refused }, 0);
    insta::assert_snapshot!("a_group_of_two", [asked, waiting, screen(&mut app, (80, 24))].join("\n"));
    press(&mut app, "\n");
    assert!(app.layer.is_none() && screen(&mut app, (80, 24)).contains("1 of 2 done, 1 refused"));
}

#[test]
fn for_more_than_five_the_count_is_typed() {
    let mut app = plain((0..8).map(|at| watched(&format!("shop-{at}"), 0.01, 0.0)).collect());
    press(&mut app, "*P");
    let asked = screens(&mut app);
    assert_eq!(press(&mut app, "y\n7\n"), [], "not the count");
    assert_eq!(press(&mut app, "←←8\n").len(), 8);
    insta::assert_snapshot!("a_group_of_eight", [asked, screen(&mut app, (60, 15))].join("\n"));
    for at in 0..8 {
        app.handle(Event::Answered { key: key(&format!("shop-{at}")), answer: Ok(()) }, 0);
    }
    assert!(screen(&mut app, (80, 24)).contains("8 of 8 done"));
}

#[test]
fn what_would_let_a_bad_release_stay_is_typed_even_for_one() {
    let mut app = plain(vec![Summary { paused: true, ..watched("shop", 0.01, 0.0) }]);
    assert_eq!(press(&mut app, "Ay\n"), []);
    assert_eq!(press(&mut app, "←1\n"), [order("shop", Action::Abort)]);
    press(&mut app, "\x1b");
    assert_eq!(press(&mut app, "Py"), [order("shop", Action::Resume)]);
    press(&mut app, "\x1b");
    app.update(Update::Service { source: 0, service: Box::new(watched("shop", 0.01, 0.0)) }, 0);
    assert_eq!(press(&mut app, "Py"), []);
    assert_eq!(press(&mut app, "←1\n"), [order("shop", Action::Pause)]);
}

#[test]
fn a_reason_goes_with_the_order_and_gives_none_by_itself() {
    let why = |service: &str, action| Effect::Order { key: key(service), action, reason: Some("why yes".to_owned()) };
    let mut app = plain(three());
    press(&mut app, "R");
    assert_eq!(press(&mut app, "\twhy yess←\n"), []);
    assert!(screen(&mut app, (80, 24)).contains("reason (Tab, optional): why yes"));
    app.handle(Event::Paste("\n".to_owned()), 0);
    let first = app.meant().remove(0).service;
    assert_eq!(press(&mut app, "y"), [why(&first, Action::Rollback { force: false })]);

    let mut app = plain(vec![watched("shop", 0.01, 0.0)]);
    press(&mut app, "A1\t");
    app.handle(Event::Paste("why yes".to_owned()), 0);
    assert_eq!(press(&mut app, "\n"), [], "the line has ended, nothing more");
    assert_eq!(press(&mut app, "\n"), [why("shop", Action::Abort)]);
}

#[test]
fn another_soak_than_the_one_asked_about_is_not_ordered_anything() {
    let mut app = plain(vec![watched("shop", 0.01, 0.0), watched("till", 0.01, 0.0)]);
    press(&mut app, "*R");
    let other = Summary { soak: Some("another".to_owned()), ..watched("shop", 0.01, 0.0) };
    app.update(Update::Service { source: 0, service: Box::new(other) }, 100);
    app.update(Update::Gone { source: 0, service: "till".to_owned() }, 100);
    assert_eq!(press(&mut app, "y"), []);
    let shown = screen(&mut app, (80, 24));
    assert!(
        shown.contains("another soak has begun since") && shown.contains("till on deploy-1: is not watched"),
        "{shown}"
    );
}

#[test]
fn a_question_that_nobody_answers_closes() {
    let mut app = plain(three());
    press(&mut app, "R");
    app.tick(29_000, WALL);
    assert!(app.layer.is_some());
    app.tick(30_000, WALL);
    assert!(app.layer.is_none() && app.ui.message.is_some());
}

#[test]
fn what_takes_no_order_says_why() {
    let mut app = plain(vec![ended("mail-worker", Outcome::Retained, 0, Color::Green)]);
    assert_eq!(press(&mut app, "R"), []);
    assert!(screen(&mut app, (80, 24)).contains("mail-worker on deploy-1 has no soak any more"));
    assert_eq!(press(&mut app, "\n"), []);
    app.update(all(0, "deploy-1", three()), 0);
    app.update(Update::Lost { source: 0, why: "no".to_owned() }, 0);
    press(&mut app, "*A");
    assert!(app.layer.is_none(), "no row of a host out of reach takes an order");
    app.ui.read_only = true;
    app.update(all(0, "deploy-1", three()), 0);
    press(&mut app, "R");
    assert!(app.layer.is_none());
}

#[test]
fn a_row_is_opened_where_its_soak_runs() {
    let mut app = plain(three());
    assert_eq!(press(&mut app, "\n"), [Effect::Attach(key("checkout-api"))]);
    let area = Rect { x: 0, y: 0, width: 80, height: 24 };
    let (_, places) = drawn(&mut app, (80, 24));
    let (second, at) = places.rows[2].clone();
    assert_eq!(second.service, "search-api");
    let click = |app: &mut App| {
        let pointer = Pointer { deed: Deed::Click, at: Position { x: at.x + 5, y: at.y } };
        app.handle(Event::Mouse { pointer, screen: area }, 0)
    };
    assert_eq!(click(&mut app), []);
    assert_eq!(click(&mut app), [Effect::Attach(key("search-api"))], "the second click opens it");
    let pointer = Pointer { deed: Deed::WheelUp, at: Position { x: 1, y: 5 } };
    app.handle(Event::Mouse { pointer, screen: area }, 0);
    assert_eq!(app.list.current(), Some(&key("checkout-api")));
    let quit = places.hints.iter().find(|(key, _)| key == "q").unwrap().1;
    let pointer = Pointer { deed: Deed::Click, at: Position { x: quit.x, y: quit.y } };
    assert_eq!(app.handle(Event::Mouse { pointer, screen: area }, 0), [Effect::Leave]);
}

#[test]
fn text_that_is_pasted_orders_nothing() {
    let mut app = plain(three());
    app.handle(Event::Paste("*Ry".to_owned()), 0);
    assert!(app.layer.is_none() && app.marks.is_empty());
}

/// What is not in sight costs nothing: neither texts nor places.
#[test]
fn only_the_rows_in_sight_are_formatted() {
    let mut app = plain(thousand());
    for size in [(60, 15), (200, 60)] {
        let before = super::cells::formatted();
        let (_, places) = drawn(&mut app, size);
        let formatted = super::cells::formatted() - before;
        assert_eq!(
            (formatted, places.rows.len()),
            (places.rows.len(), super::screen::rows(Rect::new(0, 0, size.0, size.1), 1_000))
        );
        assert!(formatted < 60);
    }
}

#[test]
fn without_color_no_cell_has_one_and_in_ascii_none_is_beyond_it() {
    let (buffer, _) = drawn(&mut plain(thousand()), (200, 60));
    let ink = ratatui::style::Color::Reset;
    assert!(buffer.content.iter().all(|cell| (cell.fg, cell.bg) == (ink, ink)));
    let mut ascii = app(Depth::None, Charset::Ascii, three());
    let (buffer, _) = drawn(&mut ascii, (80, 24));
    assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    insta::assert_snapshot!("in_ascii", text(&buffer));
}

#[test]
fn the_help_has_every_key() {
    let mut app = plain(three());
    press(&mut app, "?");
    insta::assert_snapshot!("help", screen(&mut app, (80, 30)));
    press(&mut app, "q");
    assert!(app.layer.is_none());
}

#[test]
fn the_picture_of_the_documentation_is_what_the_program_draws() {
    let mut services: Vec<Summary> = thousand().into_iter().take(60).collect();
    services.extend(three());
    let mut app = aged(app(Depth::True, Charset::Unicode, services), 40);
    let (buffer, _) = drawn(&mut app, (120, 36));
    let svg = to_svg(&buffer, "Many soaks on one screen, the worst first", Palette::DARK);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screens/fleet.svg");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    let is_same = std::fs::read_to_string(&path).is_ok_and(|there| there == svg);
    assert!(is_same, "{} is out of date: UPDATE_DOCS=1 cargo test --locked --lib picture", path.display());
}

proptest! {
    #[test]
    fn nothing_panics_at_any_size_whatever_is_shown(
        width in 0..130_u16,
        height in 0..45_u16,
        keys in "[ */ahjkgGRPAy1?q\n\x1b]{0,12}",
        count in 0..12_usize,
    ) {
        let mut app = plain(thousand().into_iter().take(count).collect());
        press(&mut app, &keys);
        let (buffer, drawn) = drawn(&mut app, (width, height));
        for (_, at) in &drawn.rows {
            prop_assert!(buffer.area.intersection(*at) == *at);
        }
    }
}
