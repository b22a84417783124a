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
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use rustix::fs::{CWD, FallocateFlags, RenameFlags, fallocate, renameat_with};
use tokio::sync::oneshot;

pub use self::shared::SharedDisk;

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
        let (calls, called) = channel();
        let thread = thread::spawn(move || {
            while called.recv().is_ok() {
                chore();
            }
            chore();
        });
        Box::new(Thread { calls, thread })
    }
}

struct Thread {
    calls: Sender<()>,
    thread: JoinHandle<()>,
}

impl Helper for Thread {
    fn call(&mut self, _: bool) {
        let _ = self.calls.send(());
    }

    fn finish(self: Box<Self>) -> bool {
        let Self { calls, thread } = *self;
        drop(calls);
        thread.join().is_ok()
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
    fn a_chore_is_done_for_every_call_and_once_more_at_the_end() {
        let (said, heard) = channel();
        let mut helper = SystemDisk.spawn_chore(Box::new(move || {
            let _ = said.send(());
        }));
        helper.call(false);
        helper.call(true);
        assert!(helper.finish());
        assert_eq!(heard.iter().count(), 3);
    }
}
