//! What the tests of whole runs share: services on loopback, a deployment in a folder of its own, and the program.

// Each test binary uses its own part of this.
#![allow(dead_code, unused_imports, reason = "what one test binary leaves out the other one uses")]

mod authority;
mod deployment;
mod emulator;
mod monitoring;
mod process;
mod receiver;
mod service;

pub use authority::Authority;
pub use deployment::{Deployment, SWITCHED_AT};
pub use emulator::Emulator;
pub use monitoring::{Kind as MonitoringKind, Monitoring};
pub use process::{Done, Running};
pub use receiver::{Delivery, Receiver};
pub use service::{Page, Service};

/// A loopback address with a port that nobody has at the moment.
pub fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
