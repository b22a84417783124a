//! What the row of a deployment says while none of our soaks runs.

use crate::app::monitor;
use crate::core::view::Summary;
use crate::io::state::{SoakBlock, State};
use crate::model::{Color, Ending, Phase, Verdict};

/// A deployment without a soak: where traffic is, and how its last soak ended, by the state file.
pub fn idle(service: &str, state: &State) -> Summary {
    let summary = Summary::idle(service, Some(state.active()));
    let Some(block) = state.soak() else {
        return Summary { release: state.release().map(str::to_owned), ..summary };
    };
    let ending = monitor::ending_of(block);
    Summary {
        soak: Some(block.id.clone()),
        release: block.known_release().or(state.release()).map(str::to_owned),
        color: Some(watched(block, state)),
        phase: Phase::from_name(&block.phase),
        verdict: block.verdict.as_deref().and_then(Verdict::from_name),
        since_ms: block.finished_at.as_deref().and_then(ms),
        outcome: ending.as_ref().map(|ending| ending.outcome),
        exit_code: ending.as_ref().map(Ending::exit_code),
        reason: block.reason.clone(),
        ..summary
    }
}

/// The color that the last soak watched: the active one, or the one that traffic was rolled back from.
fn watched(block: &SoakBlock, state: &State) -> Color {
    let is_rolled_back = block.outcome.as_deref() == Some("rolled-back");
    if is_rolled_back { state.active().other() } else { state.active() }
}

fn ms(at: &str) -> Option<i64> {
    at.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;
    use serde_json::json;

    #[test]
    fn the_last_soak_is_told_from_the_state_file() {
        let state = json!({
            "activeColor": "blue", "lastSwitch": 5, "previousColor": "green",
            "soak": {
                "id": "20261123T140225Z-0001", "phase": "finished", "verdict": "breached", "outcome": "rolled-back",
                "cause": "auto", "reason": "18% errors", "release": "v2", "finishedAt": "2026-11-23T14:02:25Z"
            }
        });
        let row = idle("shop", &State::parse(&state.to_string()).unwrap());
        assert_eq!((row.color, row.active), (Some(Color::Green), Some(Color::Blue)));
        assert_eq!(
            (row.outcome, row.exit_code, row.verdict),
            (Some(Outcome::RolledBack), Some(3), Some(Verdict::Breached))
        );
        assert_eq!(row.since_ms, Some(1_795_442_545_000));
        let never = idle("shop", &State::never_switched());
        assert_eq!((never.active, never.soak), (Some(Color::Blue), None));
    }
}
