//! A recording is exactly the input of the machine: replayed, it decides the same.

use support::Deployment;
use switchback::app::monitor::{Begin, Finished, OnSignal, run};
use switchback::core::soak::{Effect, Envelope, Machine, RecordingHeader};
use switchback::io::journal::{Entry, RecordingReader};
use switchback::model::{Cause, Color, Decision, Ending, Outcome};

use crate::watch::opened;

/// The decisions that the verbs of `deploy` journal themselves: they are no effects of the machine.
const VERBS: [&str; 3] = ["switching", "switch", "rolled_back"];

/// Feeds a recording to a new machine: each decision with when it was made, in milliseconds since the run began.
pub fn replay(path: &std::path::Path) -> (Vec<(u64, Decision)>, Option<Ending>) {
    let (header, envelopes) = RecordingReader::<Envelope>::open::<RecordingHeader>(path).unwrap();
    let mut machine = Machine::new(header.settings);
    let (mut decisions, mut ending) = (Vec::new(), None);
    for (at, envelope) in envelopes.enumerate() {
        let envelope = envelope.unwrap();
        assert_eq!(envelope.seq, u64::try_from(at).unwrap() + 1, "no event is missing");
        for effect in machine.handle(&envelope) {
            match effect {
                Effect::Journal(decision) | Effect::Rollback { attempt: 1, intent: decision, .. } => {
                    decisions.push((envelope.at_ms, *decision));
                }
                Effect::Finish(end) => ending = Some(end),
                _ => {}
            }
        }
    }
    (decisions, ending)
}

async fn replays_as_it_went(deployment: &Deployment) {
    let opened =
        opened(deployment, Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false }).await;
    let recording = opened.places.recording.clone();
    let Finished::Ended(ended) = run(opened, OnSignal::Abort, None).await else { panic!("nobody sent a signal") };

    let (decided, ending) = replay(&recording);
    assert_eq!(ending, Some(ended));
    let entries = deployment.decisions().into_iter().map(|entry| serde_json::from_value::<Entry>(entry).unwrap());
    let journaled: Vec<_> =
        entries.map(|entry| entry.decision).filter(|entry| !VERBS.contains(&entry.decision.name())).collect();
    let decided: Vec<_> = decided.into_iter().map(|(_, decision)| decision).collect();
    assert_eq!(decided, journaled, "bit for bit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_a_breach_replays_to_the_decisions_in_the_journal() {
    let deployment = Deployment::fresh().by_evidence().with("soak.grace", "500ms");
    deployment.green.fail(50);
    replays_as_it_went(&deployment).await;
    assert_eq!(deployment.count("rolled_back"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_of_a_healthy_soak_replays_to_the_decisions_in_the_journal() {
    let deployment = Deployment::fresh().by_evidence().with("soak.warmup", "500ms");
    deployment.green.fail(1);
    replays_as_it_went(&deployment).await;
    assert_eq!(deployment.count("retain"), 1);
}

/// What was decided, without the words: those may be put better one day.
fn gist(decision: &Decision) -> impl PartialEq + std::fmt::Debug {
    let Decision { decision: kind, actor, reason, check, value, threshold, requests, errors, evidence, .. } = decision;
    let numbers = (*value, *threshold, *requests, *errors, *evidence);
    (*kind, actor.clone(), reason.clone(), check.clone(), numbers, (decision.active_color, decision.previous_color))
}

/// Recordings of version 0.1.0 from before the router was read while a recovery was verified. The one is of a release that failed
/// requests, the other one of a release that was no longer ready, which was called `recovered` as well then.
#[test]
fn recordings_of_older_versions_replay_to_the_decisions_of_then() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings");
    for name in ["error-rate", "readiness"] {
        let (decided, ending) = replay(&folder.join(format!("{name}.jsonl")));
        let journaled = std::fs::read_to_string(folder.join(format!("{name}.decisions.jsonl"))).unwrap();
        let journaled: Vec<Decision> = journaled.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            decided.iter().map(|(_, decision)| gist(decision)).collect::<Vec<_>>(),
            journaled.iter().map(gist).collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(
            ending.map(|ending| (ending.outcome, ending.cause)),
            Some((Outcome::RolledBack, Cause::Auto)),
            "{name}"
        );
    }
}

/// The runs of the version before the floors, whose journals lie beside them. The intent of a rollback is journaled when it is
/// carried out, so the order of one instant is left open.
#[test]
fn recordings_of_the_version_before_replay_to_the_decisions_in_their_journals() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/before");
    let sorted = |decisions: &[Decision]| {
        let mut gists: Vec<String> = decisions.iter().map(|decision| format!("{:?}", gist(decision))).collect();
        gists.sort_unstable();
        gists
    };
    for (name, outcome) in [("healthy", Outcome::Retained), ("breached", Outcome::RolledBack)] {
        let recording = std::fs::read_dir(folder.join(name).join("soaks")).unwrap().next().unwrap().unwrap().path();
        let (decided, ending) = replay(&recording);
        assert_eq!(ending.map(|ending| (ending.outcome, ending.cause)), Some((outcome, Cause::Auto)), "{name}");
        let journal = std::fs::read_to_string(folder.join(name).join("decisions.jsonl")).unwrap();
        let entries = journal.lines().skip(1).map(|line| serde_json::from_str::<Entry>(line).unwrap().decision);
        let journaled: Vec<Decision> = entries.filter(|entry| !VERBS.contains(&entry.decision.name())).collect();
        let decided: Vec<Decision> = decided.into_iter().map(|(_, decision)| decision).collect();
        assert!(journaled.len() >= 2, "{name}");
        assert_eq!(sorted(&decided), sorted(&journaled), "{name}");
    }
}
