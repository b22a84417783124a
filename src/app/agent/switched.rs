//! Whether a soak is due: traffic was switched, by anyone, and nobody has judged that yet. Pure.

use std::time::Duration;

use crate::app::deploy::Binding;
use crate::io::state::{Move, SoakBlock, State};
use crate::model::{Color, Outcome, Phase};

/// A deployment as it was at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub active: Color,
    pub last_switch: Option<i64>,
    previous: Option<Color>,
    /// Whether traffic went back: from there it can only move on.
    back: bool,
    /// Whether the release was found good.
    good: bool,
}

impl Seen {
    pub fn of(state: &State) -> Self {
        Self {
            active: state.active(),
            last_switch: state.last_switch(),
            previous: state.previous(),
            back: Binding::to(state).is_err(),
            good: state.soak().is_some_and(|block| block.last_switch == state.last_switch() && is_good(block)),
        }
    }

    /// The deployment that a soak watched, whatever was moved since.
    pub const fn watched(active: Color, last_switch: Option<i64>) -> Self {
        Self { active, last_switch, previous: Some(active.other()), back: false, good: false }
    }

    /// The same, which nothing but us knows to be a way back.
    pub const fn back(self) -> Self {
        Self { back: true, ..self }
    }

    fn is_same_switch(&self, other: &Self) -> bool {
        (self.active, self.last_switch) == (other.active, other.last_switch)
    }
}

/// What to do about a state of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Begin a soak of the active color.
    Soak,
    Nothing(Why),
}

/// Why no soak is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing was switched, or the last move was a rollback.
    NothingToRollBack,
    /// As it was at the last look.
    Unchanged,
    /// This switch was judged.
    Judged,
    /// A move back from a release that was not found good.
    WayBack,
    /// Switched before the agent began, longer ago than a soak lasts.
    TooOld,
}

/// What is known beside the state itself.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// At the last look; `None` at the first one.
    pub before: Option<Seen>,
    /// The last switch that this process has judged, or that was not to be judged.
    pub judged: Option<Seen>,
    /// Whether the soak in the state file has led back, or watched the color that is active again.
    pub moved_on: bool,
    pub now_ms: i64,
    /// How long a soak may last.
    pub limit: Duration,
}

/// Whether a soak is due. An unfinished soak, which is resumed, is not asked about here.
pub fn due(state: &State, known: &Known) -> Due {
    let now = Seen::of(state);
    if Binding::to(state).is_err() {
        return Due::Nothing(Why::NothingToRollBack);
    }
    if known.judged.is_some_and(|judged| judged.is_same_switch(&now)) || is_judged(state) {
        return Due::Nothing(Why::Judged);
    }
    if known.before.is_some_and(|before| before.is_same_switch(&now)) {
        return Due::Nothing(Why::Unchanged);
    }
    if is_way_back(state, known) {
        return Due::Nothing(Why::WayBack);
    }
    // What changes before our eyes has just been switched, whatever its clock says.
    if known.before.is_none() && age(state, known.now_ms).is_none_or(|age| age > known.limit) {
        return Due::Nothing(Why::TooOld);
    }
    Due::Soak
}

/// Whether the state file shows the outcome of this very switch.
fn is_judged(state: &State) -> bool {
    state.soak().is_some_and(|block| block.last_switch == state.last_switch() && is_over(block))
}

fn is_over(block: &SoakBlock) -> bool {
    block.phase == Phase::Finished.name()
}

/// Whether traffic went back to the color of before, as by hand or by a script that knows no rollback: within the time
/// of the soak of a release that was not found good. Later, or from a good one, it is the next deploy.
fn is_way_back(state: &State, known: &Known) -> bool {
    // A switch that says that it is one; and after a rollback, traffic can only have moved on.
    if state.last_move_is(Move::Switch) || state.soak().is_some_and(|block| is(block, Outcome::RolledBack)) {
        return false;
    }
    // Its own soak, which began and cannot be resumed.
    if state.soak().is_some_and(|block| block.last_switch == state.last_switch()) {
        return false;
    }
    let went_back =
        |before: &Seen| before.back || known.judged.is_some_and(|judged| judged.back && judged.is_same_switch(before));
    // Traffic was back in between, as by `deploy.ts`: this is the next deploy.
    if known.moved_on || known.before.as_ref().is_some_and(went_back) {
        return false;
    }
    let (before, good) = match (state.soak(), known.before) {
        // The soak of the switch before this one.
        (Some(block), _) if block.last_switch.is_some() => (block.last_switch, is_good(block)),
        (_, Some(before)) if before.previous == Some(state.active()) => (before.last_switch, before.good),
        _ => return false,
    };
    let moved_off = state.soak().is_some_and(|block| is(block, Outcome::Superseded) || !is_over(block));
    let soon = before.zip(state.last_switch()).is_some_and(|(from, to)| {
        to.checked_sub(from)
            .and_then(|ms| u64::try_from(ms).ok())
            .is_none_or(|ms| Duration::from_millis(ms) <= known.limit)
    });
    !good && (moved_off || soon)
}

fn is_good(block: &SoakBlock) -> bool {
    is(block, Outcome::Retained) || is(block, Outcome::Inconclusive)
}

fn is(block: &SoakBlock, outcome: Outcome) -> bool {
    block.outcome.as_deref() == Some(outcome.name())
}

/// How long ago traffic was switched: no time at all where the clock was set back, `None` where nobody knows.
fn age(state: &State, now_ms: i64) -> Option<Duration> {
    let ago = now_ms.saturating_sub(state.last_switch()?);
    Some(Duration::from_millis(u64::try_from(ago).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const MINUTE: i64 = 60_000;
    const NOW: i64 = 1_000 * MINUTE;

    fn state(active: &str, at: i64, previous: &str, more: &Value) -> State {
        let mut document = json!({ "activeColor": active, "lastSwitch": at, "previousColor": previous });
        document.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        State::parse(&document.to_string()).unwrap()
    }

    fn soak(at: i64, phase: &str, outcome: Option<&str>) -> Value {
        json!({ "soak": { "id": "20261123T140225Z-0001", "phase": phase, "lastSwitch": at, "outcome": outcome } })
    }

    fn known(before: Option<&State>) -> Known {
        let before = before.map(Seen::of);
        Known { before, judged: None, moved_on: false, now_ms: NOW, limit: Duration::from_mins(20) }
    }

    fn none() -> Value {
        json!({})
    }

    #[test]
    fn a_switch_by_anyone_is_taken_up_and_only_once() {
        let blue = state("blue", NOW - 900 * MINUTE, "green", &none());
        let green = state("green", NOW - 1, "blue", &none());
        assert_eq!(due(&green, &known(Some(&blue))), Due::Soak);
        assert_eq!(due(&green, &known(Some(&green))), Due::Nothing(Why::Unchanged));
        let judged = Known { judged: Some(Seen::of(&green)), ..known(Some(&blue)) };
        assert_eq!(due(&green, &judged), Due::Nothing(Why::Judged));
        let shown = state("green", NOW - 1, "blue", &soak(NOW - 1, "finished", Some("retained")));
        assert_eq!(due(&shown, &known(Some(&blue))), Due::Nothing(Why::Judged));
    }

    #[test]
    fn at_the_first_look_only_a_young_switch_is_taken_up() {
        let at = |ago: i64| due(&state("green", NOW - ago, "blue", &none()), &known(None));
        assert_eq!(at(20 * MINUTE), Due::Soak);
        assert_eq!(at(20 * MINUTE + 1), Due::Nothing(Why::TooOld));
        assert_eq!(at(-5 * MINUTE), Due::Soak, "a clock that was set back makes nothing old");
        let never = State::parse(r#"{"activeColor":"green","previousColor":"blue"}"#).unwrap();
        assert!(matches!(due(&never, &known(None)), Due::Nothing(_)));
        let blue = state("blue", NOW - 900 * MINUTE, "green", &none());
        let old = state("green", NOW - 800 * MINUTE, "blue", &none());
        assert_eq!(due(&old, &known(Some(&blue))), Due::Soak, "switched before our eyes, whatever its clock says");
    }

    #[test]
    fn a_switch_whose_soak_cannot_be_resumed_is_watched_anew() {
        let lost = state("green", NOW - MINUTE, "blue", &soak(NOW - MINUTE, "watching", None));
        assert_eq!(due(&lost, &known(None)), Due::Soak);
        let blue = state("blue", NOW - 900 * MINUTE, "green", &none());
        assert_eq!(due(&lost, &known(Some(&blue))), Due::Soak);
    }

    #[test]
    fn what_rollback_would_call_a_no_op_begins_none() {
        let green = state("green", NOW - MINUTE, "blue", &none());
        let transition = |kind: &str, at: i64| json!({ "transition": { "kind": kind, "at": at } });
        for back in [
            state("blue", NOW, "green", &transition("rollback", NOW)),
            // As deploy.ts leaves it.
            state("blue", NOW, "blue", &none()),
            State::never_switched(),
        ] {
            assert_eq!(due(&back, &known(Some(&green))), Due::Nothing(Why::NothingToRollBack));
            assert_eq!(due(&back, &known(None)), Due::Nothing(Why::NothingToRollBack));
        }
    }

    #[test]
    fn a_move_back_from_a_release_that_was_not_found_good_begins_none() {
        let at = NOW - 10 * MINUTE;
        let green = state("green", at, "blue", &none());
        for outcome in ["superseded", "aborted", "held", "rollback-failed", "rollback-undone"] {
            let back = state("blue", NOW, "green", &soak(at, "finished", Some(outcome)));
            assert_eq!(due(&back, &known(Some(&green))), Due::Nothing(Why::WayBack), "{outcome}");
            assert_eq!(due(&back, &known(None)), Due::Nothing(Why::WayBack), "{outcome}");
        }
        let under_way = state("blue", NOW, "green", &soak(at, "watching", None));
        assert_eq!(due(&under_way, &known(Some(&green))), Due::Nothing(Why::WayBack));
        let never_watched = state("blue", NOW, "green", &none());
        assert_eq!(due(&never_watched, &known(Some(&green))), Due::Nothing(Why::WayBack));
    }

    #[test]
    fn the_next_deploy_after_a_move_back_is_no_move_back() {
        let at = NOW - 10 * MINUTE;
        let moved_off = soak(at, "finished", Some("superseded"));
        let rolled_back = json!({ "transition": { "kind": "rollback", "at": NOW - MINUTE } });
        for (previous, more) in [("green", rolled_back), ("blue", none())] {
            let back = state("blue", NOW - MINUTE, previous, &more);
            for block in [&moved_off, &none()] {
                let next = state("green", NOW, "blue", block);
                assert_eq!(due(&next, &known(Some(&back))), Due::Soak, "{previous} {block}");
            }
        }
        let by_hand = state("blue", NOW - MINUTE, "green", &moved_off);
        assert_eq!(due(&by_hand, &known(Some(&state("green", at, "blue", &none())))), Due::Nothing(Why::WayBack));
        let next = state("green", NOW, "blue", &moved_off);
        let judged = Some(Seen::of(&by_hand).back());
        assert_eq!(due(&next, &Known { judged, ..known(Some(&by_hand)) }), Due::Soak);
        assert_eq!(due(&next, &Known { moved_on: true, ..known(None) }), Due::Soak, "seen by no agent");
        assert_eq!(due(&next, &known(None)), Due::Nothing(Why::WayBack));
    }

    #[test]
    fn the_next_deploy_to_the_color_of_before_is_no_move_back() {
        let at = NOW - 10 * MINUTE;
        let green = state("green", at, "blue", &none());
        let good = state("blue", NOW, "green", &soak(at, "finished", Some("retained")));
        assert_eq!(due(&good, &known(Some(&green))), Due::Soak);
        let retained = state("green", at, "blue", &soak(at, "finished", Some("retained")));
        let wiped = state("blue", NOW, "green", &none());
        assert_eq!(due(&wiped, &known(Some(&retained))), Due::Soak, "by a script that keeps its own keys only");
        let again = state("green", NOW, "blue", &soak(at, "finished", Some("rolled-back")));
        let back = state("blue", NOW - 5 * MINUTE, "green", &none());
        assert_eq!(due(&again, &known(Some(&back))), Due::Soak, "the next attempt after a rollback");
        let long_ago = NOW - 900 * MINUTE;
        let green = state("green", long_ago, "blue", &none());
        let fixed = state("blue", NOW, "green", &soak(long_ago, "finished", Some("aborted")));
        assert_eq!(due(&fixed, &known(Some(&green))), Due::Soak);
        let by_us = json!({ "transition": { "kind": "switch", "at": NOW } });
        let mut switched = soak(at, "finished", Some("superseded"));
        switched.as_object_mut().unwrap().extend(by_us.as_object().cloned().unwrap());
        let switched = state("blue", NOW, "green", &switched);
        assert_eq!(due(&switched, &known(Some(&green))), Due::Soak, "a switch says that it is one");
    }
}
