//! `[prometheus]` and the checks that ask it.

use super::*;
use crate::config::{Asked, Bound, Source};

const URL: (&str, &str) = ("SWITCHBACK_PROMETHEUS_URL", "http://ana:hunter2@prom:9090");

fn file_and_url(text: &str) -> Inputs {
    Inputs { env: owned(&[URL]), ..file(text) }
}

#[test]
fn checks_are_tables_of_the_file_and_one_key_everywhere_else() {
    let text = "[checks.queue]\nquery = 'sum(depth)'\nthreshold = 1e3\nbreach = \"below\"\nfor = \"30s\"\n\n\
                [checks]\npages.alerts = [\"Slow\"]\n";
    let loaded = load(file_and_url(text)).unwrap();
    let [pages, queue] = &loaded.config.queries[..] else { panic!("{:?}", loaded.config.queries) };
    assert!(matches!(&pages.asked, Asked::Alerts(alerts) if alerts[0].as_str() == "Slow"));
    assert_eq!((queue.breach, queue.hold), (Bound::Below, Duration::from_secs(30)));
    assert_eq!(origin(&loaded, "checks.queries"), "switchback.toml:1");
    let shown = loaded.settings.iter().find(|setting| setting.key == "checks.queries").unwrap();
    let again = load(env(&[URL, ("SWITCHBACK_CHECKS_QUERIES", shown.value.as_deref().unwrap())])).unwrap();
    assert_eq!(again.config.queries, loaded.config.queries);
}

#[test]
fn what_is_wrong_with_a_check_of_the_file_is_said_with_its_name() {
    let bad = "[checks.queue]\nquery = 'sum(depth)'\nfor = \"1h\"\n\n[checks.pages]\nalerts = 7\n";
    let found = headlines(file_and_url(bad));
    assert_eq!(found.len(), 1, "{found:?}");
    for part in ["checks.queries: checks.pages: invalid type", "checks.queue: a query needs a `threshold`"] {
        assert!(found[0].contains(part), "{found:?}");
    }
    // Without a query it is a section with a mistake in its name.
    assert_eq!(
        headlines(file("[checks.latncy]\nthreshold = \"1s\"\n")),
        ["checks.latncy: unknown key; did you mean `checks.latency`?"]
    );
    assert!(headlines(file_and_url("[checks.queue]\nquer = 'a'\n"))[0].contains("checks.queue: unknown field `quer`"));
    let twice = "checks.queries = '{}'\n[checks.queue]\nquery = 'a'\nthreshold = 1\n";
    assert!(headlines(file_and_url(twice)).iter().any(|line| line.contains("given twice, also as [checks.NAME]")));
}

#[test]
fn a_source_needs_an_api_and_a_selector() {
    let source = ("SWITCHBACK_CHECKS_ERROR_RATE_SOURCE", "prometheus");
    let selector = ("SWITCHBACK_CHECKS_ERROR_RATE_SELECTOR", "http_requests_total{color=\"{{color}}\"}");
    let config = load(env(&[URL, source, selector])).unwrap().config;
    assert_eq!((config.error_rate.source, config.reads_pages()), (Source::Prometheus, false));
    assert_eq!(config.prometheus.url.unwrap().to_string(), "http://***@prom:9090");
    assert_eq!(
        headlines(env(&[source])),
        [
            "checks.error-rate.selector: checks.error-rate.source = prometheus (environment \
             SWITCHBACK_CHECKS_ERROR_RATE_SOURCE) needs it",
            "prometheus.url: checks.error-rate.source (environment SWITCHBACK_CHECKS_ERROR_RATE_SOURCE) needs it",
        ]
    );
    let without = load(env(&[selector])).unwrap();
    assert_eq!(
        without.warnings,
        ["checks.error-rate.selector (environment SWITCHBACK_CHECKS_ERROR_RATE_SELECTOR) has no effect: set \
          checks.error-rate.source = prometheus"]
    );
    let queries = ("SWITCHBACK_CHECKS_QUERIES", r#"{"q":{"query":"a","threshold":1}}"#);
    let needed = "prometheus.url: checks.queries (environment SWITCHBACK_CHECKS_QUERIES) needs it";
    assert_eq!(headlines(env(&[queries])), [needed]);
}

#[test]
fn user_name_and_password_need_each_other_and_a_token_comes_first() {
    let user = ("SWITCHBACK_PROMETHEUS_USERNAME", "ana");
    let password = ("SWITCHBACK_PROMETHEUS_PASSWORD", "hunter2");
    assert!(load(env(&[user, password])).unwrap().warnings.is_empty());
    for alone in [user, password] {
        assert_eq!(headlines(env(&[alone])), ["prometheus.username: user name and password are needed together"]);
    }
    let all = load(env(&[user, password, ("SWITCHBACK_PROMETHEUS_BEARER_TOKEN", "t")])).unwrap();
    assert_eq!(
        all.warnings,
        [
            "prometheus.username (environment SWITCHBACK_PROMETHEUS_USERNAME) is not used: prometheus.bearer_token is given"
        ]
    );
}

#[test]
fn a_query_alone_may_be_what_is_required() {
    let text = "[checks]\nerror-rate.required = false\nreadiness.required = false\n\
                queue = { query = \"a\", threshold = 1, required = REQUIRED }\n";
    assert!(load(file_and_url(&text.replace("REQUIRED", "true"))).is_ok());
    let none = headlines(file_and_url(&text.replace("REQUIRED", "false")));
    assert!(none[0].contains("no check is required"), "{none:?}");
}
