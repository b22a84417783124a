//! What all hosts share: the time, the store and the network to it, the router, the instances.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchback::io::coordination::{EngineError, LEADER, Token, Write};
use switchback::model::{Color, Ending};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::plan::{Fault, HostsPlan, When};
use super::store::{Answer, Question, Store, Term};
use crate::plan::Dice;

/// So long a step of the simulation is, on the store's clock.
pub const STEP_MS: u64 = 10;

/// A move may still be seen under way so long after its lease has ended, or its process goes on.
const SLACK_MS: u64 = 250;

/// A request on its way.
#[derive(Debug)]
pub struct Request {
    host: usize,
    question: Question,
    /// So long its answer takes.
    back_ms: u64,
    /// The answer is lost; the host notices at once, or not.
    lost: Option<bool>,
    answer: oneshot::Sender<Arrived>,
}

/// What comes back of a request, and how long that takes.
pub type Arrived = (u64, Result<Answer, EngineError>);

#[derive(Debug)]
pub struct HostState {
    pub name: String,
    pub folder: PathBuf,
    /// When its process began, on the process's clock.
    pub began: Option<Instant>,
    /// What its clock from boot showed then.
    pub began_local_ms: u64,
    /// So long its process was not driven, and its monotonic clock stood still.
    pub suspended_ms: u64,
    pub paused_ms: u64,
    pub resumed_ms: u64,
    pub requests: u32,
    /// Whether it makes a move.
    pub moves: bool,
    /// What comes to its process now.
    pub struck: Option<Fault>,
    pub asked_to_stop: bool,
    pub ending: Option<Ending>,
}

#[derive(Debug)]
pub struct State {
    pub plan: HostsPlan,
    pub now_ms: u64,
    pub dice: Dice,
    pub store: Store,
    arriving: BTreeMap<(u64, u64), Request>,
    numbered: u64,
    /// Answers that nobody gets: whoever waits for one notices nothing.
    unheard: Vec<oneshot::Sender<Arrived>>,
    pub hosts: Vec<HostState>,
    pub router: Color,
    pub moves: u32,
    /// Requests that told of a decision.
    decisions: u32,
    /// When traffic went from green to blue by a rollback, and by whom.
    pub rollbacks: Vec<(u64, usize)>,
    /// Whether a host moved traffic that could not tell the store before: it acted on its lease alone.
    pub alone: bool,
    pub log: Vec<String>,
    pub violations: Vec<String>,
}

/// Clones share it.
#[derive(Clone, Debug)]
pub struct Land(Arc<Mutex<State>>);

impl Land {
    pub fn new(plan: &HostsPlan, folders: Vec<PathBuf>) -> Self {
        let host = |(at, folder)| HostState {
            name: format!("host{at}"),
            folder,
            began: None,
            began_local_ms: 0,
            suspended_ms: 0,
            paused_ms: 0,
            resumed_ms: 0,
            requests: 0,
            moves: false,
            struck: None,
            asked_to_stop: false,
            ending: None,
        };
        let router = if plan.switches { Color::Blue } else { Color::Green };
        let state = State {
            now_ms: 0,
            dice: Dice::new(plan.plan.seed ^ 0x4C41_4E44),
            store: Store::new(plan.late_ms),
            arriving: BTreeMap::new(),
            numbered: 0,
            unheard: Vec::new(),
            hosts: folders.into_iter().enumerate().map(host).collect(),
            router,
            moves: 0,
            decisions: 0,
            rollbacks: Vec::new(),
            alone: false,
            log: Vec::new(),
            violations: Vec::new(),
            plan: plan.clone(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What reaches the store by now.
    pub fn deliver(&self) {
        let state = &mut *self.state();
        let now_ms = state.now_ms;
        let away = |at_ms| {
            state.plan.faults.iter().any(
                |fault| matches!(fault, Fault::Away { from_ms, until_ms } if (*from_ms..*until_ms).contains(&at_ms)),
            )
        };
        let returns = |fault: &Fault| matches!(fault, Fault::Away { until_ms, .. } if (now_ms - STEP_MS..now_ms).contains(until_ms));
        if state.plan.has(returns) {
            state.store.restart(now_ms);
        }
        while let Some(next) = state.arriving.first_entry().filter(|next| next.key().0 <= now_ms) {
            let ((at_ms, _), request) = next.remove_entry();
            if away(at_ms) {
                state.unheard.push(request.answer);
                continue;
            }
            let full = state.plan.has(
                |fault| matches!(fault, Fault::Full { from_ms, until_ms } if (*from_ms..*until_ms).contains(&at_ms)),
            );
            let terms = state.store.terms.len();
            let told = told(&request.question);
            let answer = state.store.answer(at_ms, request.host, request.question, full);
            if let Some(told) = told {
                state.log.push(format!("{at_ms} ms host{}: {told}: {answer:?}", request.host));
            }
            if state.store.terms.len() > terms {
                state.log.push(format!("{at_ms} ms host{} leads: {:?}", request.host, state.store.term()));
            }
            match request.lost {
                None => drop(request.answer.send((request.back_ms, answer))),
                Some(true) => drop(request.answer.send((request.back_ms, reset()))),
                Some(false) => state.unheard.push(request.answer),
            }
        }
        if !away(now_ms) {
            let led = state.store.term().cloned();
            state.store.tick(now_ms);
            if let (Some(led), None) = (led, state.store.term()) {
                state.log.push(format!("{now_ms} ms the lease of {led:?} has ended"));
            }
        }
        let found = std::mem::take(&mut state.store.violations);
        state.violations.extend(found);
    }

    /// No move is still being made once its lease has ended.
    pub fn watch(&self) {
        let state = &mut *self.state();
        let now_ms = state.now_ms;
        for at in 0..state.hosts.len() {
            let host = &state.hosts[at];
            if !host.moves || host.struck.is_some() {
                continue;
            }
            let ended_ms = state.store.terms.iter().rfind(|term| term.host == at).and_then(|term| term.ended_ms);
            if let Some(ended_ms) = ended_ms
                && now_ms > ended_ms.max(host.resumed_ms) + SLACK_MS
            {
                state.violated(format!(
                    "host{at} still makes a move at {now_ms} ms, and its lease ended at {ended_ms} ms"
                ));
                state.hosts[at].moves = false;
            }
        }
    }
}

fn reset() -> Result<Answer, EngineError> {
    Err(EngineError::OutOfReach("connection reset".to_owned()))
}

/// What is worth a line.
fn told(question: &Question) -> Option<String> {
    match question {
        Question::Write(guard, writes) => {
            let names = writes.iter().map(|write| match write {
                Write::Put { name, value, .. } if name.contains("decisions") || name.ends_with("state") => {
                    format!("{name} {}", String::from_utf8_lossy(value).replace('\n', ""))
                }
                Write::Put { name, .. } => name.clone(),
                Write::Remove { from, .. } => format!("- {from}"),
            });
            Some(format!("{guard:?} {}", names.collect::<Vec<_>>().join(", ")))
        }
        Question::Revoke(lease) => Some(format!("revokes {lease}")),
        Question::Grant(_) => Some("asks for a lease".to_owned()),
        _ => None,
    }
}

impl State {
    pub fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    pub fn say(&mut self, host: usize, what: &str) {
        self.log.push(format!("{} ms host{host}: {what}", self.now_ms));
    }

    /// What a host's clock from boot shows at a time of the store's.
    pub fn local_ms(&self, host: usize, now_ms: u64) -> u64 {
        now_ms * self.plan.hosts[host].pace / 1_000_000
    }

    /// Strikes a host with the faults that are due.
    pub fn strike(&mut self, due: impl Fn(When) -> Option<usize>) {
        let mut struck = Vec::new();
        self.plan.faults.retain(|fault| {
            let (Fault::Pause { when, .. } | Fault::Kill { when, .. }) = fault else { return true };
            let host = due(*when);
            struck.extend(host.map(|host| (host, *fault)));
            host.is_none()
        });
        for (host, fault) in struck {
            let state = &mut self.hosts[host];
            if state.began.is_some() && state.struck.is_none() {
                state.struck = Some(fault);
                self.say(host, &format!("{fault:?}"));
            }
        }
    }

    /// Sends a request on its way.
    pub fn send(&mut self, host: usize, question: Question) -> oneshot::Receiver<Arrived> {
        let (answer, answered) = oneshot::channel();
        let now_ms = self.now_ms;
        self.hosts[host].requests += 1;
        let number = self.hosts[host].requests;
        let (mut there_ms, mut back_ms) = (self.dice.between(1, 40), self.dice.between(1, 40));
        let (mut on_the_way, mut lost) = (None, None);
        for fault in self.plan.faults.clone() {
            match fault {
                Fault::Slow { host: at, from_ms, until_ms, most_ms }
                    if at == host && (from_ms..until_ms).contains(&now_ms) =>
                {
                    there_ms += self.dice.between(0, most_ms);
                    back_ms += self.dice.between(0, most_ms);
                }
                Fault::Cut { host: at, from_ms, until_ms, answers, at_once }
                    if at == host && (from_ms..until_ms).contains(&now_ms) =>
                {
                    *(if answers { &mut lost } else { &mut on_the_way }) = Some(at_once);
                }
                Fault::Lost { host: at, number: of, answer, at_once } if at == host && of == number => {
                    *(if answer { &mut lost } else { &mut on_the_way }) = Some(at_once);
                }
                _ => {}
            }
        }
        self.strike_sender(host, number, &question);
        match on_the_way {
            Some(true) => drop(answer.send((back_ms, reset()))),
            Some(false) => self.unheard.push(answer),
            None => {
                self.numbered += 1;
                let request = Request { host, question, back_ms, lost, answer };
                self.arriving.insert((now_ms + there_ms, self.numbered), request);
            }
        }
        answered
    }

    fn strike_sender(&mut self, host: usize, number: u32, question: &Question) {
        let decides = matches!(question, Question::Write(_, writes) if writes.iter().any(|write| {
            matches!(write, Write::Put { name, .. } if name.contains("/decisions/") || name == LEADER)
        }));
        self.decisions += u32::from(decides);
        let decision = self.decisions;
        self.strike(|when| match when {
            When::Request { host: at, number: of } if at == host && of == number => Some(host),
            When::Decision { number: of } if decides && of == decision => Some(host),
            _ => None,
        });
    }

    /// Whether a host may move traffic, by the store's clock. Returns its token.
    pub fn judge_mover(&mut self, host: usize, what: &str) -> Option<Token> {
        let now_ms = self.now_ms;
        let term: Option<Term> = self.store.terms.iter().rfind(|term| term.host == host).cloned();
        let token = term.as_ref().map(|term| term.token);
        match term {
            None => self.violated(format!("host{host} {what} at {now_ms} ms and never led")),
            Some(Term { ended_ms: Some(ended_ms), token, .. }) if ended_ms + 2 * STEP_MS < now_ms => {
                let leader = self.store.term().map(|term| (term.host, term.token));
                self.violated(format!(
                    "host{host} {what} at {now_ms} ms with the token {token}, whose lease ended at {ended_ms} ms; {leader:?} leads"
                ));
            }
            Some(_) => {}
        }
        token
    }
}
