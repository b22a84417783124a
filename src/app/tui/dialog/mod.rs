//! The operator's dialogs, pure: keys and times go in, orders and what is drawn come out.
//!
//! | file | part |
//! | --- | --- |
//! | `operator` | from the question to the monitor's answer |
//! | `subject` | what is asked, about what, and how it is confirmed |
//! | `quit` | what becomes of the soak when the operator leaves |
//! | `order_line` | an order as it is typed |
//! | `field` | a line of typed text |

mod field;
mod operator;
mod order_line;
mod quit;
mod subject;

pub(crate) use field::Field;
pub(crate) use operator::{Dialog, Step};
pub(crate) use order_line::OrderLine;
pub(crate) use quit::{Quit, QuitStep};
pub(crate) use subject::{Ask, Facts, Way, accepted, hint};

#[cfg(test)]
mod tests;
