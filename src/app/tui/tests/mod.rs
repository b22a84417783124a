//! Whole screens.

mod contrast;
mod pictures;
mod properties;
mod scenes;
mod sheets;
mod snapshots;
mod themes;
