//! Every key of the live screen on a real terminal, each with what it shows and how that goes away again.

use super::terminal::{Operator, SIZES, endless};

const ESC: &str = "\x1b";

/// What is pressed, what is seen then, and what is pressed to get back to the panes.
const KEYS: [(&str, &str, &str); 31] = [
    ("A", "Abort the soak?", ESC),
    ("R", "Roll back to blue?", ESC),
    ("P", "Pause automatic rollback?", ESC),
    ("E", "Watch green longer?", ESC),
    ("K", "Keep green now?", ESC),
    (":", "abort  rollback  pause", ESC),
    (" ", "VIEW PAUSED", " "),
    ("\t", "▶instances", ""),
    ("\t", "▶routes", ""),
    ("\x1b[Z", "▶instances", ""),
    ("\r", "url        http://", ESC),
    ("\x1b[Z", "▶checks", ""),
    ("\x1b[C", "readiness · green", ""),
    ("\x1b[D", "error rate · green", ""),
    ("l", "readiness · green", ""),
    ("h", "error rate · green", ""),
    ("2", "readiness · green", ""),
    ("1", "error rate · green", ""),
    ("\x1b[B", "readiness · green", ""),
    ("\x1b[A", "error rate · green", ""),
    ("j", "readiness · green", ""),
    ("k", "error rate · green", ""),
    ("G", "readiness · green", ""),
    ("g", "error rate · green", ""),
    ("\x1b[6~", "readiness · green", ""),
    ("\x1b[5~", "error rate · green", ""),
    ("/soak", "decisions /soak", ESC),
    ("H", "past soaks", ESC),
    ("L", "/log/switchback.", ESC),
    ("?", "keys", ESC),
    ("t", "theme dark", ""),
];

#[test]
fn every_key_does_what_the_help_says() {
    let deployment = endless();
    let mut operator = Operator::start(&deployment, SIZES[1], &["soak"]);
    operator.sees("1 of 1");
    for (at, (pressed, seen, back)) in KEYS.into_iter().enumerate() {
        operator.types(pressed);
        operator.sees(seen);
        if !back.is_empty() {
            operator.types(back);
            operator.loses(seen);
        }
        // A window that changes its size in between loses no key.
        if at % 10 == 5 {
            operator.resizes(if at % 20 == 5 { (130, 40) } else { SIZES[1] });
        }
    }
    // These show nothing of their own, and what is there stays.
    operator.types("\x0c");
    operator.sees("error rate · green");
    operator.types("s");
    operator.sees("saved as");
    operator.types("\x03");
    operator.sees("Leave default while its soak runs?");
    operator.types("s");
    operator.loses("Leave default while its soak runs?");
    operator.types("q");
    operator.sees("Leave default while its soak runs?");
    operator.types("d");
    operator.leaves(0, &["continues; to see it again"]);
    assert_eq!(
        deployment.count("abort") + deployment.count("rollback") + deployment.count("keep"),
        0,
        "nothing was ordered"
    );
    deployment.run(&["ctl", "abort"]).expect(0);
}

/// The same of a recording.
const REPLAY: [(&str, &str, &str); 19] = [
    (" ", "REPLAY paused 1x", ""),
    ("+", "REPLAY paused 2x", ""),
    ("=", "REPLAY paused 4x", ""),
    ("-", "REPLAY paused 2x", ""),
    ("0", "GATING", ""),
    ("5", "WATCHING", ""),
    ("9", "ROLLED BACK", ""),
    ("\x1b[D", "WATCHING", ""),
    ("\x1b[C", "ROLLED BACK", ""),
    ("h", "WATCHING", ""),
    ("l", "ROLLED BACK", ""),
    ("\t", "latency p95 · green", ""),
    ("\x1b[Z", "error rate · green", ""),
    ("k\r", "actor", ESC),
    ("/soak", "decisions /soak", ESC),
    ("?", "keys", ESC),
    ("t", "theme dark", ""),
    ("s", "saved as", ""),
    (":", "a recording takes no orders", ""),
];

#[test]
fn every_key_of_a_recording_does_what_the_help_says() {
    let deployment = endless();
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/screens/demo.jsonl");
    let mut operator = Operator::start(&deployment, SIZES[1], &["replay", recording]);
    for (pressed, seen, back) in REPLAY {
        operator.types(pressed);
        operator.sees(seen);
        if !back.is_empty() {
            operator.types(back);
            operator.loses(seen);
        }
    }
    operator.types("q");
    operator.leaves(0, &[]);
}
