//! What comes from the monitor or from a recording, and what time brings.

use crate::app::tui::Mode;
use crate::app::tui::dialog::Facts;
use crate::app::tui::link::Item;
use crate::app::tui::replay::{Played, Player};
use crate::core::soak::{Envelope, RecordingHeader, Settings};
use crate::core::view::{Dashboard, Tone};

use super::state::{App, Effect, Layer, Reach, UiEvent};

impl App {
    pub(super) fn item(&mut self, item: Item) -> Vec<Effect> {
        match item {
            Item::Header(header) => self.header(&header),
            Item::Event(envelope) => self.event(&envelope),
            Item::Lost(why) => {
                self.reach = Reach::Lost;
                self.say(format!("the monitor does not answer: {why}"), Tone::Warning);
                // It stays until the monitor is back.
                self.message_until = u64::MAX;
            }
            Item::Ended(ending) => {
                self.catch_up();
                self.reach = Reach::Ended(ending);
            }
            Item::Stopped(why) => {
                self.catch_up();
                self.say(format!("the monitor was stopped ({why}); the soak can be resumed"), Tone::Warning);
                self.message_until = u64::MAX;
                self.reach = Reach::Stopped(why);
            }
        }
        Vec::new()
    }

    fn reach_again(&mut self) {
        if self.reach == Reach::Lost {
            self.reach = Reach::Good;
            self.say("the monitor answers again", Tone::Good);
        }
    }

    /// The run is told from its first event on. Where it was told before it is folded aside: another monitor may know less
    /// of it than the one that was shown.
    fn header(&mut self, header: &RecordingHeader) {
        self.reach_again();
        let dashboard = self.new_dashboard(header.settings.clone());
        let known = self.dashboard.as_ref().map(|dashboard| dashboard.machine().settings().soak.as_str());
        if known == Some(header.settings.soak.as_str()) {
            self.replaying_into = Some(dashboard);
        } else {
            (self.dashboard, self.replaying_into) = (Some(dashboard), None);
        }
    }

    fn event(&mut self, envelope: &Envelope) {
        let Some(dashboard) = self.replaying_into.as_mut().or(self.dashboard.as_mut()) else { return };
        dashboard.apply(envelope);
        let shown = self.dashboard.as_ref().map(|dashboard| (dashboard.view().at_ms(), dashboard.view().seq()));
        if Some((envelope.at_ms, envelope.seq)) >= shown {
            self.catch_up();
            self.heard_ms = self.now_ms;
        }
    }

    fn catch_up(&mut self) {
        if let Some(dashboard) = self.replaying_into.take() {
            self.dashboard = Some(dashboard);
        }
    }

    pub(super) fn new_dashboard(&self, settings: Settings) -> Dashboard {
        let dashboard = Dashboard::new(settings);
        match &self.router_kind {
            Some(kind) => dashboard.with_router_kind(kind.clone()),
            None => dashboard,
        }
    }

    pub(super) fn answered(&mut self, order: u64, answer: Result<(), String>) -> Vec<Effect> {
        // No event of a run that is over tells that traffic was moved. The answer to what ended it may come after the end.
        if self.first_late.is_some_and(|first| order >= first)
            && answer.is_ok()
            && let Some(dashboard) = &mut self.dashboard
        {
            dashboard.brought_back();
        }
        match &mut self.layer {
            Some(Layer::Dialog { dialog, order: waits_for }) if *waits_for == Some(order) => {
                dialog.answered(answer, self.now_ms);
            }
            // The dialog was closed before the answer came.
            _ => match answer {
                Ok(()) => self.say("done: it is in the journal", Tone::Good),
                Err(why) => self.say(why, Tone::Bad),
            },
        }
        Vec::new()
    }

    /// Moves in the recording, and folds the events.
    pub(super) fn play(&mut self, step: impl FnOnce(&mut Player) -> Played<'_>) {
        let Some(mut player) = self.player.take() else { return };
        let Played { anew, events } = step(&mut player);
        if let Some(header) = anew {
            self.dashboard = Some(self.new_dashboard(header.settings.clone()));
        }
        if let Some(dashboard) = &mut self.dashboard {
            for envelope in events {
                dashboard.apply(envelope);
            }
        }
        self.ui.mode = Mode::Replay(player.playback());
        self.player = Some(player);
    }

    /// Lets time go on: the recording plays, messages and dialogs come to their end.
    pub(super) fn pass(&mut self, elapsed_ms: u64) -> Vec<Effect> {
        self.play(|player| player.advance(elapsed_ms));
        if self.now_ms >= self.message_until {
            self.ui.message = None;
        }
        if self.is_over() && matches!(self.layer, Some(Layer::Quit(_))) {
            self.layer = None;
        }
        if let Some(visit) = &mut self.visit {
            visit.handle(UiEvent::Tick, self.now_ms);
        }
        let mut effects = self.settle_dialog();
        effects.extend(self.read_log_again());
        effects
    }

    /// Closes a question that no longer stands, and gives the order whose answer does.
    fn settle_dialog(&mut self) -> Vec<Effect> {
        let Some(dashboard) = &self.dashboard else { return Vec::new() };
        let facts = Facts::of(dashboard.machine());
        match self.layer.take() {
            Some(Layer::Dialog { mut dialog, order }) => {
                let step = dialog.settle(&facts, self.now_ms);
                return self.after_step(dialog, order, step);
            }
            layer => self.layer = layer,
        }
        Vec::new()
    }

    /// The time of the run that is shown: that of its last event, and what went by since.
    pub(super) fn run_ms(&self) -> u64 {
        if let Some(player) = &self.player {
            return player.playback().position_ms;
        }
        let last = self.dashboard.as_ref().map_or(0, |dashboard| dashboard.view().at_ms());
        last.saturating_add(self.now_ms.saturating_sub(self.heard_ms))
    }
}
