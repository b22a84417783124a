//! What has to hold after all hosts are done.

use std::collections::{BTreeMap, BTreeSet};

use switchback::io::journal::{Journal, verify};
use switchback::io::state::{State as Deployed, StateFile};
use switchback::model::{Color, Decision, DecisionKind, Outcome};

use super::land::{HostState, Land, State};
use super::plan::{Fault, HostsPlan};
use super::store::Store;
use crate::plan::Weather;

pub fn judge(land: &Land, plan: &HostsPlan) {
    let state = &mut *land.state();
    let mut found = Vec::new();
    let mut decisions = Vec::new();
    for host in &state.hosts {
        match left_by(host, &state.store, &mut state.log) {
            Ok(made) => decisions.extend(made),
            Err(why) => found.push(format!("{}: {why}", host.name)),
        }
    }
    found.extend(unsigned(&decisions));
    found.extend(twice(&state.store));
    // What `deploy.ts` moves is a deployment of its own.
    if !plan.has(|fault| matches!(fault, Fault::Deploy { .. })) {
        found.extend(of_traffic(state, plan, &decisions));
    }
    state.violations.extend(found);
}

/// The decisions in the journal of a host, which verifies, if its state file says the same as the store.
fn left_by(host: &HostState, store: &Store, log: &mut Vec<String>) -> Result<Vec<Decision>, String> {
    let file = StateFile::open(&host.folder.join("state.json")).unwrap();
    let here = file.read().map_err(|error| format!("the state file does not read back: {error}"))?;
    let journal = Journal::new(&host.folder.join("data").join("shop"), "shop");
    let history = journal.history(usize::MAX).map_err(|error| format!("the journal does not read back: {error}"))?;
    log.push(format!("journal of {}:", host.name));
    log.extend(history.iter().map(|entry| {
        let Decision { decision, host, token, message, soak, .. } = &entry.decision;
        let (soak, host) = (soak.as_deref().unwrap_or("-"), host.as_deref().unwrap_or("-"));
        format!("  {} {soak} {decision} by {host} with {token:?}: {message}", entry.ts)
    }));
    verify(journal.path(), here.journal()).map_err(|error| format!("the journal does not verify: {error}"))?;
    let shown = |state: &Deployed| {
        let soak = state.soak().map(|soak| (soak.id.clone(), soak.outcome.clone()));
        (state.active(), state.last_switch(), state.previous(), soak)
    };
    match store.state() {
        Some(shared) if shown(&shared) != shown(&here) => {
            Err(format!("the state file says {:?}, the store {:?}", shown(&here), shown(&shared)))
        }
        _ => Ok(history.into_iter().map(|entry| entry.decision).collect()),
    }
}

/// Every decision that moves traffic says who made it.
fn unsigned(decisions: &[Decision]) -> BTreeSet<String> {
    use DecisionKind::{Rollback, RolledBack, Switch, Switching};
    let moves = |made: &&Decision| matches!(made.decision, Switching | Switch | Rollback | RolledBack);
    let unsigned = decisions.iter().filter(moves).filter(|made| made.host.is_none() || made.token.is_none());
    let told =
        unsigned.map(|made| format!("{} has the host {:?}, the token {:?}", made.decision, made.host, made.token));
    told.collect()
}

/// As far as the store was told, a soak is rolled back once.
fn twice(store: &Store) -> Vec<String> {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    for (soak, ..) in &store.rolled_back {
        *times.entry(soak).or_default() += 1;
    }
    let twice = times.into_iter().filter(|(_, times)| *times > 1);
    twice.map(|(soak, times)| format!("{times} times rolled_back for soak {soak}: {:?}", store.rolled_back)).collect()
}

/// A bad release is rolled back, a good one is not, and either way the router does what the state says.
fn of_traffic(state: &State, plan: &HostsPlan, decisions: &[Decision]) -> Vec<String> {
    let mut found = Vec::new();
    let made = |kind| decisions.iter().any(|decision| decision.decision == kind);
    let active = state.store.state().map(|shared| shared.active());
    let on = if plan.plan.router_speaks { Some(state.router) } else { active };
    // Whoever moved traffic on its lease alone, and was cut off before it could tell, leaves traffic that is safe and a state
    // that does not say so.
    if active.is_some() && on != active && !state.alone {
        found.push(format!("traffic is on {on:?}, and the state of all says {active:?}"));
    }
    if state.rollbacks.len() > 1 {
        found.push(format!("traffic was moved back {} times: {:?}", state.rollbacks.len(), state.rollbacks));
    }
    let jumps = plan.has(|fault| matches!(fault, Fault::WallJump { .. }));
    match plan.plan.weather {
        // A clock that is set ahead, or a window in which nobody reaches the store, leave nothing to judge a release by.
        Weather::Failing { .. } if !jumps && !made(DecisionKind::Inconclusive) => {
            let began = !plan.switches || made(DecisionKind::Switch);
            if began && (on != Some(Color::Blue) || !(made(DecisionKind::RolledBack) || state.alone)) {
                found.push(format!("a bad release is not rolled back: traffic is on {on:?}"));
            }
        }
        Weather::Healthy if made(DecisionKind::RolledBack) && plan.plan.on_inconclusive != "rollback" => {
            found.push("a good release was rolled back".to_owned());
        }
        _ => {}
    }
    let retained = state.hosts.iter().filter_map(|host| host.ending.as_ref());
    let retained = retained.filter(|ending| ending.outcome == Outcome::Retained && !jumps);
    if matches!(plan.plan.weather, Weather::Failing { .. }) && on == Some(Color::Green) {
        found.extend(retained.map(|ending| format!("a failing release was retained: {}", ending.reason)));
    }
    found
}
