//! What is installed with a package manager or used by a CI, as its users have it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod action;
mod npm;
