//! The detector against recorded traces and against its executable specification.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod differential;
mod generator;
mod soak;
mod traces;
