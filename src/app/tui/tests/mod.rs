//! Whole screens.

mod contrast;
mod pictures;
mod properties;
mod scenes;
mod snapshots;
mod themes;
