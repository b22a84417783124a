//! The deployment: its state file, its lock and the verbs switch, rollback and status.

mod color;

pub use color::{Color, UnknownColor};
