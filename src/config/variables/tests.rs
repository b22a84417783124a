use super::*;
use crate::config::layers::Layers;
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
        ("SWITCHBACK_TRESHOLD", "SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_THRESHOLD", "SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_ERROR_THRESHOLD", "SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_LATENCY_TRESHOLD", "SWITCHBACK_CHECKS_LATENCY_THRESHOLD"),
        ("SWITCHBACK_WINDOW", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCHBACK_SOAK_WINDWO", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCHBACK_INTERVAL", "SWITCHBACK_SOAK_INTERVAL"),
        ("SWITCHBACK_POLL_INTERVAL", "SWITCHBACK_SOAK_INTERVAL"),
        ("SWITCHBACK_SOAK_INTERVL", "SWITCHBACK_SOAK_INTERVAL"),
        ("SWITCHBACK_GRAC", "SWITCHBACK_SOAK_GRACE"),
        ("SWITCHBACK_AUTOROLLBACK", "SWITCHBACK_SOAK_AUTO_ROLLBACK"),
        ("SWITCHBACK_INSTANCES_GREEN", "SWITCHBACK_COLORS_GREEN_INSTANCES"),
        ("SWITCHBACK_BLUE_URL", "SWITCHBACK_COLORS_BLUE_INSTANCES"),
        ("SWITCHBACK_ROUTER_TYPE", "SWITCHBACK_ROUTER_KIND"),
        ("SWITCHBACK_BREACH", "SWITCHBACK_SOAK_ON_BREACH"),
        ("SWITCHBACK_MIN_REQS", "SWITCHBACK_CHECKS_ERROR_RATE_MIN_REQUESTS"),
        ("SWITCHBACK_METRICS_TOKEN_FIEL", "SWITCHBACK_METRICS_BEARER_TOKEN_FILE"),
        ("SWITCHBACK_RELEASE_NAME", "SWITCHBACK_RELEASE"),
        ("SWITCHBACK_WEBHOOK", "SWITCHBACK_NOTIFY_URL"),
        ("SWITCHBACK_WEBHOOK_URL", "SWITCHBACK_NOTIFY_URL"),
        ("SWITCHBACK_WEBHOOK_SECRET", "SWITCHBACK_NOTIFY_SECRET"),
        ("SWITCHBACK_GREEN_UPSTREAMS", "SWITCHBACK_COLORS_GREEN_INSTANCES"),
        ("SWITCHBACK_ERROR_RATE_LIMIT", "SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD"),
        ("SWITCHBACK_SOAK_DURATION", "SWITCHBACK_SOAK_WINDOW"),
        ("SWITCHBACK_GRACE_PERIOD", "SWITCHBACK_SOAK_GRACE"),
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

/// What variables were called before their names followed from those of their keys. Each of these is set somewhere.
const OLD_NAMES: [(&str, &str); 47] = [
    ("ERROR_RATE_THRESHOLD", "checks.error-rate.threshold"),
    ("MIN_REQUESTS", "checks.error-rate.min_requests"),
    ("ERROR_RATE_METHOD", "checks.error-rate.method"),
    ("FALSE_ALARM", "checks.error-rate.false_alarm"),
    ("BASELINE", "checks.error-rate.baseline"),
    ("REQUESTS_METRIC", "checks.error-rate.requests"),
    ("STATUS_LABEL", "checks.error-rate.status_label"),
    ("ERROR_STATUS", "checks.error-rate.errors"),
    ("ERROR_RATE_MATCH", "checks.error-rate.match"),
    ("ERROR_RATE_SOURCE", "checks.error-rate.source"),
    ("ERROR_RATE_SELECTOR", "checks.error-rate.selector"),
    ("LATENCY_THRESHOLD", "checks.latency.threshold"),
    ("LATENCY_QUANTILE", "checks.latency.quantile"),
    ("LATENCY_METRIC", "checks.latency.histogram"),
    ("LATENCY_UNIT", "checks.latency.unit"),
    ("LATENCY_EXCUSE", "checks.latency.excuse"),
    ("LATENCY_IGNORE_ROUTES", "checks.latency.ignore_routes"),
    ("LATENCY_SOURCE", "checks.latency.source"),
    ("LATENCY_SELECTOR", "checks.latency.selector"),
    ("READY_FAILURES", "checks.readiness.failures"),
    ("BLUE_INSTANCES_FILE", "colors.blue.instances_file"),
    ("BLUE_INSTANCES", "colors.blue.instances"),
    ("BLUE_METRICS", "colors.blue.metrics"),
    ("GREEN_INSTANCES_FILE", "colors.green.instances_file"),
    ("GREEN_INSTANCES", "colors.green.instances"),
    ("GREEN_METRICS", "colors.green.metrics"),
    ("METRICS_TOKEN", "metrics.bearer_token"),
    ("READY_PATH", "health.path"),
    ("READY_TIMEOUT", "health.timeout"),
    ("SWITCH_TIMEOUT", "health.switch_timeout"),
    ("PROMETHEUS_TOKEN", "prometheus.bearer_token"),
    ("ROUTER", "router.kind"),
    ("SAMPLE_INTERVAL", "soak.interval"),
    ("BASELINE_WINDOW", "soak.baseline_window"),
    ("WARMUP", "soak.warmup"),
    ("AUTO_ROLLBACK", "soak.auto_rollback"),
    ("ON_BREACH", "soak.on_breach"),
    ("GRACE", "soak.grace"),
    ("ON_INCONCLUSIVE", "soak.on_inconclusive"),
    ("MAX_EXTENSION", "soak.max_extension"),
    ("VERIFY_WINDOW", "soak.verify_window"),
    ("STANDBY", "soak.standby"),
    ("ON_SHARED_CAUSE", "soak.on_shared_cause"),
    ("ON_FAILING_STANDBY", "soak.on_failing_standby"),
    ("QUERIES", "checks.queries"),
    ("METRICS_TOKEN_FILE", "metrics.bearer_token_file"),
    ("PROMETHEUS_TOKEN_FILE", "prometheus.bearer_token_file"),
];

#[test]
fn every_old_name_still_gives_its_key_and_is_told_with_the_new_one() {
    for (old, gives) in OLD_NAMES {
        let (old, today) = (format!("{PREFIX}{old}"), variable(gives));
        let told = format!("{old} is the old name of {today}");
        let (layer, found) = sorted(&[(&old, "x")]);
        assert!(layer.keys().eq([&gives]) && layer[gives].raw == Raw::text("x"), "{old}");
        assert_eq!((found.misspelled.len(), found.into_warnings()), (0, vec![told.clone()]));
        assert_eq!(given_by(&old), Some(gives));
        // In a file as well, and once however often it is set.
        let dotenv = format!("{old}=\n{old}=x\nexport {old}=''\n");
        let env = vec![(old.clone(), "x".to_owned())];
        let inputs = Inputs { env, dotenv: Some(dotenv.as_str().into()), folder: "/srv".into(), ..Inputs::default() };
        let told_by = Layers::read(inputs).warnings;
        assert_eq!(told_by, [told]);
    }
    let listed = keys().filter(|key| key.old_env.is_some()).count();
    let files = keys().filter(|key| key.old_env.is_some() && key.is_secret()).count();
    assert_eq!(OLD_NAMES.len(), listed + files, "an old name is missing here");
}

#[test]
fn every_key_is_given_by_its_own_name_in_capitals() {
    for key in keys() {
        for name in key.secret_file().map(|(name, _)| name).into_iter().chain([key.name]) {
            let known = &KNOWN[&variable(name)];
            assert!(known.gives == name && !known.is_old, "{name}");
        }
    }
    let (layer, found) =
        sorted(&[("SWITCHBACK_SOAK_INTERVAL", "2s"), ("SWITCHBACK_CHECKS_ERROR_RATE_THRESHOLD", "1%")]);
    assert_eq!(layer.keys().copied().collect::<Vec<_>>(), ["checks.error-rate.threshold", "soak.interval"]);
    assert_eq!(found.into_warnings(), [""; 0]);
}

#[test]
fn of_two_names_of_one_variable_the_new_one_wins() {
    const NEW: &str = "SWITCHBACK_SOAK_INTERVAL";
    const OLD: &str = "SWITCHBACK_SAMPLE_INTERVAL";
    let told = format!("{OLD} is the old name of {NEW}");
    for (new, old, wins, told) in [
        ("2s", "3s", "2s", vec![format!("{told}, which is set to another value and wins")]),
        ("2s", "2s", "2s", vec![told.clone()]),
        ("", "3s", "3s", vec![told]),
        ("2s", "", "2s", vec![]),
    ] {
        for both in [[(NEW, new), (OLD, old)], [(OLD, old), (NEW, new)]] {
            let (layer, found) = sorted(&both);
            assert!(layer["soak.interval"].raw == Raw::text(wins), "{both:?}");
            assert_eq!(found.into_warnings(), told, "{both:?}");
        }
    }
}

#[test]
fn old_names_are_told_together() {
    let (_, found) = sorted(&[("SWITCHBACK_WARMUP", "5s"), ("SWITCHBACK_GRACE", "5s"), ("SWITCHBACK_GRAC", "1s")]);
    let told = "old names of variables: SWITCHBACK_GRACE is now SWITCHBACK_SOAK_GRACE, SWITCHBACK_WARMUP is now SWITCHBACK_SOAK_WARMUP";
    assert_eq!((found.misspelled.len(), found.into_warnings()), (1, vec![told.to_owned()]));
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
