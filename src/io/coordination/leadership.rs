//! The part of this process in leading a service: it stands by, leads, or is cut off from the engine.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

use super::engine::{Engine, EngineError, Guard, LEADER, MEMBERS, NOW, Record, STATE, Token, Write, Written, damaged};
use super::member::{AgentUrl, Member};
use super::session::Session;
use super::told::{Shared, brief};
use crate::config::{Config, CoordinationConfig, StateKeeper, WhenLost};
use crate::io::clock::Clock;

/// A move is cut off this part of the lease before it can have ended.
const MARGIN: u32 = 6;

/// So often a move looks whether it may go on: the timers of a machine that is suspended stand still, its lease does not.
const LOOK: Duration = Duration::from_millis(200);

/// A leader and its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leader {
    pub member: Member,
    pub token: Token,
    pub lease: i64,
}

/// What a campaign came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Leads(Token),
    StandsBy(Leader),
}

/// What the engine shows.
#[derive(Clone, Debug, Default)]
pub struct Look {
    pub leader: Option<Leader>,
    /// All but the leader.
    pub standbys: Vec<Member>,
    /// The content of the state file.
    pub state: Option<Record>,
    /// The last change among all of this.
    pub changed: i64,
}

/// Why this process may not move traffic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLeading {
    #[error("another host leads: {0}")]
    Led(Box<Member>),
    #[error("this host does not lead any more: its lease has ended")]
    Ended,
    #[error("this host may not lead any more: its lease may have ended, as etcd {}", .0.as_ref().map_or_else(|| "does not answer".to_owned(), ToString::to_string))]
    Isolated(Option<EngineError>),
    #[error("the move was cut off {} before the lease could have ended", brief(*.0))]
    CutOff(Duration),
    #[error("etcd {0}")]
    Engine(#[from] EngineError),
}

/// The right to take the lead and to move traffic in this process, kept until it is dropped.
pub type Turn = OwnedMutexGuard<()>;

/// Clones share it. One that is bound to a term knows of no later one.
#[derive(Clone, Debug)]
pub struct Leadership(Arc<Inner>, Option<Token>);

#[derive(Debug)]
struct Inner {
    engine: Arc<dyn Engine>,
    clock: Arc<dyn Clock>,
    member: Member,
    ttl: Duration,
    when_lost: WhenLost,
    keeper: StateKeeper,
    term: Mutex<Option<Term>>,
    /// One campaign or move at a time.
    turn: Arc<AsyncMutex<()>>,
    number: AtomicU32,
}

#[derive(Clone, Debug)]
struct Term {
    session: Arc<Session>,
    /// Of a leader.
    token: Option<Token>,
}

impl Leadership {
    /// `agent` is where the agent is asked that this process is, if it is one.
    pub fn new(engine: Arc<dyn Engine>, clock: Arc<dyn Clock>, config: &Config, agent: Option<&AgentUrl>) -> Self {
        let member = Member::here(&*clock, config, agent);
        let CoordinationConfig { ttl, when_lost, state: keeper, .. } = config.coordination;
        let (term, turn, number) = (Mutex::default(), Arc::default(), AtomicU32::new(0));
        Self(Arc::new(Inner { engine, clock, member, ttl, when_lost, keeper, term, turn, number }), None)
    }

    pub fn engine(&self) -> &dyn Engine {
        &*self.0.engine
    }

    pub fn member(&self) -> &Member {
        &self.0.member
    }

    /// How long a leader that is silent keeps the lead.
    pub fn ttl(&self) -> Duration {
        self.0.ttl
    }

    /// Which record counts where two say something else about the same move.
    pub fn keeper(&self) -> StateKeeper {
        self.0.keeper
    }

    /// The same for what begins in this term, such as the run of a soak: when the term is over another host may have ended that, and
    /// it must not go on under the next one.
    #[must_use]
    pub fn bound(&self) -> Self {
        Self(Arc::clone(&self.0), self.token())
    }

    /// Whether it is bound to a term that is over.
    pub fn is_past(&self) -> bool {
        self.1.is_some() && self.token().is_none()
    }

    fn term(&self) -> Option<Term> {
        let term = self.0.term.lock().unwrap_or_else(PoisonError::into_inner).clone();
        term.filter(|term| self.1.is_none() || term.token == self.1)
    }

    fn set(&self, term: Option<Term>) {
        *self.0.term.lock().unwrap_or_else(PoisonError::into_inner) = term;
    }

    /// The token of this process, if it was elected and has not heard that it is over.
    pub fn token(&self) -> Option<Token> {
        self.term().filter(|term| !term.session.has_ended())?.token
    }

    /// Its name and token, while this process leads.
    pub fn described(&self) -> Option<String> {
        self.token().map(|token| format!("{} (token {token})", self.0.member.name))
    }

    /// For as long as it is kept, no other part of this process takes the lead or moves traffic: a move that outlives its lead does not
    /// go on under the next one, and whoever finds that this host leads finds what the others left.
    pub async fn turn(&self) -> Turn {
        Arc::clone(&self.0.turn).lock_owned().await
    }

    /// Joins, and takes the lead if nobody has it.
    pub async fn campaign(&self, _turn: &Turn) -> Result<Standing, EngineError> {
        if let Some(token) = self.token() {
            return Ok(Standing::Leads(token));
        }
        let session = self.join().await?;
        let text = serde_json::to_vec(&self.0.member).unwrap_or_default();
        let leader = Write::Put { name: LEADER.to_owned(), value: text, lease: Some(session.lease) };
        match self.0.engine.write(Guard::NoLeader, vec![leader]).await {
            Ok(Written::At(token)) => {
                self.set(Some(Term { session, token: Some(token) }));
                Ok(Standing::Leads(token))
            }
            Ok(Written::Refused) => {
                let look = self.look().await?;
                match look.leader {
                    // The lease has ended in between, or the leader has: the next campaign is another.
                    None => Err(EngineError::OutOfReach("the lead changes hands".to_owned())),
                    // Its answer was lost, and the same was asked once more.
                    Some(leader) if leader.lease == session.lease => {
                        self.set(Some(Term { session, token: Some(leader.token) }));
                        Ok(Standing::Leads(leader.token))
                    }
                    Some(leader) => Ok(Standing::StandsBy(leader)),
                }
            }
            // Whether it leads is unknown: a session that may be the leader's is not kept.
            Err(error) => {
                self.leave(&session).await;
                Err(error)
            }
        }
    }

    /// The session of this process, begun where there is none, with its record among the members.
    async fn join(&self) -> Result<Arc<Session>, EngineError> {
        if let Some(term) = self.term().filter(|term| !term.session.has_ended()) {
            return Ok(term.session);
        }
        let session = Arc::new(Session::begin(&self.0.engine, &self.0.clock, self.0.ttl).await?);
        self.set(Some(Term { session: Arc::clone(&session), token: None }));
        Ok(session)
    }

    /// Says that this process stands by. The record goes with the lease.
    pub async fn stand_by(&self) -> Result<(), EngineError> {
        let Some(term) = self.term() else { return Ok(()) };
        let value = serde_json::to_vec(&self.0.member).unwrap_or_default();
        let name = format!("{MEMBERS}{}", self.0.member.name);
        let put = Write::Put { name, value, lease: Some(term.session.lease) };
        self.0.engine.write(Guard::None, vec![put]).await.map(drop)
    }

    async fn leave(&self, session: &Session) {
        self.set(None);
        if let Err(error) = self.0.engine.revoke(session.lease).await {
            tracing::warn!(%error, "the lease ends by itself");
        }
    }

    /// Gives the lead up, or the place among those who stand by.
    pub async fn resign(&self) {
        if let Some(term) = self.term() {
            self.leave(&term.session).await;
        }
    }

    pub async fn look(&self) -> Result<Look, EngineError> {
        let mut look = Look::default();
        for record in self.0.engine.read(NOW).await? {
            look.changed = look.changed.max(record.changed);
            let member = || Member::read(&record.value);
            match record.name.as_str() {
                LEADER => {
                    let member = member().ok_or_else(|| damaged(LEADER))?;
                    look.leader = Some(Leader { member, token: record.created, lease: record.lease });
                }
                STATE => look.state = Some(record),
                name if name.starts_with(MEMBERS) => look.standbys.extend(member()),
                _ => {}
            }
        }
        if let Some(leader) = &look.leader {
            look.standbys.retain(|member| member.name != leader.member.name);
        }
        Ok(look)
    }

    /// How long ago a leader gave a sign of life, in whole seconds.
    pub async fn last_sign(&self, leader: &Leader) -> Option<Duration> {
        self.0.engine.renewed(leader.lease).await.ok().flatten()
    }

    /// For how much longer traffic may be moved.
    pub fn left(&self) -> Result<Duration, NotLeading> {
        if self.is_past() {
            return Err(NotLeading::Ended);
        }
        let term = self.term().filter(|term| term.token.is_some()).ok_or(NotLeading::Isolated(None))?;
        if term.session.has_ended() {
            return Err(NotLeading::Ended);
        }
        let left = u64::try_from(term.session.left_ms()).map_or(Duration::ZERO, Duration::from_millis);
        match left.checked_sub(self.margin()) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(NotLeading::Isolated(None)),
        }
    }

    fn margin(&self) -> Duration {
        self.0.ttl / MARGIN
    }

    /// Whether this process acts although nobody can tell that it leads.
    fn acts_alone(&self, why: &NotLeading) -> bool {
        self.may_act_alone() && matches!(why, NotLeading::Isolated(_))
    }

    /// Whether what this process finds may count: it leads, or acts alone.
    pub fn counts(&self) -> bool {
        self.left().map_or_else(|why| self.acts_alone(&why), |_| true)
    }

    /// Why a leader may not act, where that can pass: the engine is out of reach for longer than a lease lasts.
    pub fn lost(&self) -> Option<String> {
        let why = self.left().err()?;
        let passes = matches!(why, NotLeading::Isolated(_)) && !self.acts_alone(&why);
        passes.then(|| why.to_string())
    }

    /// Whether this process acts without an engine as well.
    pub fn may_act_alone(&self) -> bool {
        self.0.when_lost == WhenLost::Act
    }

    /// Writes what only the leader may write. A full engine, or one out of reach, does not keep a leader from acting while its lease
    /// lasts; whether it was written is told.
    pub async fn write(&self, writes: Vec<Write>) -> Result<Shared, NotLeading> {
        let left = self.left();
        if let Err(why) = &left
            && !self.acts_alone(why)
        {
            return Err(why.clone());
        }
        let Some(token) = self.token() else {
            return Ok(Shared::No(EngineError::OutOfReach("this host acts alone".to_owned())));
        };
        match self.0.engine.write(Guard::Leads(token), writes).await {
            Ok(Written::At(_)) => Ok(Shared::Yes),
            Ok(Written::Refused) => Err(self.superseded().await),
            Err(error) => match self.left() {
                Ok(_) => Ok(Shared::No(error)),
                Err(why) if self.acts_alone(&why) => Ok(Shared::No(error)),
                Err(NotLeading::Isolated(_)) => Err(NotLeading::Isolated(Some(error))),
                Err(why) => Err(why),
            },
        }
    }

    async fn superseded(&self) -> NotLeading {
        let leader = self.look().await.ok().and_then(|look| look.leader);
        let mine = |leader: &Leader| leader.member == self.0.member;
        leader
            .filter(|leader| !mine(leader))
            .map_or(NotLeading::Ended, |leader| NotLeading::Led(Box::new(leader.member)))
    }

    /// Carries out a move, and cuts it off before the lease can have ended, unless that is renewed meanwhile.
    pub async fn within<T>(&self, moving: impl Future<Output = T>) -> Result<T, NotLeading> {
        let mut moving = std::pin::pin!(moving);
        loop {
            let left = match self.left() {
                Ok(left) => left,
                Err(why) if self.acts_alone(&why) => return Ok(moving.await),
                Err(NotLeading::Isolated(_)) => return Err(NotLeading::CutOff(self.margin())),
                Err(why) => return Err(why),
            };
            // A process that was stopped for a while finds its timers due all at once: nothing more is made before it has looked.
            let made = poll_fn(|cx| match self.left() {
                Ok(_) => moving.as_mut().poll(cx).map(Some),
                Err(_) => Poll::Ready(None),
            });
            tokio::select! {
                biased;
                made = made => {
                    if let Some(moved) = made {
                        return Ok(moved);
                    }
                }
                () = sleep(left.min(LOOK)) => {}
            }
        }
    }

    /// The content of the state file as a write.
    pub fn of_state(text: &str) -> Write {
        Write::put(STATE, text)
    }

    /// Tells the others of a move that was made on this host, unless they know of another one by now. What a leader says of its soak
    /// counts only while it leads.
    pub async fn offer_state(&self, text: &str, before: i64, leads: bool) -> Result<Written, EngineError> {
        let guard = match self.token().filter(|_| leads) {
            Some(token) => Guard::LeadsOver(token, STATE, before),
            None if leads => return Ok(Written::Refused),
            None => Guard::Unchanged(STATE, before),
        };
        self.0.engine.write(guard, vec![Self::of_state(text)]).await
    }

    /// Waits until a lease that may have ended is renewed, but not for longer than it can last.
    pub async fn regain(&self) {
        let renewed = async {
            while matches!(self.left(), Err(NotLeading::Isolated(_))) && self.token().is_some() {
                sleep(LOOK).await;
            }
        };
        let _ = timeout(self.0.ttl, renewed).await;
    }

    /// Decisions of one term are numbered.
    pub fn next_number(&self) -> u32 {
        self.0.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Returns once the engine says that the term is over.
    pub async fn over(&self) {
        match self.term() {
            Some(term) => term.session.end().await,
            None if self.is_past() => {}
            None => std::future::pending().await,
        }
    }
}
