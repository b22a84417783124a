//! What lies behind the panes, on a real terminal: typed orders, past soaks, the log, the mouse.

use rustix::process::{Pid, Signal, kill_process};
use support::Deployment;

use super::terminal::{Operator, SIZES, endless};

impl Operator {
    /// Waits until a text is gone, and the rest of the screen is there.
    pub fn loses(&mut self, text: &str) {
        self.emulator
            .wait_until(text, |emulator| emulator.in_alternate_screen() && !emulator.contents().contains(text));
    }

    /// Presses and releases the left button on a text.
    fn clicks(&mut self, text: &str) {
        self.sees(text);
        let contents = self.emulator.contents();
        let (row, line) = contents.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        let column = line[..line.find(text).unwrap()].chars().count() + 1;
        let row = row + 1;
        self.types(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
    }

    pub fn resizes(&mut self, (columns, rows): (u16, u16)) {
        self.emulator.resize(columns, rows);
        kill_process(Pid::from_child(&self.program), Signal::WINCH).unwrap();
    }
}

#[test]
fn orders_are_typed_with_their_reasons() {
    for size in SIZES {
        let deployment = endless();
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("1 of 1");
        operator.types(":");
        operator.sees("abort  rollback  pause");
        operator.types("ex\t5m --reason 'slow start'\r");
        deployment.wait_until("extended", |deployment| deployment.count("extend") == 1);
        assert_eq!(deployment.decision("extend")["reason"], "slow start");
        operator.types(":aboard\r");
        operator.sees("is not a valid action");
        operator.types("\x7f\x7f\x7frt --reason=drill\r");
        operator.sees("type default to confirm");
        operator.types("default\r");
        operator.sees("ABORTED");
        operator.quits(5, &["ABORTED"]);
        assert_eq!(deployment.decision("abort")["reason"], "drill");
    }
}

#[test]
fn a_past_soak_is_played_while_another_goes_on() {
    let deployment = Deployment::switched();
    deployment.run(&["soak", "--no-tui"]).expect(0);
    let mut operator = Operator::start(&deployment, SIZES[0], &["soak", "--window", "10m"]);
    operator.sees("1 of 1");
    operator.resizes(SIZES[1]);
    operator.sees("K keep now");
    operator.types("H");
    operator.sees("this one");
    operator.sees("retained");
    operator.types("j\r");
    operator.sees("REPLAY");
    operator.loses("K keep now");
    operator.types("\x1b");
    operator.sees("K keep now");
    operator.types("L");
    operator.sees("/log/switchback.");
    operator.types("\x1b");
    operator.loses("/log/switchback.");
    operator.types("Adefault\r");
    operator.sees("ABORTED");
    operator.quits(5, &["ABORTED"]);
}

#[test]
fn the_mouse_presses_what_it_points_at_and_is_given_back() {
    let deployment = endless();
    let mut operator = Operator::start(&deployment, SIZES[1], &["soak"]);
    operator.sees("1 of 1");
    assert!(!operator.emulator.follows_the_mouse());
    operator.types("m");
    operator.sees("to select text hold Shift");
    assert!(operator.emulator.follows_the_mouse());
    operator.clicks("R roll back");
    operator.clicks("[ Esc: Cancel ]");
    operator.loses("[ Esc: Cancel ]");
    assert_eq!(deployment.count("rollback"), 0);
    operator.clicks("R roll back");
    operator.clicks("[ y: Roll back ]");
    operator.sees("ROLLED BACK");
    let bytes = operator.quits(4, &["ROLLED BACK"]);
    let last = |sequence: &[u8]| memchr::memmem::rfind(&bytes, sequence);
    assert!(last(b"\x1b[?1000l") > last(b"\x1b[?1000h"), "the terminal has its mouse again");
}
