//! Writes that must survive a crash, and work that waits for a disk.
//!
//! | file | holds |
//! | --- | --- |
//! | `shared` | the same with a few threads for many runs |

mod shared;

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::fs::{CWD, FallocateFlags, RenameFlags, fallocate, renameat_with};
use tokio::sync::oneshot;

pub use self::shared::SharedDisk;

/// How long work that is not urgent may wait for more of its kind. Otherwise a thread wakes for every line of every soak.
const GATHERED: Duration = Duration::from_millis(20);

/// Work for a thread that may wait.
pub type Work = Box<dyn FnOnce() + Send>;

/// Work that is done again whenever there is some.
pub type Chore = Box<dyn FnMut() + Send>;

/// Durable writes. `path` is the name of `file`.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Writes at offset `at`.
    fn write(&self, path: &Path, file: &File, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// `fdatasync`.
    fn sync_data(&self, path: &Path, file: &File) -> io::Result<()>;
    /// `fsync`: with owner and mode.
    fn sync_all(&self, path: &Path, file: &File) -> io::Result<()>;
    /// Renames `new` to `path`, replacing what stands there.
    fn replace(&self, path: &Path, new: &Path) -> io::Result<()>;
    /// Exchanges the names of two files.
    fn exchange(&self, path: &Path, other: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Allocates room for a file.
    fn take_room(&self, path: &Path, file: &File, bytes: u64) -> io::Result<()>;
    /// Truncates a file to `left` bytes, which frees room for others.
    fn give_room(&self, path: &Path, file: &File, left: u64) -> io::Result<()>;
    /// Does work that waits for the disk on a thread of its own.
    fn spawn(&self, work: Work);
    /// Starts a thread that does a chore whenever it is called.
    fn spawn_chore(&self, chore: Chore) -> Box<dyn Helper>;
}

/// A thread with a chore.
pub trait Helper: Send + Sync {
    /// There is work, done soon or before this returns. With `urgent`, nothing is waited for.
    fn call(&mut self, urgent: bool);
    /// Waits until all work is done, and ends. `false` if the thread panicked.
    fn finish(self: Box<Self>) -> bool;
}

/// Begins work on a thread that may wait for this disk. Dropping the future does not stop the work.
pub fn on_thread<T, W>(disk: &dyn Disk, work: W) -> impl Future<Output = Result<T, BrokeDown>> + use<T, W>
where
    T: Send + 'static,
    W: FnOnce() -> T + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    disk.spawn(Box::new(move || drop(answer.send(work()))));
    async { answered.await.map_err(|_| BrokeDown) }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the thread that was to do it panicked")]
pub struct BrokeDown;

/// The disks of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemDisk;

impl Disk for SystemDisk {
    fn write(&self, _: &Path, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    fn sync_data(&self, _: &Path, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_all(&self, _: &Path, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn replace(&self, path: &Path, new: &Path) -> io::Result<()> {
        fs::rename(new, path)
    }

    fn exchange(&self, path: &Path, other: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, other, CWD, path, RenameFlags::EXCHANGE)?)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    fn take_room(&self, _: &Path, file: &File, bytes: u64) -> io::Result<()> {
        Ok(fallocate(file, FallocateFlags::empty(), 0, bytes)?)
    }

    fn give_room(&self, _: &Path, file: &File, left: u64) -> io::Result<()> {
        file.set_len(left)
    }

    fn spawn(&self, work: Work) {
        drop(tokio::task::spawn_blocking(work));
    }

    fn spawn_chore(&self, mut chore: Chore) -> Box<dyn Helper> {
        let (calls, called) = channel::<bool>();
        let waits = Arc::<AtomicBool>::default();
        let waiting = Arc::clone(&waits);
        let handle = thread::spawn(move || {
            while let Ok(urgent) = called.recv() {
                if !urgent {
                    // Until something is urgent, or nobody calls any more.
                    let _ = called.recv_timeout(GATHERED);
                }
                waiting.store(false, Ordering::SeqCst);
                chore();
            }
            chore();
        });
        Box::new(Thread { calls, waits, handle })
    }
}

struct Thread {
    /// Whether it is urgent.
    calls: Sender<bool>,
    /// Whether the thread was called and has not begun.
    waits: Arc<AtomicBool>,
    handle: JoinHandle<()>,
}

impl Helper for Thread {
    fn call(&mut self, urgent: bool) {
        if !self.waits.swap(true, Ordering::SeqCst) || urgent {
            let _ = self.calls.send(urgent);
        }
    }

    fn finish(self: Box<Self>) -> bool {
        let Self { calls, handle, .. } = *self;
        drop(calls);
        handle.join().is_ok()
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_answered_and_a_panic_is_told() {
        assert_eq!(on_thread(&SystemDisk, || 3).await, Ok(3));
        let broken = on_thread(&SystemDisk, || -> u32 { panic!("on purpose") }).await;
        assert_eq!(broken, Err(BrokeDown));
    }

    #[test]
    fn a_chore_is_done_after_every_call_and_once_more_at_the_end() {
        let (said, heard) = channel();
        let mut helper = SystemDisk.spawn_chore(Box::new(move || said.send(()).unwrap_or_default()));
        for urgent in [false, true, false] {
            helper.call(urgent);
            heard.recv().unwrap();
        }
        assert!(helper.finish());
        assert_eq!(heard.iter().count(), 1);
    }

    #[test]
    fn what_is_not_urgent_is_done_together() {
        let (said, heard) = channel();
        let mut helper = SystemDisk.spawn_chore(Box::new(move || said.send(()).unwrap_or_default()));
        (0..10_000).for_each(|_| helper.call(false));
        assert!(helper.finish());
        let done = heard.iter().count();
        assert!((1..1_000).contains(&done), "{done} times");
    }
}
