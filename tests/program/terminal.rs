//! The terminal UI as an operator has it: the program on a real terminal, keys typed, windows closed. The monitor outlives
//! all of it.

use std::process::Child;

use serde_json::Value;
use support::{Deployment, Done, Emulator};

/// The smallest screen with panes, and a roomy one.
pub const SIZES: [(u16, u16); 2] = [(60, 15), (120, 36)];

/// Somebody at a terminal, with the program in front. Dropped, the program is killed; its monitor is not.
pub struct Operator {
    pub emulator: Emulator,
    pub program: Child,
}

impl Operator {
    /// Starts the program on a terminal of this size.
    pub fn start(deployment: &Deployment, size: (u16, u16), args: &[&str]) -> Self {
        Self::start_with(deployment, size, args, &[])
    }

    fn start_with(deployment: &Deployment, size: (u16, u16), args: &[&str], env: &[(&str, &str)]) -> Self {
        let emulator = Emulator::new(size.0, size.1);
        let program = deployment.on_terminal(&emulator, args).envs(env.iter().copied()).spawn().unwrap();
        Self { emulator, program }
    }

    pub fn sees(&mut self, text: &str) {
        self.emulator.wait_until(text, |emulator| emulator.in_alternate_screen() && emulator.contents().contains(text));
    }

    pub fn types(&mut self, keys: &str) {
        self.emulator.type_keys(keys);
    }

    /// Waits until the dialog of an order has closed by itself, which it does once the monitor has answered.
    fn sees_the_dialog_close(&mut self) {
        self.emulator
            .wait_until("the dialog closed", |emulator| !emulator.contents().contains("reason (Tab, optional)"));
    }

    /// Leaves by `q`, once the dialog of an order has closed by itself.
    pub fn quits(mut self, code: i32, words: &[&str]) -> Vec<u8> {
        self.sees_the_dialog_close();
        self.types("q");
        self.leaves(code, words)
    }

    /// Waits for the program's end; it has to leave the terminal as it was, with this exit code and these words. Returns
    /// everything that it wrote.
    pub fn leaves(mut self, code: i32, words: &[&str]) -> Vec<u8> {
        let status = self.emulator.wait_for_end(&mut self.program);
        // Long lines are broken where the terminal ends.
        let text = self.emulator.contents().replace('\n', "");
        assert_eq!(status.code(), Some(code), "{text}");
        assert!(!self.emulator.in_alternate_screen() && !self.emulator.is_raw(), "{text}");
        for word in words {
            assert!(text.contains(word), "`{word}` is not in the summary: {text}");
        }
        std::mem::take(&mut self.emulator.bytes)
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// A deployment whose soak lasts until somebody ends it.
pub fn endless() -> Deployment {
    Deployment::switched().with("soak.window", "10m")
}

/// How the soak stands, by `status --json`.
fn soak(deployment: &Deployment) -> Value {
    deployment.run(&["status", "--json"]).expect(0).json()["soak"].clone()
}

fn rolled_back(deployment: &Deployment) {
    let outcome = |deployment: &Deployment| deployment.state()["soak"]["outcome"] == "rolled-back";
    deployment.wait_until("rolled back", outcome);
    assert_eq!(deployment.state()["activeColor"], "blue");
    assert_eq!(deployment.count("rolled_back"), 1);
}

#[test]
fn a_healthy_switch_is_watched_to_its_end() {
    for size in SIZES {
        let deployment = Deployment::fresh();
        let mut operator = Operator::start(&deployment, size, &["switch", "green"]);
        operator.sees("GREEN");
        operator.sees("RETAINED");
        assert_eq!(soak(&deployment)["outcome"], "retained");
        operator.quits(0, &["RETAINED", "decisions.jsonl"]);
    }
}

#[test]
fn a_rollback_is_forced_with_two_keys() {
    for size in SIZES {
        let deployment = endless();
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("1 of 1");
        operator.types("R");
        operator.sees("Roll back to blue?");
        operator.types("y");
        operator.sees("ROLLED BACK");
        operator.sees("exit code 4");
        rolled_back(&deployment);
        operator.quits(4, &["ROLLED BACK: blue is active again (cause operator, exit code 4)"]);
        assert!(deployment.decision("rollback")["actor"].as_str().unwrap().starts_with("operator:ana@"));
    }
}

#[test]
fn a_breach_that_was_held_is_rolled_back_after_the_end() {
    for size in SIZES {
        let deployment = Deployment::switched().with("soak.on_breach", "hold");
        deployment.green.fail(50);
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("Nobody is");
        operator.sees("switchback rollback --service");
        operator.types("R");
        operator.sees("Roll back to blue?");
        operator.types("y");
        operator.sees("ROLLED BACK");
        assert_eq!(deployment.state()["activeColor"], "blue");
        operator.quits(11, &["ROLLED BACK: blue is active again (the soak ended held, exit code 11)"]);
        assert!(deployment.decision("rollback")["actor"].as_str().unwrap().starts_with("operator:ana@"));
    }
}

#[test]
fn an_abort_wants_the_service_s_name_and_takes_a_reason() {
    for size in SIZES {
        let deployment = endless();
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("1 of 1");
        operator.types("A");
        operator.sees("type default to confirm");
        operator.types("defalt\r");
        operator.sees("defalt");
        assert_eq!(deployment.count("abort"), 0, "a name that is not the service's aborts nothing");
        operator.types("\x7f\x7f\x7f\x7f\x7f\x7fdefault\tknown issue\r\r");
        operator.sees("ABORTED");
        operator.quits(5, &["ABORTED"]);
        assert_eq!(deployment.decision("abort")["reason"], "known issue");
        assert_eq!(deployment.state()["activeColor"], "green");
    }
}

#[test]
fn an_order_that_cannot_be_taken_is_refused_with_its_reason() {
    for size in SIZES {
        // The rollback takes for as long as it is ordered about.
        let back = "until [ -e refused ]; do sleep 0.1; done; echo blue > route";
        let deployment = endless().with_commands("echo green > route", back, "cat route");
        std::fs::write(deployment.path("route"), "green\n").unwrap();
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("1 of 1");
        operator.types("Ry");
        operator.sees("ROLLING BACK");
        operator.sees_the_dialog_close();
        operator.types("A");
        operator.sees("the rollback has already begun");
        std::fs::write(deployment.path("refused"), "").unwrap();
        operator.sees("exit code 4");
        operator.quits(4, &[]);
        assert_eq!(deployment.count("abort"), 0);
    }
}

#[test]
fn an_operator_detaches_and_attaches_again() {
    for size in SIZES {
        let deployment = endless();
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("1 of 1");
        operator.types("q");
        operator.sees("d: Detach");
        operator.types("\r");
        operator.leaves(0, &["continues", "switchback attach --service default"]);
        assert_eq!(soak(&deployment)["running"], true);

        let mut operator = Operator::start(&deployment, size, &["attach"]);
        operator.sees("1 of 1");
        operator.types("P");
        operator.sees("Pause automatic rollback?");
        operator.types("default\r");
        deployment.wait_until("paused", |deployment| deployment.count("pause") == 1);
        operator.types("\x03\x03");
        operator.leaves(0, &["continues"]);
        deployment.run(&["ctl", "abort"]).expect(0);
    }
}

#[test]
fn who_only_reads_gives_no_orders() {
    let deployment = endless();
    let mut first = Operator::start(&deployment, SIZES[1], &["soak"]);
    first.sees("1 of 1");
    let mut reader = Operator::start(&deployment, SIZES[1], &["attach", "--read-only"]);
    reader.sees("READ-ONLY");
    reader.types("Ry");
    first.types("R");
    first.sees("Roll back to blue?");
    assert_eq!(deployment.count("rollback"), 0);
    first.types("y");
    // Everybody who looks sees it.
    reader.sees("ROLLED BACK");
    reader.sees("exit code 4");
    reader.quits(4, &["ROLLED BACK"]);
}

#[test]
fn a_terminal_that_dies_in_a_breach_leaves_a_deployment_that_is_rolled_back() {
    for size in SIZES {
        let deployment = endless().by_evidence().with("soak.window", "10m").with("soak.grace", "1s");
        let mut operator = Operator::start(&deployment, size, &["soak"]);
        operator.sees("1 of 1");
        deployment.green.fail(50);
        deployment.wait_until("a breach", |deployment| deployment.count("breach") == 1);
        operator.emulator.hang_up();
        operator.program.wait().unwrap();
        rolled_back(&deployment);
    }
}

#[test]
fn a_client_that_is_killed_leaves_a_watch_that_goes_on() {
    let deployment = Deployment::switched();
    let mut operator = Operator::start(&deployment, SIZES[0], &["soak"]);
    operator.sees("1 of 1");
    operator.program.kill().unwrap();
    let outcome = |deployment: &Deployment| deployment.state()["soak"]["outcome"] == "retained";
    deployment.wait_until("retained without anybody looking", outcome);
}

#[test]
fn a_monitor_that_dies_is_started_again_and_the_screen_says_so() {
    let deployment = endless();
    let mut operator = Operator::start(&deployment, SIZES[1], &["soak"]);
    operator.sees("1 of 1");
    let monitor = |deployment: &Deployment| -> u64 {
        let holder = std::fs::read_to_string(deployment.path(".deployment-state.json.monitor")).unwrap();
        serde_json::from_str::<Value>(&holder).unwrap()["pid"].as_u64().unwrap()
    };
    let first = monitor(&deployment);
    let pid = rustix::process::Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    deployment.wait_until("resumed", |deployment| deployment.count("resumed") == 1);
    operator.sees("the soak resumed after");
    assert_ne!(monitor(&deployment), first);
    operator.types("Adefault\r");
    operator.sees("ABORTED");
    operator.quits(5, &["ABORTED"]);
}

#[test]
fn a_recording_is_played_and_left() {
    let deployment = Deployment::switched();
    deployment.run(&["soak", "--no-tui"]).expect(0);
    for size in SIZES {
        let mut operator = Operator::start(&deployment, size, &["replay", "--speed", "100"]);
        operator.sees("RETAINED");
        operator.types("0");
        operator.sees("not yet");
        operator.types("9");
        operator.sees("WATCH");
        operator.quits(0, &[]);
    }
}

#[test]
fn the_demo_is_played_with_and_broken_by_hand() {
    let deployment = Deployment::fresh();
    let mut operator =
        Operator::start(&deployment, SIZES[1], &["demo", "--scenario", "healthy", "--speed", "2", "--seed", "7"]);
    operator.sees("2 of 2 ready");
    operator.sees("soak_start");
    operator.types("w");
    operator.sees("8% errors");
    operator.types("jj\r");
    operator.sees("exit code 3");
    operator.quits(0, &["ROLLED BACK", "requests sent"]);
}

#[test]
fn without_color_and_beyond_ascii_nothing_of_it_is_written() {
    let deployment = endless();
    let env = [("NO_COLOR", "1"), ("LANG", "C"), ("LC_ALL", "C")];
    let mut operator = Operator::start_with(&deployment, SIZES[1], &["soak"], &env);
    operator.sees("1 of 1");
    operator.types("Adefault\r");
    operator.sees("ABORTED");
    let text = String::from_utf8(operator.quits(5, &["ABORTED"])).unwrap();
    let drawn = text.split("\x1b[?1049h").nth(1).unwrap();
    let drawn = drawn.split("\x1b[?1049l").next().unwrap();
    assert!(drawn.is_ascii(), "{drawn}");
    for part in drawn.split("\x1b[").skip(1) {
        let (parameters, _) = part.split_at(part.find(|c: char| c.is_ascii_alphabetic()).unwrap());
        if part[parameters.len()..].starts_with('m') {
            let colored = |code: &str| matches!(code.parse(), Ok(30..=38 | 40..=48 | 90..=107));
            assert!(!parameters.split(';').any(colored), "{parameters}m");
        }
    }
    assert!(drawn.contains("\x1b[7m") && drawn.contains("\x1b[1m"), "bold and reverse stay");
}

#[test]
fn the_theme_is_the_terminal_s_or_the_one_that_was_chosen() {
    const QUESTION: &[u8] = b"\x1b]11;?\x07";
    let wrote = |emulator: &Emulator, bytes: &[u8]| emulator.bytes.windows(bytes.len()).any(|part| part == bytes);
    // The green of a light ground in 24 bits, and of a dark one in the 256 of xterm.
    let (on_light, on_dark) = (b"38;2;0;112;79".as_slice(), b"38;5;36".as_slice());
    let deployment = endless();
    let in_true_color = [("COLORTERM", "truecolor")];
    let mut operator = Operator::start_with(&deployment, SIZES[1], &["soak"], &in_true_color);
    operator.emulator.wait_until("asked", |emulator| wrote(emulator, QUESTION));
    // With two answers at once, and what an order would be.
    operator.types("\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\\x1b]11;Ry\x07");
    operator.emulator.wait_until("drawn as on light", |emulator| wrote(emulator, on_light));
    operator.sees("1 of 1");
    operator.types("\x03\x03");
    operator.leaves(0, &["continues"]);
    assert_eq!(deployment.count("rollback"), 0);

    let chosen = [
        (["attach", "--theme", "light"].as_slice(), in_true_color.as_slice(), on_light),
        (&["attach", "--theme=dark"], &[("COLORFGBG", "0;15")], on_dark),
        (&["attach"], &[("SWITCHBACK_TERMINAL_THEME", "light"), ("COLORTERM", "truecolor")], on_light),
    ];
    for (args, env, ink) in chosen {
        let mut operator = Operator::start_with(&deployment, SIZES[1], args, env);
        operator.emulator.wait_until("drawn as chosen", |emulator| wrote(emulator, ink));
        assert!(!wrote(&operator.emulator, QUESTION), "{args:?}");
        operator.types("\x03\x03");
        operator.leaves(0, &["continues"]);
    }
    let said = deployment.run(&["attach", "--theme", "solarized"]).expect(2);
    assert!(said.stderr.contains("auto, dark, light, color-blind, mono"), "{}", said.stderr);
    deployment.run(&["ctl", "abort"]).expect(0);
}

#[test]
fn a_terminal_that_cannot_draw_gets_lines() {
    let deployment = Deployment::switched();
    let operator = Operator::start_with(&deployment, SIZES[1], &["soak"], &[("TERM", "dumb")]);
    operator.leaves(0, &["watching in the background", "retain", "outcome"]);
}

#[test]
fn ci_and_no_tui_keep_a_terminal_free_of_the_screen() {
    let deployment = Deployment::switched();
    let in_ci = Operator::start_with(&deployment, SIZES[1], &["soak"], &[("CI", "true")]);
    in_ci.leaves(0, &["retain"]);
    let no_tui = Operator::start(&deployment, SIZES[1], &["soak", "--no-tui"]);
    no_tui.leaves(0, &["retain"]);
}

#[test]
fn the_status_on_the_wall_is_drawn_in_place_until_control_c() {
    let deployment = Deployment::switched();
    let mut operator = Operator::start(&deployment, SIZES[1], &["status", "--watch"]);
    operator.emulator.wait_for("active    green");
    deployment.write_state(&serde_json::json!({ "activeColor": "blue", "lastSwitch": 1, "previousColor": "green" }));
    operator.emulator.wait_for("active    blue");
    assert!(!operator.emulator.contents().contains("active    green"));
    operator.types("\x03");
    operator.leaves(0, &[]);
}

#[test]
fn without_a_monitor_there_is_nothing_to_attach_to() {
    let deployment = Deployment::switched();
    let operator = Operator::start(&deployment, SIZES[0], &["attach"]);
    operator.leaves(13, &["no monitor is running for service `default`"]);
    let done: Done = deployment.run(&["attach"]);
    done.expect(13);
}
