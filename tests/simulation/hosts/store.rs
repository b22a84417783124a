//! A model of etcd: changes are numbered, leases end by its own clock, writes are made together or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use switchback::io::coordination::{
    EngineError, Guard, LEADER, Lease, NOW, Record, SOAKS, STATE, Token, Write, Written,
};
use switchback::io::state::State;
use switchback::model::{Decision, DecisionKind};

/// So often nobody asks in vain for what has not changed: half a minute of a switch may pass without a word of the leader.
const TOO_OFTEN: u32 = 40;

/// What is asked of it.
#[derive(Clone, Debug)]
pub enum Question {
    Grant(Duration),
    KeepAlive(i64),
    Renewed(i64),
    Revoke(i64),
    Read(String),
    Write(Guard, Vec<Write>),
}

#[derive(Debug)]
pub enum Answer {
    Granted(Lease),
    Left(Option<Duration>),
    Revoked,
    Records(Vec<Record>),
    Written(Written),
}

#[derive(Debug)]
struct Held {
    ttl: Duration,
    renewed_ms: u64,
    ends_ms: u64,
}

/// From the record of a leader to its end.
#[derive(Clone, Debug)]
pub struct Term {
    pub token: Token,
    pub host: usize,
    pub ended_ms: Option<u64>,
}

#[derive(Debug, Default)]
pub struct Store {
    revision: i64,
    records: BTreeMap<String, Record>,
    leases: BTreeMap<i64, Held>,
    granted: i64,
    /// The last change under [`NOW`].
    pub changed: i64,
    /// So much later than it has to it ends a lease.
    late_ms: u64,
    pub terms: Vec<Term>,
    /// The change up to which a host asked for the lead in vain, and how often since.
    asked: BTreeMap<usize, (i64, u32)>,
    pub violations: Vec<String>,
    /// Soaks of which `rolled_back` was told, and by whom.
    pub rolled_back: BTreeSet<(String, Option<String>, Option<i64>)>,
}

impl Store {
    pub fn new(late_ms: u64) -> Self {
        Self { late_ms, ..Self::default() }
    }

    /// Ends the leases whose time is over.
    pub fn tick(&mut self, now_ms: u64) {
        let over = |held: &Held| held.ends_ms + self.late_ms <= now_ms;
        let over: Vec<i64> = self.leases.iter().filter(|(_, held)| over(held)).map(|(id, _)| *id).collect();
        for lease in over {
            self.end(lease, now_ms);
        }
    }

    /// It has been started again: every lease has its whole time.
    pub fn restart(&mut self, now_ms: u64) {
        for held in self.leases.values_mut() {
            held.ends_ms = now_ms + ms(held.ttl);
        }
    }

    fn end(&mut self, lease: i64, now_ms: u64) {
        self.leases.remove(&lease);
        let names: Vec<String> =
            self.records.values().filter(|record| record.lease == lease).map(|record| record.name.clone()).collect();
        if !names.is_empty() {
            self.revision += 1;
        }
        for name in names {
            self.remove(&name, now_ms);
        }
    }

    fn remove(&mut self, name: &str, now_ms: u64) {
        self.records.remove(name);
        if name.starts_with(NOW) {
            self.changed = self.revision;
        }
        if name == LEADER
            && let Some(term) = self.terms.last_mut()
        {
            term.ended_ms.get_or_insert(now_ms);
        }
    }

    pub fn record(&self, name: &str) -> Option<&Record> {
        self.records.get(name)
    }

    /// Whether the store knows that this host was about to move traffic, with this token.
    pub fn knows_of_intent(&self, token: Token) -> bool {
        let of_token = format!("/decisions/{token:020}-");
        self.records.values().filter(|record| record.name.contains(&of_token)).any(|record| {
            let made = serde_json::from_slice::<Decision>(&record.value).map(|made| made.decision);
            matches!(made, Ok(DecisionKind::Rollback | DecisionKind::Switching))
        })
    }

    /// The state of the deployment, as all hosts know it.
    pub fn state(&self) -> Option<State> {
        let record = self.records.get(STATE)?;
        Some(State::parse(&String::from_utf8_lossy(&record.value)).unwrap())
    }

    /// The term that goes on.
    pub fn term(&self) -> Option<&Term> {
        self.terms.last().filter(|term| term.ended_ms.is_none())
    }

    /// Answers at once, in the order in which it is asked.
    pub fn answer(&mut self, now_ms: u64, host: usize, asked: Question, full: bool) -> Result<Answer, EngineError> {
        self.tick(now_ms);
        let no_room = || EngineError::Full("mvcc: database space exceeded".to_owned());
        match asked {
            Question::Grant(_) if full => Err(no_room()),
            Question::Grant(ttl) => {
                self.granted += 1;
                let held = Held { ttl, renewed_ms: now_ms, ends_ms: now_ms + ms(ttl) };
                self.leases.insert(self.granted, held);
                Ok(Answer::Granted(Lease { id: self.granted, granted: ttl }))
            }
            Question::KeepAlive(lease) => Ok(Answer::Left(self.leases.get_mut(&lease).map(|held| {
                (held.renewed_ms, held.ends_ms) = (now_ms, now_ms + ms(held.ttl));
                held.ttl
            }))),
            Question::Renewed(lease) => {
                let ago = |held: &Held| Duration::from_millis(now_ms - held.renewed_ms);
                Ok(Answer::Left(self.leases.get(&lease).map(ago)))
            }
            Question::Revoke(lease) => {
                self.end(lease, now_ms);
                Ok(Answer::Revoked)
            }
            Question::Read(prefix) => {
                let named = self.records.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
                Ok(Answer::Records(named.map(|(_, record)| record.clone()).collect()))
            }
            Question::Write(_, writes) if full && writes.iter().any(|write| matches!(write, Write::Put { .. })) => {
                Err(no_room())
            }
            Question::Write(guard, writes) => Ok(Answer::Written(self.write(now_ms, host, &guard, writes))),
        }
    }

    fn holds(&self, guard: &Guard) -> bool {
        match guard {
            Guard::None => true,
            Guard::NoLeader => !self.records.contains_key(LEADER),
            Guard::Leads(token) => self.records.get(LEADER).is_some_and(|leader| leader.created == *token),
            Guard::Unchanged(name, changed) => self.records.get(*name).map_or(0, |record| record.changed) == *changed,
            Guard::LeadsOver(token, name, changed) => {
                self.holds(&Guard::Leads(*token)) && self.holds(&Guard::Unchanged(name, *changed))
            }
        }
    }

    fn write(&mut self, now_ms: u64, host: usize, guard: &Guard, writes: Vec<Write>) -> Written {
        let known = |write: &Write| match write {
            Write::Put { lease: Some(lease), .. } => self.leases.contains_key(lease),
            _ => true,
        };
        if !self.holds(guard) || !writes.iter().all(known) {
            self.judge_asking(host, guard);
            return Written::Refused;
        }
        self.judge(host, guard, &writes);
        // What is only asked for changes nothing.
        if writes.is_empty() {
            return Written::At(self.revision);
        }
        self.revision += 1;
        for write in writes {
            match write {
                Write::Put { name, value, lease } => self.put(host, name, value, lease),
                Write::Remove { from, to } => {
                    let names: Vec<String> = self.records.range(from..to).map(|(name, _)| name.clone()).collect();
                    for name in names {
                        self.remove(&name, now_ms);
                    }
                }
            }
        }
        Written::At(self.revision)
    }

    fn put(&mut self, host: usize, name: String, value: Vec<u8>, lease: Option<i64>) {
        if name == LEADER {
            let term = Term { token: self.revision, host, ended_ms: None };
            self.terms.push(term);
        }
        if name.starts_with(NOW) {
            self.changed = self.revision;
        }
        if let Ok(decision) = serde_json::from_slice::<Decision>(&value)
            && decision.decision == DecisionKind::RolledBack
        {
            self.rolled_back.extend(decision.soak.map(|soak| (soak, decision.host, decision.token)));
        }
        let created = self.records.get(&name).map_or(self.revision, |record| record.created);
        let (changed, lease) = (self.revision, lease.unwrap_or(0));
        self.records.insert(name.clone(), Record { name, value, created, changed, lease });
    }

    /// Whoever stands by asks again when something has changed, or after a while.
    fn judge_asking(&mut self, host: usize, guard: &Guard) {
        if *guard != Guard::NoLeader {
            return;
        }
        let (revision, times) = self.asked.entry(host).or_default();
        *times = if *revision == self.revision { *times + 1 } else { 1 };
        *revision = self.revision;
        if *times == TOO_OFTEN {
            self.violations.push(format!("host{host} asks {times} times for the lead, and nothing has changed"));
        }
    }

    /// Whether a state tells of a newer move than the one that is known: whoever finds one on its host tells the others.
    fn is_moved_since(&self, state: &[u8]) -> bool {
        let state = State::parse(&String::from_utf8_lossy(state)).unwrap();
        self.state().is_none_or(|known| state.last_switch() > known.last_switch())
    }

    /// What may be written, whatever the guard says.
    fn judge(&mut self, host: usize, guard: &Guard, writes: &[Write]) {
        let leads = self
            .term()
            .is_some_and(|term| term.host == host && !matches!(guard, Guard::Leads(token) if *token != term.token));
        let leader = self.term().map(|term| term.token);
        for write in writes {
            let (Write::Put { name, .. } | Write::Remove { from: name, .. }) = write;
            if name == LEADER && leader.is_some() {
                self.violations.push(format!("host{host} becomes the leader while {leader:?} leads"));
            }
            let moved = matches!(write, Write::Put { value, .. } if name == STATE && self.is_moved_since(value));
            let unchanged = matches!(guard, Guard::Unchanged(STATE, _));
            if (name == STATE && !leads && !(unchanged && moved)) || (name.starts_with(SOAKS) && !leads) {
                self.violations.push(format!("host{host} writes {name}, and the token that leads is {leader:?}"));
            }
        }
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}
