//! What is told, and in which words.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::core::soak::Settings;
use crate::core::view::ViewUpdate;
use crate::io::journal::rfc3339_ms;

/// One notification, the same on every delivery attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Derived from the decision: receivers deduplicate by it.
    pub id: String,
    pub body: String,
}

#[derive(Serialize)]
struct Payload<'a> {
    r#type: String,
    timestamp: &'a str,
    text: String,
    data: Value,
}

impl Message {
    /// The messages for the event at place `seq` of a run, in order.
    pub fn of(news: &ViewUpdate, seq: u64, wall_ms: i64, settings: &Settings) -> Vec<Self> {
        let Settings { service, soak, color, .. } = settings;
        let release = settings.known_release();
        // After the sentence: receivers recognize messages by their beginning.
        let named = release.map(|release| format!(" (release {release})")).unwrap_or_default();
        let timestamp = Timestamp::from_millisecond(wall_ms).map(rfc3339_ms).unwrap_or_default();
        let told = news.decisions.iter().filter(|decision| decision.is_worth_telling());
        let decided = told.map(|decision| {
            let kind = decision.decision.name();
            let text = format!("[{service}] {}: {}{named}", kind.replace('_', " "), decision.message);
            let data = json!({ "service": service, "soak": soak, "release": release, "decision": decision });
            (format!("deploy.{kind}"), text, data)
        });
        let ended = news.ending.iter().map(|ending| {
            let outcome = ending.outcome.name();
            let next = news.standing.as_ref().and_then(|standing| standing.next.as_ref());
            let step = next.map(|next| format!("next: {next}; ")).unwrap_or_default();
            let standing = news.standing.as_ref().map_or(outcome, |standing| &standing.text);
            let text = format!("[{service}] {standing}; {step}{}{named}", ending.reason);
            let ending = json!({
                "service": service, "soak": soak, "release": release, "color": color, "outcome": outcome, "cause": ending.cause.name(),
                "reason": ending.reason, "exitCode": ending.exit_code(), "next": next,
            });
            ("soak.ended".to_owned(), text, ending)
        });
        let messages = decided.chain(ended).enumerate().map(|(place, (kind, text, data))| {
            let payload = Payload { r#type: kind, timestamp: &timestamp, text: slack(&text), data };
            let body = serde_json::to_string(&payload).unwrap_or_default();
            Self { id: format!("msg_{soak}_{seq}_{place}"), body }
        });
        messages.collect()
    }
}

/// Slack treats these three characters as markup.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::soak::testing::settings;
    use crate::core::view::Standing;
    use crate::model::{Actor, Cause, Decision, DecisionKind, Ending, Outcome};

    fn standing(text: &str, next: Option<&str>) -> Standing {
        Standing { text: text.to_owned(), next: next.map(str::to_owned) }
    }

    #[test]
    fn a_bad_release_that_is_live_is_what_the_end_is_told_by() {
        let ending = Ending { outcome: Outcome::Held, cause: Cause::Policy, reason: "error-rate: bad".to_owned() };
        let news = ViewUpdate {
            ending: Some(ending),
            standing: Some(standing("STILL LIVE", Some("switchback rollback"))),
            ..ViewUpdate::default()
        };
        let told = Message::of(&news, 7, 0, &settings()).pop().unwrap();
        let body: Value = serde_json::from_str(&told.body).unwrap();
        let text = "[shop] STILL LIVE; next: switchback rollback; error-rate: bad";
        assert_eq!((&body["text"], &body["data"]["next"]), (&json!(text), &json!("switchback rollback")));
    }

    #[test]
    fn the_release_that_is_judged_is_named() {
        let breach = Decision::new(DecisionKind::Breach, Actor::Auto, "9 of 9 failed");
        let ending = Ending { outcome: Outcome::RolledBack, cause: Cause::Auto, reason: "bad".to_owned() };
        let news = ViewUpdate {
            decisions: vec![breach],
            ending: Some(ending),
            standing: Some(standing("ROLLED BACK: blue is active again", None)),
            ..ViewUpdate::default()
        };
        let settings = Settings { release: Some("v7".to_owned()), ..settings() };
        for (told, text) in Message::of(&news, 7, 0, &settings).iter().zip([
            "[shop] breach: 9 of 9 failed (release v7)",
            "[shop] ROLLED BACK: blue is active again; bad (release v7)",
        ]) {
            let body: Value = serde_json::from_str(&told.body).unwrap();
            assert_eq!((&body["text"], &body["data"]["release"]), (&json!(text), &json!("v7")));
        }
    }

    #[test]
    fn decisions_and_the_end_are_told_in_order_with_ids_of_their_own() {
        let breach = Decision::new(DecisionKind::Breach, Actor::Auto, "5 < 6 & rising");
        let blind = Decision::new(DecisionKind::Blind, Actor::Auto, "no metrics");
        let quiet = Decision::new(DecisionKind::Observe, Actor::Auto, "nothing for anybody");
        let ending = Ending { outcome: Outcome::RolledBack, cause: Cause::Auto, reason: "bad".to_owned() };
        let news = ViewUpdate {
            decisions: vec![quiet, breach, blind],
            ending: Some(ending),
            standing: Some(standing("ROLLED BACK: blue is active again", None)),
            ..ViewUpdate::default()
        };
        let settings = settings();
        let told = Message::of(&news, 7, 0, &settings);
        let bodies: Vec<Value> = told.iter().map(|told| serde_json::from_str(&told.body).unwrap()).collect();
        assert_eq!(
            told.iter().map(|told| told.id.clone()).collect::<Vec<_>>(),
            [0, 1, 2].map(|place| format!("msg_{}_7_{place}", settings.soak))
        );
        let kinds: Vec<&Value> = bodies.iter().map(|body| &body["type"]).collect();
        assert_eq!(kinds, ["deploy.breach", "deploy.blind", "soak.ended"]);
        assert_eq!(bodies[0]["timestamp"], "1970-01-01T00:00:00.000Z");
        assert!(bodies[0]["text"].as_str().unwrap().ends_with("breach: 5 &lt; 6 &amp; rising"), "{}", bodies[0]);
        assert_eq!(bodies[0]["data"]["decision"]["message"], "5 < 6 & rising");
        assert_eq!(bodies[2]["text"], format!("[{}] ROLLED BACK: blue is active again; bad", settings.service));
        assert_eq!((&bodies[2]["data"]["outcome"], &bodies[2]["data"]["exitCode"]), (&json!("rolled-back"), &json!(3)));
    }
}
