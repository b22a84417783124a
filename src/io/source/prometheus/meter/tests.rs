mod asking;

use super::super::answer::Value;
use super::*;

fn series(labels: &[(&str, &str)], value: f64) -> Series {
    let metric = labels.iter().map(|(label, value)| ((*label).to_owned(), (*value).to_owned())).collect();
    Series { metric, value: Some(Value(0.0, value.to_string())) }
}

fn status(instance: &str, label: &str, status: &str, value: f64) -> Series {
    series(&[("job", "shop"), ("instance", instance), (label, status)], value)
}

#[test]
fn requests_are_counted_by_whichever_label_carries_a_status_and_the_instance_is_blamed() {
    let labels = LABELS.map(ToOwned::to_owned);
    let errors = StatusSet { classes: vec![5], ..StatusSet::default() };
    let mut fleet = Fleet::default();
    let mut read = |answer| requests(&mut fleet, answer, &labels, &errors).unwrap();
    let first = read(vec![status("a", "code", "200", 90.0), status("a", "code", "503", 10.0)]);
    assert_eq!((first.total, first.errors, first.attribution), (100, 10, None));
    let next = read(vec![
        status("a", "code", "200", 95.0),
        status("a", "code", "503", 15.0),
        status("b", "code", "5xx", 3.0),
        status("b", "code", "timeout", 3.0),
    ]);
    assert_eq!((next.total, next.errors), (110, 15));
    let attribution = next.attribution.unwrap();
    assert_eq!(
        (attribution.all.errors, attribution.label_counts[0].value.as_str(), attribution.label_counts.len()),
        (5, "a", 1)
    );
}

#[test]
fn series_without_a_status_or_a_bound_are_told() {
    let labels = ["code".to_owned()];
    let errors = StatusSet { classes: vec![5], ..StatusSet::default() };
    let why = requests(&mut Fleet::default(), vec![status("a", "status", "200", 1.0)], &labels, &errors);
    assert!(why.unwrap_err().starts_with("no series has an HTTP status in a label code"));
    let read = |answer| buckets(&mut Fleet::default(), answer, &mut Vec::new(), 1.0);
    assert!(read(vec![series(&[], 1.0)]).unwrap_err().starts_with("no series has a label `le`"));
    assert!(read(vec![series(&[("le", "1")], 1.0)]).unwrap_err().starts_with("no bucket `le=\"+Inf\"`"));
    assert!(matches!(read(Vec::new()).unwrap().latency, Some(Latency::Unknown(_))));
}

#[test]
fn buckets_are_added_up_in_the_bounds_that_all_instances_have() {
    let bucket = |instance: &str, le: &str, value| series(&[("instance", instance), ("le", le)], value);
    let answer = vec![
        bucket("a", "+Inf", 10.0),
        bucket("a", "0.5", 8.0),
        bucket("a", "0.1", 5.0),
        bucket("b", "0.5", 3.0),
        bucket("b", "+Inf", 4.0),
    ];
    let reading = buckets(&mut Fleet::default(), answer, &mut Vec::new(), 1000.0).unwrap();
    assert_eq!(reading.latency, Some(Latency::Buckets(Buckets { bounds_ms: vec![500.0], counts: vec![11, 14] })));
}

#[test]
fn the_name_of_a_selector_says_its_unit() {
    for (selector, name) in [
        ("http_request_duration_seconds_bucket{color=\"green\"}", "http_request_duration_seconds"),
        ("{__name__=\"latency_ms_bucket\",color=\"green\"}", "latency_ms"),
        (" up ", "up"),
    ] {
        assert_eq!(name_of(selector), name);
    }
}
