//! The machine, told in events.

mod begin;
mod bench;
mod ending;
mod orders;
mod properties;
mod rollback;
