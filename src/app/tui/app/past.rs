//! The soaks of before: a list of them, and one that is played while the run goes on.

use crate::app::tui::keys::{Command, Key};
use crate::app::tui::records::{Found, PastSoaks, Read, Recorded};
use crate::app::tui::replay::Player;
use crate::app::tui::{SoaksView, UiState};
use crate::core::view::{Dashboard, Tone};
use crate::io::journal::SoakId;
use crate::model::Phase;

use super::rows::moved;
use super::state::{App, Effect, Layer, Reach, UiEvent};

/// The list of past soaks, as it is looked at.
#[derive(Clone, Debug, Default)]
pub struct SoakList {
    /// None while they are being read.
    found: Option<PastSoaks>,
    selected: usize,
    /// The one that is being read.
    opening: Option<SoakId>,
    /// Why the last one could not be opened.
    refused: Option<String>,
}

impl SoakList {
    fn note(&self) -> Option<String> {
        match (&self.found, &self.opening) {
            (None, _) => Some("reading the journal …".to_owned()),
            (_, Some(id)) => Some(format!("reading {id} …")),
            (Some(found), None) => self.refused.clone().or_else(|| found.note.clone()),
        }
    }

    pub fn view(&self, dashboard: &Dashboard) -> SoaksView {
        let settings = dashboard.machine().settings();
        SoaksView {
            service: settings.service.clone(),
            soaks: self.found.as_ref().map(|found| found.soaks.clone()),
            selected: self.selected,
            shown: settings.soak.clone(),
            note: self.note(),
        }
    }

    /// Selects the one in that place; says whether it was selected before.
    pub fn select(&mut self, place: usize) -> bool {
        std::mem::replace(&mut self.selected, place) == place
    }

    fn choose(&mut self) -> Option<SoakId> {
        let soak = self.found.as_ref()?.soaks.get(self.selected)?;
        if soak.is_recorded {
            self.opening = Some(soak.id.clone());
            self.refused = None;
        } else {
            self.refused = Some(format!("the recording of {} is not there any more", soak.id));
        }
        self.opening.clone()
    }
}

impl App {
    pub(super) fn open_soaks(&mut self) -> Vec<Effect> {
        if self.dashboard.is_none() {
            return Vec::new();
        }
        self.layer = Some(Layer::Soaks(SoakList::default()));
        vec![Effect::Read(Read::Soaks)]
    }

    pub(super) fn on_soaks(&mut self, mut list: SoakList, meant: Option<Command>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if meant == Some(Command::Enter) {
            effects.extend(list.choose().map(|id| Effect::Read(Read::Recording(id))));
        } else {
            let count = list.found.as_ref().map_or(0, |found| found.soaks.len());
            let Some(selected) = moved(meant, list.selected, count.saturating_sub(1)) else { return Vec::new() };
            list.selected = selected;
        }
        self.layer = Some(Layer::Soaks(list));
        effects
    }

    /// Takes what was read. What nobody waits for any more is left.
    pub(super) fn found(&mut self, found: Found) -> Vec<Effect> {
        match (found, &mut self.layer) {
            (Found::Soaks(found), Some(Layer::Soaks(list))) => {
                let found = found.unwrap_or_else(|why| PastSoaks { soaks: Vec::new(), note: Some(why) });
                list.found = Some(found);
            }
            (Found::Recording(id, read), Some(Layer::Soaks(list))) if list.opening.as_ref() == Some(&id) => {
                list.opening = None;
                match read {
                    Ok(recorded) => self.visit(&id, *recorded),
                    Err(why) => list.refused = Some(why),
                }
            }
            (Found::Log(read), _) => self.found_log(read),
            _ => {}
        }
        Vec::new()
    }

    /// Plays a past soak in this screen. The run goes on behind it.
    fn visit(&mut self, id: &SoakId, recorded: Recorded) {
        let ui = UiState::new(self.ui.theme, self.ui.charset, self.ui.zone.clone());
        let Recorded { header, events } = recorded;
        let mut visit = Self::replaying(ui, self.router_kind.clone(), Player::new(header, events));
        (visit.is_visit, visit.now_ms, visit.follows_mouse) = (true, self.now_ms, self.follows_mouse);
        visit.say(format!("playing {id}; q or Esc goes back"), Tone::Plain);
        self.layer = None;
        self.visit = Some(Box::new(visit));
    }

    /// Hands something to the past soak that is looked at, which then may be left.
    pub(super) fn in_visit(&mut self, event: UiEvent) -> Vec<Effect> {
        let Some(mut visit) = self.visit.take() else { return Vec::new() };
        if let UiEvent::Key(event) = event
            && Key::of(event) == Some(Key::Ctrl('c'))
        {
            return self.key(event);
        }
        let effects = visit.handle(event, self.now_ms);
        self.follows_mouse = visit.follows_mouse;
        if effects.contains(&Effect::Leave) {
            return Vec::new();
        }
        if effects.contains(&Effect::Read(Read::Soaks)) {
            return self.open_soaks();
        }
        self.visit = Some(visit);
        effects
    }

    /// What has to be told when it changes while something else is looked at.
    pub(super) fn standing(&self) -> (Option<Phase>, bool) {
        (self.dashboard.as_ref().map(|dashboard| dashboard.machine().phase()), self.reach == Reach::Lost)
    }

    /// Tells the news of the run to somebody who looks at a past soak.
    pub(super) fn tell_visit(&mut self, before: (Option<Phase>, bool)) {
        let after = self.standing();
        let Some(dashboard) = self.dashboard.as_ref().filter(|_| after != before && self.player.is_none()) else {
            return;
        };
        let headline = dashboard.headline(self.run_ms());
        let (word, tone) =
            if after.1 { ("the monitor does not answer", Tone::Warning) } else { (&*headline.word, headline.tone) };
        let text = format!("the live run: {word}; q returns to it");
        let Some(visit) = &mut self.visit else { return };
        visit.say(text, tone);
        if matches!(tone, Tone::Bad | Tone::Warning) {
            // It stays until it is seen to.
            visit.message_until = u64::MAX;
        }
    }
}
