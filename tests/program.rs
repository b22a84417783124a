//! The program as a process: exit codes, what it prints, signals, crashes, bad input, and the Node services around it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

#[path = "program/again.rs"]
mod again;
#[path = "program/background.rs"]
mod background;
#[path = "program/bad_input.rs"]
mod bad_input;
#[path = "program/ci.rs"]
mod ci;
#[path = "program/commands.rs"]
mod commands;
#[path = "program/counting.rs"]
mod counting;
#[path = "program/crashes.rs"]
mod crashes;
#[path = "program/detached.rs"]
mod detached;
#[path = "program/doctor.rs"]
mod doctor;
#[path = "program/dotenv.rs"]
mod dotenv;
#[path = "program/dry_run.rs"]
mod dry_run;
#[path = "program/ends.rs"]
mod ends;
#[path = "program/exit_codes.rs"]
mod exit_codes;
#[path = "program/fleet.rs"]
mod fleet;
#[path = "program/gate.rs"]
mod gate;
#[path = "program/hold_back.rs"]
mod hold_back;
#[path = "program/hostile.rs"]
mod hostile;
#[path = "program/job.rs"]
mod job;
#[path = "program/latency.rs"]
mod latency;
#[path = "program/line.rs"]
mod line;
#[path = "program/network.rs"]
mod network;
#[path = "program/night.rs"]
mod night;
#[path = "program/node.rs"]
mod node;
#[path = "program/notify.rs"]
mod notify;
#[path = "program/owners.rs"]
mod owners;
#[path = "program/persist.rs"]
mod persist;
#[path = "program/place.rs"]
mod place;
#[path = "program/prometheus.rs"]
mod prometheus;
#[path = "program/release.rs"]
mod release;
#[path = "program/remote.rs"]
mod remote;
#[path = "program/rerun.rs"]
mod rerun;
#[path = "program/retention.rs"]
mod retention;
#[path = "program/scripts.rs"]
mod scripts;
#[path = "program/secrets.rs"]
mod secrets;
#[path = "program/supervisor.rs"]
mod supervisor;
mod support;
#[path = "program/surroundings.rs"]
mod surroundings;
#[path = "program/terminal.rs"]
mod terminal;
#[path = "program/undone.rs"]
mod undone;
#[path = "program/workers.rs"]
mod workers;
