//! Pure: counters and windows. Knows no other module, no clock, no network and no disk.

mod reading;

pub use reading::Reading;
