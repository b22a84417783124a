//! Orders: asked for by a key or typed on a line, confirmed, given.

use crate::app::tui::OrderView;
use crate::app::tui::dialog::{Ask, Dialog, OrderLine, Step, Way, accepted};
use crate::app::tui::keys::{Command, Key};
use crate::core::view::Tone;
use crate::model::{Action, Phase};

use super::state::{App, Effect, Layer};

impl App {
    pub(super) fn ask(&mut self, what: Ask) {
        let Some(dashboard) = &self.dashboard else { return };
        let dialog = Dialog::by(self.way(), what, dashboard.machine(), self.now_ms);
        self.open(dialog);
    }

    fn open(&mut self, dialog: Result<Dialog, String>) {
        match dialog {
            Ok(dialog) => self.layer = Some(Layer::Dialog { dialog: Box::new(dialog), order: None }),
            Err(why) => self.say(format!("not now: {why}"), Tone::Warning),
        }
    }

    /// Opens the line that orders are typed on, where any can be given.
    pub(super) fn open_order_line(&mut self) {
        if self.player.is_some() {
            self.say("a recording takes no orders", Tone::Warning);
        } else if self.ui.read_only {
            self.say("this screen only reads: it gives no orders", Tone::Warning);
        } else if self.dashboard.is_some() {
            self.layer = Some(Layer::Order(OrderLine::default()));
        }
    }

    pub(super) fn on_order_line(&mut self, mut line: OrderLine, meant: Option<Command>, key: Key) -> Vec<Effect> {
        match meant {
            Some(Command::Close) => return Vec::new(),
            Some(Command::Enter) if line.is_empty() => return Vec::new(),
            Some(Command::Enter) => {
                if let Some((action, reason)) = line.order() {
                    return self.typed_order(action, reason);
                }
            }
            Some(Command::Complete) => line.complete(&self.accepted()),
            // As in other programs that have such a line.
            Some(Command::Erase) => {
                if !line.erase() {
                    return Vec::new();
                }
            }
            _ => line.add(key.typed().map(String::from).unwrap_or_default().as_str()),
        }
        self.layer = Some(Layer::Order(line));
        Vec::new()
    }

    /// Asks back where traffic moves or the net goes away, as the keys do. Whoever typed out another order means it.
    fn typed_order(&mut self, action: Action, reason: Option<String>) -> Vec<Effect> {
        let Some(dashboard) = &self.dashboard else { return Vec::new() };
        let machine = dashboard.machine();
        let order = (action, reason.as_deref().unwrap_or_default());
        let dialog = Dialog::of(self.way(), order, machine, self.now_ms);
        let harmless = match action {
            Action::Extend { .. } => true,
            Action::Resume => machine.phase() != Phase::Held,
            _ => false,
        };
        if harmless && dialog.is_ok() {
            self.orders += 1;
            self.say("ordered: waiting until the monitor has journaled it", Tone::Plain);
            return vec![Effect::Order { order: self.orders, action, reason }];
        }
        self.open(dialog);
        Vec::new()
    }

    /// The words of the orders that can be given now.
    fn accepted(&self) -> Vec<&'static str> {
        self.dashboard.as_ref().map_or_else(Vec::new, |dashboard| accepted(self.way(), dashboard.machine()))
    }

    pub(super) fn order_view(&self) -> Option<OrderView> {
        match &self.layer {
            Some(Layer::Order(line)) => Some(line.view(&self.accepted())),
            _ => None,
        }
    }

    pub(super) fn on_dialog(
        &mut self,
        mut dialog: Box<Dialog>,
        order: Option<u64>,
        meant: Option<Command>,
        key: Key,
    ) -> Vec<Effect> {
        let step = dialog.press(meant, key, self.now_ms);
        self.after_step(dialog, order, step)
    }

    /// Continues a dialog that was taken off.
    pub(super) fn after_step(&mut self, dialog: Box<Dialog>, order: Option<u64>, step: Step) -> Vec<Effect> {
        match step {
            Step::Close(why) => {
                if let Some(why) = why {
                    self.say(why, Tone::Warning);
                }
                Vec::new()
            }
            Step::Stay => {
                self.layer = Some(Layer::Dialog { dialog, order });
                Vec::new()
            }
            Step::Order { action, reason } => self.order(dialog, action, reason),
        }
    }

    /// Gives an order; the dialog waits for its answer.
    fn order(&mut self, dialog: Box<Dialog>, action: Action, reason: Option<String>) -> Vec<Effect> {
        self.orders += 1;
        if self.way() == Way::Command {
            self.first_late.get_or_insert(self.orders);
        }
        self.layer = Some(Layer::Dialog { dialog, order: Some(self.orders) });
        vec![Effect::Order { order: self.orders, action, reason }]
    }
}
