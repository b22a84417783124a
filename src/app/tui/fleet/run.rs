//! The loop: keys, updates, answers, signals and time into the screen, and out of it what has to be done.

use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::app::tui::app::Places;
use crate::app::tui::input::Input;
use crate::app::tui::live::Live;
use crate::app::tui::pace::Pace;
use crate::app::tui::records::Records;
use crate::app::tui::run::{Setup, above, await_orders, save};
use crate::app::tui::signals::Asked;
use crate::app::tui::stage::Stage;
use crate::app::tui::{Departure, TerminalError, UiState};
use crate::core::fleet::{Key, Update};
use crate::io::control::Client;
use crate::io::tasks::boxed;
use crate::model::{Action, Actor};

use super::app::{App, Effect, Event};

/// Orders that are under way at the same time.
const AT_ONCE: usize = 16;
/// Answers that may wait.
const ANSWERS: usize = 64;
const SECOND: Duration = Duration::from_secs(1);

pub struct FleetSetup {
    /// The screen at its beginning: colors, glyphs, time zone, whether it only reads.
    pub ui: UiState,
    /// The hosts as they were given, and the ways to them.
    pub hosts: Vec<(String, Client)>,
    pub actor: Actor,
    /// The folder that screens are saved in.
    pub folder: PathBuf,
}

/// Shows all soaks until the operator leaves.
pub async fn run(setup: FleetSetup, updates: mpsc::Receiver<Update>) -> Result<Departure, TerminalError> {
    let stage = Stage::take()?;
    let names = setup.hosts.iter().map(|(name, _)| name.clone()).collect();
    let app = App::new(setup.ui, names);
    let (answers, answered) = mpsc::channel(ANSWERS);
    let show = Show {
        app,
        hosts: setup.hosts,
        actor: setup.actor,
        folder: setup.folder,
        updates,
        pace: Pace::default(),
        began: Instant::now(),
        gate: Arc::new(Semaphore::new(AT_ONCE)),
        answers,
        answered,
        orders: JoinSet::new(),
    };
    show.until_left(stage).await
}

struct Show {
    app: App,
    hosts: Vec<(String, Client)>,
    actor: Actor,
    folder: PathBuf,
    updates: mpsc::Receiver<Update>,
    pace: Pace,
    began: Instant,
    gate: Arc<Semaphore>,
    answers: mpsc::Sender<Event>,
    answered: mpsc::Receiver<Event>,
    orders: JoinSet<()>,
}

impl Show {
    async fn until_left(mut self, stage: Stage) -> Result<Departure, TerminalError> {
        let by = match self.watch(stage).await {
            Ok(by) => by,
            Err(TerminalError::Gone) => Departure::TerminalGone,
            Err(error) => return Err(error),
        };
        if by != Departure::TerminalGone {
            // Nobody may be there to read it any more.
            let _ = writeln!(stdout(), "{}", self.app.summary());
        }
        await_orders(self.orders).await;
        Ok(by)
    }

    async fn watch(&mut self, mut stage: Stage) -> Result<Departure, TerminalError> {
        let mut seconds = interval(SECOND);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        self.pace.changed();
        loop {
            let wait = self.pace.wait(self.now_ms(), true).map(Duration::from_millis);
            if wait == Some(Duration::ZERO) {
                self.pace.drawn(self.now_ms());
                stage.canvas.draw(|frame| self.app.draw(frame))?;
                stage.ask(self.app.ui().theme)?;
                continue;
            }
            // Keys first: a flood of updates must not keep the operator waiting.
            let event = tokio::select! {
                biased;
                input = stage.keyboard.next() => match input {
                    Some(Input::Key(key)) => Event::Key(key),
                    Some(Input::Paste(text)) => Event::Paste(text),
                    Some(Input::Ground(ground)) => {
                        stage.question.answered();
                        Event::Ground(ground)
                    }
                    Some(Input::Mouse(pointer)) => Event::Mouse { pointer, screen: stage.canvas.area()? },
                    Some(Input::Gone) | None => return Ok(Departure::TerminalGone),
                },
                asked = stage.signals.next() => match asked {
                    Asked::End(signal) => return Ok(Departure::Signal(signal)),
                    Asked::Resize => {
                        stage.canvas.forget()?;
                        Event::Tick
                    }
                    Asked::GoOn => {
                        stage.canvas.take_again()?;
                        Event::Tick
                    }
                },
                Some(answer) = self.answered.recv() => answer,
                _ = seconds.tick() => {
                    self.second();
                    continue;
                }
                Some(update) = self.updates.recv() => Event::Update(update),
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => continue,
            };
            self.pace.changed();
            let now_ms = self.now_ms();
            for effect in self.app.handle(event, now_ms) {
                match effect {
                    Effect::Leave => {
                        stage.await_answer().await;
                        return Ok(Departure::Operator);
                    }
                    Effect::Redraw => stage.canvas.forget()?,
                    Effect::Suspend => {
                        stage.await_answer().await;
                        stage.canvas.give_back();
                        stage.signals.stop_until_continued().await;
                        stage.canvas.take_again()?;
                    }
                    Effect::FollowMouse(follow) => stage.canvas.follow_mouse(follow)?,
                    Effect::Save => {
                        let shown = stage.canvas.draw(|frame| self.app.draw(frame))?.clone();
                        let said = save(&shown, &self.folder, self.app.ui());
                        self.app.handle(Event::Told(said), now_ms);
                    }
                    Effect::Order { key, action, reason } => self.order(key, action, reason),
                    Effect::Attach(key) => {
                        let (by, back) = self.attach(&key, stage).await?;
                        stage = back;
                        if by != Departure::Operator {
                            return Ok(by);
                        }
                        stage.canvas.follow_mouse(self.app.follows_mouse)?;
                    }
                }
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn second(&mut self) {
        self.app.tick(self.now_ms(), Timestamp::now().as_millisecond());
        self.pace.changed();
    }

    /// The way to the soak of a row.
    fn client(&self, key: &Key) -> Option<Client> {
        let (_, client) = self.hosts.get(key.source)?;
        let is_agent = self.app.fleet().is_agent(key.source);
        Some(if is_agent { client.clone().of_service(&key.service) } else { client.clone() })
    }

    fn order(&mut self, key: Key, action: Action, reason: Option<String>) {
        let Some(client) = self.client(&key) else { return };
        let (actor, answers, gate) = (self.actor.clone(), self.answers.clone(), Arc::clone(&self.gate));
        self.orders.spawn(boxed(async move {
            // Never closed.
            let _turn = gate.acquire().await;
            let done = client.act(action, &actor, reason.as_deref()).await;
            let answer = done.map(drop).map_err(|error| error.to_string());
            // Nobody waits for it any more once the operator has left.
            let _ = answers.send(Event::Answered { key, answer }).await;
        }));
    }

    /// Shows one soak until the operator is back. What comes meanwhile is taken.
    async fn attach(&mut self, key: &Key, stage: Stage) -> Result<(Departure, Stage), TerminalError> {
        let Some(client) = self.client(key) else { return Ok((Departure::Operator, stage)) };
        let place = PathBuf::from(format!("on the machine of {}", self.app.fleet().name_of(key.source)));
        let setup = Setup {
            ui: UiState { hints: Vec::new(), message: None, overlay: None, ..self.app.ui().clone() },
            router_kind: None,
            places: Places { journal: place.clone(), recording: place.clone(), attach: None },
            after: None,
            faults: None,
            folder: self.folder.clone(),
            records: Records::Elsewhere(place.display().to_string()),
        };
        let mut shown = pin!(above(setup, Live::new(client, self.actor.clone()), stage));
        let mut seconds = interval(SECOND);
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                left = &mut shown => return left,
                Some(update) = self.updates.recv() => {
                    let now_ms = self.now_ms();
                    self.app.update(update, now_ms);
                }
                Some(answer) = self.answered.recv() => {
                    let now_ms = self.now_ms();
                    self.app.handle(answer, now_ms);
                }
                _ = seconds.tick() => self.second(),
            }
        }
    }
}
