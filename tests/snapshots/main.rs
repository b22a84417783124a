//! What the real program says of a real deployment, kept as files to be looked at when it changes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod config;
mod deployment;
mod runs;
