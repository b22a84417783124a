//! The state file's content, and whether there is anything to roll back. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::core::soak::known_release;
use crate::io::journal::Head;
use crate::model::Color;

mod reading;

pub(super) use reading::not_utf8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Move {
    Switch,
    Rollback,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    pub kind: Move,
    /// The `lastSwitch` it belongs to. If they differ, another process moved traffic since.
    pub at: i64,
    /// The active release must not be rolled back.
    #[serde(rename = "noWayBack", default, skip_serializing_if = "std::ops::Not::not")]
    pub no_rollback: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
}

/// What is known of a release that is switched to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Whether it must not be rolled back.
    pub no_rollback: bool,
}

/// The state of the soak, for readers of the file. Times are RFC 3339.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SoakBlock {
    pub id: String,
    /// Such as `watching`.
    pub phase: String,
    /// Of the watched deployment, in Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_switch: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Releases from the build infos of its instances; several if they differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<String>,
    /// The worst of its checks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Who or what ended it, such as `auto` or `operator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// A sentence with the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselineBlock>,
    /// After a rollback: the previous color is healthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<bool>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
}

impl SoakBlock {
    /// The release as somebody named it, else as all instances name it.
    pub fn known_release(&self) -> Option<&str> {
        known_release(self.release.as_deref(), &self.builds)
    }
}

/// The previous color before traffic moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineBlock {
    pub requests: u64,
    pub errors: u64,
    /// In milliseconds.
    pub measured_ms: u64,
}

/// The deployment state, as read from the state file. Keeps unknown keys, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    document: Map<String, Value>,
    newline: bool,
    exists: bool,
    active: Color,
    last_switch: Option<i64>,
    previous: Option<Color>,
    transition: Option<Transition>,
    soak: Option<SoakBlock>,
    journal: Option<Head>,
}

/// Why a text is no deployment state. Each finishes "the state file is corrupt: …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Corrupt {
    #[error("it is empty")]
    Empty,
    /// It ends early; the parser's message ends with line and column.
    #[error("{0}")]
    CutOff(String),
    /// A byte order mark, which `JSON.parse` of `deploy.ts` refuses as well.
    #[error("it begins with a byte order mark ({0}), which deploy.ts cannot read either: save it as UTF-8 without one")]
    ByteOrderMark(&'static str),
    /// The parser's message ends with line and column.
    #[error("{0}")]
    Json(String),
    #[error("it is not a JSON object")]
    NoObject,
    /// Missing, or an invalid value.
    #[error("key `{key}`: {reason}")]
    Key { key: &'static str, reason: String },
}

impl Corrupt {
    /// Whether a writer may not be done: `deploy.ts` empties the file before writing.
    pub(crate) const fn may_be_half_written(&self) -> bool {
        matches!(self, Self::Empty | Self::CutOff(_))
    }
}

impl State {
    /// What a missing file means: blue, never switched.
    pub fn never_switched() -> Self {
        Self {
            document: Map::new(),
            newline: false,
            exists: false,
            active: Color::Blue,
            last_switch: None,
            previous: None,
            transition: None,
            soak: None,
            journal: None,
        }
    }

    /// Parses a state file. `null` in an optional key means that it is missing.
    pub fn parse(text: &str) -> Result<Self, Corrupt> {
        if text.starts_with('\u{feff}') {
            return Err(Corrupt::ByteOrderMark(reading::UTF8_MARK));
        }
        if text.trim().is_empty() {
            return Err(Corrupt::Empty);
        }
        let value = serde_json::from_slice(text.as_bytes()).map_err(|error| {
            if error.is_eof() { Corrupt::CutOff(error.to_string()) } else { Corrupt::Json(error.to_string()) }
        })?;
        let Value::Object(mut document) = value else {
            return Err(Corrupt::NoObject);
        };
        reading::times_in_whole_milliseconds(&mut document);
        let missing = || Corrupt::Key { key: "activeColor", reason: "it is missing".to_owned() };
        Ok(Self {
            active: key(&document, "activeColor")?.ok_or_else(missing)?,
            last_switch: key(&document, "lastSwitch")?,
            previous: key(&document, "previousColor")?,
            transition: key(&document, "transition")?,
            soak: key(&document, "soak")?,
            journal: key(&document, "journal")?,
            newline: text.ends_with('\n'),
            exists: true,
            document,
        })
    }

    /// As `JSON.stringify(state, null, 2)` prints it; keeps a newline at the end.
    pub fn to_text(&self) -> serde_json::Result<String> {
        let mut text = serde_json::to_string_pretty(&self.document)?;
        if self.newline {
            text.push('\n');
        }
        Ok(text)
    }

    /// Whether there is a state file at all.
    pub const fn exists(&self) -> bool {
        self.exists
    }

    /// The color that takes user traffic.
    pub const fn active(&self) -> Color {
        self.active
    }

    /// When traffic was last moved, in Unix milliseconds.
    pub const fn last_switch(&self) -> Option<i64> {
        self.last_switch
    }

    /// The color that took user traffic before the last move.
    pub const fn previous(&self) -> Option<Color> {
        self.previous
    }

    /// Our note of the last move.
    pub const fn transition(&self) -> Option<&Transition> {
        self.transition.as_ref()
    }

    /// The state of the last soak.
    pub const fn soak(&self) -> Option<&SoakBlock> {
        self.soak.as_ref()
    }

    /// Whether the last move is known to be of this kind: we noted it, and nobody else moved traffic since.
    pub fn last_move_is(&self, kind: Move) -> bool {
        self.transition().is_some_and(|last| last.kind == kind && Some(last.at) == self.last_switch)
    }

    /// Whether the release that is active must not be rolled back, as whoever switched to it said.
    pub fn no_rollback(&self) -> bool {
        self.last_move_is(Move::Switch) && self.transition().is_some_and(|last| last.no_rollback)
    }

    /// The active release, as named at its switch.
    pub fn release(&self) -> Option<&str> {
        self.transition().filter(|_| self.last_move_is(Move::Switch))?.release.as_deref()
    }

    /// Notes the release that was just switched to.
    pub fn describe_release(&mut self, release: &Release) {
        if let Some(transition) = &mut self.transition {
            transition.no_rollback |= release.no_rollback;
            if release.name.is_some() {
                transition.release.clone_from(&release.name);
            }
            self.document.insert("transition".to_owned(), object(transition));
        }
    }

    /// Whether the last move is known to be a rollback.
    pub fn is_rolled_back(&self) -> bool {
        self.last_move_is(Move::Rollback)
    }

    /// Records a move to `to`. `lastSwitch` always grows, so that moves differ even if the clock was set back.
    pub fn record_move(&mut self, kind: Move, to: Color, now_ms: i64) {
        let at = self.last_switch.map_or(now_ms, |last| now_ms.max(last.saturating_add(1)));
        self.set_traffic(to, Some(at), Some(to.other()));
        self.note(kind, now_ms);
    }

    /// Notes the kind of a move that somebody else recorded; `now_ms` replaces a missing time.
    pub fn note(&mut self, kind: Move, now_ms: i64) {
        if self.last_switch.is_none() {
            self.set_traffic(self.active, Some(now_ms), self.previous);
        }
        let transition = Transition { kind, at: self.last_switch.unwrap_or(now_ms), no_rollback: false, release: None };
        self.document.insert("transition".to_owned(), object(&transition));
        self.transition = Some(transition);
    }

    /// Restores `before`'s traffic, when a move was undone.
    pub(crate) fn restore_traffic(&mut self, before: &Self) {
        self.set_traffic(before.active, before.last_switch, before.previous);
        match &before.transition {
            Some(transition) => drop(self.document.insert("transition".to_owned(), object(transition))),
            None => drop(self.document.shift_remove("transition")),
        }
        self.transition.clone_from(&before.transition);
    }

    /// Replaces the soak's block only.
    pub fn set_soak(&mut self, soak: SoakBlock) {
        self.document.insert("soak".to_owned(), object(&soak));
        self.soak = Some(soak);
    }

    /// The end of the decision journal when we last wrote the file.
    pub const fn journal(&self) -> Option<&Head> {
        self.journal.as_ref()
    }

    /// Notes the end of the decision journal.
    pub fn set_journal(&mut self, head: Head) {
        self.document.insert("journal".to_owned(), object(&head));
        self.journal = Some(head);
    }

    /// The same for another host, whose journal is another one.
    #[must_use]
    pub fn without_journal(&self) -> Self {
        let mut state = self.clone();
        state.document.shift_remove("journal");
        Self { journal: None, ..state }
    }

    /// The same with what `here` says of the journal of this host.
    #[must_use]
    pub fn with_journal_of(&self, here: &Self) -> Self {
        let mut state = self.without_journal();
        if let Some(head) = here.journal.clone() {
            state.set_journal(head);
        }
        state
    }

    fn set_traffic(&mut self, active: Color, last_switch: Option<i64>, previous: Option<Color>) {
        self.document.insert("activeColor".to_owned(), active.name().into());
        let optional =
            [("lastSwitch", last_switch.map(Value::from)), ("previousColor", previous.map(|c| c.name().into()))];
        for (key, value) in optional {
            match value {
                Some(value) => drop(self.document.insert(key.to_owned(), value)),
                None => drop(self.document.shift_remove(key)),
            }
        }
        (self.active, self.last_switch, self.previous) = (active, last_switch, previous);
    }
}

fn key<T: serde::de::DeserializeOwned>(document: &Map<String, Value>, key: &'static str) -> Result<Option<T>, Corrupt> {
    let value = document.get(key).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|error| Corrupt::Key { key, reason: error.to_string() })
}

/// Strings, numbers and flags always have a JSON form.
fn object(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingToRollBack {
    #[error("{active} is active since a rollback; only a switch can be rolled back")]
    RolledBack { active: Color },
    #[error("{active} is active and was never switched to: no previous color is known")]
    NeverSwitched { active: Color },
    /// As `deploy.ts` leaves them after a rollback.
    #[error("{active} is active and is the previous color as well: the last move was a rollback")]
    SameColor { active: Color },
}

/// Only a switch can be rolled back. A `transition` whose `at` is not `lastSwitch` is ignored: traffic was moved since.
pub fn rollback_target(state: &State) -> Result<Color, NothingToRollBack> {
    let active = state.active;
    if state.is_rolled_back() {
        return Err(NothingToRollBack::RolledBack { active });
    }
    match state.previous {
        None => Err(NothingToRollBack::NeverSwitched { active }),
        Some(previous) if previous == active => Err(NothingToRollBack::SameColor { active }),
        Some(previous) => Ok(previous),
    }
}

#[cfg(test)]
mod tests;
