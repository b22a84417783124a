//! What has to be true after a round, however it went.

use std::collections::BTreeSet;

use serde_json::Value;
use support::Deployment;
use switchback::core::soak::{Effect, Envelope, Event, Machine, RecordingHeader};
use switchback::io::journal::{RecordingReader, SoakId, recording_path};

use crate::plan::Plan;
use crate::rounds::route;

/// The window's end never moves.
pub fn same_end(deployment: &Deployment, known: &mut Option<Value>) {
    let Ok(text) = std::fs::read_to_string(deployment.state_path()) else { return };
    let ends_at = serde_json::from_str::<Value>(&text).unwrap()["soak"]["endsAt"].clone();
    if !ends_at.is_null() {
        assert_eq!(known.get_or_insert_with(|| ends_at.clone()), &ends_at, "the end of the window moved");
    }
}

/// Everything else.
pub fn all(deployment: &Deployment, plan: &Plan) {
    let kinds = deployment.kinds();
    let count = |kind: &str| kinds.iter().filter(|known| *known == kind).count();
    let told = format!("{plan:?}: {:#?}", deployment.decisions());
    assert_eq!(count("soak_start"), 1, "one soak: {told}");
    assert_eq!(count("switch"), usize::from(plan.switches), "one switch: {told}");
    let soaks: BTreeSet<_> = deployment.decisions().iter().map(|made| made["soak"].to_string()).collect();
    assert_eq!(soaks.len(), 1, "one id: {told}");
    let state = deployment.state();
    let outcome = state["soak"]["outcome"].as_str().unwrap_or_else(|| panic!("no outcome: {state}; {told}"));
    let (color, code) = match outcome {
        "rolled-back" => ("blue", 3),
        "retained" => ("green", 0),
        "inconclusive" => ("green", 6),
        other => panic!("{other}: {told}"),
    };
    if plan.bad {
        assert_eq!(outcome, "rolled-back", "{told}");
    } else {
        assert!(outcome == "retained" || outcome == "inconclusive" && mostly_unwatched(&state), "{outcome}: {told}");
    }
    let rollbacks = usize::from(plan.bad);
    assert_eq!((count("rollback"), count("rolled_back")), (rollbacks, rollbacks), "{told}");
    assert_eq!((state["activeColor"].as_str(), route(deployment).as_str()), (Some(color), color), "{told}");
    deployment.run(&["verify"]).expect(0);
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    for key in ["id", "phase", "outcome", "endsAt", "reason"] {
        assert_eq!(status["soak"][key], state["soak"][key], "{key}: {told}");
    }
    assert_eq!(status["soak"]["running"], false, "{told}");
    deployment.run(&["soak", "--resume", "--no-tui"]).expect(code);
    replays(deployment, &state, &told);
}

fn mostly_unwatched(state: &Value) -> bool {
    let reason = state["soak"]["reason"].as_str().unwrap_or_default();
    reason.contains("ticks are missing") || reason.contains("no metrics") || reason.contains("was last ready")
}

/// The recording leads a machine to the same end.
fn replays(deployment: &Deployment, state: &Value, told: &str) {
    let id: SoakId = state["soak"]["id"].as_str().unwrap().parse().unwrap();
    let path = recording_path(&deployment.path(".switchback/default"), &id);
    let (header, envelopes) = RecordingReader::<Envelope>::open::<RecordingHeader>(&path).unwrap();
    let mut machine = Machine::new(header.settings);
    let (mut seq, mut resumed, mut ended) = (0, 0, None);
    for envelope in envelopes.map(Result::unwrap) {
        assert_eq!(envelope.seq, seq + 1, "no event is missing: {told}");
        seq = envelope.seq;
        resumed += usize::from(matches!(envelope.event, Event::Resumed(_)));
        let ending = |effect| if let Effect::Finish(ending) = effect { Some(ending) } else { None };
        ended = machine.handle(&envelope).into_iter().find_map(ending).or(ended);
    }
    assert_eq!(ended.map(|ending| ending.outcome.name()), state["soak"]["outcome"].as_str(), "{told}");
    assert_eq!(resumed, deployment.count("resumed"), "{told}");
}
