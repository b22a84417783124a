//! The program as a process: exit codes, what it prints, signals, crashes, bad input, and the Node services around it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod again;
mod agent;
mod background;
mod bad_input;
mod before;
mod ci;
mod commands;
mod counting;
mod crashes;
mod detached;
mod doctor;
mod dotenv;
mod dry_run;
mod ends;
mod exit_codes;
mod fleet;
mod gate;
mod hold_back;
mod hostile;
mod init;
mod job;
mod keys;
mod latency;
mod line;
mod network;
mod night;
mod node;
mod notify;
mod owners;
mod panes;
mod persist;
mod place;
mod prometheus;
mod release;
mod remote;
mod rerun;
mod retention;
mod scripts;
mod secrets;
mod supervisor;
mod surroundings;
mod terminal;
mod undone;
mod workers;
