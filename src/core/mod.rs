//! The judgement. Pure: no clock, no network, no disk; time and facts arrive inside events.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`detect`] | counters, windows, evidence |
//! | [`soak`] | events, effects, checks, phases, the machine |
//! | [`view`] | folds the stream of soak events into what a person is shown |
//! | [`backtest`] | recorded data through the same judgement |

pub mod backtest;
pub mod detect;
pub mod soak;
pub mod view;
