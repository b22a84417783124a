//! One order for several soaks: the question that lists them, and the answers.

use crate::app::tui::dialog::Field;
use crate::app::tui::keys::Key as Pressed;
use crate::app::tui::{ButtonView, DialogState, DialogView, FieldView};
use crate::core::fleet::{Fleet, Key};
use crate::core::view::{State, Tone};
use crate::model::Action;
use crate::model::number::thousands;

/// For more soaks than this the count is typed, as for orders after which a bad release would stay.
const FEW: usize = 5;
/// A question that nobody answers is one about something else by now.
const EXPIRES_MS: u64 = 30_000;
/// Rows of the dialog around its list: frame, sentence, space, reason, state, buttons.
const AROUND: u16 = 11;
/// More of them where the count is typed.
const TYPED: u16 = 2;

/// What is ordered of all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    RollBack,
    Pause,
    Resume,
    Abort,
}

impl What {
    pub const fn action(self) -> Action {
        match self {
            Self::RollBack => Action::Rollback { force: false },
            Self::Pause => Action::Pause,
            Self::Resume => Action::Resume,
            Self::Abort => Action::Abort,
        }
    }

    const fn verb(self) -> &'static str {
        match self {
            Self::RollBack => "Roll back",
            Self::Pause => "Pause automatic rollback of",
            Self::Resume => "Resume automatic rollback of",
            Self::Abort => "Abort",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::RollBack => "Roll back",
            Self::Pause => "Pause",
            Self::Resume => "Resume",
            Self::Abort => "Abort",
        }
    }

    const fn consequence(self) -> &'static str {
        match self {
            Self::RollBack => "Traffic moves back to the previous color of each.",
            Self::Pause => "A breach is held until automatic rollback is resumed.",
            Self::Resume => "A breach that is held is acted on at once.",
            Self::Abort => "Traffic stays where it is, and the releases are unwatched.",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::RollBack | Self::Abort => Tone::Bad,
            Self::Pause | Self::Resume => Tone::Warning,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    /// It was not asked.
    None,
    Waiting,
    Done,
    Refused(String),
}

/// A soak that is meant. It is meant by its id: another one of the same service was not asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    key: Key,
    soak: Option<String>,
    name: String,
    answer: Answer,
}

/// What a key did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Open,
    Close,
    /// Give the order to these.
    Give(Vec<Key>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    what: What,
    targets: Vec<Target>,
    /// What was marked and takes no such order, and why.
    left_out: Vec<(String, String)>,
    typed: Field,
    reason: Field,
    /// Whether the reason is being typed.
    in_reason: bool,
    touched_ms: u64,
    scroll: usize,
    is_given: bool,
}

impl Group {
    /// About these rows; an error says why none of them takes the order.
    pub fn ask(fleet: &Fleet, keys: &[Key], pause: bool, what: What, now_ms: u64) -> Result<Self, String> {
        let paused = |key: &Key| fleet.row(key).is_some_and(|row| row.summary.paused);
        let (ready, out): (Vec<_>, Vec<_>) = keys.iter().partition(|key| hindrance(fleet, key).is_none());
        let what = if pause && !ready.is_empty() && ready.iter().all(|key| paused(key)) { What::Resume } else { what };
        let mut left_out: Vec<(String, String)> =
            out.iter().map(|key| (name(fleet, key), hindrance(fleet, key).unwrap_or_default())).collect();
        let mut targets = Vec::new();
        for key in ready {
            if what == What::Pause && paused(key) {
                left_out.push((name(fleet, key), "is paused already".to_owned()));
                continue;
            }
            let soak = fleet.row(key).and_then(|row| row.summary.soak.clone());
            targets.push(Target { key: key.clone(), soak, name: name(fleet, key), answer: Answer::None });
        }
        if targets.is_empty() {
            let told = left_out.first().map(|(name, why)| format!("{name} {why}"));
            return Err(told.unwrap_or_else(|| "there is no soak to order anything of".to_owned()));
        }
        let (typed, reason) = (Field::default(), Field::default());
        let in_reason = false;
        Ok(Self { what, targets, left_out, typed, reason, in_reason, touched_ms: now_ms, scroll: 0, is_given: false })
    }

    pub const fn what(&self) -> What {
        self.what
    }

    /// Why, in the operator's words.
    pub fn reason(&self) -> Option<String> {
        self.reason.trimmed()
    }

    /// Whether the count has to be typed.
    fn is_typed(&self) -> bool {
        self.targets.len() > FEW || matches!(self.what, What::Abort | What::Pause)
    }

    fn is_confirmed(&self) -> bool {
        self.typed.text() == self.targets.len().to_string()
    }

    pub fn press(&mut self, key: Pressed, fleet: &Fleet, now_ms: u64) -> Step {
        self.touched_ms = now_ms;
        match key {
            Pressed::Esc => return Step::Close,
            Pressed::Down => self.scroll = (self.scroll + 1).min(self.lines().len().saturating_sub(1)),
            Pressed::Up => self.scroll = self.scroll.saturating_sub(1),
            Pressed::Enter | Pressed::Char('q') if self.is_given => return Step::Close,
            _ if self.is_given => {}
            Pressed::Tab | Pressed::BackTab => self.in_reason = !self.in_reason,
            // Nobody means an order by ending a line: the next key gives it.
            Pressed::Enter if self.in_reason => self.in_reason = false,
            Pressed::Backspace if self.in_reason => self.reason.erase(),
            Pressed::Char(c) if self.in_reason => self.reason.add(c.encode_utf8(&mut [0; 4])),
            Pressed::Enter if self.is_typed() && self.is_confirmed() => return self.give(fleet),
            Pressed::Enter if self.is_typed() => {}
            Pressed::Enter => return Step::Close,
            Pressed::Backspace => self.typed.erase(),
            Pressed::Char(c) if self.is_typed() => self.typed.add(c.encode_utf8(&mut [0; 4])),
            Pressed::Char('y') => return self.give(fleet),
            _ => {}
        }
        Step::Open
    }

    /// A click on one of its buttons.
    pub fn click(&mut self, button: usize, fleet: &Fleet, now_ms: u64) -> Step {
        self.in_reason = false;
        let key = match (button, self.is_typed()) {
            (0, _) => Pressed::Esc,
            (_, true) => Pressed::Enter,
            (_, false) => Pressed::Char('y'),
        };
        self.press(key, fleet, now_ms)
    }

    pub fn paste(&mut self, text: &str) {
        match (self.is_given, self.in_reason) {
            (false, true) => self.reason.add(text),
            (false, false) if self.is_typed() => self.typed.add(text.trim()),
            _ => {}
        }
    }

    /// Gives the order to all that still have the soak that was asked about.
    fn give(&mut self, fleet: &Fleet) -> Step {
        self.is_given = true;
        self.scroll = 0;
        for target in &mut self.targets {
            let soak = fleet.row(&target.key).map(|row| row.summary.soak.clone());
            target.answer = match (soak, hindrance(fleet, &target.key)) {
                (_, Some(why)) => Answer::Refused(why),
                (Some(soak), None) if soak == target.soak => Answer::Waiting,
                _ => Answer::Refused("another soak has begun since".to_owned()),
            };
        }
        let waiting = self.targets.iter().filter(|target| target.answer == Answer::Waiting);
        Step::Give(waiting.map(|target| target.key.clone()).collect())
    }

    pub fn answered(&mut self, key: &Key, answer: Result<(), String>) {
        if let Some(target) = self.targets.iter_mut().find(|target| target.key == *key) {
            target.answer = answer.map_or_else(Answer::Refused, |()| Answer::Done);
        }
    }

    /// Whether nobody has touched the question for too long.
    pub const fn is_expired(&self, now_ms: u64) -> bool {
        !self.is_given && now_ms.saturating_sub(self.touched_ms) >= EXPIRES_MS
    }

    fn count(&self, is: impl Fn(&Answer) -> bool) -> usize {
        self.targets.iter().filter(|target| is(&target.answer)).count()
    }

    /// What became of it, once it was given: `3 of 5 done, 1 refused, 1 waiting`.
    pub fn told(&self) -> Option<(String, Tone)> {
        let refused = self.count(|answer| matches!(answer, Answer::Refused(_)));
        let (waiting, done) = (self.count(|answer| *answer == Answer::Waiting), self.count(|a| *a == Answer::Done));
        let parts = [
            format!("{} of {} done", thousands(done as u64), thousands(self.targets.len() as u64)),
            if refused > 0 { format!("{} refused", thousands(refused as u64)) } else { String::new() },
            if waiting > 0 { format!("{} waiting", thousands(waiting as u64)) } else { String::new() },
        ];
        let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let tone = match (refused, waiting) {
            (0, 0) => Tone::Good,
            (0, _) => Tone::Plain,
            _ => Tone::Bad,
        };
        self.is_given.then_some((text, tone))
    }

    /// A line for each of them: those that take the order, then those that do not. What went wrong comes first once it was given.
    fn lines(&self) -> Vec<String> {
        let line = |target: &Target| match &target.answer {
            Answer::None => target.name.clone(),
            Answer::Waiting => format!("… {}", target.name),
            Answer::Done => format!("✓ {}", target.name),
            Answer::Refused(why) => format!("✗ {}: {why}", target.name),
        };
        let (wrong, others): (Vec<_>, Vec<_>) =
            self.targets.iter().partition(|target| matches!(target.answer, Answer::Refused(_)));
        let out = self.left_out.iter().map(|(name, why)| format!("left out: {name} {why}"));
        wrong.into_iter().chain(others).map(line).chain(out).collect()
    }

    /// As it is drawn on a screen of this height.
    pub fn view(&self, height: u16, now_ms: u64) -> DialogView {
        let soaks = if self.targets.len() == 1 { "soak" } else { "soaks" };
        let lines = self.lines();
        let around = if self.is_typed() && !self.is_given { AROUND + TYPED } else { AROUND };
        let room = usize::from(height.saturating_sub(around)).max(1);
        let from = self.scroll.min(lines.len().saturating_sub(room));
        let to = (from + room).min(lines.len());
        let mut body = vec![self.what.consequence().to_owned(), String::new()];
        body.extend(lines[from..to].iter().cloned());
        let hidden = lines.len() - (to - from);
        if hidden > 0 {
            body.push(format!("{} more: Up, Down", thousands(hidden as u64)));
        }
        let count = thousands(self.targets.len() as u64);
        let mut view = DialogView {
            title: format!("{} {count} {soaks}?", self.what.verb()),
            tone: self.what.tone(),
            body,
            choices: None,
            fields: Vec::new(),
            buttons: Vec::new(),
            state: DialogState::Prompting { expires_in_s: None },
        };
        if let Some((told, tone)) = self.told() {
            view.title = format!("{} {count} {soaks}", self.what.verb());
            match tone {
                Tone::Plain => view.body[0].clone_from(&told),
                _ => _ = view.body.drain(..2),
            }
            view.state = match tone {
                Tone::Good => DialogState::Done(told),
                Tone::Bad => DialogState::Failed(told),
                _ => DialogState::Waiting,
            };
            view.buttons.push(button("Close", Some("Esc"), true, true));
            return view;
        }
        let field = |label, field: &Field, focused| FieldView { label, text: field.text().to_owned(), focused };
        if self.is_typed() {
            let label = format!("type {} to confirm", self.targets.len());
            view.fields.push(field(label, &self.typed, !self.in_reason));
        }
        view.fields.push(field("reason (Tab, optional)".to_owned(), &self.reason, self.in_reason));
        let left = EXPIRES_MS.saturating_sub(now_ms.saturating_sub(self.touched_ms)).div_ceil(1000);
        view.state = DialogState::Prompting { expires_in_s: Some(left) };
        let (key, confirmed) = if self.is_typed() { ("Enter", self.is_confirmed()) } else { ("y", true) };
        let key = (!self.in_reason).then_some(key);
        view.buttons.push(button("Cancel", Some("Esc"), !self.is_typed() && !self.in_reason, true));
        view.buttons.push(button(self.what.label(), key, self.is_typed() && !self.in_reason, confirmed));
        view
    }
}

fn button(label: &str, key: Option<&str>, focused: bool, enabled: bool) -> ButtonView {
    ButtonView { label: label.to_owned(), key: key.map(str::to_owned), focused, enabled }
}

/// `checkout-api on deploy-1`.
fn name(fleet: &Fleet, key: &Key) -> String {
    let host = fleet.name_of(key.source);
    if key.service.is_empty() { host.to_owned() } else { format!("{} on {host}", key.service) }
}

/// Why a row takes no order, if it does not.
pub fn hindrance(fleet: &Fleet, key: &Key) -> Option<String> {
    let Some(row) = fleet.row(key) else { return Some("is not watched any more".to_owned()) };
    let why = match row.summary.state {
        _ if row.is_stale => "is on a host that cannot be reached",
        State::Watching => return None,
        State::Idle if row.summary.outcome.is_some() => "has no soak any more: use switchback on its host",
        State::Idle => "has no soak",
        State::Error => "cannot be watched",
        State::Elsewhere => "is watched by another monitor: use switchback on its host",
        State::Unreachable => "cannot be reached",
    };
    Some(why.to_owned())
}
