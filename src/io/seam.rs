//! Where a simulation takes the place of the world: clock, disk, threads, signals and instances.
//!
//! Without the cargo feature `simulation` there is no world but the real one, and every function here is what its name says.
//! With it, a test enters a [`World`] on its thread and runs the program's own code in it: in time that only passes when
//! nothing is left to do, on disks that fail, with crashes wherever something has an effect. Nothing of this is compiled into
//! the program that people run.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinHandle;

use crate::core::soak::{Readiness, Sample};
use crate::model::mutation::Mutation;

/// What a world answers later.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A step on its way to the disk. A world is asked before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes are written to the file.
    Write,
    /// What was written to the file is made durable.
    Sync,
    /// Another file takes the place of the file.
    Replace,
    /// The names in the folder are made durable.
    SyncFolder,
    /// Room that was kept in the file is given up, for a write that finds none.
    Release,
}

/// What stands in for everything outside the program.
pub trait World {
    /// The boot the machine is in, and the milliseconds since then.
    fn boot(&self) -> (String, i64);
    /// The wall clock, Unix milliseconds.
    fn wall_ms(&self) -> i64;
    /// Random bytes.
    fn random(&self) -> [u8; 2];
    /// Whether this step reaches the disk.
    fn disk(&self, step: Step, path: &Path) -> io::Result<()>;
    /// How long the next blocking work takes to begin.
    fn blocking_delay(&self) -> Duration;
    /// Whether a thread that writes behind the program's back gets its turn now.
    fn turn(&self) -> bool;
    /// The next signal that the process gets.
    fn signal(&self) -> Later<&'static str>;
    /// The metrics of an instance.
    fn scrape(&self, url: &str) -> Later<Sample>;
    /// The readiness of an instance.
    fn probe(&self, url: &str) -> Later<Readiness>;
    /// Whether this mistake was made.
    fn mutated(&self, mutation: Mutation) -> bool;
}

#[cfg(feature = "simulation")]
mod entered {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::World;
    use crate::model::mutation;

    thread_local! {
        static WORLD: RefCell<Option<Rc<dyn World>>> = const { RefCell::new(None) };
    }

    /// A thread is in its world for as long as this lives.
    #[derive(Debug)]
    pub struct Entered(());

    /// Enters a world on this thread.
    pub fn enter(world: Rc<dyn World>) -> Entered {
        let made = Rc::clone(&world);
        mutation::make(move |mutation| made.mutated(mutation));
        WORLD.set(Some(world));
        Entered(())
    }

    impl Drop for Entered {
        fn drop(&mut self) {
            WORLD.set(None);
            mutation::make(|_| false);
        }
    }

    pub(super) fn ask<T>(question: impl FnOnce(&(dyn World + 'static)) -> T) -> Option<T> {
        let world = WORLD.with_borrow(Clone::clone)?;
        Some(question(&*world))
    }
}

#[cfg(feature = "simulation")]
use entered::ask;
#[cfg(feature = "simulation")]
pub use entered::{Entered, enter};

#[cfg(not(feature = "simulation"))]
fn ask<T>(_: impl FnOnce(&(dyn World + 'static)) -> T) -> Option<T> {
    None
}

/// Whether this is a simulation.
pub(crate) fn simulated() -> bool {
    ask(|_| ()).is_some()
}

/// Milliseconds since the machine booted, on the clock that counts the time it was suspended.
pub(crate) fn boot_ms() -> i64 {
    ask(|world| world.boot().1).unwrap_or_else(|| {
        let now = clock_gettime(ClockId::Boottime);
        now.tv_sec.saturating_mul(1000).saturating_add(now.tv_nsec / 1_000_000)
    })
}

/// The kernel draws one at every boot. Where it cannot be read, every process counts as a boot of its own.
pub(crate) fn boot_id() -> String {
    ask(|world| world.boot().0).unwrap_or_else(|| {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        match id.trim() {
            "" => format!("unknown, process {}", std::process::id()),
            id => id.to_owned(),
        }
    })
}

/// The wall clock, Unix milliseconds.
pub(crate) fn wall_ms() -> i64 {
    ask(World::wall_ms).unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// The wall clock.
pub(crate) fn now() -> Timestamp {
    ask(World::wall_ms).and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_else(Timestamp::now)
}

/// Two bytes of the kernel's random number generator.
pub(crate) fn random_bytes() -> io::Result<[u8; 2]> {
    if let Some(bytes) = ask(World::random) {
        return Ok(bytes);
    }
    let mut bytes = [0; 2];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(bytes)
}

/// Whether a step may reach the disk.
pub(crate) fn disk(step: Step, path: &Path) -> io::Result<()> {
    ask(|world| world.disk(step, path)).unwrap_or(Ok(()))
}

/// Does blocking work on a thread of its own.
pub(crate) fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match ask(World::blocking_delay) {
        None => tokio::task::spawn_blocking(work),
        Some(delay) => tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            work()
        }),
    }
}

/// Whether a writer without a thread of its own gets its turn.
pub(crate) fn turn() -> bool {
    ask(World::turn).unwrap_or(true)
}

/// The next simulated signal; none ever comes in the real world, where the kernel sends them.
pub(crate) async fn signal() -> &'static str {
    match ask(World::signal) {
        Some(signal) => signal.await,
        None => std::future::pending().await,
    }
}

/// A simulated instance's metrics.
pub(crate) fn scrape(url: &str) -> Option<Later<Sample>> {
    ask(|world| world.scrape(url))
}

/// A simulated instance's readiness.
pub(crate) fn probe(url: &str) -> Option<Later<Readiness>> {
    ask(|world| world.probe(url))
}
