//! Whole runs in one process: the real monitor over real services on loopback. What is promised to operators holds.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod acceptance;
mod output;
mod promises;
mod replay;
mod watch;
