//! The disks of the machine for many runs in one process: a few threads write for all of them.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Chore, Disk, GATHERED, Helper, SystemDisk, Work};

/// Threads that are enough while no disk hangs.
const THREADS: usize = 4;
/// With more hanging disks than this the others wait.
const MAX_THREADS: usize = 64;
/// Work that takes longer may hang: a further thread is started for the others.
const STUCK: Duration = Duration::from_millis(250);
/// A further thread without work ends.
const REST: Duration = Duration::from_secs(10);

/// Shared threads. Where one file system hangs, the writers of the others get threads of their own.
#[derive(Debug)]
pub struct SharedDisk(Arc<Pool>);

impl SharedDisk {
    /// No thread yet.
    pub fn new() -> Self {
        Self(Arc::default())
    }
}

#[derive(Default)]
struct Pool {
    queue: Mutex<Queue>,
    news: Condvar,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("threads", &self.queue().threads).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Queue {
    urgent: VecDeque<Job>,
    jobs: VecDeque<Job>,
    threads: usize,
    /// Threads that wait for work.
    idle: usize,
    /// Of these those that look for it by themselves, within `GATHERED`.
    gathering: usize,
    /// When each busy thread took its job.
    busy: BTreeMap<u64, Instant>,
    taken: u64,
}

enum Job {
    Work(Work),
    Chore(Arc<Shared>),
}

impl Queue {
    fn next(&mut self) -> Option<Job> {
        self.urgent.pop_front().or_else(|| self.jobs.pop_front())
    }

    /// Whether what waits needs another thread: few are there, or all of them seem to hang.
    fn needs_thread(&self, now: Instant) -> bool {
        let waiting = self.urgent.len() + self.jobs.len();
        let hangs = |since: &Instant| now.duration_since(*since) >= STUCK;
        // A thread that has just been started or woken has not taken its job yet.
        let stuck = || self.busy.len() == self.threads && self.busy.values().all(hangs);
        waiting > self.idle && self.threads < MAX_THREADS && (self.threads < THREADS || stuck())
    }
}

impl Pool {
    /// No job runs under the lock, so a panic leaves nothing half done.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(self: &Arc<Self>, job: Job, urgent: bool) {
        let mut queue = self.queue();
        let to = if urgent { &mut queue.urgent } else { &mut queue.jobs };
        to.push_back(job);
        if queue.needs_thread(Instant::now()) {
            queue.threads += 1;
            drop(queue);
            self.start_thread();
        } else if urgent || queue.gathering == 0 {
            drop(queue);
            self.news.notify_one();
        }
    }

    fn start_thread(self: &Arc<Self>) {
        let pool = Arc::clone(self);
        if let Err(error) = thread::Builder::new().name("writer".to_owned()).spawn(move || pool.work_on()) {
            self.queue().threads -= 1;
            tracing::error!(%error, "no thread could be started to write");
        }
    }

    fn work_on(&self) {
        let mut gathers = false;
        while let Some((job, number)) = self.take(gathers) {
            gathers = matches!(job, Job::Chore(_));
            match job {
                // Whoever waits for the answer sees that there is none.
                Job::Work(work) => drop(catch_unwind(AssertUnwindSafe(work))),
                Job::Chore(chore) => chore.run(),
            }
            self.queue().busy.remove(&number);
        }
    }

    /// The next job; `None` if there has been none for so long that this thread has ended. One thread that `gathers` waits for
    /// what comes together.
    fn take(&self, mut gathers: bool) -> Option<(Job, u64)> {
        let mut queue = self.queue();
        loop {
            if let Some(job) = queue.next() {
                let number = queue.taken;
                queue.taken += 1;
                queue.busy.insert(number, Instant::now());
                return Some((job, number));
            }
            gathers &= queue.gathering == 0;
            let wait = if gathers { GATHERED } else { REST };
            queue.idle += 1;
            queue.gathering += usize::from(gathers);
            let (woken, rest) = self.news.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            queue.idle -= 1;
            queue.gathering -= usize::from(gathers);
            if gathers {
                gathers = false;
            } else if rest.timed_out() && queue.threads > THREADS && queue.urgent.is_empty() && queue.jobs.is_empty() {
                queue.threads -= 1;
                return None;
            }
        }
    }
}

/// A chore, and whether it waits for a thread.
struct Shared {
    chore: Mutex<Chore>,
    waits: AtomicBool,
}

impl Shared {
    /// A panic leaves the lock poisoned, so that the chore is not done again.
    fn run(&self) {
        self.waits.store(false, Ordering::SeqCst);
        let done = catch_unwind(AssertUnwindSafe(|| {
            if let Ok(mut chore) = self.chore.lock() {
                chore();
            }
        }));
        drop(done);
    }
}

struct Turn {
    shared: Arc<Shared>,
    pool: Arc<Pool>,
}

impl Helper for Turn {
    fn call(&mut self, urgent: bool) {
        if !self.shared.waits.swap(true, Ordering::SeqCst) || urgent {
            self.pool.push(Job::Chore(Arc::clone(&self.shared)), urgent);
        }
    }

    /// On the calling thread, which may be one of the pool: waiting for another could wait forever.
    fn finish(self: Box<Self>) -> bool {
        let Ok(mut chore) = self.shared.chore.lock() else { return false };
        catch_unwind(AssertUnwindSafe(&mut *chore)).is_ok()
    }
}

impl Disk for SharedDisk {
    fn write(&self, path: &Path, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        SystemDisk.write(path, file, at, bytes)
    }

    fn sync_data(&self, path: &Path, file: &File) -> io::Result<()> {
        SystemDisk.sync_data(path, file)
    }

    fn sync_all(&self, path: &Path, file: &File) -> io::Result<()> {
        SystemDisk.sync_all(path, file)
    }

    fn replace(&self, path: &Path, new: &Path) -> io::Result<()> {
        SystemDisk.replace(path, new)
    }

    fn exchange(&self, path: &Path, other: &Path) -> io::Result<()> {
        SystemDisk.exchange(path, other)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        SystemDisk.sync_folder(folder)
    }

    fn take_room(&self, path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        SystemDisk.take_room(path, file, bytes)
    }

    fn give_room(&self, path: &Path, file: &File, left: u64) -> io::Result<()> {
        SystemDisk.give_room(path, file, left)
    }

    fn spawn(&self, work: Work) {
        self.0.push(Job::Work(work), true);
    }

    fn spawn_chore(&self, chore: Chore) -> Box<dyn Helper> {
        let shared = Shared { chore: Mutex::new(chore), waits: AtomicBool::new(false) };
        Box::new(Turn { shared: Arc::new(shared), pool: Arc::clone(&self.0) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;
    use crate::io::disk::on_thread;

    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn work_is_answered_and_a_panic_neither_hides_nor_costs_a_thread() {
        let disk = SharedDisk::new();
        for _ in 0..3 * THREADS {
            on_thread(&disk, || panic!("on purpose")).await.unwrap_err();
        }
        assert_eq!(on_thread(&disk, || 3).await, Ok(3));
    }

    #[test]
    fn a_chore_is_done_after_every_call_and_once_more_at_the_end() {
        let disk = SharedDisk::new();
        let (said, heard) = channel();
        let mut helper = disk.spawn_chore(Box::new(move || said.send(()).unwrap_or_default()));
        helper.call(false);
        heard.recv_timeout(LONG).unwrap();
        helper.call(true);
        heard.recv_timeout(LONG).unwrap();
        assert!(helper.finish());
        heard.recv_timeout(LONG).unwrap();
    }

    #[test]
    fn a_chore_that_panicked_is_told_at_the_end() {
        let disk = SharedDisk::new();
        let (said, heard) = channel();
        let mut helper = disk.spawn_chore(Box::new(move || {
            let _ = said.send(());
            panic!("on purpose");
        }));
        helper.call(false);
        heard.recv_timeout(LONG).unwrap();
        assert!(!helper.finish());
    }

    #[test]
    fn a_thousand_chores_share_a_few_threads_and_none_is_forgotten() {
        let disk = SharedDisk::new();
        let (said, heard) = channel();
        let mut helpers: Vec<_> = (0..1_000)
            .map(|number| {
                let said = said.clone();
                disk.spawn_chore(Box::new(move || said.send(number).unwrap_or_default()))
            })
            .collect();
        for helper in &mut helpers {
            helper.call(false);
        }
        let mut done = vec![false; helpers.len()];
        while done.contains(&false) {
            done[heard.recv_timeout(LONG).unwrap()] = true;
        }
        assert!(disk.0.queue().threads <= MAX_THREADS, "{:?}", disk.0);
        assert!(helpers.into_iter().all(Helper::finish));
    }

    #[test]
    fn a_further_thread_is_needed_only_where_all_hang() {
        let now = Instant::now();
        let busy = |since: &[Duration]| (0..).zip(since.iter().map(|ago| now.checked_sub(*ago).unwrap())).collect();
        let queue = |threads, idle, since: &[Duration]| Queue {
            jobs: VecDeque::from([Job::Work(Box::new(|| {}))]),
            threads,
            idle,
            busy: busy(since),
            ..Queue::default()
        };
        assert!(queue(0, 0, &[]).needs_thread(now));
        assert!(!queue(1, 1, &[]).needs_thread(now), "one waits for work");
        assert!(!queue(THREADS, 0, &[]).needs_thread(now), "all were just started");
        assert!(!queue(THREADS, 0, &[STUCK, STUCK, STUCK, STUCK / 2]).needs_thread(now));
        assert!(queue(THREADS, 0, &[STUCK; THREADS]).needs_thread(now));
        assert!(!queue(MAX_THREADS, 0, &[STUCK; MAX_THREADS]).needs_thread(now));
    }

    #[test]
    fn work_that_hangs_does_not_keep_others_from_theirs() {
        let disk = SharedDisk::new();
        let (release, released) = channel::<()>();
        let gate = Arc::new(Mutex::new(released));
        for _ in 0..2 * THREADS {
            let gate = Arc::clone(&gate);
            disk.spawn(Box::new(move || gate.lock().unwrap().recv().unwrap_or_default()));
        }
        let (said, heard) = channel();
        let mut helper = disk.spawn_chore(Box::new(move || said.send(()).unwrap_or_default()));
        let deadline = Instant::now() + LONG;
        while heard.try_recv().is_err() {
            helper.call(true);
            assert!(Instant::now() < deadline, "{:?}", disk.0);
            thread::sleep(Duration::from_millis(20));
        }
        drop(release);
    }

    #[tokio::test]
    async fn many_ends_at_once_do_not_wait_for_each_other() {
        let disk = SharedDisk::new();
        let ends: Vec<_> = (0..8 * THREADS)
            .map(|_| {
                let mut helper = disk.spawn_chore(Box::new(|| {}));
                helper.call(false);
                on_thread(&disk, move || helper.finish())
            })
            .collect();
        for end in ends {
            assert_eq!(end.await, Ok(true));
        }
    }
}
