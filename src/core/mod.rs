//! The judgement. Pure: no clock, no network, no disk; time and facts arrive inside events.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`soak`] | events, effects, checks, phases, the machine |
//! | [`view`] | folds the stream of soak events into what a person is shown |
//! | [`fleet`] | many services and their soaks as one list, the worst first |
//! | [`backtest`] | recorded data through the same judgement |
//!
//! Counters, windows and evidence are in [`detect`], of the package `measure`.

pub mod backtest;
pub mod fleet;
pub mod soak;
pub mod view;

pub use measure::detect;
