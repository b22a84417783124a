//! All hosts from the first process to the last.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use switchback::app::monitor::Begin;
use switchback::config::{Inputs, Loaded, load};
use switchback::io::coordination::STATE;
use switchback::io::state::StateFile;
use switchback::model::Color;

use super::judge::judge;
use super::land::{Land, STEP_MS};
use super::plan::{Fault, HostsPlan, TTL_MS, When};
use super::process::{Gone, Process};
use crate::mistakes::Mistake;
use crate::run::{Report, SWITCHED_MS, folder, settings};
use crate::world::EPOCH_MS;

/// Everything is over by then: what happens takes less than a minute, and nobody is away for long.
const MOST_MS: u64 = 300_000;

/// After so many rounds in which every host starts its monitor again they agree.
const ROUNDS: u32 = 4;

/// Whoever starts a process again waits so long.
const AGAIN_MS: u64 = 500;

/// The same where it could not begin.
const REFUSED_MS: u64 = 1_500;

/// What a host does.
enum Doing {
    Away { until_ms: u64, begin: Begin },
    Runs(Process),
    Paused { process: Process, until_ms: u64, suspended: bool },
    Done,
}

/// Simulates a plan.
pub fn simulate(plan: &HostsPlan, mistake: Option<Mistake>) -> Report {
    let folder = folder();
    let root = folder.path().canonicalize().unwrap();
    let folders = (0..plan.hosts.len()).map(|at| root.join(format!("host{at}")));
    let land = Land::new(plan, folders.collect());
    let hosts: Vec<(Arc<Loaded>, Doing)> = plan
        .hosts
        .iter()
        .enumerate()
        .map(|(at, host)| {
            let folder = root.join(format!("host{at}"));
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("state.json"), first_state(plan)).unwrap();
            let begin = match (at, plan.switches) {
                (0, true) => Begin::Switch { to: Color::Green, soak: true, no_rollback: false, force: false },
                (0, false) => Begin::Soak,
                _ => Begin::Resume,
            };
            (Arc::new(configuration(plan, at, &folder)), Doing::Away { until_ms: host.begins_ms, begin })
        })
        .collect();
    let hosts = run_all(&land, hosts, MOST_MS, mistake);
    settle(&land, hosts, mistake);
    judge(&land, plan);
    let rootless = |text: &String| text.replace(&root.display().to_string(), "");
    let state = land.state();
    let outcome = state.hosts.iter().find_map(|host| host.ending.as_ref()).map(|ending| ending.outcome);
    let violations = state.violations.iter().map(rootless).collect();
    Report { violations, decisions: state.log.iter().map(rootless).collect(), outcome }
}

/// Traffic is on green since a moment ago, or on blue for long.
fn first_state(plan: &HostsPlan) -> String {
    let state = if plan.switches {
        json!({ "activeColor": "blue", "lastSwitch": EPOCH_MS - 3_600_000, "previousColor": "green" })
    } else {
        let transition = json!({ "kind": "switch", "at": SWITCHED_MS });
        json!({ "activeColor": "green", "lastSwitch": SWITCHED_MS, "previousColor": "blue", "transition": transition })
    };
    state.to_string()
}

fn configuration(plan: &HostsPlan, host: usize, folder: &Path) -> Loaded {
    let shared = [
        ("coordination.kind", "etcd".to_owned()),
        ("coordination.endpoints", "http://etcd:2379".to_owned()),
        ("coordination.member", format!("host{host}")),
        ("coordination.ttl", format!("{TTL_MS}ms")),
    ];
    let keys = settings(&plan.plan, "shop", folder).into_iter().chain(shared);
    let flags = keys.map(|(key, value)| (key.to_owned(), value)).collect();
    load(Inputs { flags, folder: folder.to_owned(), ..Inputs::default() }).unwrap()
}

/// Until all monitors have ended.
fn run_all(
    land: &Land,
    mut hosts: Vec<(Arc<Loaded>, Doing)>,
    most_ms: u64,
    mistake: Option<Mistake>,
) -> Vec<(Arc<Loaded>, Doing)> {
    let mut refused = vec![String::new(); hosts.len()];
    let end_ms = land.state().now_ms + most_ms;
    while hosts.iter().any(|(_, doing)| !matches!(doing, Doing::Done)) {
        let now_ms = begin_step(land);
        if now_ms > end_ms {
            break;
        }
        for (at, (loaded, doing)) in hosts.iter_mut().enumerate() {
            let process = |begin| Process::begin(land, at, mistake, loaded, begin);
            *doing = match std::mem::replace(doing, Doing::Done) {
                Doing::Away { until_ms, begin } if until_ms <= now_ms => Doing::Runs(process(begin)),
                Doing::Paused { process, until_ms, suspended } if until_ms <= now_ms => {
                    process.go_on(suspended);
                    Doing::Runs(process)
                }
                same => same,
            };
            if let Doing::Runs(process) = doing {
                let struck = |land: &Land| land.state().hosts[at].struck;
                let gone = if struck(land).is_some() { None } else { process.drive() };
                if let Some(gone) = gone {
                    *doing = gone_on(land, at, gone, &mut refused[at]);
                } else if let Some(fault) = struck(land) {
                    *doing = strike(land, at, std::mem::replace(doing, Doing::Done), fault);
                }
            }
        }
        land.deliver();
        land.watch();
    }
    for (at, (_, doing)) in hosts.iter_mut().enumerate() {
        if !matches!(doing, Doing::Done) {
            land.state().violated(format!("host{at} never ends: {}", refused[at]));
            *doing = Doing::Done;
        }
    }
    hosts
}

/// Once nothing happens any more, every host starts its monitor again, until none has anything new to tell.
fn settle(land: &Land, mut hosts: Vec<(Arc<Loaded>, Doing)>, mistake: Option<Mistake>) {
    land.state().plan.faults.retain(|fault| matches!(fault, Fault::WallJump { .. }));
    for _ in 0..ROUNDS {
        let known = |land: &Land| land.state().store.record(STATE).map(|record| record.changed);
        let before = known(land);
        land.state().log.push("once more".to_owned());
        for (at, (_, doing)) in hosts.iter_mut().enumerate() {
            *doing = Doing::Away { until_ms: land.state().now_ms + 100 * at as u64, begin: Begin::Resume };
        }
        hosts = run_all(land, hosts, MOST_MS, mistake);
        if known(land) == before {
            return;
        }
    }
    land.state().violated("there is always something new".to_owned());
}

/// A process that is struck.
fn strike(land: &Land, host: usize, doing: Doing, fault: Fault) -> Doing {
    let now_ms = land.state().now_ms;
    match (doing, fault) {
        (Doing::Runs(process), Fault::Pause { for_ms, suspended, .. }) => {
            Doing::Paused { process, until_ms: now_ms + for_ms, suspended }
        }
        (Doing::Runs(process), Fault::Kill { away_ms, .. }) => {
            drop(process);
            gone(land, host);
            Doing::Away { until_ms: now_ms + away_ms, begin: Begin::Resume }
        }
        (same, _) => same,
    }
}

fn gone(land: &Land, host: usize) {
    let known = &mut land.state().hosts[host];
    (known.began, known.struck, known.moves) = (None, None, false);
}

/// What follows on the end of a process, whose runtime is gone by then.
fn gone_on(land: &Land, host: usize, how: Gone, refused: &mut String) -> Doing {
    gone(land, host);
    let state = &mut *land.state();
    state.say(host, &format!("{how:?}"));
    let now_ms = state.now_ms;
    match how {
        Gone::Ended(ending) => {
            state.hosts[host].ending = Some(ending);
            Doing::Done
        }
        Gone::Saved => Doing::Away { until_ms: now_ms + AGAIN_MS, begin: Begin::Resume },
        Gone::Refused(why) => {
            *refused = why;
            Doing::Away { until_ms: now_ms + REFUSED_MS, begin: Begin::Resume }
        }
    }
}

/// Time passes, and brings what it brings.
fn begin_step(land: &Land) -> u64 {
    let state = &mut *land.state();
    state.now_ms += STEP_MS;
    let now_ms = state.now_ms;
    let leader = state.store.term().map(|term| term.host);
    state.strike(|when| match when {
        When::At { host, ms } if ms <= now_ms => Some(host),
        When::Leading { ms } if ms <= now_ms => leader,
        _ => None,
    });
    let busy = state.hosts.iter().any(|host| host.moves);
    let mut due = Vec::new();
    state.plan.faults.retain(|fault| {
        let is_due = match fault {
            Fault::Stop { at_ms, .. } => *at_ms <= now_ms,
            Fault::Deploy { at_ms, .. } => *at_ms <= now_ms && !busy,
            _ => false,
        };
        due.extend(is_due.then_some(*fault));
        !is_due
    });
    for fault in due {
        state.log.push(format!("{now_ms} ms {fault:?}"));
        match fault {
            Fault::Stop { host, .. } => state.hosts[host].asked_to_stop = state.hosts[host].began.is_some(),
            Fault::Deploy { host, .. } => {
                let path = state.hosts[host].folder.join("state.json");
                let wall_ms = EPOCH_MS + i64::try_from(state.local_ms(host, now_ms)).unwrap();
                state.router = deploy(&path, wall_ms + state.plan.hosts[host].wall_ms);
            }
            _ => {}
        }
    }
    now_ms
}

/// As `deploy.ts` does it, which knows three keys and no lock: to the color that has no traffic.
fn deploy(path: &Path, wall_ms: i64) -> Color {
    let active = StateFile::open(path).unwrap().read().unwrap().active();
    let mut document: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    document.insert("activeColor".to_owned(), json!(active.other()));
    document.insert("lastSwitch".to_owned(), json!(wall_ms));
    document.insert("previousColor".to_owned(), json!(active));
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_string_pretty(&document).unwrap()).unwrap();
    fs::rename(new, path).unwrap();
    active.other()
}
