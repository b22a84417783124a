//! What has to hold after a simulated deployment.

use std::path::Path;

use switchback::app::deploy::{Binding, Rollback, RollbackRequest};
use switchback::io::journal::verify;
use switchback::io::router::Replace;
use switchback::io::state::StateFile;
use switchback::model::{Actor, Cause, Color, Decision, DecisionKind, Ending, Outcome};

use super::plan::{Fault, Plan, Weather};
use super::run::{GIVE_UP_S, SWITCHED_MS, deployment, runtime};
use super::world::Sim;

/// A release that has been failing for so long is seen to fail.
const MAX_UNSEEN_MS: u64 = 3_000;

/// How much longer than `rollback.give_up` a watch in the foreground may take to end: a tick and a move.
const MAX_LATE_MS: u64 = 5_000;

/// What has to hold where a controller may have undone the rollback.
fn judge_undone(sim: &Sim, ending: &Ending, recovered: bool) -> Option<String> {
    let now_ms = sim.now_ms();
    let state = sim.state();
    let site = &state.sites[0];
    let Some(undone_ms) = site.undone_ms else {
        return (ending.outcome == Outcome::RollbackUndone).then(|| "undone, they say, and nobody undid it".to_owned());
    };
    // The answer that ends a verification is read in the last moments of it.
    let long_before = state.crashes == 0 && now_ms > undone_ms + 500;
    let unnoticed = recovered && (site.undone_seen > 0 || long_before);
    unnoticed.then(|| format!("recovered at {now_ms}, and traffic is on the new color again since {undone_ms}"))
}

/// In the foreground a rollback that fails is given up in time, however often the monitor was another one meanwhile.
fn too_long(sim: &Sim, plan: &Plan, ending: &Ending, no_record: bool) -> Option<String> {
    let now_ms = sim.now_ms();
    let state = sim.state();
    let saves = plan.background || plan.faults.iter().any(|fault| matches!(fault, Fault::Signal { save: true, .. }));
    // In another boot only the wall clock tells how long nobody was there.
    let jumps = plan.faults.iter().any(|fault| matches!(fault, Fault::WallJump { .. }));
    if ending.outcome != Outcome::RollbackFailed || saves || no_record || jumps {
        return None;
    }
    let lasted_ms = now_ms.saturating_sub(state.sites[0].first_try_ms?);
    let most_ms = GIVE_UP_S * 1_000 + MAX_LATE_MS + state.away_ms;
    (lasted_ms > most_ms)
        .then(|| format!("a rollback was tried for {lasted_ms} ms, with {} ms of nobody", state.away_ms))
}

/// What has to hold once everything is quiet.
pub fn judge(sim: &Sim, plan: &Plan, ending: &Ending) {
    let (root, soak, journal) = {
        let site = &sim.state().sites[0];
        (site.folder.clone(), site.soak.clone(), site.journal())
    };
    let mut found = Vec::new();
    let state_file = StateFile::open(&root.join("state.json")).unwrap();
    let state = match state_file.read() {
        Ok(state) => state,
        Err(error) => {
            sim.state().violations.push(format!("the state file does not read back: {error}"));
            return;
        }
    };
    if let Err(error) = verify(journal.path(), state.journal()) {
        found.push(format!("the journal does not verify: {error}"));
    }
    let touched_by = |is: fn(&Fault) -> bool| plan.faults.iter().any(is);
    let others = touched_by(|fault| matches!(fault, Fault::Others { .. }));
    let loud = matches!(ending.outcome, Outcome::RollbackFailed | Outcome::RollbackUndone | Outcome::SwitchFailed);
    let undone = sim.state().sites[0].undone_ms.is_some();
    // Killed while its disk was full, a monitor leaves no record of the traffic it moved: the next one can only see that.
    let no_record = sim.state().disk_failed && sim.state().crashes > 0;
    // Nobody resumes what somebody else left half done.
    let half_done = others
        && touched_by(|fault| {
            matches!(
                fault,
                Fault::Crash { .. }
                    | Fault::Router { .. }
                    | Fault::RouterDown { .. }
                    | Fault::RouterUnread { .. }
                    | Fault::DiskFull { .. }
            )
        });
    let (router, active) = (sim.state().sites[0].router, state.active());
    if plan.router_speaks && !loud && !undone && !half_done && !no_record && router != active {
        found.push(format!("after {} the router is on {router}, the state file on {active}", ending.outcome));
    }
    let soak_id = soak.as_ref().map(|(id, ..)| id.clone()).unwrap_or_default();
    let kinds: Vec<DecisionKind> = match journal.of_soak(&soak_id) {
        Ok(entries) => entries.into_iter().map(|entry| entry.decision.decision).collect(),
        Err(error) => {
            found.push(format!("the journal does not read back: {error}"));
            Vec::new()
        }
    };
    let count = |kind| kinds.iter().filter(|made| **made == kind).count();
    if !half_done {
        found.extend(judge_undone(sim, ending, count(DecisionKind::Recovered) > 0));
    }
    if count(DecisionKind::RolledBack) > 1 {
        found.push(format!("{} times rolled_back for one deployment", count(DecisionKind::RolledBack)));
    }
    // Where the end of one that was given up could not be recorded, the next monitor tries once more, and says so.
    let given_up = if no_record { count(DecisionKind::RollbackFailed) } else { 0 };
    if count(DecisionKind::Rollback) > 1 + given_up {
        found.push(format!("{} intents for one rollback", count(DecisionKind::Rollback)));
    }
    let (disk_failed, aborted) = {
        let state = sim.state();
        (state.disk_failed, state.sites[0].aborted)
    };
    found.extend(too_long(sim, plan, ending, no_record));
    if aborted && !disk_failed && ending.outcome != Outcome::Aborted {
        found.push(format!("an abort was answered, and the soak ended {}", ending.outcome));
    }
    // After a move by somebody else a process that begins again watches what they moved to.
    let green = soak.as_ref().is_some_and(|(_, color, _)| *color == Color::Green);
    let by_itself = green && ending.outcome == Outcome::Retained && ending.cause == Cause::Auto;
    // In another boot only the wall clock tells how long nobody watched. One that was set ahead ends the window early, while
    // the release may still be healthy.
    let rebooted = touched_by(|fault| matches!(fault, Fault::Crash { power: true, .. }));
    let ahead = touched_by(|fault| matches!(fault, Fault::WallJump { by_ms, .. } if *by_ms > 0));
    let early = rebooted && ahead && sim.now_ms() < plan.window_s * 1000;
    match plan.weather {
        Weather::Failing { from_ms } if by_itself && early && sim.now_ms() < from_ms + MAX_UNSEEN_MS => {}
        Weather::Failing { .. } if by_itself => found.push("a failing release was retained".to_owned()),
        Weather::Blind { from_ms } if by_itself && from_ms + 11_000 < plan.window_s * 1000 => {
            found.push("a release was retained that nobody could see".to_owned());
        }
        _ => {}
    }
    if ending.outcome == Outcome::RolledBack {
        if !others && state.active() != Color::Blue {
            found.push("rolled back, and the state file says green".to_owned());
        }
        if !disk_failed && count(DecisionKind::RolledBack) != 1 {
            found.push("rolled back, and the journal does not say so".to_owned());
        }
        found.extend((!others).then(|| once_more(sim, &root, &soak_id)).flatten());
    }
    let harmless = |fault: &Fault| {
        matches!(fault, Fault::Crash { away_ms: 0..=3_000, .. } | Fault::WallJump { .. } | Fault::DiskFull { .. })
    };
    // On a full disk no state file can be written, so the rollback is not complete; users are on the previous color all the same.
    let moved = !plan.router_speaks || sim.state().sites[0].router == Color::Blue;
    let safe = ending.outcome == Outcome::RolledBack || (disk_failed && moved);
    if matches!(plan.weather, Weather::Failing { from_ms: 0..=3_000 }) && plan.faults.iter().all(harmless) && !safe {
        found.push(format!("a breach that went on ended {}: {}", ending.outcome, ending.reason));
    }
    sim.state().violations.extend(found);
}

/// A rollback that was made is asked for again: nothing may happen.
fn once_more(sim: &Sim, root: &Path, soak: &str) -> Option<String> {
    sim.pass(60_000);
    sim.state().faults.clear();
    sim.state().sites[0].plan.faults.clear();
    runtime().block_on(async {
        sim.begin();
        let before = (sim.state().sites[0].router, std::fs::read(root.join("state.json")).unwrap());
        let mut intent = Decision::new(DecisionKind::Rollback, Actor::Operator("ann@host".to_owned()), "once more");
        intent.soak = Some(soak.to_owned());
        let deployment = deployment(sim, 0);
        let binding = Binding { active: Color::Green, last_switch: Some(SWITCHED_MS), previous: Color::Blue };
        let disk_failed = sim.state().disk_failed;
        let again =
            deployment.rollback(RollbackRequest { binding: Some(binding), intent, replace: Replace::Ours }).await;
        let after = (sim.state().sites[0].router, std::fs::read(root.join("state.json")).unwrap());
        match again {
            Ok(Rollback::AlreadyBack(Color::Blue)) if before == after => None,
            // Whoever undid it is not fought.
            Ok(Rollback::Superseded { .. }) if before == after && before.0 == Color::Green => None,
            // A journal that lost its lines to a full disk knows nothing of the first.
            Ok(_) if disk_failed => None,
            other => Some(format!("a second rollback ended {other:?} ")),
        }
    })
}
