//! The layers together: who wins, and what is reported.

mod control;
mod endpoints;
mod fields;
mod probe;
mod prometheus;
mod rules;
mod secrets;

use std::time::Duration;

use proptest::prelude::*;

use std::path::Path;

use super::*;
use crate::config::RouterKind;
use crate::model::Limits;

/// The inputs of a process in `/srv` with these variables.
fn env(variables: &[(&str, &str)]) -> Inputs {
    let read_text = Some(crate::io::texts::read_text as ReadText);
    Inputs { env: owned(variables), folder: "/srv".into(), read_text, ..Inputs::default() }
}

fn file(text: &str) -> Inputs {
    Inputs { file: Some(("switchback.toml".into(), text.to_owned())), ..env(&[]) }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn origin(loaded: &Loaded, key: &str) -> String {
    loaded.settings.iter().find(|setting| setting.key == key).unwrap().origin.to_string()
}

/// The problems, one text each.
fn problems(inputs: Inputs) -> Vec<String> {
    load(inputs).unwrap_err().0.iter().map(ToString::to_string).collect()
}

/// The first line of every problem.
fn headlines(inputs: Inputs) -> Vec<String> {
    problems(inputs).iter().map(|problem| problem.lines().next().unwrap().to_owned()).collect()
}

#[test]
fn without_any_input_every_key_has_its_default() {
    let loaded = load(env(&[])).unwrap();
    let config = &loaded.config;
    assert_eq!(config.service, "default");
    assert_eq!(config.state_file, Path::new("/srv/.deployment-state.json"));
    assert_eq!(config.service_dir(), Path::new("/srv/.switchback/default"));
    assert_eq!(config.soak.window, Duration::from_mins(10));
    assert_eq!(config.soak.interval, Duration::from_secs(1));
    assert_eq!(config.soak.max_extension, config.soak.window);
    assert_eq!(config.metrics.timeout, Duration::from_secs(1));
    assert_eq!(config.router.kind, RouterKind::StateFile);
    assert_eq!(config.control.socket, Path::new("/srv/.switchback/default/control.sock"));
    assert_eq!(config.retention.limits(), Limits { soaks: 50, age: Duration::from_hours(90 * 24), bytes: 1 << 30 });
    assert!(config.soak.auto_rollback && config.error_rate.required && config.readiness.required);
    assert!(loaded.settings.iter().all(|setting| setting.origin == Origin::Default));
    assert!(loaded.warnings.is_empty());
}

#[test]
fn flags_win_over_environment_over_dotenv_over_file_over_default() {
    let mut inputs = Inputs {
        flags: owned(&[("soak.window", "1m")]),
        env: owned(&[("SWITCHBACK_SOAK_WINDOW", "2m")]),
        dotenv: Some("\nSWITCHBACK_SOAK_WINDOW=3m\n".into()),
        ..file("service = \"shop\"\n[soak]\nwindow = \"4m\"\n")
    };
    let mut steps = Vec::new();
    for _ in 0..5 {
        let again = Inputs {
            flags: inputs.flags.clone(),
            env: inputs.env.clone(),
            dotenv: inputs.dotenv.clone(),
            file: inputs.file.clone(),
            ..env(&[])
        };
        let loaded = load(again).unwrap();
        steps.push((loaded.config.soak.window.as_secs() / 60, origin(&loaded, "soak.window")));
        let Inputs { flags, env, dotenv, file, .. } = &mut inputs;
        if flags.pop().is_none() && env.pop().is_none() && dotenv.take().is_none() {
            file.take();
        }
    }
    let expected = [
        (1, "flag --window"),
        (2, "environment SWITCHBACK_SOAK_WINDOW"),
        (3, ".env:2"),
        (4, "switchback.toml:3"),
        (10, "default"),
    ];
    assert_eq!(steps, expected.map(|(minutes, origin)| (minutes, origin.to_owned())));
}

#[test]
fn an_empty_variable_counts_as_unset_and_an_empty_flag_does_not() {
    let inputs = Inputs { dotenv: Some("SWITCHBACK_SOAK_GRACE=5s\n".into()), ..env(&[("SWITCHBACK_SOAK_GRACE", "")]) };
    assert_eq!(load(inputs).unwrap().config.soak.grace, Duration::from_secs(5));
    let inputs = Inputs { dotenv: Some("SWITCHBACK_SOAK_GRACE=5s\nSWITCHBACK_SOAK_GRACE=\n".into()), ..env(&[]) };
    assert_eq!(load(inputs).unwrap().config.soak.grace, Duration::ZERO);
    let inputs = Inputs { flags: owned(&[("soak.grace", "")]), ..env(&[]) };
    assert_eq!(headlines(inputs), ["soak.grace: not a valid duration"]);
}

#[test]
fn a_bad_value_that_a_stronger_layer_overrules_does_no_harm() {
    let inputs = Inputs { flags: owned(&[("soak.window", "5m")]), ..env(&[("SWITCHBACK_SOAK_WINDOW", "30")]) };
    assert_eq!(load(inputs).unwrap().config.soak.window, Duration::from_mins(5));
}

#[test]
fn every_problem_names_key_origin_given_allowed_and_an_example() {
    let inputs = Inputs {
        flags: owned(&[("checks.error-rate.threshold", "5")]),
        dotenv: Some("SWITCHBACK_ROUTER_KIND=ha proxy\n".into()),
        ..file("[soak]\nwindow = 30\n")
    };
    assert_eq!(
        problems(Inputs { env: owned(&[("SWITCHBACK_CHECKS_READINESS_FAILURES", "none")]), ..inputs }),
        [
            "soak.window: the unit is missing: say the unit, such as `ms`, `s`, `m` or `h`\n    from     \
             switchback.toml:2\n    given    30\n    allowed  3s..24h\n    example  soak.window = \"10m\"",
            "checks.error-rate.threshold: not a fraction below 1: for 5 percent write `5%`\n    from     flag \
             --threshold\n    given    5\n    allowed  above 0, below 1, as 5% or 0.05\n    example  --threshold 5%",
            "checks.readiness.failures: not a whole number\n    from     environment \
             SWITCHBACK_CHECKS_READINESS_FAILURES\n    given    none\n    allowed  1..100\n    example  SWITCHBACK_CHECKS_READINESS_FAILURES=5",
            "router.kind: not one of the allowed words\n    from     .env:1\n    given    ha proxy\n    allowed  \
             state-file, command, haproxy, nginx, caddy\n    example  SWITCHBACK_ROUTER_KIND=haproxy",
        ]
    );
}

#[test]
fn the_size_of_all_recordings_needs_its_unit() {
    assert_eq!(
        problems(file("[retention]\nsize = 1073741824\n")),
        [
            "retention.size: the unit is missing: say the unit, such as `MiB` or `GiB`\n    from     switchback.toml:2\n    \
          given    1073741824\n    allowed  1MiB..1TiB\n    example  retention.size = \"500MiB\""
        ]
    );
}

#[test]
fn all_problems_are_printed_together_with_their_number() {
    let text =
        load(env(&[("SWITCHBACK_SOAK_GRACE", "1"), ("SWITCHBACK_SOAK_STANDBY", "maybe")])).unwrap_err().to_string();
    assert!(text.starts_with("2 problems in the configuration\n\n  soak.grace: "), "{text}");
    assert!(text.contains("\n\n  soak.standby: not one of the allowed words\n      from     environment"), "{text}");
    let text = load(env(&[("SWITCHBACK_SOAK_GRACE", "1")])).unwrap_err().to_string();
    assert!(text.starts_with("1 problem in the configuration\n"), "{text}");
}

#[test]
fn the_file_takes_native_types_where_they_are_natural() {
    let config = load(file(
        r#"
        [soak]
        auto_rollback = false
        [colors.blue]
        instances = ["http://a:1", "http://b:1"]
        [checks.error-rate]
        threshold = 0.02
        min_requests = 0x64
        errors = ["5xx", 429]
        [router]
        kind = "command"
        switch = ["move", "{color}"]
        rollback = '["back"]'
        "#,
    ))
    .unwrap()
    .config;
    assert!(!config.soak.auto_rollback);
    assert_eq!(config.colors.blue.len(), 2);
    assert_eq!(config.error_rate.threshold.to_string(), "2%");
    assert_eq!(config.error_rate.min_requests, 100);
    assert_eq!(config.error_rate.errors.to_string(), "5xx,429");
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let kind =
        RouterKind::Command { switch: words(&["move", "{color}"]), rollback: words(&["back"]), read: words(&[]) };
    assert_eq!(config.router.kind, kind);
}

#[test]
fn a_wrong_type_in_the_file_names_the_one_expected() {
    let text = r"
        service = 5
        state_file = 1979-05-27
        metrics.path = true
        metrics.bearer_token = 5
        soak = { window = false, auto_rollback = 1.5 }
        colors.blue.instances = [1]
        colors.green.instances = 3002
        checks.error-rate.threshold = [0.05]
        checks.error-rate.min_requests = { a = 1 }
        checks.error-rate.errors = [5.5]
        router.switch = 7
        control.socket = 8
        retention.size = true
    ";
    assert_eq!(
        headlines(file(text)),
        [
            "service: expected a string, not an integer",
            "state_file: expected a string, not a date or time",
            "soak.window: expected a string such as \"30s\", not a boolean",
            "soak.auto_rollback: expected true or false, not a float",
            "colors.blue.instances: expected an array of strings, not an integer",
            "colors.green.instances: expected an array of strings, not an integer",
            "metrics.path: expected a string, not a boolean",
            "metrics.bearer_token: expected a string, not an integer",
            "checks.error-rate.threshold: expected a string such as \"5%\" or a number such as 0.05, not an array",
            "checks.error-rate.min_requests: expected an integer, not a table",
            "checks.error-rate.errors: expected an array of statuses, not a float",
            "router.switch: expected an array of strings, not an integer",
            "control.socket: expected a string, not an integer",
            "retention.size: expected a string such as \"1GiB\", not a boolean",
        ]
    );
}

#[test]
fn unknown_keys_are_problems_with_the_nearest_known_name() {
    let text = "windw = 1\nzzz = 1\n\"soak.grace\" = \"1s\"\n[soak]\ngrace = \"2s\"\nwindow.x = 1\n";
    assert_eq!(
        headlines(file(text)),
        [
            "windw: unknown key; did you mean `soak.window`?",
            "zzz: unknown key",
            "soak.grace: given twice",
            "soak.window: expected a string such as \"30s\", not a table",
        ]
    );
    let text = "[sok]\nwindow = \"1m\"\n[checks.error-rat]\nthreshold = 1\n";
    let found = problems(file(text));
    assert_eq!(
        found[1],
        "checks.error-rat: unknown key; did you mean `checks.error-rate`?\n    from     switchback.toml:3"
    );
    assert_eq!(found[0], "sok: unknown key; did you mean `soak`?\n    from     switchback.toml:1");
    let inputs = Inputs { flags: owned(&[("soak.windov", "1m")]), ..file("health = 1\nrouter.tmeout = \"1s\"\n") };
    assert_eq!(
        problems(inputs),
        [
            "soak.windov: unknown key; did you mean `soak.window`?\n    from     command line",
            "health: this is a section, not a key: expected a table\n    from     switchback.toml:1",
            "router.tmeout: unknown key; did you mean `router.timeout`?\n    from     switchback.toml:2\n    \
             example  router.timeout = \"10s\"",
        ]
    );
}

#[test]
fn variables_that_resemble_ours_are_named_apart_and_those_of_others_are_nothing() {
    let inputs = Inputs {
        dotenv: Some("DATABASE_URL=x\nSWITCHBACK_GRAC=5s\nSWITCHBACK_VERSION=3\n".into()),
        ..env(&[("SWITCHBACK_CONFIG", "x"), ("SWITCHBACK_SERVICE_PORT_80_TCP_ADDR", "10.0.0.1"), ("HOME", "/")])
    };
    let loaded = load(inputs).unwrap();
    assert_eq!(
        loaded.warnings,
        ["unknown variable SWITCHBACK_VERSION (.env:3); the release is named by SWITCHBACK_RELEASE"]
    );
    let misspelled: Vec<_> = loaded.misspelled.iter().map(ToString::to_string).collect();
    let told = "SWITCHBACK_GRAC: unknown variable; did you mean `SWITCHBACK_SOAK_GRACE`?\n    from     .env:2\n    \
                example  SWITCHBACK_SOAK_GRACE=30s";
    assert_eq!(misspelled, [told]);
    // Where something else is wrong, both are told.
    let all = problems(env(&[("SWITCHBACK_GRAC", "5s"), ("SWITCHBACK_SOAK_WINDOW", "5")]));
    assert_eq!(all.len(), 2, "{all:?}");
}

#[test]
fn bad_lines_of_ours_in_dotenv_are_problems_with_their_number() {
    let inputs = Inputs { dotenv: Some("A: 1\nhunter2\nSWITCHBACK_SOAK_GRACE: hunter2\n".into()), ..env(&[]) };
    assert_eq!(problems(inputs), [".env: expected NAME=VALUE\n    from     .env:3"]);
    let many = "SWITCHBACK_SOAK_GRACE\n".repeat(1_000);
    let found = headlines(Inputs { dotenv: Some(many.as_str().into()), ..env(&[]) });
    assert_eq!(
        (found.len(), found[20].as_str()),
        (21, ".env: 980 more lines that begin with SWITCHBACK_ cannot be read")
    );
}

#[test]
fn a_file_that_is_no_toml_names_the_line_and_not_what_stands_on_it() {
    let found = problems(file("service = \"shop\"\n[metrics]\nbearer_token = \"hunter2\n[soak\nwindow = hunter2\n"));
    assert!(found[0].starts_with("switchback.toml: not valid TOML: "), "{found:?}");
    let places: Vec<_> = found.iter().map(|problem| problem.rsplit(' ').next().unwrap()).collect();
    assert_eq!(places[..2], ["switchback.toml:3", "switchback.toml:4"]);
    assert!(!found.concat().contains("hunter2"), "{found:?}");
}

#[test]
fn a_file_that_is_something_else_altogether_is_not_told_line_by_line() {
    let found = headlines(file(&"this is prose\n".repeat(1_000)));
    assert_eq!(found.len(), 21);
    let more = &found[20];
    assert!(more.starts_with("switchback.toml: not valid TOML in ") && more.ends_with(" more places"), "{more}");
}

#[test]
fn paths_are_absolute_whoever_gave_them() {
    let loaded =
        load(Inputs { env: owned(&[("SWITCHBACK_STATE_FILE", "./a/../state.json")]), ..file("data_dir = \"/data\"") });
    let config = loaded.unwrap().config;
    assert_eq!(config.state_file, Path::new("/srv/a/../state.json"));
    assert_eq!(config.data_dir, Path::new("/data"));
    assert_eq!(
        headlines(file("data_dir = \"\"\nstate_file = \"a\\u0000b\"")),
        ["state_file: the path contains a NUL character", "data_dir: the path is empty",]
    );
}

#[test]
fn what_could_not_be_gathered_is_reported_with_everything_else() {
    let unreadable = vec![Problem::about("prod.toml", "the file cannot be read")];
    let inputs = Inputs { unreadable, ..env(&[("SWITCHBACK_SOAK_GRACE", "5")]) };
    assert_eq!(headlines(inputs).len(), 2);
}

#[test]
fn what_is_shown_loads_again_to_the_same_values() {
    let first = load(Inputs {
        env: owned(&[("SWITCHBACK_SOAK_INTERVAL", "1s500ms"), ("SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD", "0.0123")]),
        ..file("[router]\nkind = \"command\"\nswitch = [\"sh\", \"-c\", \"echo \\\"{color}\\\", done\"]\n")
    })
    .unwrap();
    let shown = |loaded: &Loaded| -> Vec<(String, String)> {
        let pairs = loaded.settings.iter().filter_map(|setting| Some((setting.key.to_owned(), setting.value.clone()?)));
        pairs.collect()
    };
    let mut again = load(Inputs { flags: shown(&first), folder: "/elsewhere".into(), ..Inputs::default() }).unwrap();
    assert_eq!(shown(&again), shown(&first));
    // Where its commands run is no key.
    assert_eq!(again.config.router.folder, Path::new("/elsewhere"));
    again.config.router.folder = "/srv".into();
    assert_eq!(format!("{:?}", again.config), format!("{:?}", first.config));
    assert_eq!(origin(&again, "metrics.path"), "command line");
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(text in "(?s).*") {
        let _ = load(file(&text));
    }

    #[test]
    fn no_file_made_of_our_keys_does_either(
        lines in proptest::collection::vec(
            "(\\[soak\\]|\\[router\\]|\\[checks.error-rate\\]|(window|switch|errors|service) = \
             (1|1.5|true|\"x\"|\\[1, \"é\"\\]|\\{a=1\\}|1979-05-27|nan))",
            0..6,
        ),
    ) {
        let _ = load(file(&lines.join("\n")));
    }

    #[test]
    fn no_value_of_any_variable_does(value in ".*") {
        let variables: Vec<_> = keys().map(|key| (key.env(), value.clone())).collect();
        let _ = load(Inputs { env: variables, ..env(&[]) });
    }
}
