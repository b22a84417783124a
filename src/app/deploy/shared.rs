//! What the hosts of a deployment share: its state, its decisions, the recording of the soak under way. The leader writes it, and
//! the next leader begins with it.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde::Deserialize;

use super::deployment::Deployment;
use super::moved::MoveFailure;
use crate::config::StateKeeper;
use crate::io::coordination::{
    EngineError, Leadership, Look, NotLeading, Record, SOAKS, STATE, Standing, Turn, Write, damaged,
};
use crate::io::journal::{JournalError, RecordingError, SoakId, adopt, rfc3339_ms};
use crate::io::ports::{BrokeDown, on_thread};
use crate::io::state::{CoordinationStatus, LockError, State, StateError};
use crate::model::Decision;

/// Soaks whose decisions all hosts know.
const KEPT_SOAKS: usize = 20;

/// What is unpacked of one piece of a recording at most, in bytes.
const MAX_PIECE: u64 = 64 << 20;

/// Why this process did not get what the others left.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error("etcd {0}")]
    Engine(#[from] EngineError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Recording(#[from] RecordingError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    BrokeDown(#[from] BrokeDown),
    #[error("the record `now/state` of this service in etcd is damaged: {0}")]
    Damaged(String),
}

impl CatchUpError {
    /// With what an operator can still do.
    pub(super) fn with_what_helps(&self) -> String {
        match self {
            Self::Engine(_) | Self::Damaged(_) => format!(
                "{self}: nobody can tell which host leads. If traffic has to go back now: switchback rollback --force"
            ),
            _ => self.to_string(),
        }
    }
}

/// What is to be done about a state file and its copy in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newer {
    Neither,
    /// Another host has written it.
    Shared,
    /// Somebody moved traffic here without the others knowing, such as `deploy.ts`.
    Here,
}

/// The newest move counts, whoever made it; what is said of the soak is the leader's. Of one move that is told in two ways, by hand
/// for example, the keeper's word counts.
fn newer(here: &State, shared: Option<&State>, leads: bool, keeper: StateKeeper) -> Newer {
    let Some(shared) = shared else { return if here.exists() { Newer::Here } else { Newer::Neither } };
    if !here.exists() || shared.last_switch() > here.last_switch() {
        return Newer::Shared;
    }
    if here.last_switch() > shared.last_switch() {
        return Newer::Here;
    }
    if (here.active(), here.previous()) != (shared.active(), shared.previous()) {
        return if keeper == StateKeeper::File { Newer::Here } else { Newer::Shared };
    }
    match (here.soak() == shared.soak(), leads) {
        (true, _) => Newer::Neither,
        (false, true) => Newer::Here,
        (false, false) => Newer::Shared,
    }
}

/// What the state file and its copy say of traffic, where that is not the same.
fn differs(here: &State, shared: &State) -> Option<String> {
    let said = |state: &State| {
        let since = state.last_switch().and_then(|at| Timestamp::from_millisecond(at).ok());
        format!("{}{}", state.active(), since.map(|at| format!(" since {}", rfc3339_ms(at))).unwrap_or_default())
    };
    let same = (here.active(), here.last_switch()) == (shared.active(), shared.last_switch());
    (here.exists() && !same).then(|| format!("the state file here says {}, etcd says {}", said(here), said(shared)))
}

impl Deployment {
    /// The part of this process in leading it; `None` where this host is alone.
    pub const fn leadership(&self) -> Option<&Leadership> {
        self.leadership.as_ref()
    }

    /// Whether nobody can tell who leads: the engine is out of reach, full while nobody leads, or its records are damaged.
    pub(super) async fn is_cut_off(&self) -> bool {
        let Some(leadership) = &self.leadership else { return false };
        if leadership.left().is_ok() {
            return false;
        }
        // The run of a soak takes no further term.
        if leadership.is_past() || leadership.token().is_some() {
            return leadership.look().await.is_err();
        }
        self.take_lead().await.is_err()
    }

    /// For what begins now, and must not go on once another host may lead.
    #[must_use]
    pub fn bound_to_its_lead(self) -> Self {
        let mut bound = self;
        bound.leadership = bound.leadership.map(|leadership| leadership.bound());
        bound
    }

    /// Why this process would not be let to move traffic. Nothing is taken for the answer.
    pub async fn kept_from_moving(&self, force: bool) -> Option<String> {
        match self.leadership.as_ref()?.look().await {
            Ok(look) => look.leader.map(|leader| NotLeading::Led(Box::new(leader.member)).to_string()),
            Err(error) => (!force).then(|| CatchUpError::from(error).with_what_helps()),
        }
    }

    /// Gives up the lead that a command took.
    pub async fn resign(&self) {
        if let Some(leadership) = &self.leadership {
            leadership.resign().await;
        }
    }

    /// The same without the other hosts.
    pub(super) fn alone(&self) -> Self {
        tracing::warn!("moving traffic by force, without knowing whether another host does");
        let mut alone = self.clone();
        alone.leadership = None;
        alone
    }

    /// The decision with the host that makes it and its token, where several could.
    pub fn signed(&self, decision: Decision) -> Decision {
        let Some(leadership) = &self.leadership else { return decision };
        Decision { host: Some(leadership.member().name.clone()), token: leadership.token(), ..decision }
    }

    /// Tells the others of a signed decision that moves traffic, before it does. Whoever does not lead is refused here, also with
    /// nothing to tell.
    pub(super) async fn announce(&self, decision: Option<&Decision>) -> Result<(), MoveFailure> {
        let Some(leadership) = &self.leadership else { return Ok(()) };
        let write = decision.and_then(|decision| of_decision(leadership, decision, self.now()));
        let shared = leadership.write(write.into_iter().collect()).await.map_err(MoveFailure::NotLeading)?;
        shared.tell("the decision");
        Ok(())
    }

    /// Tells the others of a decision; the sentence says why they do not know it.
    pub async fn share_decision(&self, decision: &Decision) -> Option<String> {
        let leadership = self.leadership.as_ref()?;
        let write = of_decision(leadership, &self.signed(decision.clone()), self.now())?;
        match leadership.write(vec![write]).await {
            Ok(shared) => shared.why_not(),
            Err(why) => Some(format!("the other hosts do not know of a decision: {why}")),
        }
    }

    /// Tells the others what the state file is about to say, and in the same moment the signed decision that says why.
    pub(super) async fn share_state(&self, state: &State, decision: Option<&Decision>) -> Result<(), NotLeading> {
        let Some(leadership) = &self.leadership else { return Ok(()) };
        let text = state.without_journal().to_text().unwrap_or_default();
        let decision = decision.and_then(|decision| of_decision(leadership, decision, self.now()));
        leadership.write([Leadership::of_state(&text)].into_iter().chain(decision).collect()).await?.tell("the state");
        Ok(())
    }

    /// Writes the state for all hosts, then here.
    pub(super) async fn put_state(&self, state: &State, decision: Option<&Decision>) -> Result<(), MoveFailure> {
        self.share_state(state, decision).await.map_err(MoveFailure::NotLeading)?;
        self.state_file.write(state).map_err(MoveFailure::StateFile)
    }

    /// Takes the lead if nobody has it, with what the others left.
    pub async fn take_lead(&self) -> Result<Option<Standing>, CatchUpError> {
        let Some(leadership) = &self.leadership else { return Ok(None) };
        let turn = leadership.turn().await;
        self.take_lead_in(leadership, &turn).await.map(Some)
    }

    pub(super) async fn take_lead_in(&self, leadership: &Leadership, turn: &Turn) -> Result<Standing, CatchUpError> {
        if let Some(token) = leadership.token() {
            return Ok(Standing::Leads(token));
        }
        let standing = leadership.campaign(turn).await?;
        if matches!(standing, Standing::Leads(_))
            && let Err(error) = self.catch_up(leadership).await
        {
            // Whoever can read what the last leader left shall lead.
            leadership.resign().await;
            return Err(error);
        }
        Ok(standing)
    }

    /// Brings the records here up to what the last leader wrote.
    async fn catch_up(&self, leadership: &Leadership) -> Result<(), CatchUpError> {
        let look = leadership.look().await?;
        self.follow(leadership, &look, false).await?;
        let records = leadership.engine().read(SOAKS).await?;
        let Some(soak) =
            records.iter().filter_map(|record| record.name.split('/').nth(1)?.parse::<SoakId>().ok()).max()
        else {
            return Ok(());
        };
        let of_soak = |what: &str| {
            let prefix = format!("{SOAKS}{soak}/{what}/");
            records.iter().filter(move |record| record.name.starts_with(&prefix))
        };
        let recording = joined(of_soak("recording"));
        let decisions: Vec<Made> = of_soak("decisions").filter_map(Made::read).collect();
        let (journal, id) = (self.journal.clone(), soak.clone());
        let folder = self.journal.path().parent().map(std::path::Path::to_owned).unwrap_or_default();
        let done = on_thread(&*self.disk, move || -> Result<(), CatchUpError> {
            if !recording.is_empty() {
                adopt(&folder, &id, &recording)?;
            }
            let known: Vec<Decision> = journal.of_soak(id.as_str())?.into_iter().map(|entry| entry.decision).collect();
            for Made { ts, decision } in decisions.iter().filter(|made| !known.contains(&made.decision)) {
                journal.append(decision, *ts)?;
            }
            Ok(())
        });
        done.await?
    }

    /// The decisions of the last soaks, whichever host made them, oldest first.
    pub async fn made_anywhere(&self) -> Result<Vec<Made>, EngineError> {
        let Some(leadership) = &self.leadership else { return Ok(Vec::new()) };
        let records = leadership.engine().read(SOAKS).await?;
        Ok(records.iter().filter_map(Made::read).collect())
    }

    /// Leaves the last soaks to the others, and no more.
    pub async fn forget_old_soaks(&self) -> Result<(), EngineError> {
        let Some(leadership) = &self.leadership else { return Ok(()) };
        let records = leadership.engine().read(SOAKS).await?;
        let mut soaks: Vec<&str> = records.iter().filter_map(|record| record.name.split('/').nth(1)).collect();
        soaks.sort_unstable();
        soaks.dedup();
        let under = |soak: &str, end: &str| format!("{SOAKS}{soak}{end}");
        let old = soaks.iter().rev().skip(KEPT_SOAKS);
        let old: Vec<Write> = old.map(|soak| Write::Remove { from: under(soak, "/"), to: under(soak, "0") }).collect();
        if !old.is_empty() {
            // Refused where another host leads by now: that one does it.
            let _ = leadership.write(old).await;
        }
        Ok(())
    }

    /// The state that counts, and who leads.
    pub(super) async fn among_hosts(&self, here: State) -> (State, Option<CoordinationStatus>) {
        let Some(leadership) = &self.leadership else { return (here, None) };
        let (kind, state) = ("etcd".to_owned(), "the state file".to_owned());
        let known = CoordinationStatus { kind, state, ..CoordinationStatus::default() };
        let look = match leadership.look().await {
            Ok(look) => look,
            Err(error) => return (here, Some(CoordinationStatus { error: Some(error.to_string()), ..known })),
        };
        let sign = match &look.leader {
            Some(leader) => leadership.last_sign(leader).await,
            None => None,
        };
        let shared = match &look.state {
            None => None,
            Some(record) => match State::parse(&String::from_utf8_lossy(&record.value)) {
                Ok(shared) => Some(shared),
                Err(_) => return (here, Some(CoordinationStatus { error: Some(damaged(STATE).to_string()), ..known })),
            },
        };
        let differs = shared.as_ref().and_then(|shared| differs(&here, shared));
        let (state, counts) = match (newer(&here, shared.as_ref(), false, leadership.keeper()), shared) {
            (Newer::Here, _) => (here, "the state file"),
            (Newer::Shared, Some(shared)) => (shared.with_journal_of(&here), "etcd"),
            _ => (here, "etcd"),
        };
        let status = CoordinationStatus {
            token: look.leader.as_ref().map(|leader| leader.token),
            leader: look.leader.map(|leader| leader.member),
            last_sign_seconds: sign.map(|ago| ago.as_secs()),
            standbys: look.standbys,
            state: counts.to_owned(),
            differs,
            ..known
        };
        (state, Some(status))
    }

    /// Writes here what the state is for all hosts; a newer move that was made here is told to the others instead. Whether another
    /// host was found to have moved traffic.
    pub async fn follow(&self, leadership: &Leadership, look: &Look, leads: bool) -> Result<bool, CatchUpError> {
        let shared = match &look.state {
            None => None,
            Some(record) => {
                let text = String::from_utf8_lossy(&record.value);
                Some(State::parse(&text).map_err(|error| CatchUpError::Damaged(error.to_string()))?)
            }
        };
        let held = self.lock_here().await?;
        let here = self.state_file.read()?;
        let mut moved = false;
        match (newer(&here, shared.as_ref(), leads, leadership.keeper()), shared) {
            (Newer::Shared, Some(shared)) => {
                moved = here.exists() && shared.last_switch() != here.last_switch();
                self.state_file.write(&shared.with_journal_of(&here))?;
            }
            (Newer::Here, _) => {
                let text = here.without_journal().to_text().unwrap_or_default();
                let before = look.state.as_ref().map_or(0, |record| record.changed);
                leadership.offer_state(&text, before, leads).await?;
            }
            _ => {}
        }
        drop(held);
        Ok(moved)
    }
}

/// A decision as all hosts know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub ts: Timestamp,
    pub decision: Decision,
}

/// The time, by the clock of the host that decided, stands beside what was decided.
#[derive(Deserialize)]
struct At {
    ts: String,
}

impl Made {
    pub fn to_json(&self) -> Vec<u8> {
        let mut text = format!("{{\"ts\":\"{}\",", rfc3339_ms(self.ts)).into_bytes();
        // A decision is an object with a field at least.
        text.extend(serde_json::to_vec(&self.decision).unwrap_or_default().into_iter().skip(1));
        text
    }

    fn read(record: &Record) -> Option<Self> {
        if !record.name.contains("/decisions/") {
            return None;
        }
        let At { ts } = serde_json::from_slice(&record.value).ok()?;
        Some(Self { ts: ts.parse().ok()?, decision: serde_json::from_slice(&record.value).ok()? })
    }
}

/// A decision under the soak it belongs to, in the order in which they are made; one without a soak stays here.
fn of_decision(leadership: &Leadership, decision: &Decision, ts: Timestamp) -> Option<Write> {
    let soak = decision.soak.as_ref()?;
    let text = Made { ts, decision: decision.clone() }.to_json();
    let (token, number) = (leadership.token()?, leadership.next_number());
    Some(Write::put(format!("{SOAKS}{soak}/decisions/{token:020}-{number:08}"), text))
}

/// A piece of a recording under its place in it.
pub fn of_recording(soak: &str, at: u64, piece: &[u8]) -> std::io::Result<Write> {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(piece)?;
    Ok(Write::put(format!("{SOAKS}{soak}/recording/{at:015}"), packed.finish()?))
}

/// The pieces of a recording in their order, up to the first that is missing.
pub fn joined<'a>(pieces: impl Iterator<Item = &'a Record>) -> Vec<u8> {
    let mut whole = Vec::new();
    for record in pieces {
        let at = record.name.rsplit('/').next().and_then(|at| at.parse::<usize>().ok());
        if at != Some(whole.len()) {
            break;
        }
        let before = whole.len();
        if DeflateDecoder::new(&record.value[..]).take(MAX_PIECE).read_to_end(&mut whole).is_err() {
            whole.truncate(before);
            break;
        }
    }
    whole
}
