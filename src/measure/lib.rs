//! From the bytes of a metrics page to what its counts prove. Pure: no clock, no network, no disk.
//!
//! It is the lowest floor of the program, and a package of its own: this is what runs for every line of every page and for every
//! tick, so it is optimized for speed where all else is for size.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`exposition`] | the text formats: lines, samples, errors that name a line |
//! | [`page`] | which counter is the request counter, and what its series add up to over many pages |
//! | [`detect`] | counters, windows, evidence |
//! | [`wanted`] | which series of a page are asked for |
//! | [`matchers`], [`routes`] | which of them are ours, and which routes are no users' |
//! | [`statuses`], [`unit`](mod@unit) | what a status says, and in which unit a histogram counts |
//! | [`number`] | numbers for people |
//! | [`invalid`] | why a text is not a value |

#![allow(missing_docs, reason = "no other program uses it: a name that says what it is needs no sentence")]

pub mod detect;
pub mod exposition;
pub mod invalid;
pub mod matchers;
pub mod number;
pub mod page;
pub mod routes;
pub mod statuses;
#[cfg(test)]
mod testing;
pub mod unit;
pub mod wanted;
