//! Whole screens.

mod properties;
mod scenes;
mod snapshots;
