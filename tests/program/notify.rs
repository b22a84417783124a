//! A webhook is told of what the program decides.

use support::{Delivery, Deployment, Receiver};
use switchback::model::SigningKey;

/// Unlike the example that is shown beside a mistake.
const SECRET: &str = "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs";

#[test]
fn a_breach_its_rollback_and_the_outcome_are_told_signed_and_in_order() {
    let receiver = Receiver::start(1);
    let deployment = Deployment::switched().with("notify.url", &receiver.url).with("notify.secret", SECRET);
    deployment.green.fail(20);
    let done = deployment.run(&["soak", "--no-tui"]).expect(3);
    let told = receiver.deliveries();
    let kinds: Vec<String> = told.iter().map(|told| told.json()["type"].as_str().unwrap().to_owned()).collect();
    // The first one was refused, and came again before anything else.
    assert_eq!(kinds, ["deploy.breach", "deploy.breach", "deploy.rollback", "deploy.rolled_back", "soak.ended"]);
    assert_eq!((&told[0].id, &told[0].body), (&told[1].id, &told[1].body));
    let ids: std::collections::BTreeSet<&String> = told.iter().map(|told| &told.id).collect();
    assert_eq!(ids.len(), 4, "{ids:?}");
    let key = SigningKey::parse(&SECRET.into()).unwrap();
    for Delivery { id, timestamp, signature, body, .. } in &told {
        assert_eq!(*signature, key.sign(id, *timestamp, body));
    }
    let breach = told[0].json();
    assert_eq!(breach["data"]["decision"]["check"], "error-rate");
    assert!(breach["text"].as_str().unwrap().contains("requests failed"), "{breach}");
    let end = told.last().unwrap().json();
    assert_eq!((&end["data"]["outcome"], &end["data"]["exitCode"]), (&"rolled-back".into(), &3.into()));
    let written = deployment.files().into_iter().map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned());
    for text in written.chain([done.stdout, done.stderr]) {
        assert!(!text.contains("kanarienvogel") && !text.contains(SECRET), "{text}");
    }
}

#[test]
fn without_a_secret_a_switch_is_told_unsigned() {
    let receiver = Receiver::start(0);
    let deployment = Deployment::fresh().with("notify.url", &receiver.url);
    deployment.run(&["switch", "green", "--no-tui"]).expect(0);
    let told = receiver.deliveries();
    let kinds: Vec<String> = told.iter().map(|told| told.json()["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["deploy.switch", "soak.ended"]);
    assert!(told.iter().all(|told| told.signature.is_empty()), "{told:#?}");
    assert_eq!(told[1].json()["data"]["outcome"], "retained");
}

#[test]
fn a_webhook_that_is_away_changes_nothing_but_the_time_to_leave() {
    let deployment = Deployment::switched().with("notify.url", "http://127.0.0.1:9/hook/kanarienvogel");
    deployment.green.fail(20);
    let done = deployment.run(&["soak", "--no-tui"]).expect(3);
    assert!(!done.stdout.contains("kanarienvogel") && !done.stderr.contains("kanarienvogel"), "{done:#?}");
    assert_eq!(deployment.state()["soak"]["outcome"], "rolled-back");
    let files = deployment.files();
    let log = files.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect::<String>();
    assert!(
        log.contains("a notification was not accepted") && log.contains("exiting with undelivered notifications"),
        "{log}"
    );
    assert!(!log.contains("kanarienvogel"), "{log}");
}

#[test]
fn a_webhook_or_a_key_that_is_none_is_refused_and_not_repeated() {
    for (key, value, why) in [
        ("notify.url", "ftp://example.com/kanarienvogel", "it has to begin with http:// or https://, and a host"),
        ("notify.url", "kanarienvogel", "it is not a URL"),
        ("notify.secret", "kanarienvogel", "it has to begin with whsec_"),
        ("notify.secret", SECRET, "there is no notify.url to send anything to"),
    ] {
        let deployment = Deployment::switched().with(key, value);
        let done = deployment.run(&["soak", "--no-tui"]).expect(2).complains(&[key, why]);
        assert!(!done.stderr.contains("kanarienvogel") && !done.stderr.contains(SECRET), "{done:#?}");
    }
}
