//! Whole screens.

mod pictures;
mod properties;
mod scenes;
mod snapshots;
