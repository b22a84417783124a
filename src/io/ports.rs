//! What a run asks of the world around it. Whoever opens a run hands it in: the program the real one, [`Ports::real`], a
//! simulation one of its own. A port lies where its neighbor does.
//!
//! * [`Clock`]: time, boot, and what makes an id unique; [`SystemClock`].
//! * [`Disk`]: what is written durably, and the threads that wait for it; [`SystemDisk`].
//! * [`Source`]: metrics and readiness of an instance; [`Network`].
//! * [`Routers`]: what moves traffic; [`Configured`].
//! * [`Signals`]: SIGINT, SIGTERM and SIGHUP; [`Kernel`].

use std::sync::Arc;

pub use crate::io::clock::Clock;
pub(crate) use crate::io::clock::SystemClock;
pub(crate) use crate::io::disk::on_thread;
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
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where state, decisions and events are written.
    pub disk: Arc<dyn Disk>,
    /// Who answers for an instance.
    pub source: Arc<dyn Source>,
    /// Who moves traffic.
    pub routers: Arc<dyn Routers>,
    /// Who asks the process to stop.
    pub signals: Arc<dyn Signals>,
    /// Whether the run listens for orders, at the socket and the address that are configured.
    pub listens: bool,
}

impl Ports {
    /// The real world.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            disk: Arc::new(SystemDisk),
            source: Arc::new(Network),
            routers: Arc::new(Configured),
            signals: Arc::new(Kernel),
            listens: true,
        }
    }
}
