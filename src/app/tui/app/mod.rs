//! What the operator sees and does: happenings go in, effects come out. It knows no terminal, no clock and no socket.
//!
//! | file | part |
//! | --- | --- |
//! | `state` | the state, and what every part of it uses |
//! | `news` | what comes from the monitor or from a recording, and time |
//! | `press` | what keys do |
//! | `order` | orders: asked for, typed, confirmed, given |
//! | `past` | the soaks of before: the list, and one that is played |
//! | `log` | the monitor's log |
//! | `mouse` | what the mouse does |
//! | `rows` | moving over panes and rows |
//! | `shown` | what is drawn, and what is left in the scrollback |

mod log;
mod mouse;
mod news;
mod order;
mod past;
mod press;
mod rows;
mod shown;
mod state;

pub(crate) use shown::Places;
pub use state::Effect;
pub(crate) use state::{App, FaultMenu, UiEvent};

#[cfg(test)]
mod tests;
