use super::*;
use crate::config::{Inputs, load};

fn sorted(variables: &[(&str, &str)]) -> (Layer, Oddities) {
    let mut found = Oddities::default();
    let all = variables.iter().map(|(name, value)| Variable {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
        origin: Origin::Environment { variable: (*name).to_owned() },
    });
    (sort_out(all, &mut found), found)
}

fn suggested(name: &str) -> Option<String> {
    let (_, found) = sorted(&[(name, "x")]);
    let what = &found.misspelled.first()?.what;
    Some(what.split('`').nth(1).unwrap().to_owned())
}

#[test]
fn a_mistyped_name_is_taken_for_the_one_that_means_the_same() {
    for (name, meant) in [
        ("SWITCHBACK_TRESHOLD", "SWITCHBACK_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_THRESHOLD", "SWITCHBACK_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_ERROR_THRESHOLD", "SWITCHBACK_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_LATENCY_TRESHOLD", "SWITCHBACK_LATENCY_THRESHOLD"),
        ("SWITCHBACK_WINDOW", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCHBACK_SOAK_WINDWO", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCHBACK_INTERVAL", "SWITCHBACK_SAMPLE_INTERVAL"),
        ("SWITCHBACK_POLL_INTERVAL", "SWITCHBACK_SAMPLE_INTERVAL"),
        ("SWITCHBACK_SOAK_INTERVL", "SWITCHBACK_SOAK_INTERVAL"),
        ("SWITCHBACK_GRAC", "SWITCHBACK_GRACE"),
        ("SWITCHBACK_AUTOROLLBACK", "SWITCHBACK_AUTO_ROLLBACK"),
        ("SWITCHBACK_INSTANCES_GREEN", "SWITCHBACK_GREEN_INSTANCES"),
        ("SWITCHBACK_BLUE_URL", "SWITCHBACK_BLUE_INSTANCES"),
        ("SWITCHBACK_ROUTER_TYPE", "SWITCHBACK_ROUTER"),
        ("SWITCHBACK_BREACH", "SWITCHBACK_ON_BREACH"),
        ("SWITCHBACK_MIN_REQS", "SWITCHBACK_MIN_REQUESTS"),
        ("SWITCHBACK_METRICS_TOKEN_FIEL", "SWITCHBACK_METRICS_TOKEN_FILE"),
        ("SWITCHBACK_RELEASE_NAME", "SWITCHBACK_RELEASE"),
        ("SWITCHBACK_WEBHOOK", "SWITCHBACK_NOTIFY_URL"),
        ("SWITCHBACK_WEBHOOK_URL", "SWITCHBACK_NOTIFY_URL"),
        ("SWITCHBACK_WEBHOOK_SECRET", "SWITCHBACK_NOTIFY_SECRET"),
        ("SWITCHBACK_GREEN_UPSTREAMS", "SWITCHBACK_GREEN_INSTANCES"),
        ("SWITCHBACK_ERROR_RATE_LIMIT", "SWITCHBACK_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_SOAK_DURATION", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCHBACK_GRACE_PERIOD", "SWITCHBACK_GRACE"),
        ("SWITCHBAK_SOAK_WINDOW", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCH_BACK_SOAK_WINDOW", "SWITCHBACK_SOAK_WINDOW"),
        ("switchback_soak_window", "SWITCHBACK_SOAK_WINDOW"),
    ] {
        assert_eq!(suggested(name).as_deref(), Some(meant), "{name}");
    }
}

#[test]
fn a_name_that_has_nothing_to_do_with_ours_is_only_told() {
    for name in [
        "SWITCHBACK_VERSIONS_FILE",
        "SWITCHBACK_DATABASE_URL",
        "SWITCHBACK_BIN",
        "SWITCHBACK_HOME",
        "SWITCHBACK_TEST_ROLE",
    ] {
        let (_, found) = sorted(&[(name, "x")]);
        assert!(found.misspelled.is_empty(), "{name}: {:?}", found.misspelled);
        assert_eq!(found.warnings, [format!("unknown variable {name}")]);
    }
    for name in ["SWITCHBACK_VERSION", "SWITCHBACK_IMAGE", "SWITCHBACK_COMMIT"] {
        let (_, found) = sorted(&[(name, "x")]);
        let hint = format!("unknown variable {name}; the release is named by SWITCHBACK_RELEASE");
        assert_eq!((found.misspelled.len(), found.warnings), (0, vec![hint]), "it may as well be this program's own");
    }
    for name in ["SWITCH_HOST", "SWITCHBOARD_URL", "SWITCHBACK", "SOAK_WINDOW", "SWITCHBACKS_DATABASE", ""] {
        let (_, found) = sorted(&[(name, "x")]);
        assert!(found.misspelled.is_empty() && found.warnings.is_empty(), "{name}");
    }
}

#[test]
fn what_an_orchestrator_makes_of_the_names_of_services_says_nothing() {
    for name in [
        "SWITCHBACK_SERVICE_HOST",
        "SWITCHBACK_SERVICE_PORT",
        "SWITCHBACK_SERVICE_PORT_HTTP_METRICS",
        "SWITCHBACK_PORT",
        "SWITCHBACK_PORT_9090_TCP",
        "SWITCHBACK_PORT_9090_TCP_ADDR",
        "SWITCHBACK_PORT_53_UDP_PROTO",
        "SWITCHBACK_CONTROL_PORT",
        "SWITCHBACK_ROUTER_SERVICE_HOST",
        "SWITCHBACK_SOAK_WINDOW_PORT_80_TCP_PORT",
    ] {
        let (layer, found) = sorted(&[(name, "tcp://10.0.0.1:9090")]);
        assert!(layer.is_empty() && found.misspelled.is_empty() && found.warnings.is_empty(), "{name}");
    }
    for name in
        ["SWITCHBACK_SOAK_WINDOW_PORTS", "SWITCHBACK_MIN_REQUEST_PORT_X_TCP", "SWITCHBACK_SOAK_WINDOW_SERVICE_PORTS"]
    {
        assert!(!is_service_link(name), "{name}");
    }
}

#[test]
fn the_address_of_a_service_is_no_number_and_counts_as_unset_with_a_warning() {
    let (layer, found) = sorted(&[("SWITCHBACK_MIN_REQUESTS", "tcp://10.96.0.1:9090")]);
    assert!(layer.is_empty() && found.misspelled.is_empty());
    assert!(
        found.warnings[0].starts_with("SWITCHBACK_MIN_REQUESTS is the address of a service"),
        "{:?}",
        found.warnings
    );
    // A service named `switchback-metrics`.
    let (layer, found) = sorted(&[("SWITCHBACK_METRICS_PORT", "tcp://10.0.0.1:9090")]);
    assert!(layer.is_empty() && found.warnings.len() == 1, "{:?}", found.warnings);
    let (layer, _) = sorted(&[("SWITCHBACK_METRICS_PORT", "9464")]);
    assert!(layer.contains_key("metrics.port"));
    // Where a text is wanted, it may be meant.
    let (layer, found) = sorted(&[("SWITCHBACK_ROUTER_SOCKET", "tcp://127.0.0.1:9999")]);
    assert!(layer.contains_key("router.socket") && found.warnings.is_empty());
}

#[test]
fn what_is_handed_to_commands_is_known_to_a_program_that_they_run() {
    let (layer, found) =
        sorted(&[("SWITCHBACK_COLOR", "green"), ("SWITCHBACK_SERVICE", "shop"), ("SWITCHBACK_CONFIG", "x")]);
    assert_eq!(layer.keys().copied().collect::<Vec<_>>(), ["service"]);
    assert!(found.misspelled.is_empty() && found.warnings.is_empty());
}

#[test]
fn every_key_can_be_given_by_its_own_name_in_capitals() {
    for key in keys() {
        for name in key.secret_file().map(|(name, _)| name).into_iter().chain([key.name]) {
            assert_eq!(KNOWN[&regular(name)].gives, name, "{} is the variable of another key", regular(name));
        }
    }
    let (layer, found) =
        sorted(&[("SWITCHBACK_SOAK_INTERVAL", "2s"), ("SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD", "1%")]);
    assert_eq!(layer.keys().copied().collect::<Vec<_>>(), ["checks.error-rate.threshold", "soak.interval"]);
    assert!(found.problems.is_empty());
}

#[test]
fn two_names_of_one_key_have_to_agree() {
    let both =
        |one, other| sorted(&[("SWITCHBACK_SOAK_INTERVAL", one), ("SWITCHBACK_SAMPLE_INTERVAL", other)]).1.problems;
    assert_eq!(both("2s", "2s"), []);
    assert_eq!(
        both("2s", "3s")[0].to_string(),
        "SWITCHBACK_SAMPLE_INTERVAL: also given by SWITCHBACK_SOAK_INTERVAL, with another value; one of the two has to go\n    \
         from     environment SWITCHBACK_SAMPLE_INTERVAL"
    );
    assert_eq!(both("2s", ""), []);
}

#[test]
fn the_commit_stands_in_for_a_release_that_nobody_named() {
    let release = |env: &[(&str, &str)]| {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load(Inputs { env, folder: "/srv".into(), ..Inputs::default() }).unwrap().config.release
    };
    assert_eq!(release(&[]), None);
    assert_eq!(release(&[("GITHUB_SHA", "")]), None);
    assert_eq!(release(&[("GITHUB_SHA", "4f2a")]).as_deref(), Some("4f2a"));
    assert_eq!(release(&[("GITHUB_SHA", "4f2a"), ("SWITCHBACK_RELEASE", "v7")]).as_deref(), Some("v7"));
    let gitlab = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "9fceb02d")];
    assert_eq!(release(&gitlab).as_deref(), Some("9fceb02d"));
    assert_eq!(release(&gitlab[1..]), None, "nobody says that a CI runs this");
}
