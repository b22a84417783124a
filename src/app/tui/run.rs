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
use crate::io::tasks::boxed;
use crate::model::{Action, Ending};

use super::after::After;
use super::app::{App, Effect, FaultMenu, Places, UiEvent};
use super::input::Input;
use super::link::{Item, Link};
use super::pace::Pace;
use super::records::{Read, Records};
use super::replay::Player;
use super::signals::Asked;
use super::stage::Stage;
use super::tty::TerminalError;
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
    live(setup, link, Stage::take()?, false).until_left().await
}

/// The same above another screen, which has the terminal back when the operator leaves.
pub(super) async fn above(setup: Setup, link: impl Link, stage: Stage) -> Result<(Departure, Stage), TerminalError> {
    let mut show = live(setup, link, stage, true);
    let by = show.watch().await?;
    let Show { stage, orders, .. } = *show;
    await_orders(orders).await;
    Ok((by, stage))
}

fn live<L: Link>(setup: Setup, link: L, stage: Stage, is_above: bool) -> Box<Show<L>> {
    let Setup { ui, router_kind, places, after, faults, folder, records } = setup;
    let app = App::new(ui, router_kind);
    let app = if is_above { app.above_another() } else { app };
    let app = if after.is_some() { app.with_a_way_back() } else { app };
    let (app, change) = match faults {
        Some(Faults { menu, change }) => (app.with_faults(menu), Some(change)),
        None => (app, None),
    };
    let show = Show::new(app, link, places, folder, records, stage);
    Box::new(Show { after, change_fault: change, ..show })
}

/// Plays a recording until the operator leaves.
pub async fn replay(setup: Setup, player: Player) -> Result<Left, TerminalError> {
    let app = App::replaying(setup.ui, setup.router_kind, player);
    let show = Show::new(app, Recorded, setup.places, setup.folder, setup.records, Stage::take()?);
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
    stage: Stage,
    pace: Pace,
    began: Instant,
    answers: mpsc::Sender<UiEvent>,
    answered: mpsc::Receiver<UiEvent>,
    orders: JoinSet<()>,
}

/// Lets orders be answered that are under way.
pub(super) async fn await_orders(mut orders: JoinSet<()>) {
    let last_orders = async { while orders.join_next().await.is_some() {} };
    if timeout(LAST_ORDERS, last_orders).await.is_err() {
        tracing::warn!("left before the monitor answered the last order");
    }
}

impl<L: Link> Show<L> {
    fn new(app: App, link: L, places: Places, folder: PathBuf, records: Records, stage: Stage) -> Self {
        let (answers, answered) = mpsc::channel(ANSWERS);
        Self {
            app: Box::new(app),
            link: Arc::new(link),
            after: None,
            places,
            folder,
            records,
            change_fault: None,
            stage,
            pace: Pace::default(),
            began: Instant::now(),
            answers,
            answered,
            orders: JoinSet::new(),
        }
    }

    async fn until_left(mut self: Box<Self>) -> Result<Left, TerminalError> {
        let by = match self.watch().await {
            Ok(by) => by,
            Err(TerminalError::Gone) => Departure::TerminalGone,
            Err(error) => return Err(error),
        };
        if by != Departure::TerminalGone {
            self.stage.await_answer().await;
        }
        let Self { app, places, stage, orders, .. } = *self;
        drop(stage);
        if by != Departure::TerminalGone {
            let text = app.summary(&places).join("\n");
            // Nobody may be there to read it any more.
            let _ = writeln!(stdout(), "{text}");
        }
        await_orders(orders).await;
        Ok(Left { outcome: app.ending().cloned(), stopped: app.stopped().map(str::to_owned), by })
    }

    async fn watch(&mut self) -> Result<Departure, TerminalError> {
        let (sender, mut items) = mpsc::channel(BACKLOG);
        let link = Arc::clone(&self.link);
        let mut follower = JoinSet::new();
        follower.spawn(boxed(async move { link.follow(sender).await }));
        self.pace.changed();
        loop {
            let wait = self.pace.wait(self.now_ms(), self.app.is_moving()).map(Duration::from_millis);
            if wait == Some(Duration::ZERO) {
                self.handle(UiEvent::Tick).await?;
                self.draw()?;
                self.stage.ask(self.app.ui().theme)?;
                continue;
            }
            let wait = if self.app.is_playing() { Some(PLAY_STEP) } else { wait };
            let due = self.app.due_ms().map(Duration::from_millis);
            let wait = due.into_iter().chain(wait).min();
            // Keys first: a flood of events must not keep the operator waiting.
            let event = tokio::select! {
                biased;
                input = self.stage.keyboard.next() => match input {
                    Some(Input::Key(key)) => UiEvent::Key(key),
                    Some(Input::Paste(text)) => UiEvent::Paste(text),
                    Some(Input::Ground(ground)) => {
                        self.stage.question.answered();
                        UiEvent::Ground(ground)
                    }
                    Some(Input::Mouse(pointer)) => UiEvent::Mouse { pointer, screen: self.stage.canvas.area()? },
                    Some(Input::Gone) | None => return Ok(Departure::TerminalGone),
                },
                asked = self.stage.signals.next() => match asked {
                    Asked::End(signal) => return Ok(Departure::Signal(signal)),
                    // Even where it has its old size again: a terminal that was smaller meanwhile has lost what it showed.
                    Asked::Resize => {
                        self.stage.canvas.forget()?;
                        UiEvent::Resized
                    }
                    Asked::GoOn => {
                        self.stage.canvas.take_again()?;
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
                Effect::Redraw => self.stage.canvas.forget()?,
                Effect::Suspend => {
                    self.stage.await_answer().await;
                    self.stage.canvas.give_back();
                    self.stage.signals.stop_until_continued().await;
                    self.stage.canvas.take_again()?;
                }
                Effect::FollowMouse(follow) => self.stage.canvas.follow_mouse(follow)?,
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
        self.orders.spawn(boxed(async move {
            let answer = match after {
                Some(after) => after.give(action, reason).await,
                None => link.act(action, reason).await,
            };
            // Nobody waits for it any more once the operator has left.
            let _ = answers.send(UiEvent::Answered { order, answer }).await;
        }));
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
            Some(shown) => self.stage.canvas.draw(|frame| draw(frame, shown.dashboard, shown.ui, shown.now_ms)),
            None => self.stage.canvas.draw(waiting),
        }
    }

    fn save_screen(&mut self) -> Result<(), TerminalError> {
        let shown = self.draw()?.clone();
        let said = save(&shown, &self.folder, self.app.ui());
        let now_ms = self.now_ms();
        self.app.handle(UiEvent::Told(said), now_ms);
        self.pace.changed();
        Ok(())
    }
}

/// Saves a screen as a picture and as text in a folder, and says where.
pub(super) fn save(shown: &Buffer, folder: &Path, ui: &UiState) -> Result<String, String> {
    let now = Timestamp::now().to_zoned_datetime(ui.zone.clone());
    let stem = format!("switchback-{}", now.strftime("%Y%m%dT%H%M%S"));
    let files = [("svg", to_svg(shown, &stem, ui.theme.ground().into())), ("txt", to_text(shown))];
    write_files(&folder.join(&stem), &files).map_err(|error| format!("the screen was not saved: {error}"))
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
