//! Switchback watches a blue/green deploy after the switch and switches back by itself when the new release is bad.
//!
//! The folder listing is the map:
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`cli`], [`commands`] | what can be typed, and what each command does |
//! | [`backtest`] | pure: recorded data through the same judgement |
//! | [`config`] | layers (flags > environment > `.env` > file > defaults), validation, `config show` |
//! | [`deploy`] | color, deployment state, state file, and the three verbs: switch, rollback, status |
//! | [`router`] | the trait [`router::Router`] and one file a kind |
//! | [`source`] | the exposition text reader, the scraper and the readiness probe |
//! | [`detect`] | pure: counters and windows |
//! | [`soak`] | pure: event, effect, check, phase, machine |
//! | [`monitor`] | the one async loop that feeds the machine and carries out its effects |
//! | [`journal`] | decisions (durable, hash-chained) and recordings |
//! | [`notify`] | signed webhooks for what a monitor decides |
//! | [`control`] | the HTTP API over a Unix socket: server, client, and where the monitor and its clients meet |
//! | [`view`] | pure: folds the stream of soak events into what a person is shown |
//! | [`tui`] | the terminal UI |
//! | [`http`] | what every HTTP client here has in common |
//! | [`headless`] | that view as lines, JSON lines and CI annotations |
//! | `users` | what the users of this machine are called |
//! | `children` | processes that are started, and those that process 1 inherits |
//! | [`seam`] | where a simulation takes the place of clock, disk, router and instances |
//! | [`demo`] | embedded services, router and load, so that the first run needs nothing else |
//!
//! Pure modules import no tokio, no reqwest, no `std::fs` and read no clock: time arrives inside events. Only [`monitor`]
//! lets time, network, disk and the machine meet.

pub mod backtest;
mod called;
mod children;
pub mod cli;
pub mod commands;
pub mod config;
pub mod control;
pub mod demo;
pub mod deploy;
mod descriptors;
pub mod detect;
#[cfg(test)]
mod docs_tests;
pub mod headless;
pub mod http;
pub mod journal;
pub mod monitor;
pub mod notify;
pub mod printable;
pub mod router;
pub mod seam;
pub mod soak;
pub mod source;
pub mod tui;
mod users;
pub mod view;
