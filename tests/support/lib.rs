//! What the tests share: services on loopback, a deployment in a folder of its own, the program, and a terminal for it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what it expects by failing"
)]
#![allow(
    missing_docs,
    clippy::new_without_default,
    clippy::return_self_not_must_use,
    reason = "only tests use this, and what its name says needs no sentence"
)]

mod agent;
pub mod agents;
mod authority;
mod cost;
mod deployment;
mod emulator;
pub mod etcd;
pub mod exposition;
pub mod hosts;
mod monitoring;
mod node;
mod process;
mod receiver;
mod redact;
pub mod rounds;
mod service;
mod snapshots;

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Mutex;

use rustix::fs::{FlockOperation, flock};

pub use agent::Agent;
pub use authority::Authority;
pub use cost::{Counter, Usage, thread_time};
pub use deployment::{Deployment, SWITCHED_AT, bare, program};
pub use emulator::Emulator;
pub use monitoring::{Kind as MonitoringKind, Monitoring};
pub use node::NodeService;
pub use process::{Done, Running, is_alive};
pub use receiver::{Delivery, Receiver};
pub use service::{Page, Service};
pub use snapshots::Snapshots;

/// A loopback address with a port that nobody has at the moment. It is drawn from below the ports that the system gives to
/// whoever asks for any (`ip_local_port_range` of ip(7)): one of those may be given away before it is used.
pub fn free_address() -> String {
    format!("127.0.0.1:{}", free_port())
}

/// The port alone. No other test is given it while this process lives.
pub fn free_port() -> u16 {
    static OURS: Mutex<Vec<File>> = Mutex::new(Vec::new());
    let folder = std::env::temp_dir().join(format!("switchback-test-ports-{}", rustix::process::getuid().as_raw()));
    std::fs::create_dir_all(&folder).unwrap();
    let reserve = |port: u16| {
        let file = File::create(folder.join(port.to_string())).unwrap();
        let is_free = flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        is_free.then_some((port, file))
    };
    let found = (0..1_000).find_map(|_| reserve(rand::random_range(20_000..32_000)));
    let (port, file) = found.unwrap();
    OURS.lock().unwrap().push(file);
    port
}
