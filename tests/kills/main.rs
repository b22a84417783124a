//! Monitors and clients killed at random moments, with real processes. Slow, so they are asked for:
//! `cargo nextest run --cargo-profile stress --test kills --run-ignored only`.
//!
//! `SWITCHBACK_KILL_ROUNDS` is the number of rounds (120), `SWITCHBACK_KILL_SEED` the first seed (1). A round that fails
//! prints its seed; that seed with one round plays the same plan again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod agent;
mod background;
mod checks;
mod disk;
mod plan;
mod readers;
mod rounds;
