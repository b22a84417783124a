//! Screens as they are, to be looked at when they change: `cargo insta review`, or `INSTA_UPDATE=always` for all of them.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::scenes::{ALL, SIZES, dashboard, drawn, harness, text, ui};
use crate::app::tui::{
    ButtonView, Charset, ChoicesView, Depth, DialogState, DialogView, FaultsView, FieldView, HelpRow, Message, Mode,
    Overlay, Pane, Playback, Subject,
};
use crate::core::view::{Dashboard, Progress, Tone, next_step};
use crate::model::{CheckId, Verdict};

#[test]
fn every_phase_and_outcome_at_four_sizes() {
    for name in ALL {
        let dashboard = dashboard(name);
        let screens = SIZES.map(|size| text(&drawn(&dashboard, &mut ui(Depth::True, Charset::Unicode), size)));
        insta::assert_snapshot!(name, screens.join("\n"));
    }
}

#[test]
fn in_ascii_no_cell_is_beyond_it() {
    for name in ALL {
        let buffer = drawn(&dashboard(name), &mut ui(Depth::None, Charset::Ascii), (120, 36));
        assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{name}");
        if name == "held" {
            insta::assert_snapshot!("held_in_ascii", text(&buffer));
        }
    }
}

/// The styles of a buffer: each run of cells with a style in brackets.
fn styled(buffer: &Buffer) -> String {
    let mut out = String::new();
    for row in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut before = Style::reset();
        for cell in row {
            let style = cell.style();
            if style != before {
                let (fg, bg) = (cell.fg, cell.bg);
                out +=
                    &["⟦", &fg.to_string(), "/", &bg.to_string(), " ", &format!("{:?}", cell.modifier), "⟧"].concat();
            }
            before = style;
            out.push_str(cell.symbol());
        }
        out = out.trim_end().to_owned() + "\n";
    }
    out
}

#[test]
fn a_breach_in_every_depth_of_color() {
    let dashboard = dashboard("held");
    for depth in Depth::ALL {
        let buffer = drawn(&dashboard, &mut ui(depth, Charset::Unicode), (80, 24));
        insta::assert_snapshot!(format!("held_{depth:?}"), styled(&buffer));
    }
}

#[test]
fn without_color_no_cell_has_one_and_what_matters_is_bold_or_reversed() {
    for name in ALL {
        let buffer = drawn(&dashboard(name), &mut ui(Depth::None, Charset::Unicode), (120, 36));
        for cell in &buffer.content {
            assert_eq!((cell.fg, cell.bg), (ratatui::style::Color::Reset, ratatui::style::Color::Reset), "{name}");
        }
    }
}

fn dialog(state: DialogState) -> DialogView {
    DialogView {
        title: "abort the soak?".to_owned(),
        tone: Tone::Warning,
        body: vec!["green stays active, unjudged: nobody watches it any more.".to_owned()],
        choices: Some(ChoicesView {
            label: "by".to_owned(),
            items: ["1m", "5m", "10m", "30m"].map(str::to_owned).to_vec(),
            chosen: 1,
            focused: true,
        }),
        fields: vec![FieldView {
            label: "type checkout-api to confirm".to_owned(),
            text: "check".to_owned(),
            focused: true,
        }],
        buttons: vec![
            ButtonView { label: "Cancel".to_owned(), key: None, focused: true, enabled: true },
            ButtonView { label: "Abort".to_owned(), key: Some("y".to_owned()), focused: false, enabled: false },
        ],
        state,
    }
}

#[test]
fn what_lies_above_the_panes() {
    let dashboard = dashboard("held");
    let row = |keys: &str, text: &str| HelpRow { keys: keys.to_owned(), text: text.to_owned() };
    let faults = ["healthy", "8% errors", "outage"].map(str::to_owned).to_vec();
    let overlays = [
        (
            "help",
            Overlay::Help {
                rows: vec![row("", "orders"), row("A", "abort the soak"), row("R", "roll back")],
                scroll: 0,
            },
        ),
        ("detail", Overlay::Detail(Subject::Decision(4))),
        ("detail_of_an_instance", Overlay::Detail(Subject::Instance("http://green-1".to_owned()))),
        ("detail_of_a_check", Overlay::Detail(Subject::Check(CheckId::ErrorRate))),
        ("dialog_prompting", Overlay::Dialog(dialog(DialogState::Prompting { expires_in_s: Some(27) }))),
        ("dialog_waiting", Overlay::Dialog(dialog(DialogState::Waiting))),
        ("dialog_failed", Overlay::Dialog(dialog(DialogState::Failed("the rollback has already begun".to_owned())))),
        ("faults", Overlay::Faults(FaultsView { items: faults, selected: 1, current: Some(0) })),
    ];
    for (name, overlay) in overlays {
        let mut ui = ui(Depth::True, Charset::Unicode);
        ui.overlay = Some(overlay);
        insta::assert_snapshot!(name, text(&drawn(&dashboard, &mut ui, (80, 24))));
    }
}

#[test]
fn badges_messages_filters_and_the_other_check() {
    let dashboard = dashboard("rolled-back");
    let mut frozen = ui(Depth::True, Charset::Unicode);
    (frozen.frozen, frozen.read_only, frozen.check, frozen.focus) = (true, true, Some(1), Pane::Decisions);
    frozen.message = Some(Message { text: "saved as screen.svg".to_owned(), tone: Tone::Good });
    frozen.decisions.filter = "roll".to_owned();
    frozen.decisions.typing = true;
    frozen.decisions.selected = Some(5);
    let mut replay = ui(Depth::True, Charset::Unicode);
    replay.mode = Mode::Replay(Playback { speed: 4.0, paused: true, position_ms: 5_000, length_ms: 90_000 });
    for (name, mut ui) in [("frozen_and_filtered", frozen), ("a_replay", replay)] {
        insta::assert_snapshot!(name, text(&drawn(&dashboard, &mut ui, (120, 36))));
    }
}

/// What is on screen as one line, without frames.
fn words(shown: &str) -> String {
    let unframed = shown.chars().map(|c| if c == '│' { ' ' } else { c }).collect::<String>();
    unframed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_to_do_next_is_on_screen_at_every_size() {
    let sizes = [(60, 15), (61, 17), (80, 24), (100, 30), (120, 36), (200, 60), (59, 15), (40, 10), (30, 6), (110, 1)];
    let mut told = 0;
    for name in ALL {
        let dashboard = dashboard(name);
        let Some(ending) = dashboard.ending() else { continue };
        let Some(next) = next_step(dashboard.machine(), ending) else { continue };
        told += 1;
        for size in sizes {
            let shown = text(&drawn(&dashboard, &mut ui(Depth::None, Charset::Unicode), size));
            assert!(words(&shown).contains(&next), "{name} at {size:?} does not show `{next}`:\n{shown}");
        }
    }
    assert!(told >= 6, "{told} ends have a next step");
}

#[test]
fn a_bad_release_that_is_live_leads_every_screen() {
    for name in ["held", "held-to-the-end", "dead-standby", "rollback-failed", "rollback-undone"] {
        let dashboard = dashboard(name);
        for size in SIZES {
            let shown = text(&drawn(&dashboard, &mut ui(Depth::None, Charset::Unicode), size));
            let first = shown.lines().next().unwrap();
            assert!(first.contains("BAD RELEASE STILL"), "{name} at {size:?}: {first}");
        }
        assert_eq!(dashboard.headline(0).tone, Tone::Bad, "{name}");
    }
}

#[test]
fn a_value_above_its_limit_is_never_shown_as_healthy() {
    let mut told_apart = 0;
    for name in ALL {
        let run = harness(name);
        let mut dashboard = Dashboard::new(run.began_with().clone());
        for envelope in &run.log {
            dashboard.apply(envelope);
            let decided = dashboard.machine().checks();
            for (check, decided) in dashboard.checks().iter().zip(decided) {
                let above = check.seen.value.is_some_and(|value| value > check.seen.threshold);
                let shown = check.seen.verdict;
                // A queue may be too short as well as too long.
                if !matches!(check.seen.check, CheckId::Named(_)) {
                    assert!(!(above && shown == Verdict::Healthy), "{name}: {:?}", check.seen);
                    told_apart += usize::from(decided.verdict == Verdict::Healthy && shown == Verdict::Unknown);
                }
                assert!(
                    decided.verdict != Verdict::Breached || shown == Verdict::Breached,
                    "bad news waits for nothing"
                );
            }
        }
    }
    assert!(told_apart > 0, "no scene has a healthy check above its limit");
    let text = Progress::of(dashboard("suspicious").view()).text;
    assert!(text.contains("above the limit, breached in ") && !text.contains("healthy"), "{text}");
}

#[test]
fn how_long_ago_something_was_goes_on_after_the_end() {
    let dashboard = dashboard("held-to-the-end");
    let at = dashboard.view().at_ms();
    let switched = |now_ms| {
        let lines = dashboard.status(now_ms, &jiff::tz::TimeZone::UTC);
        lines.into_iter().find(|line| line.label == "switched").unwrap().text
    };
    assert_eq!(
        (switched(at).as_str(), switched(at + 26_000).as_str()),
        ("23:22:11   2m41s ago", "23:22:11   3m7s ago")
    );
}

#[test]
fn below_the_smallest_size_one_line_says_what_counts() {
    for (name, size, line) in [
        ("watching", (40, 10), "WATCHING, healthy (60x15 shows more)"),
        ("rollback-failed", (59, 15), "ROLLBACK FAILED, breached (60x15 shows more)"),
        ("held", (8, 1), "HELD, b…"),
    ] {
        let dashboard = dashboard(name);
        let shown = text(&drawn(&dashboard, &mut ui(Depth::True, Charset::Unicode), size));
        assert_eq!(shown.lines().next(), Some(line), "{name}");
    }
    assert_eq!(dashboard("held").machine().verdict(), Verdict::Breached);
}
