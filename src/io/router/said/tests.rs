use super::*;

const BLUE: Result<Color, NoColor> = Ok(Color::Blue);
const GREEN: Result<Color, NoColor> = Ok(Color::Green);
const NONE: Result<Color, NoColor> = Err(NoColor::None);
const AMBIGUOUS: Result<Color, NoColor> = Err(NoColor::Ambiguous);

#[track_caller]
fn check(cases: &[(&str, Result<Color, NoColor>)]) {
    for (printed, color) in cases {
        assert_eq!(color_in(printed), *color, "{printed}");
    }
}

#[test]
fn a_word_alone_is_the_color() {
    check(&[
        ("green\n", GREEN),
        ("  blue  ", BLUE),
        ("\u{feff}GREEN\r\n", GREEN),
        ("'blue'", BLUE),
        ("\"green\"", GREEN),
        ("\u{1b}[32mgreen\u{1b}[39m\n", GREEN),
        ("checking the proxy...\ngreen\n", GREEN),
        ("red", NONE),
        ("", NONE),
        ("greenish", NONE),
        ("light-blue", NONE),
    ]);
}

#[test]
fn json_says_it_under_active_color_however_many_lines_it_has() {
    check(&[
        (r#"{"activeColor":"green","lastSwitch":1}"#, GREEN),
        ("{\n  \"activeColor\": \"blue\",\n  \"previousColor\": \"green\"\n}\n", BLUE),
        (r#"{"state":{"activeColor":"green","previousColor":"blue"}}"#, GREEN),
        (r#"{"previous":{"activeColor":"blue"},"activeColor":"green"}"#, GREEN),
        ("{\"level\":30,\"msg\":\"blue was read\"}\n{\"activeColor\":\"green\"}", GREEN),
        (r#"{"note":"activeColor: blue","activeColor":"green"}"#, GREEN),
        (r#"{"activeColor":7}"#, NONE),
        (r#"{"activeColor":null,"active":"green"}"#, NONE),
        (r#"{"activeColor":"red"}"#, NONE),
        ("[]", NONE),
        (r#"[{"activeColor":"blue"},{"activeColor":"green"}]"#, AMBIGUOUS),
        (r#"[{"activeColor":"blue"},{"activeColor":"blue"}]"#, BLUE),
    ]);
}

#[test]
fn nodes_own_form_is_read_with_its_colors_its_nesting_and_the_banner_before_it() {
    check(&[
        ("{ activeColor: 'blue', lastSwitch: 1795442545183, previousColor: 'green' }\n", BLUE),
        (
            "\n> shop@1.0.0 deploy:status\n> node deploy.js status\n\n{\n  activeColor: 'green',\n  lastSwitch: 1795442545183,\n  \
             previousColor: 'blue',\n  transition: { kind: 'switch', at: 1795442545183 }\n}\n",
            GREEN,
        ),
        ("{ activeColor: \u{1b}[32m'blue'\u{1b}[39m, lastSwitch: \u{1b}[33m5\u{1b}[39m }", BLUE),
        ("{\n  blue: { port: 3001, activeColor: 'green' },\n  green: { port: 3002 },\n  activeColor: 'blue'\n}", BLUE),
        ("{\n  state: {\n    activeColor: 'green',\n    history: [ { activeColor: 'blue' }, [Object] ]\n  }\n}", GREEN),
        ("DeploymentState { activeColor: \"green\", lastSwitch: null }", GREEN),
        ("Map(2) { 'activeColor' => 'green', 'previousColor' => 'blue' }", GREEN),
        ("│ activeColor │ 'green' │\n│ previousColor │ 'blue' │", GREEN),
        ("{ reason: \"it's blue's turn\", activeColor: 'green' }", GREEN),
        ("Current state: { activeColor: 'green', previousColor: 'blue' }", GREEN),
        ("{ activeColor: undefined, previousColor: 'green' }", NONE),
        ("{ previousColor: 'green', inactiveColor: 'blue', nextActiveColor: 'blue' }", AMBIGUOUS),
    ]);
}

#[test]
fn package_managers_print_around_the_scripts_own_output() {
    check(&[
        ("> shop@1.0.0 read\n> node read.js blue\n\ngreen\n", GREEN),
        ("yarn run v1.22.19\n$ node deploy.js status blue\ngreen\nDone in 0.05s.\n", GREEN),
        ("\n> shop@1.0.0 deploy:status /srv/blue\n> node deploy.js status\n\n{ activeColor: 'green' }\n", GREEN),
        ("$ node deploy.js status\nblue\n", BLUE),
        ("shop:deploy:status: { activeColor: 'green', previousColor: 'blue' }", GREEN),
        ("proxy-1  | activeColor: green\nproxy-1  | previousColor: blue", GREEN),
    ]);
}

#[test]
fn yaml_and_environment_files_are_read_by_their_keys() {
    check(&[
        ("activeColor: blue\npreviousColor: green\n", BLUE),
        ("service:\n  activeColor: blue\nactiveColor: green\n", GREEN),
        ("ACTIVE_COLOR=green\nPREVIOUS_COLOR=blue\n", GREEN),
        ("export ACTIVE_COLOR=\"blue\"\nexport PREVIOUS_COLOR=\"green\"", BLUE),
        ("active_color = 'green' # was blue", GREEN),
        ("active-color: green", GREEN),
        ("Active color: green\nStandby: blue", GREEN),
        ("active: green (previous: blue)", GREEN),
        ("the active color is green, blue waits", GREEN),
        ("INACTIVE_COLOR=blue\n", NONE),
        ("not active: blue\n", NONE),
        ("previous active color: blue\n", NONE),
        ("active: blue/green", NONE),
        ("active: green.example.com", NONE),
    ]);
}

#[test]
fn prose_is_not_guessed_from() {
    check(&[
        ("blue green", AMBIGUOUS),
        ("traffic went from blue to green", AMBIGUOUS),
        ("blue is idle\ngreen", AMBIGUOUS),
        ("blue\ngreen\n", AMBIGUOUS),
        ("blue is idle", NONE),
        ("green", GREEN),
        ("{ blue: { active: true }, green: { active: false } }", NONE),
    ]);
}

#[test]
fn whatever_is_printed_is_read_without_harm() {
    for odd in [
        "\u{1b}",
        "\u{1b}[",
        "\u{1b}]0;title",
        "'",
        "\"\\",
        "activeColor:",
        "activeColor: '",
        "}}}} activeColor: green",
        "é: 'ü",
    ] {
        let _ = color_in(odd);
    }
    assert_eq!(color_in("}}}} activeColor: green"), GREEN);
    assert_eq!(color_in(&"{".repeat(70_000)), NONE);
}
