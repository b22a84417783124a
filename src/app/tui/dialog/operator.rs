//! One operator's dialog, from the question to the monitor's answer.

use crate::app::tui::keys::{Command, Context, Key};
use crate::app::tui::{ButtonView, ChoicesView, DialogState, DialogView, FieldView};
use crate::core::soak::Machine;
use crate::model::Action;
use crate::model::number::span;

use super::Field;
use super::subject::{Ask, EXTENSIONS, Facts, Proof, Subject, Way};

/// A question closes by itself when nobody touched it for so long.
const EXPIRES_MS: u64 = 30_000;
/// A `y` counts once no other key has followed it for so long: typed text that happens to hold an R and a y is no answer. The
/// fastest typists leave less than 200ms between two keys of a word, and a rollback cannot wait much longer.
const ALONE_MS: u64 = 500;
/// How long a dialog says that it is done.
const DONE_MS: u64 = 2_000;

/// A question about an order: prompting, then waiting for the monitor, then done or failed.
///
/// Times are milliseconds of a clock that never goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialog {
    subject: Subject,
    focus: Focus,
    name: Field,
    reason: Field,
    choice: usize,
    touched_ms: u64,
    /// When `y` was pressed.
    yes_ms: Option<u64>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    Cancel,
    Confirm,
    Name,
    Reason,
    Choices,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Prompting,
    Waiting,
    Done { at_ms: u64 },
    Failed(String),
}

/// What comes of a key or of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Stay,
    /// It closes; the sentence says why, where it was not the operator's doing.
    Close(Option<String>),
    /// The order is to be given, and its answer to be told by [`Dialog::answered`].
    Order {
        action: Action,
        /// Why, in the operator's words.
        reason: Option<String>,
    },
}

impl Dialog {
    /// Asks; an error says why the order cannot be given now.
    pub fn by(way: Way, ask: Ask, machine: &Machine, now_ms: u64) -> Result<Self, String> {
        Ok(Self::about(Subject::by(way, ask, machine)?, Field::default(), now_ms))
    }

    /// The same about an order that was typed, with its reason.
    pub fn of(way: Way, order: (Action, &str), machine: &Machine, now_ms: u64) -> Result<Self, String> {
        let (action, reason) = order;
        Ok(Self::about(Subject::of(way, action, machine)?, Field::from(reason), now_ms))
    }

    fn about(subject: Subject, reason: Field, now_ms: u64) -> Self {
        let (focus, name) = (order_of(&subject)[0], Field::default());
        Self { subject, focus, name, reason, choice: 0, touched_ms: now_ms, yes_ms: None, stage: Stage::Prompting }
    }

    pub fn context(&self) -> Context {
        let asks = self.stage == Stage::Prompting && self.subject.proof == Proof::Yes;
        if asks && self.focus != Focus::Reason { Context::Confirm } else { Context::Dialog }
    }

    /// Takes a key, with what it means in [`Dialog::context`].
    pub fn press(&mut self, command: Option<Command>, key: Key, now_ms: u64) -> Step {
        match (&self.stage, command) {
            (Stage::Prompting, _) => {
                self.touched_ms = now_ms;
                self.prompted(command, key, now_ms)
            }
            (_, Some(Command::Close | Command::Enter)) => Step::Close(None),
            _ => Step::Stay,
        }
    }

    fn prompted(&mut self, command: Option<Command>, key: Key, now_ms: u64) -> Step {
        let said_yes = if command == Some(Command::Yes) { self.yes_ms } else { self.yes_ms.take() };
        match command {
            Some(Command::Close) => return Step::Close(None),
            Some(Command::Yes) => {
                self.focus = Focus::Confirm;
                self.yes_ms = said_yes.or(Some(now_ms));
            }
            Some(Command::Enter) => return self.enter(),
            Some(Command::Next) => self.move_focus(1),
            Some(Command::Previous) => self.move_focus(-1),
            Some(Command::Left) => self.sideways(-1),
            Some(Command::Right) => self.sideways(1),
            Some(Command::Erase) => self.field().map_or((), Field::erase),
            _ => {
                if let Some(typed) = key.typed() {
                    return self.typed(typed, said_yes.is_some());
                }
            }
        }
        Step::Stay
    }

    /// Presses the button in that place, as [`Dialog::view`] has them.
    pub fn click(&mut self, button: usize, now_ms: u64) -> Step {
        if self.stage != Stage::Prompting {
            return Step::Stay;
        }
        (self.touched_ms, self.yes_ms) = (now_ms, None);
        if button == 0 {
            return Step::Close(None);
        }
        if self.is_proven() {
            self.focus = Focus::Confirm;
        }
        self.confirm()
    }

    /// Text where none is asked for was meant for another window: whoever typed it is not answering.
    fn typed(&mut self, typed: char, said_yes: bool) -> Step {
        let takes_text = self.subject.proof == Proof::Name || self.focus == Focus::Reason;
        if said_yes || !takes_text {
            let answer =
                if said_yes { "more keys followed y".to_owned() } else { format!("`{typed}` is not an answer") };
            return Step::Close(Some(format!("closed, nothing was ordered: {answer}")));
        }
        self.add(typed.encode_utf8(&mut [0; 4]));
        Step::Stay
    }

    /// Takes pasted text into the line that is being typed.
    pub fn paste(&mut self, text: &str, now_ms: u64) {
        if self.stage == Stage::Prompting {
            self.touched_ms = now_ms;
            self.add(text);
        }
    }

    fn add(&mut self, text: &str) {
        // Cancel has the focus at first; who types means the name.
        if self.subject.proof == Proof::Name && matches!(self.focus, Focus::Cancel | Focus::Confirm) {
            self.focus = Focus::Name;
        }
        if let Some(field) = self.field() {
            field.add(text);
        }
    }

    const fn field(&mut self) -> Option<&mut Field> {
        match self.focus {
            Focus::Name => Some(&mut self.name),
            Focus::Reason => Some(&mut self.reason),
            Focus::Cancel | Focus::Confirm | Focus::Choices => None,
        }
    }

    fn enter(&mut self) -> Step {
        match self.focus {
            Focus::Cancel => Step::Close(None),
            Focus::Confirm | Focus::Name => self.confirm(),
            // A line that was meant for another window may end here.
            Focus::Choices => {
                self.focus = Focus::Confirm;
                Step::Stay
            }
            // Nobody means an order by ending a line: the next Enter gives it.
            Focus::Reason => {
                self.focus = if self.is_proven() { Focus::Confirm } else { Focus::Name };
                Step::Stay
            }
        }
    }

    fn confirm(&mut self) -> Step {
        if !self.is_proven() {
            return Step::Stay;
        }
        self.stage = Stage::Waiting;
        let action = match self.subject.action {
            Action::Extend { .. } => Action::Extend { by_ms: EXTENSIONS[self.choice] },
            action => action,
        };
        Step::Order { action, reason: self.reason.trimmed() }
    }

    fn is_proven(&self) -> bool {
        self.subject.proof != Proof::Name || self.name.text() == self.subject.service()
    }

    fn move_focus(&mut self, by: isize) {
        let order = order_of(&self.subject);
        let at = order.iter().position(|focus| *focus == self.focus).unwrap_or(0);
        self.focus = order[(at + order.len()).saturating_add_signed(by) % order.len()];
    }

    fn sideways(&mut self, by: isize) {
        match self.focus {
            Focus::Choices => {
                let moved = self.choice.saturating_add_signed(by);
                self.choice = moved.min(EXTENSIONS.len() - 1);
            }
            Focus::Cancel => self.focus = Focus::Confirm,
            Focus::Confirm => self.focus = Focus::Cancel,
            Focus::Name | Focus::Reason => {}
        }
    }

    pub fn answered(&mut self, answer: Result<(), String>, now_ms: u64) {
        if self.stage == Stage::Waiting {
            self.stage = answer.map_or_else(Stage::Failed, |()| Stage::Done { at_ms: now_ms });
        }
    }

    /// Milliseconds until [`Dialog::settle`] gives the order that `y` stands for, where it does.
    pub fn due_ms(&self, now_ms: u64) -> Option<u64> {
        let yes_ms = self.yes_ms.filter(|_| self.stage == Stage::Prompting)?;
        Some(yes_ms.saturating_add(ALONE_MS).saturating_sub(now_ms))
    }

    /// Looks whether the question still stands, and whether its answer does.
    pub fn settle(&mut self, facts: &Facts, now_ms: u64) -> Step {
        match &self.stage {
            Stage::Prompting if self.untouched_ms(now_ms) >= EXPIRES_MS => {
                Step::Close(Some(format!("closed unanswered after {}", span(EXPIRES_MS))))
            }
            Stage::Prompting => {
                if let Some(what) = self.subject.facts.changed_to(facts) {
                    Step::Close(Some(format!("closed: {what}")))
                } else if self.due_ms(now_ms) == Some(0) {
                    self.confirm()
                } else {
                    Step::Stay
                }
            }
            Stage::Done { at_ms } if now_ms.saturating_sub(*at_ms) >= DONE_MS => Step::Close(None),
            Stage::Waiting | Stage::Done { .. } | Stage::Failed(_) => Step::Stay,
        }
    }

    const fn untouched_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.touched_ms)
    }

    pub fn view(&self, now_ms: u64) -> DialogView {
        let subject = &self.subject;
        let prompting = self.stage == Stage::Prompting;
        let extends = matches!(subject.action, Action::Extend { .. });
        let state = match &self.stage {
            Stage::Prompting => {
                let left = EXPIRES_MS.saturating_sub(self.untouched_ms(now_ms)).div_ceil(1000);
                DialogState::Prompting { expires_in_s: Some(left) }
            }
            Stage::Waiting => DialogState::Waiting,
            Stage::Done { .. } => DialogState::Done("done: it is in the journal".to_owned()),
            Stage::Failed(why) => DialogState::Failed(why.clone()),
        };
        DialogView {
            title: subject.title(),
            tone: subject.tone(),
            body: subject.consequence(),
            choices: extends.then(|| ChoicesView {
                label: "by".to_owned(),
                items: EXTENSIONS.iter().map(|ms| format!("{}m", ms / 60_000)).collect(),
                chosen: self.choice,
                focused: self.focus == Focus::Choices,
            }),
            fields: self.fields(),
            buttons: if prompting { self.buttons() } else { Vec::new() },
            state,
        }
    }

    fn fields(&self) -> Vec<FieldView> {
        let field = |label, field: &Field, focus| FieldView {
            label,
            text: field.text().to_owned(),
            focused: self.focus == focus && self.stage == Stage::Prompting,
        };
        let name = (self.subject.proof == Proof::Name)
            .then(|| field(format!("type {} to confirm", self.subject.service()), &self.name, Focus::Name));
        let reason = field("reason (Tab, optional)".to_owned(), &self.reason, Focus::Reason);
        name.into_iter().chain([reason]).collect()
    }

    fn buttons(&self) -> Vec<ButtonView> {
        let confirm = ButtonView {
            label: self.subject.verb().to_owned(),
            key: (self.context() == Context::Confirm).then(|| "y".to_owned()),
            focused: matches!(self.focus, Focus::Confirm | Focus::Choices),
            enabled: self.is_proven(),
        };
        let cancel = ButtonView {
            label: "Cancel".to_owned(),
            key: Some(Key::Esc.to_string()),
            focused: self.focus == Focus::Cancel,
            enabled: true,
        };
        vec![cancel, confirm]
    }
}

/// The order of Tab; the first has the focus at first.
const fn order_of(subject: &Subject) -> &'static [Focus] {
    match (subject.proof, subject.action) {
        (Proof::Yes, Action::Extend { .. }) => &[Focus::Choices, Focus::Reason, Focus::Cancel, Focus::Confirm],
        (Proof::Yes, _) => &[Focus::Cancel, Focus::Reason, Focus::Confirm],
        (Proof::Name, _) => &[Focus::Cancel, Focus::Name, Focus::Reason, Focus::Confirm],
    }
}
