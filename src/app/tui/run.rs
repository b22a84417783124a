//! The loop: keys, events, answers, signals and time into the [`App`], and out of it what has to be done.

use std::fs::File;
use std::io::{self, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::io::journal::create_private_dir;
use crate::model::{Action, Ending};

use super::after::After;
use super::app::{App, Effect, FaultMenu, Places, UiEvent};
use super::canvas::Canvas;
use super::input::{Input, Keyboard};
use super::link::{Item, Link};
use super::pace::Pace;
use super::question;
use super::question::Question;
use super::records::{Read, Records};
use super::replay::Player;
use super::signals::{Asked, Signals};
use super::tty::{TerminalError, Tty};
use super::{UiState, draw, to_svg, to_text};

/// So many items may wait to be folded; the monitor keeps the rest.
const BACKLOG: usize = 1_024;
/// So many answers may wait.
const ANSWERS: usize = 16;
/// How long an order that is under way may take when the operator leaves.
const LAST_ORDERS: Duration = Duration::from_secs(2);
/// How often a replay moves on while it plays.
const PLAY_STEP: Duration = Duration::from_millis(100);

pub struct Setup {
    /// The screen at its beginning: colors, glyphs, time zone, whether it only reads.
    pub ui: UiState,
    /// The kind of the router, for the status pane.
    pub router_kind: Option<String>,
    pub places: Places,
    /// The way back once the run is over; none where there is none from here.
    pub after: Option<After>,
    pub faults: Option<Faults>,
    /// The folder that screens are saved in.
    pub folder: PathBuf,
    /// The files of the service.
    pub records: Records,
}

pub struct Faults {
    pub menu: FaultMenu,
    /// Sets the fault with that place in the menu.
    pub change: Box<dyn FnMut(usize) + Send>,
}

/// How the operator and the screen parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    pub outcome: Option<Ending>,
    /// Who or what stopped the monitor, if that was done; the soak can be resumed.
    pub stopped: Option<String>,
    pub by: Departure,
}

impl Left {
    /// Whether the run continues without this screen.
    pub const fn detached(&self) -> bool {
        self.outcome.is_none() && self.stopped.is_none()
    }
}

/// Why a screen is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    Operator,
    Signal(&'static str),
    TerminalGone,
}

/// Shows a run until the operator leaves, and leaves a summary in the scrollback.
pub async fn run(setup: Setup, link: impl Link) -> Result<Left, TerminalError> {
    live(setup, link)?.until_left().await
}

fn live<L: Link>(setup: Setup, link: L) -> Result<Box<Show<L>>, TerminalError> {
    let Setup { ui, router_kind, places, after, faults, folder, records } = setup;
    let app = App::new(ui, router_kind);
    let app = if after.is_some() { app.with_a_way_back() } else { app };
    let (app, change) = match faults {
        Some(Faults { menu, change }) => (app.with_faults(menu), Some(change)),
        None => (app, None),
    };
    let show = Show::new(app, link, places, folder, records)?;
    Ok(Box::new(Show { after, change_fault: change, ..show }))
}

/// Plays a recording until the operator leaves.
pub async fn replay(setup: Setup, player: Player) -> Result<Left, TerminalError> {
    let app = App::replaying(setup.ui, setup.router_kind, player);
    let show = Show::new(app, Recorded, setup.places, setup.folder, setup.records)?;
    Box::new(show).until_left().await
}

/// A recording has no monitor.
struct Recorded;

impl Link for Recorded {
    async fn follow(&self, items: mpsc::Sender<Item>) {
        items.closed().await;
    }

    async fn act(&self, _: Action, _: Option<String>) -> Result<(), String> {
        Err("a recording takes no orders".to_owned())
    }
}

struct Show<L> {
    app: Box<App>,
    link: Arc<L>,
    after: Option<After>,
    places: Places,
    folder: PathBuf,
    records: Records,
    change_fault: Option<Box<dyn FnMut(usize) + Send>>,
    canvas: Canvas,
    keyboard: Keyboard,
    signals: Signals,
    /// What the terminal's background is.
    question: Question,
    pace: Pace,
    began: Instant,
    answers: mpsc::Sender<UiEvent>,
    answered: mpsc::Receiver<UiEvent>,
    orders: JoinSet<()>,
}

impl<L: Link> Show<L> {
    fn new(app: App, link: L, places: Places, folder: PathBuf, records: Records) -> Result<Self, TerminalError> {
        // In front of the terminal: a signal in between must not leave it raw.
        let signals = Signals::new().map_err(|source| TerminalError::Io { action: "take the signals of", source })?;
        let tty = Arc::new(Tty::of_process()?);
        let canvas = Canvas::take(Arc::clone(&tty))?;
        let keyboard = Keyboard::start(&tty)?;
        let (answers, answered) = mpsc::channel(ANSWERS);
        Ok(Self {
            app: Box::new(app),
            link: Arc::new(link),
            after: None,
            places,
            folder,
            records,
            change_fault: None,
            canvas,
            keyboard,
            signals,
            question: Question::default(),
            pace: Pace::default(),
            began: Instant::now(),
            answers,
            answered,
            orders: JoinSet::new(),
        })
    }

    async fn until_left(mut self: Box<Self>) -> Result<Left, TerminalError> {
        let by = match self.watch().await {
            Ok(by) => by,
            Err(TerminalError::Gone) => Departure::TerminalGone,
            Err(error) => return Err(error),
        };
        if by != Departure::TerminalGone {
            self.await_answer().await;
        }
        let Self { app, places, canvas, mut orders, .. } = *self;
        drop(canvas);
        if by != Departure::TerminalGone {
            let text = app.summary(&places).join("\n");
            // Nobody may be there to read it any more.
            let _ = writeln!(stdout(), "{text}");
        }
        let last_orders = async { while orders.join_next().await.is_some() {} };
        if timeout(LAST_ORDERS, last_orders).await.is_err() {
            tracing::warn!("left before the monitor answered the last order");
        }
        Ok(Left { outcome: app.ending().cloned(), stopped: app.stopped().map(str::to_owned), by })
    }

    async fn watch(&mut self) -> Result<Departure, TerminalError> {
        let (sender, mut items) = mpsc::channel(BACKLOG);
        let link = Arc::clone(&self.link);
        let mut follower = JoinSet::new();
        follower.spawn(async move { link.follow(sender).await });
        self.pace.changed();
        loop {
            let wait = self.pace.wait(self.now_ms(), self.app.is_moving()).map(Duration::from_millis);
            if wait == Some(Duration::ZERO) {
                self.handle(UiEvent::Tick).await?;
                self.draw()?;
                self.ask()?;
                continue;
            }
            let wait = if self.app.is_playing() { Some(PLAY_STEP) } else { wait };
            let due = self.app.due_ms().map(Duration::from_millis);
            let wait = due.into_iter().chain(wait).min();
            // Keys first: a flood of events must not keep the operator waiting.
            let event = tokio::select! {
                biased;
                input = self.keyboard.next() => match input {
                    Some(Input::Key(key)) => UiEvent::Key(key),
                    Some(Input::Paste(text)) => UiEvent::Paste(text),
                    Some(Input::Ground(ground)) => {
                        self.question.answered();
                        UiEvent::Ground(ground)
                    }
                    Some(Input::Mouse(pointer)) => UiEvent::Mouse { pointer, screen: self.canvas.area()? },
                    Some(Input::Gone) | None => return Ok(Departure::TerminalGone),
                },
                asked = self.signals.next() => match asked {
                    Asked::End(signal) => return Ok(Departure::Signal(signal)),
                    // Even where it has its old size again: a terminal that was smaller meanwhile has lost what it showed.
                    Asked::Resize => {
                        self.canvas.forget()?;
                        UiEvent::Resized
                    }
                    Asked::GoOn => {
                        self.canvas.take_again()?;
                        UiEvent::Resized
                    }
                },
                Some(answer) = self.answered.recv() => answer,
                Some(item) = items.recv() => UiEvent::Item(item),
                () = sleep(wait.unwrap_or_default()), if wait.is_some() => UiEvent::Tick,
            };
            if self.handle(event).await? {
                return Ok(Departure::Operator);
            }
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Hands the event to the app and carries out its effects; returns whether to leave.
    async fn handle(&mut self, event: UiEvent) -> Result<bool, TerminalError> {
        let unseen = matches!(event, UiEvent::Tick) || self.app.is_frozen() && matches!(event, UiEvent::Item(_));
        let (moved, knew) = (self.app.is_moving(), self.app.knows_a_run());
        let now_ms = self.now_ms();
        let effects = self.app.handle(event, now_ms);
        let asked = !effects.is_empty();
        // What moved with time alone and has come to rest is to be seen at rest.
        if asked || !unseen || self.app.is_playing() || moved && !self.app.is_moving() {
            self.pace.changed();
        }
        if !knew && self.app.knows_a_run() {
            self.pace.began(now_ms);
        }
        for effect in effects {
            match effect {
                Effect::Leave => return Ok(true),
                Effect::Redraw => self.canvas.forget()?,
                Effect::Suspend => {
                    self.await_answer().await;
                    self.canvas.give_back();
                    self.signals.stop_until_continued().await;
                    self.canvas.take_again()?;
                }
                Effect::FollowMouse(follow) => self.canvas.follow_mouse(follow)?,
                Effect::Read(what) => self.read(what),
                Effect::Save => self.save_screen()?,
                Effect::ChangeFault(place) => {
                    if let Some(change) = &mut self.change_fault {
                        change(place);
                    }
                }
                Effect::Order { order, action, reason } => self.order(order, action, reason),
            }
        }
        Ok(false)
    }

    fn order(&mut self, order: u64, action: Action, reason: Option<String>) {
        let (link, answers) = (Arc::clone(&self.link), self.answers.clone());
        let after = self.after.clone().filter(|_| self.app.is_over());
        self.orders.spawn(async move {
            let answer = match after {
                Some(after) => after.give(action, reason).await,
                None => link.act(action, reason).await,
            };
            // Nobody waits for it any more once the operator has left.
            let _ = answers.send(UiEvent::Answered { order, answer }).await;
        });
    }

    /// Reads files on another thread; whoever leaves meanwhile does not wait for it.
    fn read(&self, what: Read) {
        let (records, answers) = (self.records.clone(), self.answers.clone());
        tokio::task::spawn_blocking(move || {
            let _ = answers.blocking_send(UiEvent::Found(records.read(what)));
        });
    }

    /// Draws, and returns what is shown now.
    fn draw(&mut self) -> Result<&Buffer, TerminalError> {
        self.pace.drawn(self.now_ms());
        match self.app.shown() {
            Some(shown) => self.canvas.draw(|frame| draw(frame, shown.dashboard, shown.ui, shown.now_ms)),
            None => self.canvas.draw(waiting),
        }
    }

    /// Asks the terminal for its background, once, where that decides about the colors. Nothing waits for the answer.
    fn ask(&mut self) -> Result<(), TerminalError> {
        if !self.question.is_asked() && self.app.ui().theme.wants_ground() {
            self.question.asked(Instant::now());
            self.canvas.ask(question::GROUND)?;
        }
        Ok(())
    }

    /// Lets an answer arrive that is on its way: once the terminal is the shell's, it would land on the command line.
    async fn await_answer(&mut self) {
        while let Some(rest) = self.question.rest(Instant::now()) {
            match timeout(rest, self.keyboard.next()).await {
                Ok(Some(Input::Ground(_))) => self.question.answered(),
                Ok(Some(Input::Key(_) | Input::Paste(_) | Input::Mouse(_))) => {}
                Ok(Some(Input::Gone) | None) | Err(_) => return,
            }
        }
    }

    fn save_screen(&mut self) -> Result<(), TerminalError> {
        let shown = self.draw()?.clone();
        let zone = self.app.ui().zone.clone();
        let stem = format!("switchback-{}", Timestamp::now().to_zoned_datetime(zone).strftime("%Y%m%dT%H%M%S"));
        let files = [("svg", to_svg(&shown, &stem, self.app.ui().theme.ground().into())), ("txt", to_text(&shown))];
        let said =
            write_files(&self.folder.join(&stem), &files).map_err(|error| format!("the screen was not saved: {error}"));
        let now_ms = self.now_ms();
        self.app.handle(UiEvent::Told(said), now_ms);
        self.pace.changed();
        Ok(())
    }
}

/// Writes new files beside each other, and says where.
fn write_files(stem: &Path, files: &[(&'static str, String)]) -> io::Result<String> {
    create_private_dir(stem.parent().unwrap_or(stem))?;
    for (extension, content) in files {
        File::create_new(stem.with_added_extension(extension))?.write_all(content.as_bytes())?;
    }
    let extensions: Vec<String> = files.iter().map(|(extension, _)| format!(".{extension}")).collect();
    Ok(format!("saved as {}{}", stem.display(), extensions.join(" and ")))
}

/// What there is to see before the monitor's first word.
fn waiting(frame: &mut Frame) {
    frame.render_widget("waiting for the monitor", frame.area());
}

#[cfg(test)]
mod tests;
