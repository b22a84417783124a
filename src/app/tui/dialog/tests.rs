mod answers;

use proptest::prelude::*;

use super::*;
use crate::app::tui::keys::{Context, Key, Scope, command};
use crate::app::tui::{DialogState, DialogView};
use crate::core::soak::testing::{FAILING, HEALTHY, Harness, World, settings};
use crate::core::soak::{DeploymentSeen, Event, ForeignSeen, Machine, Settings};
use crate::model::{Action, Color};

const DEAD_STANDBY: World = World { standby: false, ..HEALTHY };

/// A machine after five seconds in such a world.
fn after(world: World, settings: Settings) -> Machine {
    let mut harness = Harness::new(settings);
    harness.seconds(5, world);
    harness.machine
}

fn watching() -> Machine {
    after(HEALTHY, settings())
}

fn paused() -> Machine {
    let mut harness = Harness::new(settings());
    harness.seconds(5, HEALTHY);
    harness.order("pause").unwrap();
    harness.machine
}

/// Breached, and holding by policy.
fn held() -> Machine {
    let mut harness = Harness::new(Settings { auto_rollback: false, ..settings() });
    harness.seconds(30, FAILING);
    harness.machine
}

fn ask(what: Ask, machine: &Machine) -> Dialog {
    Dialog::by(Way::Monitor, what, machine, 0).unwrap()
}

/// Presses keys: each character is one, and `\t`, `\n`, `<`, `>`, `\x1b`, `\x08` are the special ones.
fn press(dialog: &mut Dialog, keys: &str) -> Vec<Step> {
    let pressed = keys.chars().map(|c| match c {
        '\t' => Key::Tab,
        '\u{b}' => Key::BackTab,
        '\n' => Key::Enter,
        '\x1b' => Key::Esc,
        '\x08' => Key::Backspace,
        '<' => Key::Left,
        '>' => Key::Right,
        c => Key::Char(c),
    });
    pressed.map(|key| one(dialog, key, 0)).filter(|step| *step != Step::Stay).collect()
}

fn one(dialog: &mut Dialog, key: Key, now_ms: u64) -> Step {
    let scope = Scope { context: dialog.context(), read_only: false, demo: false };
    dialog.press(command(scope, key), key, now_ms)
}

/// Presses keys, and presses none for a while.
fn alone(dialog: &mut Dialog, machine: &Machine, keys: &str) -> Vec<Step> {
    let mut steps = press(dialog, keys);
    if steps.is_empty() {
        steps.push(dialog.settle(&Facts::of(machine), 500));
    }
    steps.retain(|step| *step != Step::Stay);
    steps
}

/// Closed because of a key that is no answer.
fn stray(what: &str) -> Step {
    Step::Close(Some(format!("closed, nothing was ordered: {what}")))
}

fn order(action: &str, reason: Option<&str>) -> Step {
    Step::Order { action: action.parse().unwrap(), reason: reason.map(str::to_owned) }
}

fn close() -> Step {
    Step::Close(None)
}

#[test]
fn orders_are_confirmed_as_the_design_says() {
    let up = watching();
    let down = after(DEAD_STANDBY, settings());
    let paused = paused();
    let held = held();
    for (what, machine, keys, wanted) in [
        (Ask::RollBack, &up, "y", vec![order("rollback", None)]),
        (Ask::RollBack, &up, "Y", vec![stray("`Y` is not an answer")]),
        (Ask::RollBack, &up, "\n", vec![close()]),
        (Ask::RollBack, &up, "\x1b", vec![close()]),
        (Ask::RollBack, &up, ">\n", vec![order("rollback", None)]),
        (Ask::RollBack, &up, "><\n", vec![close()]),
        (Ask::RollBack, &up, "\ty it\ny", vec![order("rollback", Some("y it"))]),
        (Ask::RollBack, &up, "yyy", vec![order("rollback", None)]),
        (Ask::RollBack, &up, "y\n", vec![order("rollback", None)]),
        (Ask::RollBack, &up, "y\x1b", vec![close()]),
        (Ask::RollBack, &down, "y", vec![]),
        (Ask::RollBack, &down, "shop\n", vec![order("rollback --force", None)]),
        (Ask::Abort, &up, "\n", vec![close()]),
        (Ask::Abort, &up, "shop\n", vec![order("abort", None)]),
        (Ask::Abort, &up, "sho\n", vec![]),
        (Ask::Abort, &up, "Shop\n", vec![]),
        (Ask::Abort, &up, "shopp\x08\n", vec![order("abort", None)]),
        (Ask::Abort, &up, "shop\tbad plan\n\n", vec![order("abort", Some("bad plan"))]),
        (Ask::Abort, &up, "\t\tbad plan\nshop\n", vec![order("abort", Some("bad plan"))]),
        (Ask::Keep, &up, "\tshop\n", vec![order("keep", None)]),
        (Ask::Keep, &up, "yes\n", vec![]),
        (Ask::Pause, &up, "\n", vec![close()]),
        (Ask::Pause, &up, "y\n", vec![]),
        (Ask::Pause, &up, "shop\n", vec![order("pause", None)]),
        (Ask::Pause, &up, "shop\t  lunch \n\n", vec![order("pause", Some("lunch"))]),
        (Ask::Pause, &paused, "\n", vec![close()]),
        (Ask::Pause, &paused, "y", vec![order("resume", None)]),
        (Ask::Pause, &paused, "\t\t\n", vec![order("resume", None)]),
        (Ask::Pause, &paused, "\u{b}\n", vec![order("resume", None)]),
        (Ask::Pause, &paused, "lease\n", vec![stray("`l` is not an answer")]),
        (Ask::Pause, &held, "\n", vec![close()]),
        (Ask::Pause, &held, "y", vec![order("resume", None)]),
        (Ask::Extend, &up, "\n", vec![]),
        (Ask::Extend, &up, "\nven so", vec![stray("`v` is not an answer")]),
        (Ask::Extend, &up, "y", vec![order("extend 1m", None)]),
        (Ask::Extend, &up, "\n\n", vec![order("extend 1m", None)]),
        (Ask::Extend, &up, ">y", vec![order("extend 5m", None)]),
        (Ask::Extend, &up, ">>\n\n", vec![order("extend 10m", None)]),
        (Ask::Extend, &up, ">>>>>y", vec![order("extend 30m", None)]),
        (Ask::Extend, &up, ">><<<y", vec![order("extend 1m", None)]),
        (Ask::Extend, &up, "ven so\n", vec![stray("`v` is not an answer")]),
    ] {
        let mut dialog = ask(what, machine);
        let mut steps = alone(&mut dialog, machine, keys);
        // What follows is no longer for the dialog.
        steps.truncate(1);
        assert_eq!(steps, wanted, "{what:?} {keys:?}");
    }
}

#[test]
fn what_cannot_be_ordered_is_not_asked() {
    let mut harness = Harness::new(settings());
    harness.order("abort").unwrap();
    for what in [Ask::RollBack, Ask::Abort, Ask::Keep, Ask::Pause, Ask::Extend] {
        assert_eq!(Dialog::by(Way::Monitor, what, &harness.machine, 0).unwrap_err(), "the soak is over", "{what:?}");
    }
}

fn text(view: &DialogView) -> String {
    format!("{} {}", view.title, view.body.join(" "))
}

#[test]
fn a_dialog_names_its_target_and_its_consequence() {
    let (up, down) = (watching(), after(DEAD_STANDBY, settings()));
    let gating = Machine::new(Settings {
        origin: crate::core::soak::Origin::Switch { gate_ms: 60_000, soak: true },
        ..settings()
    });
    for (what, machine, wanted) in [
        (Ask::RollBack, &up, "Roll back to blue? Traffic of shop moves from green back to blue now"),
        (Ask::RollBack, &down, "blue is DOWN. Users of shop may get no answer at all."),
        (Ask::Abort, &up, "Abort the soak? green stays active for shop, unjudged. It is no longer watched"),
        (Ask::Abort, &gating, "Abort the switch? Traffic of shop stays on blue."),
        (Ask::Keep, &up, "Keep green now? green stays active for shop, retained on your word."),
        (Ask::Pause, &up, "Pause automatic rollback? green of shop is still watched, but a breach only holds"),
        (Ask::Pause, &held(), "A rollback is held. Traffic of shop moves from green back to blue at once."),
        (Ask::Extend, &up, "Watch green longer? The soak of shop ends that much later."),
    ] {
        let text = text(&ask(what, machine).view(0));
        assert!(text.contains(wanted), "{text}");
    }
    let off = after(HEALTHY, Settings { auto_rollback: false, ..settings() });
    let text = text(&ask(Ask::Pause, &off).view(0));
    assert!(text.contains("A breach of green moves traffic of shop back to blue automatically again."), "{text}");
}

/// The router holds a page that nobody here wrote.
fn foreign(world: World) -> Machine {
    let mut harness = Harness::new(settings());
    harness.seconds(5, world);
    let what = "`active.conf` holds `return 503;`, which was not written by Switchback".to_owned();
    let foreign = Some(ForeignSeen { what: what.clone(), by_hand: "write it".to_owned() });
    let state = Ok(DeploymentSeen { active: Color::Green, last_switch: harness.machine.settings().last_switch });
    harness.feed(Event::RouterObserved {
        epoch: harness.epoch(),
        router: Err(crate::core::soak::ReadError(what)),
        state,
        foreign,
    });
    harness.machine
}

#[test]
fn a_forced_rollback_over_a_page_says_so_and_not_that_the_standby_is_down() {
    let text = text(&ask(Ask::RollBack, &foreign(HEALTHY)).view(0));
    let wanted = "Roll back to blue and replace what the router holds? `active.conf` holds `return 503;`, which was not written \
                  by Switchback. A copy of it is kept.";
    assert!(text.contains(wanted) && !text.contains("DOWN"), "{text}");
    let down = self::text(&ask(Ask::RollBack, &foreign(DEAD_STANDBY)).view(0));
    assert!(down.contains("although it is DOWN?"), "{down}");
}

#[test]
fn a_resumed_rollback_says_that_grace_comes_first() {
    let mut harness = Harness::new(Settings { auto_rollback: false, grace_ms: 15_000, ..settings() });
    harness.seconds(30, FAILING);
    let text = text(&ask(Ask::Pause, &harness.machine).view(0));
    assert!(text.contains("back to blue in 15s"), "{text}");
}

#[test]
fn cancel_has_the_focus_of_what_takes_the_net_away_or_moves_traffic() {
    for (what, focused) in [
        (Ask::RollBack, "Cancel"),
        (Ask::Abort, "Cancel"),
        (Ask::Keep, "Cancel"),
        (Ask::Pause, "Cancel"),
        (Ask::Extend, "Extend"),
    ] {
        let view = ask(what, &watching()).view(0);
        let with_focus: Vec<_> = view.buttons.iter().filter(|button| button.focused).collect();
        assert_eq!(with_focus.len(), 1, "{what:?}");
        assert_eq!(with_focus[0].label, focused, "{what:?}");
    }
}

#[test]
fn an_extension_is_chosen_from_four() {
    let choices = ask(Ask::Extend, &watching()).view(0).choices.unwrap();
    assert_eq!(choices.items, ["1m", "5m", "10m", "30m"]);
    assert!(choices.focused && choices.chosen == 0);
    assert_eq!(ask(Ask::Keep, &watching()).view(0).choices, None);
}

#[test]
fn the_button_works_only_once_the_name_is_typed() {
    let mut dialog = ask(Ask::Abort, &watching());
    assert!(!dialog.view(0).buttons[1].enabled);
    press(&mut dialog, "shop");
    let view = dialog.view(0);
    assert!(view.buttons[1].enabled);
    assert_eq!(view.fields[0].label, "type shop to confirm");
    assert_eq!((view.fields[0].text.as_str(), view.fields[0].focused), ("shop", true));
}

#[test]
fn pasted_text_goes_into_the_line_that_is_typed_and_is_never_an_order() {
    let machine = watching();
    let mut dialog = ask(Ask::RollBack, &machine);
    dialog.paste("y", 0);
    assert_eq!(dialog.view(0).fields[0].text, "");
    press(&mut dialog, "\t");
    dialog.paste("y\nrolls\x1b back", 0);
    assert_eq!(dialog.view(0).fields[0].text, "yrolls back", "a line holds no control characters");
    let mut dialog = ask(Ask::Abort, &machine);
    dialog.paste("shop", 0);
    assert_eq!(press(&mut dialog, "\n"), [order("abort", None)]);
}

#[test]
fn a_reason_has_an_end() {
    let mut field = Field::default();
    field.add(&"ü".repeat(600));
    assert_eq!(field.text().chars().count(), 500);
    field.add("more");
    assert_eq!(field.text().chars().count(), 500);
}

#[test]
fn an_untouched_dialog_closes_after_half_a_minute() {
    let machine = watching();
    let facts = Facts::of(&machine);
    let mut dialog = ask(Ask::Abort, &machine);
    assert_eq!(dialog.settle(&facts, 29_999), Step::Stay);
    let expired = Step::Close(Some("closed unanswered after 30s".to_owned()));
    assert_eq!(dialog.settle(&facts, 30_000), expired);
    one(&mut dialog, Key::Char('s'), 20_000);
    assert_eq!(dialog.settle(&facts, 49_999), Step::Stay, "who types is still there");
    assert_eq!(dialog.view(45_001).state, DialogState::Prompting { expires_in_s: Some(5) });
    assert_eq!(dialog.settle(&facts, 50_000), expired);
}

#[test]
fn a_dialog_closes_when_the_state_it_was_about_changes() {
    let mut dialog = ask(Ask::Keep, &watching());
    let paused = paused();
    for (machine, why) in [
        (held(), "closed: the soak is held now"),
        (after(DEAD_STANDBY, settings()), "closed: blue is down now"),
        (paused, "closed: automatic rollback is paused now"),
    ] {
        let closed = dialog.settle(&Facts::of(&machine), 0);
        assert_eq!(closed, Step::Close(Some(why.to_owned())));
    }
    let mut dialog = ask(Ask::RollBack, &after(DEAD_STANDBY, settings()));
    let closed = dialog.settle(&Facts::of(&watching()), 0);
    assert_eq!(closed, Step::Close(Some("closed: blue is up again now".to_owned())));
}

#[test]
fn an_order_is_waited_for_until_the_monitor_answers() {
    let machine = watching();
    let facts = Facts::of(&held());
    let mut dialog = ask(Ask::RollBack, &machine);
    press(&mut dialog, "y\n");
    assert_eq!(dialog.view(0).state, DialogState::Waiting);
    assert!(dialog.view(0).buttons.is_empty());
    assert_eq!(dialog.settle(&facts, 60_000), Step::Stay, "a question that was answered does not expire");
    assert_eq!(press(&mut dialog, "y\t"), [], "an order is given once");
    dialog.answered(Ok(()), 60_000);
    assert!(matches!(dialog.view(60_000).state, DialogState::Done(_)));
    assert_eq!(dialog.settle(&facts, 61_999), Step::Stay);
    assert_eq!(dialog.settle(&facts, 62_000), close());
}

#[test]
fn a_refusal_stays_until_it_was_read() {
    let machine = watching();
    let mut dialog = ask(Ask::RollBack, &machine);
    press(&mut dialog, "y\n");
    dialog.answered(Err("the rollback has already begun".to_owned()), 0);
    assert_eq!(dialog.view(0).state, DialogState::Failed("the rollback has already begun".to_owned()));
    assert_eq!(dialog.settle(&Facts::of(&machine), 1_000_000), Step::Stay);
    dialog.answered(Ok(()), 0);
    assert_eq!(press(&mut dialog, "y"), []);
    assert_eq!(press(&mut dialog, "\n"), [close()]);
}

fn any_key() -> impl Strategy<Value = char> {
    prop::sample::select("shopy\t\u{b}\n\x08<>x ".chars().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn no_key_takes_the_net_away_unless_the_name_stands_there(
        keys in prop::collection::vec(any_key(), 0..40),
        what in prop::sample::select(vec![Ask::Abort, Ask::Keep, Ask::Pause]),
    ) {
        let mut dialog = ask(what, &watching());
        let mut orders = 0;
        for key in keys {
            let name = dialog.view(0).fields[0].text.clone();
            for step in press(&mut dialog, &key.to_string()) {
                if let Step::Order { action, .. } = step {
                    prop_assert!(matches!(action, Action::Abort | Action::Keep | Action::Pause));
                    prop_assert_eq!(&name, "shop");
                    orders += 1;
                }
            }
        }
        prop_assert!(orders <= 1, "an order is given once");
    }

    #[test]
    fn exactly_one_place_has_the_focus_whatever_is_pressed(
        keys in prop::collection::vec(any_key(), 0..40),
        what in prop::sample::select(vec![Ask::RollBack, Ask::Abort, Ask::Keep, Ask::Pause, Ask::Extend]),
    ) {
        let mut dialog = ask(what, &watching());
        for key in keys {
            press(&mut dialog, &key.to_string());
            let view = dialog.view(0);
            if let DialogState::Prompting { .. } = view.state {
                let fields = view.fields.iter().filter(|field| field.focused).count();
                let buttons = view.buttons.iter().filter(|button| button.focused).count();
                prop_assert_eq!(fields + buttons, 1);
                let text = fields > 0 || !matches!(what, Ask::RollBack | Ask::Extend);
                prop_assert_eq!(dialog.context(), if text { Context::Dialog } else { Context::Confirm });
            }
        }
    }
}
