//! A router that fails on demand, and a deployment in a folder of its own.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::io::journal::{Journal, verify};
use crate::io::ports::{Clock, Ports};
use crate::io::router::{Foreign, Moved, Replace, Router, RouterError, RouterFuture};
use crate::io::state::{Move, State, StateFile};
use crate::model::{Actor, Color, Decision, DecisionKind};

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn wall_ms(&self) -> i64 {
        "2026-11-23T14:02:25.183Z".parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn boot_ms(&self) -> i64 {
        0
    }

    fn boot_id(&self) -> String {
        "stopped".to_owned()
    }

    fn random(&self) -> std::io::Result<[u8; 2]> {
        Ok([0x3f, 0x2a])
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Well,
    /// It fails and does nothing.
    Fail,
    /// It moves traffic, and fails anyway.
    FailAfterMoving,
    /// It says that it moved and did not.
    Lie,
    /// It holds what is not ours; forced, it moves anyway.
    Foreign,
    /// It cannot be read before the move, and does nothing.
    Unread,
}

pub type OnMove = fn(&StateFile, Move, Color);

/// Writes the state file as the commands of `deploy.ts` do.
pub fn deploy_ts(state_file: &StateFile, kind: Move, to: Color) {
    let last_switch = state_file.read().unwrap().last_switch().unwrap_or(0) + 1000;
    let previous = if kind == Move::Rollback { to } else { to.other() };
    let text = format!(r#"{{"activeColor":"{to}","lastSwitch":{last_switch},"previousColor":"{previous}"}}"#);
    std::fs::write(state_file.path(), text).unwrap();
}

/// Leaves a state file that was not written to its end.
pub fn half_a_write(state_file: &StateFile, _: Move, _: Color) {
    std::fs::write(state_file.path(), "{\"activeColor\"").unwrap();
}

/// A router in memory. Calls are answered in the order of `answers`, then well.
#[derive(Debug)]
pub struct TestRouter {
    pub active: Mutex<Color>,
    pub answers: Mutex<VecDeque<Answer>>,
    pub moves: Mutex<Vec<(Move, Color)>>,
    /// What a move does to the state file before the router answers.
    pub on_move: Option<(StateFile, OnMove)>,
    pub reads_state_file: bool,
}

impl TestRouter {
    pub fn new(active: Color) -> Self {
        Self {
            active: Mutex::new(active),
            answers: Mutex::default(),
            moves: Mutex::default(),
            on_move: None,
            reads_state_file: false,
        }
    }

    pub fn answer(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub fn active(&self) -> Color {
        *self.active.lock().unwrap()
    }

    pub fn moves(&self) -> Vec<(Move, Color)> {
        self.moves.lock().unwrap().clone()
    }

    fn next(&self) -> Answer {
        self.answers.lock().unwrap().pop_front().unwrap_or(Answer::Well)
    }

    async fn go(&self, kind: Move, to: Color, replace: Replace) -> Result<Moved, RouterError> {
        tokio::task::yield_now().await;
        let answer = self.next();
        self.moves.lock().unwrap().push((kind, to));
        let left_alone = answer == Answer::Foreign && replace == Replace::Ours;
        if !left_alone && !matches!(answer, Answer::Fail | Answer::Lie | Answer::Unread) {
            *self.active.lock().unwrap() = to;
            if let Some((state_file, on_move)) = &self.on_move {
                on_move(state_file, kind, to);
            }
        }
        match answer {
            Answer::Well | Answer::Lie => Ok(Moved { output: Some(format!("moved to {to}")), ..Moved::default() }),
            Answer::Fail | Answer::FailAfterMoving => Err(broken()),
            Answer::Foreign if left_alone => Err(page()),
            Answer::Foreign => {
                Ok(Moved { kept: Some("/kept".into()), notes: vec!["b2 was left out".into()], ..Moved::default() })
            }
            Answer::Unread => Err(broken().unread()),
        }
    }
}

fn page() -> RouterError {
    Foreign::new("active.conf", b"return 503;", |color| format!("write {color}")).into()
}

/// Some error of a router; its text begins with `router command`.
fn broken() -> RouterError {
    let source = crate::io::router::ProcessError::Exit { code: 1, output: "no route".into() };
    crate::io::router::CommandError::Failed { command: "move".into(), source }.into()
}

impl Router for TestRouter {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn reads_state_file(&self) -> bool {
        self.reads_state_file
    }

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(Move::Switch, to, replace))
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(Move::Rollback, to, replace))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async {
            tokio::task::yield_now().await;
            match self.next() {
                Answer::Well => Ok(self.active()),
                Answer::Lie => Ok(self.active().other()),
                Answer::Fail | Answer::FailAfterMoving | Answer::Unread => Err(broken()),
                Answer::Foreign => Err(page()),
            }
        })
    }

    fn try_out(&self, to: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async move { Ok(vec![format!("move to {to}")]) })
    }
}

pub const SOAK: &str = "20261123T140211Z-3f2a";

/// The watched deployment: green since 10, blue before.
pub const BINDING: Binding = Binding { active: Color::Green, last_switch: Some(10), previous: Color::Blue };

/// A deployment in a folder of its own.
pub struct Harness {
    pub router: Arc<TestRouter>,
    pub deployment: Deployment,
    tmp: tempfile::TempDir,
}

impl Harness {
    /// Green is active since 10, blue was before, and the router agrees.
    pub fn switched() -> Self {
        Self::with(|_, _| {})
    }

    /// The same, with a router that `adjust` changes first.
    pub fn with(adjust: impl FnOnce(&mut TestRouter, &StateFile)) -> Self {
        let tmp = tempfile::tempdir().unwrap();
        let state_file = StateFile::open(&tmp.path().join("state.json")).unwrap();
        let mut router = TestRouter::new(Color::Green);
        adjust(&mut router, &state_file);
        let router = Arc::new(router);
        let deployment = deployment(tmp.path(), router.clone());
        let harness = Self { router, deployment, tmp };
        harness.write_state(
            r#"{"team":"ops","activeColor":"green","lastSwitch":10,"previousColor":"blue","transition":{"kind":"switch","at":10}}"#,
        );
        harness
    }

    /// The same deployment over the router `state-file`.
    pub fn state_file_router(&self) -> Deployment {
        let router = crate::io::router::StateFileRouter::new(self.deployment.state_file().clone());
        deployment(self.tmp.path(), Arc::new(router))
    }

    pub fn folder(&self) -> &Path {
        self.tmp.path()
    }

    pub fn write_state(&self, text: &str) {
        std::fs::write(self.deployment.state_file().path(), text).unwrap();
    }

    pub fn state(&self) -> State {
        self.deployment.state_file().read().unwrap()
    }

    pub fn journal(&self, decision: &Decision) {
        self.deployment.journal().append(decision, Timestamp::UNIX_EPOCH).unwrap();
    }

    /// The kinds of all decisions; the journal is also verified.
    pub fn decisions(&self) -> Vec<DecisionKind> {
        let journal = self.deployment.journal();
        if journal.path().exists() {
            let state = self.deployment.state_file().read().unwrap();
            verify(journal.path(), state.journal()).unwrap();
        }
        journal.history(usize::MAX).unwrap().into_iter().map(|entry| entry.decision.decision).collect()
    }

    pub fn count(&self, kind: DecisionKind) -> usize {
        self.decisions().into_iter().filter(|decision| *decision == kind).count()
    }

    pub fn break_journal(&self) {
        std::fs::create_dir_all(self.deployment.journal().path()).unwrap();
    }

    /// Router and state file agree on blue, as a rollback.
    pub fn assert_back(&self) {
        let state = self.state();
        assert_eq!((self.router.active(), state.active()), (Color::Blue, Color::Blue));
        assert!(state.is_rolled_back(), "{state:?}");
        assert!(state.last_switch() > Some(10));
    }
}

fn deployment(folder: &Path, router: Arc<dyn Router>) -> Deployment {
    let state_file = StateFile::open(&folder.join("state.json")).unwrap();
    let journal = Journal::new(&folder.join("shop"), "shop");
    Deployment::new(state_file, router, journal, "shop", Duration::from_secs(20))
        .within(&Ports { clock: Arc::new(Stopped), ..Ports::real() })
}

/// The intent of an automatic rollback of the soak.
pub fn intent() -> Decision {
    Decision {
        soak: Some(SOAK.to_owned()),
        reason: Some("breach".into()),
        check: Some("error-rate".into()),
        errors: Some(412),
        ..Decision::new(DecisionKind::Rollback, Actor::Auto, "412 of 3,120 requests failed")
    }
}

/// The soak's wish to roll its deployment back.
pub fn bound() -> RollbackRequest {
    RollbackRequest { binding: Some(BINDING), intent: intent(), replace: Replace::Ours }
}

/// An operator's wish to roll back.
pub fn unbound() -> RollbackRequest {
    let actor = Actor::Operator("ann@host".to_owned());
    let intent = Decision::new(DecisionKind::Rollback, actor, "ann said so");
    RollbackRequest { binding: None, intent, replace: Replace::Ours }
}
