//! One simulated agent from its first process to the last.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use switchback::app::agent::{Own, watch};
use switchback::app::headless::{Happened, News, Teller};
use switchback::io::control::Board;
use switchback::io::state::StateFile;
use switchback::model::{Color, DecisionKind};
use tokio::time::timeout;

use super::judge::judge;
use super::outside::Outside;
use super::plan::{AgentPlan, File, name};
use super::record::Soak;
use crate::mistakes::Mistake;
use crate::plan::Fault;
use crate::run::{CatchCrash, Report, decided, folder, runtime};
use crate::world::{EPOCH_MS, Sim, Site};

/// So many processes may run one after the other, and each for so long, before a run counts as endless.
const PROCESSES: u32 = 20;
const PROCESS_TIMEOUT: Duration = Duration::from_hours(1);

/// Within so long an agent resumes what the one before left unfinished.
pub const RESUMES_MS: u64 = 3_000;

/// How a process came to its end.
enum Gone {
    Left(u8),
    Crashed,
    /// It could not begin.
    Refused(String),
    Endless,
}

/// What the agents told, and when one ran that was not asked to stop.
#[derive(Default)]
pub struct History {
    pub news: Vec<(u64, News)>,
    pub alive: Vec<(u64, u64)>,
}

/// Simulates a plan.
pub fn simulate(plan: &AgentPlan, mistake: Option<Mistake>) -> Report {
    let folder = folder();
    let root = folder.path().canonicalize().unwrap();
    let agents = root.join("agents");
    fs::DirBuilder::new().mode(0o700).create(&agents).unwrap();
    let sites = plan.services.iter().enumerate().map(|(at, service)| {
        let site = Site::new(&name(at), service.plan.clone(), &root.join(name(at)), Color::Blue);
        fs::create_dir(&site.folder).unwrap();
        let long_ago = EPOCH_MS - 3_600_000;
        let state = format!(r#"{{"activeColor":"blue","lastSwitch":{long_ago},"previousColor":"green"}}"#);
        fs::write(site.state_path(), state).unwrap();
        site
    });
    let sim = Sim::new(plan.seed, plan.faults.clone(), sites.collect());
    let outside = Outside::new(&sim, plan, &agents);
    for (at, service) in plan.services.iter().enumerate() {
        outside.write_file(at, File::Good { window_s: service.plan.window_s });
    }
    let mut history = History::default();
    run_all(&sim, &outside, mistake, &agents, &mut history);
    judge(&sim, plan, &outside, &history);
    let rootless = |text: &str| text.replace(&root.display().to_string(), "");
    let violations = sim.state().violations.iter().map(|what| rootless(what)).collect();
    let news = history.news.iter().map(|(at_ms, news)| {
        let (what, message) = (news.what, rootless(&news.message));
        format!("{at_ms} ms {what:?} {}: {message}", news.service.as_deref().unwrap_or("agent"))
    });
    let mut decisions: Vec<String> = news.collect();
    for site in &sim.state().sites {
        decisions.push(format!("{}:", site.name));
        decisions.extend(decided(site, &root));
    }
    Report { violations, decisions, outcome: None }
}

fn run_all(sim: &Sim, outside: &Outside, mistake: Option<Mistake>, folder: &Path, history: &mut History) {
    for _ in 0..PROCESSES {
        let unfinished = unfinished(sim, outside);
        let (began_ms, told) = (sim.now_ms(), history.news.len());
        let gone = one_process(sim, outside, mistake, folder, history);
        let now_ms = sim.now_ms();
        let asked = |(at_ms, news): &(u64, News)| news.message.contains("soaks to save").then_some(*at_ms);
        let until_ms = history.news[told..].iter().find_map(asked).unwrap_or(now_ms);
        history.alive.push((began_ms, until_ms));
        judge_resumed(sim, outside, &unfinished, (began_ms, until_ms), &history.news[told..]);
        let away_ms = match gone {
            Gone::Left(code) => {
                if code != 0 && !sim.state().sites.iter().any(is_router_away) {
                    sim.state().violated(format!("the agent was asked to stop once and left with {code}"));
                }
                if outside.is_over() {
                    return;
                }
                500
            }
            Gone::Crashed => {
                let crash = sim.state().crashed;
                let Some(Fault::Crash { power, away_ms, .. }) = crash else { unreachable!("only crashes crash") };
                if power {
                    sim.power_cut();
                }
                away_ms
            }
            Gone::Refused(why) => return sim.state().violated(format!("an agent could not begin: {why}")),
            Gone::Endless => return sim.state().violated("it never ends".to_owned()),
        };
        runtime().block_on(async {
            sim.begin();
            outside.until(sim.now_ms() + away_ms).await;
            sim.end();
        });
    }
    sim.state().violated("one agent after the other".to_owned());
}

fn is_router_away(site: &Site) -> bool {
    site.plan.faults.iter().any(|fault| matches!(fault, Fault::RouterHangs { .. } | Fault::RouterDown { .. }))
}

fn one_process(sim: &Sim, outside: &Outside, mistake: Option<Mistake>, folder: &Path, history: &mut History) -> Gone {
    let ports = mistake.map_or_else(|| sim.ports(), |mistake| mistake.ports(sim));
    let (teller, told) = Teller::new(Arc::new(sim.clone()));
    let board = Board::new("host");
    {
        let state = &mut *sim.state();
        state.board = Some(board.clone());
        // On a full disk only the agent that is gone knew of it.
        for site in state.sites.iter_mut().filter(|_| state.disk_failed) {
            site.aborted = false;
        }
    }
    let gone = runtime().block_on(async {
        sim.begin();
        let agent = async {
            let own = Own::read(folder).map_err(|error| error.to_string())?;
            watch(&ports, &own, board, teller).await.map_err(|error| error.to_string())
        };
        let watched = async {
            tokio::select! {
                biased;
                () = sim.crash() => Gone::Crashed,
                code = agent => code.map_or_else(Gone::Refused, Gone::Left),
                () = sim.crash_by_time() => Gone::Crashed,
                () = outside.go_on() => Gone::Endless,
            }
        };
        let gone = timeout(PROCESS_TIMEOUT, CatchCrash::of(Box::pin(watched), || Gone::Crashed)).await;
        sim.end();
        let crashed = sim.state().crashed.is_some();
        if crashed { Gone::Crashed } else { gone.unwrap_or(Gone::Endless) }
    });
    sim.state().board = None;
    let ms = |at_ms: i64| u64::try_from(at_ms - EPOCH_MS).unwrap();
    for (at, news) in told.try_iter() {
        if !news.message.contains("broke off") {
            history.news.push((ms(at.as_millisecond()), news));
        } else if !matches!(gone, Gone::Crashed) {
            // A process that dies at its disk tells nothing of it any more.
            sim.state().violated(news.message);
        }
    }
    gone
}

/// The soaks that an agent has to resume which begins now.
fn unfinished(sim: &Sim, outside: &Outside) -> Vec<(usize, String)> {
    let state = sim.state();
    let soak_of = |(at, site): (usize, &Site)| {
        if matches!(outside.done(at).files.last(), Some((_, File::Broken | File::Gone))) {
            return None;
        }
        let now = StateFile::open(&site.state_path()).ok()?.read().ok()?;
        let block = now.soak().filter(|block| block.phase != "finished")?;
        let soak = Soak::all(site).ok()?.into_iter().find(|soak| soak.id == block.id)?;
        let watches = (soak.color, soak.last_switch) == (now.active(), now.last_switch());
        let is_back = now.is_rolled_back() && soak.count(DecisionKind::Rollback) > 0;
        (soak.events > 0 && soak.ending.is_none() && (watches || is_back)).then_some((at, soak.id))
    };
    state.sites.iter().enumerate().filter_map(soak_of).collect()
}

fn judge_resumed(
    sim: &Sim,
    outside: &Outside,
    unfinished: &[(usize, String)],
    (began_ms, ended_ms): (u64, u64),
    news: &[(u64, News)],
) {
    let until_ms = began_ms + RESUMES_MS;
    if ended_ms < until_ms || sim.state().disk_failed {
        return;
    }
    for (at, soak) in unfinished {
        let touched = outside.done(*at).at_ms.iter().any(|at_ms| (began_ms..=until_ms).contains(at_ms));
        let resumed = news.iter().any(|(at_ms, news)| {
            let of_it = news.service == Some(name(*at)) && news.soak.as_ref() == Some(soak);
            news.what == Happened::Resumed && of_it && *at_ms <= until_ms
        });
        if !touched && !resumed {
            sim.state().violated(format!("soak {soak} of {} is not resumed after {began_ms} ms", name(*at)));
        }
    }
}
