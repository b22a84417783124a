//! `router.probe_*`.

use super::*;
use crate::config::ProbeSign;

const URL: (&str, &str) = ("SWITCHBACK_ROUTER_PROBE_URL", "http://127.0.0.1:8080/version");
const HEADER: (&str, &str) = ("SWITCHBACK_ROUTER_PROBE_HEADER", "X-Color");
const METRIC: &str = "SWITCHBACK_ROUTER_PROBE_METRIC";
const BLUE: &str = "SWITCHBACK_ROUTER_PROBE_BLUE";
const GREEN: &str = "SWITCHBACK_ROUTER_PROBE_GREEN";

#[test]
fn a_page_with_one_sign_confirms_moves_of_any_router() {
    assert!(load(env(&[])).unwrap().config.router.probe.is_none());
    let router = load(env(&[URL, HEADER])).unwrap().config.router;
    assert_eq!(router.own_paths(), ["/version"]);
    let probe = router.probe.unwrap();
    assert_eq!(probe.sign, ProbeSign::Header("x-color".to_owned()));
    assert_eq!((probe.blue.as_str(), probe.green.as_str()), ("blue", "green"));
    let json = ("SWITCHBACK_ROUTER_PROBE_JSON", "release.color");
    let probe = load(env(&[URL, json, (BLUE, "1"), (GREEN, "2")])).unwrap().config.router.probe.unwrap();
    assert_eq!((probe.sign, probe.green.as_str()), (ProbeSign::Json("release.color".to_owned()), "2"));
    for (text, name, label) in [("app_info{color}", "app_info", Some("color")), ("slot", "slot", None)] {
        let probe = load(env(&[URL, (METRIC, text), (BLUE, "1"), (GREEN, "2")])).unwrap().config.router.probe.unwrap();
        assert_eq!(probe.sign, ProbeSign::Metric { name: name.to_owned(), label: label.map(str::to_owned) });
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let json = ("SWITCHBACK_ROUTER_PROBE_JSON", "color");
    for (given, wanted) in [
        (&[URL][..], "router.probe_url: needs router.probe_header, router.probe_json or router.probe_metric"),
        (&[HEADER], "router.probe_header: needs router.probe_url, the page that is asked"),
        (&[json], "router.probe_json: needs router.probe_url, the page that is asked"),
        (&[URL, HEADER, (GREEN, "Blue")], "router.probe_green: this is also what blue says"),
        (&[URL, (METRIC, "slot")], "router.probe_blue: the value of a metric is a number; for a label: NAME{LABEL}"),
        (&[URL, (METRIC, "slot"), (BLUE, "1")], "router.probe_green: the value of a metric is a number"),
        (&[URL, (METRIC, "slot"), (BLUE, "1"), (GREEN, "1.0")], "router.probe_green: this is also what blue says"),
        (&[URL, (METRIC, "slot{color")], "router.probe_metric: `}` is missing at the end"),
        (&[URL, (METRIC, "slot{col or}")], "router.probe_metric: not a label name"),
        (&[URL, (METRIC, "sl ot{color}")], "router.probe_metric: not a metric name"),
        (&[URL, ("SWITCHBACK_ROUTER_PROBE_HEADER", "X:Color")], "router.probe_header: not a valid name of a header"),
    ] {
        let found = headlines(env(given));
        assert!(found.len() == 1 && found[0].starts_with(wanted), "{given:?}: {found:?}");
    }
}

#[test]
fn a_page_that_was_refused_is_the_only_problem() {
    let found = headlines(env(&[("SWITCHBACK_ROUTER_PROBE_URL", "shop"), HEADER]));
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn of_several_signs_the_first_counts_and_the_others_are_named() {
    let json = ("SWITCHBACK_ROUTER_PROBE_JSON", "color");
    let loaded = load(env(&[URL, json, HEADER])).unwrap();
    assert_eq!(loaded.config.router.probe.unwrap().sign, ProbeSign::Header("x-color".to_owned()));
    assert_eq!(
        loaded.warnings,
        ["router.probe_json (environment SWITCHBACK_ROUTER_PROBE_JSON) is not used: router.probe_header is given"]
    );
}
