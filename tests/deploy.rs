//! Whole runs in one process: the real monitor over real services on loopback. What is promised to operators holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

#[path = "deploy/acceptance.rs"]
mod acceptance;
#[path = "deploy/output.rs"]
mod output;
#[path = "deploy/promises.rs"]
mod promises;
#[path = "deploy/replay.rs"]
mod replay;
mod support;
#[path = "deploy/watch.rs"]
mod watch;
