//! What the tests of whole runs share: services on loopback, a deployment in a folder of its own, and the program.

// Each test binary uses its own part of this.
#![allow(dead_code, unused_imports, reason = "what one test binary leaves out the other one uses")]

mod deployment;
mod emulator;
mod monitoring;
mod process;
mod service;

pub use deployment::Deployment;
pub use emulator::Emulator;
pub use monitoring::{Kind as MonitoringKind, Monitoring};
pub use process::{Done, Running};
pub use service::{Page, Service};
