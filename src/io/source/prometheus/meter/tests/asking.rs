//! The meter against an API of canned answers.

use super::*;
use crate::config::{Inputs, load};
use crate::io::source::testing::{Server, Then, answer};
use crate::model::CheckId;

const BLANKS: Blanks<'_> = Blanks { color: "green", previous: "blue", service: "shop", seconds: 9 };

/// When the oldest and the newest sample were taken, asked at `now`.
fn times(oldest: f64, newest: f64, now: f64) -> String {
    let edge = |name: &str, at: f64| format!(r#"{{"metric":{{"edge":"{name}"}},"value":[{now},"{at}"]}}"#);
    vector(&[edge("min", oldest), edge("max", newest)])
}

fn counters(good: u32, failed: u32) -> String {
    let one = |status: &str, count: u32| {
        format!(r#"{{"metric":{{"instance":"a","status":"{status}"}},"value":[0,"{count}"]}}"#)
    };
    vector(&[one("200", good), one("503", failed)])
}

fn vector(series: &[String]) -> String {
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{}]}}}}"#, series.join(","))
}

/// A meter of the check at a server that gives these answers, one after the other.
async fn meter(check: &CheckId, answers: &[String]) -> (Server, Meter) {
    let answers = answers.iter().map(|body| answer("200 OK", "", body)).collect();
    let server = Server::start(answers, Then::KeepOpen).await;
    let flags = [
        ("prometheus.url", format!("http://{}", server.addr)),
        ("checks.error-rate.source", "prometheus".to_owned()),
        ("checks.error-rate.selector", "reqs{c=\"{{color}}\"}".to_owned()),
        ("checks.latency.threshold", "1s".to_owned()),
        ("checks.latency.source", "prometheus".to_owned()),
        ("checks.latency.selector", "took_bucket".to_owned()),
    ];
    let flags = flags.map(|(key, value)| (key.to_owned(), value)).to_vec();
    let config = load(Inputs { flags, folder: "/srv".into(), ..Inputs::default() }).unwrap().config;
    let api = Api::new(config.prometheus.url.as_ref().unwrap(), &config.prometheus).unwrap();
    let meter = Meter::of(&config, &api).into_iter().find(|(known, _)| known == check).unwrap().1;
    (server, meter)
}

#[tokio::test]
async fn what_is_read_is_read_once_every_series_has_a_new_sample() {
    let answers = [
        times(90.0, 99.0, 100.0),
        counters(100, 1),
        // Some have one already.
        times(95.0, 104.0, 105.0),
        // All have.
        times(100.0, 109.0, 110.5),
        counters(150, 11),
        // One of them is not scraped any more, for more than half of max_age.
        times(105.0, 169.5, 170.0),
        counters(200, 21),
    ];
    let (server, mut meter) = meter(&CheckId::ErrorRate, &answers).await;
    let mut read = Vec::new();
    for _ in 0..4 {
        read.push(match meter.read(BLANKS).await {
            Metered::New(Reading { total, errors, .. }) => (total, errors),
            Metered::Same { age_ms } => (0, age_ms),
            Metered::Failed(why) => panic!("{why}"),
        });
    }
    assert_eq!(read, [(101, 1), (0, 1_000), (161, 11), (221, 21)]);
    let heads = server.requests.lock().unwrap().clone();
    assert!(heads[0].contains("timestamp%28reqs%7Bc%3D%22green%22%7D+offset+2000ms%29"), "{}", heads[0]);
    assert!(heads[1].contains("+offset+2000ms%29&nocache=1&time=100.000 "), "{}", heads[1]);
    assert!(heads[4].contains("&time=110.500 "), "{}", heads[4]);
}

#[tokio::test]
async fn what_is_too_old_is_no_answer_and_what_is_gone_is_told() {
    let (_server, mut old) = meter(&CheckId::ErrorRate, &[times(0.0, 10.0, 131.0)]).await;
    assert_eq!(
        old.read(BLANKS).await,
        Metered::Failed("the newest sample of `reqs{c=\"green\"}` is 2m1s old".to_owned())
    );
    let answers = [vector(&[]), vector(&[]), times(9.0, 9.0, 10.0), counters(5, 0), vector(&[]), vector(&[])];
    let (_server, mut late) = meter(&CheckId::ErrorRate, &answers).await;
    let Metered::New(none) = late.read(BLANKS).await else { panic!() };
    assert_eq!((none.total, none.note.as_deref()), (0, Some("`reqs{c=\"green\"}` has no series yet")));
    let Metered::New(first) = late.read(BLANKS).await else { panic!() };
    assert_eq!((first.total, first.note), (0, None), "nobody knows since when it counts");
    assert_eq!(late.read(BLANKS).await, Metered::Failed("`reqs{c=\"green\"}` has no series any more".to_owned()));
}

#[tokio::test]
async fn a_histogram_whose_unit_is_not_known_and_what_is_no_selector_are_told() {
    let (_server, mut unit) = meter(&CheckId::Latency, &[times(9.0, 9.0, 10.0), counters(1, 0)]).await;
    let Metered::Failed(why) = unit.read(BLANKS).await else { panic!() };
    assert_eq!(why, "the unit of `took_bucket` is not in its name: set checks.latency.unit");
    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}"#.to_owned();
    let (_server, mut scalar) = meter(&CheckId::ErrorRate, &[scalar]).await;
    assert_eq!(
        scalar.read(BLANKS).await,
        Metered::Failed("`reqs{c=\"green\"}` is not a valid selector of series".to_owned())
    );
}
