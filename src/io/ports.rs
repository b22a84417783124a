//! What a run needs from the world: the program hands in [`Ports::real`], a simulation its own.

use std::sync::Arc;

pub use crate::io::clock::Clock;
pub(crate) use crate::io::clock::SystemClock;
pub use crate::io::coordination::{Coordination, Engines};
pub(crate) use crate::io::disk::SharedDisk;
#[cfg(test)]
pub(crate) use crate::io::disk::testing::Filling;
pub(crate) use crate::io::disk::{BrokeDown, on_thread};
pub use crate::io::disk::{Chore, Disk, Helper, SystemDisk, Work};
pub(crate) use crate::io::router::Configured;
pub use crate::io::router::Routers;
pub use crate::io::signals::{Asking, Next, Signals};
pub(crate) use crate::io::signals::{Kernel, SIGTERM};
pub(crate) use crate::io::source::Network;
pub use crate::io::source::{Asked, Later, Metrics, ReadinessProbe, Source};

/// Everything outside of a run.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Durable writes.
    pub disk: Arc<dyn Disk>,
    /// Metrics and readiness of instances.
    pub source: Arc<dyn Source>,
    /// What moves traffic.
    pub routers: Arc<dyn Routers>,
    /// What several hosts agree by.
    pub coordination: Coordination,
    /// Requests to stop.
    pub signals: Arc<dyn Signals>,
    /// Whether the run accepts orders, at the configured socket and address.
    pub listens: bool,
    /// Whether other runs share this process, which then answers the service manager and keeps less of each in memory.
    pub shared: bool,
}

impl Ports {
    /// The real world.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            disk: Arc::new(SystemDisk),
            source: Arc::new(Network),
            routers: Arc::new(Configured),
            coordination: Coordination::default(),
            signals: Arc::new(Kernel),
            listens: true,
            shared: false,
        }
    }
}
