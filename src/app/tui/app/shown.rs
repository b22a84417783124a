//! What is drawn, and what is left in the scrollback.

use std::path::PathBuf;

use crate::app::called::as_called;
use crate::app::tui::dialog::hint;
use crate::app::tui::keys::Command;
use crate::app::tui::{FaultsView, Overlay, UiState, keys};
use crate::core::view::{Dashboard, Progress, outcome_lines};

use super::state::{App, Layer, Reach};

/// Width of the label in front of a line of the summary.
const LABEL: usize = 15;

/// All that [`draw`](crate::app::tui::draw) wants.
pub struct Shown<'a> {
    pub dashboard: &'a Dashboard,
    pub ui: &'a UiState,
    /// The time of the run, in milliseconds.
    pub now_ms: u64,
}

/// Where the records of a run are, and how it is looked at again: for those who come back.
#[derive(Clone, Debug)]
pub struct Places {
    pub journal: PathBuf,
    pub recording: PathBuf,
    /// The command that shows this run again while its monitor runs; none where that ends with the screen.
    pub attach: Option<String>,
}

impl App {
    /// What is to be drawn; none before the monitor's first word.
    pub fn shown(&mut self) -> Option<Shown<'_>> {
        if self.visit.is_some() {
            return self.visit.as_mut()?.shown();
        }
        let run_ms = self.run_ms();
        self.ui.hints = keys::hints(self.scope(self.base()), |command, label| self.hint(command, label));
        self.ui.overlay = self.overlay();
        self.ui.order = self.order_view();
        self.ui.decisions.typing = matches!(self.layer, Some(Layer::Filter(_)));
        let (dashboard, now_ms) = match &self.frozen {
            Some((dashboard, frozen_ms)) => (dashboard, *frozen_ms),
            None => (self.dashboard.as_ref()?, run_ms),
        };
        self.ui.settle(dashboard, now_ms);
        Some(Shown { dashboard, ui: &self.ui, now_ms })
    }

    /// What the footer says of a command: nothing of an order that the phase refuses.
    fn hint(&self, command: Command, label: &'static str) -> Option<&'static str> {
        if command == Command::Leave && self.is_visit {
            return Some("back");
        }
        hint(command, label, self.dashboard.as_ref().map(Dashboard::machine), self.way())
    }

    /// Milliseconds until the app has something to do although nothing happens.
    pub fn due_ms(&self) -> Option<u64> {
        match &self.layer {
            Some(Layer::Dialog { dialog, .. }) => dialog.due_ms(self.now_ms),
            Some(Layer::Log(log)) => log.due_ms(self.now_ms),
            _ => None,
        }
    }

    fn overlay(&self) -> Option<Overlay> {
        let dashboard = self.dashboard.as_ref()?;
        match self.layer.as_ref()? {
            Layer::Filter(_) | Layer::Order(_) => None,
            Layer::Help { scroll } => Some(Overlay::Help { rows: self.help(), scroll: *scroll }),
            Layer::Detail(subject) => Some(Overlay::Detail(subject.clone())),
            Layer::Dialog { dialog, .. } => Some(Overlay::Dialog(dialog.view(self.now_ms))),
            Layer::Quit(quit) => Some(Overlay::Dialog(quit.view(dashboard.machine()))),
            Layer::Soaks(list) => Some(Overlay::Soaks(list.view(dashboard))),
            Layer::Log(log) => Some(Overlay::Log(log.view())),
            Layer::Faults { selected } => self.faults.as_ref().map(|menu| {
                let items = menu.items.clone();
                Overlay::Faults(FaultsView { items, selected: *selected, current: menu.current })
            }),
        }
    }

    /// Whether the screen has to be drawn again only because time goes on.
    pub fn is_moving(&self) -> bool {
        if let Some(visit) = &self.visit {
            return visit.is_moving();
        }
        let asks = matches!(self.layer, Some(Layer::Dialog { .. }));
        let says = self.ui.message.is_some() && self.message_until != u64::MAX;
        let plays = self.is_playing();
        // After the end too: how long ago something was goes on.
        let runs = self.player.is_none() && self.dashboard.is_some();
        asks || says || self.frozen.is_none() && (plays || runs)
    }

    pub fn is_playing(&self) -> bool {
        if let Some(visit) = &self.visit {
            return visit.is_playing();
        }
        self.player.as_ref().is_some_and(|player| !player.playback().paused)
    }

    pub const fn ui(&self) -> &UiState {
        &self.ui
    }

    pub const fn is_frozen(&self) -> bool {
        self.frozen.is_some() && self.visit.is_none()
    }

    /// What stays in the scrollback: how the run ended, or stands and how to come back. Of a replay only an end that was seen.
    pub fn summary(&self, places: &Places) -> Vec<String> {
        let Some(dashboard) = &self.dashboard else { return Vec::new() };
        let view = dashboard.view();
        let mut lines: Vec<(&str, String)> = match (dashboard.ending(), &self.reach) {
            (Some(_), _) => dashboard.outcome_lines().unwrap_or_default(),
            (None, Reach::Ended(ending)) => outcome_lines(view, ending),
            (None, _) if self.player.is_some() => return Vec::new(),
            (None, reach) => {
                let Progress { word, text } = Progress::of(view);
                let soak = match (reach, &places.attach) {
                    (Reach::Stopped(why), _) => {
                        format!("stopped ({why}), to be resumed with: switchback soak --resume")
                    }
                    (_, Some(attach)) => format!("continues; to see it again: {attach}"),
                    (_, None) => "ended here, with the demo".to_owned(),
                };
                vec![("phase", format!("{word}: {text}")), ("soak", soak)]
            }
        };
        lines.push(("journal", places.journal.display().to_string()));
        lines.push(("recording", places.recording.display().to_string()));
        let line =
            |(label, text): (&str, String)| format!("{label:LABEL$} {}", self.ui.charset.text(&as_called(&text)));
        lines.into_iter().map(line).collect()
    }
}
