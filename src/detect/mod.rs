//! Pure: counters, windows and evidence. Knows no other module, no clock, no network and no disk.

mod counters;
mod reading;
mod recent;
mod window;
mod wording;

pub use counters::{CRASH_LOOP_RESETS, Counters, Delta};
pub use reading::Reading;
pub use recent::{RECENT_MS, RecentCounts};
pub use window::{WindowConfig, WindowDetector};
