//! Mistakes that a world can make: faulty disks, routers, clocks and engines. A simulation that does not notice them is not worth much. Those that
//! only the program itself can make are planted into its code by `tests/run mutants`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use switchback::config::Config;
use switchback::io::ports::{Chore, Disk, Helper, Ports, Routers, Work};
use switchback::io::router::{Moved, Replace, Router, RouterFuture};
use switchback::io::state::StateFile;
use switchback::model::Color;

use super::world::Sim;

/// What somebody could get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// The state file is renamed into place, and nothing of it made durable.
    StateNotSynced,
    /// A decision counts as journaled before it is durable.
    JournalNotSynced,
    /// What is done is not on record first: the recording is an event behind what it says.
    NotRecordedFirst,
    /// The router's word is taken for the move: what is read back after it is what was ordered.
    ReadBackSkipped,
    /// While the recovery is verified nobody sees that traffic is led away again.
    UndoneUnseen,
    /// All routers are asked one after the other.
    RoutersInTurn,
    /// The store takes the writes of a leader without looking at its token.
    TokenNotChecked,
    /// The clock by which a lease is trusted stands still while the process does.
    ClockStopsInPause,
    /// The pieces of a recording are written whoever leads.
    CheckpointUnguarded,
    /// A new leader takes what it read before for what is there.
    NotReadAgain,
}

impl Mistake {
    pub const ALL: [Self; 5] = [
        Self::StateNotSynced,
        Self::JournalNotSynced,
        Self::NotRecordedFirst,
        Self::ReadBackSkipped,
        Self::UndoneUnseen,
    ];

    /// Those that only show where a process has several deployments.
    pub const OF_AGENTS: [Self; 1] = [Self::RoutersInTurn];

    /// Those that only show where several hosts agree on a leader: each has ports of its own.
    pub const OF_HOSTS: [Self; 4] =
        [Self::TokenNotChecked, Self::ClockStopsInPause, Self::CheckpointUnguarded, Self::NotReadAgain];

    /// The ports of a process that makes it.
    pub fn ports(self, sim: &Sim) -> Ports {
        let ports = sim.ports();
        match self {
            Self::StateNotSynced | Self::JournalNotSynced | Self::NotRecordedFirst => Ports {
                disk: Arc::new(FaultyDisk { sim: sim.clone(), mistake: self, late: Mutex::default() }),
                ..ports
            },
            Self::ReadBackSkipped | Self::UndoneUnseen | Self::RoutersInTurn => {
                let turn = Arc::default();
                Ports { routers: Arc::new(FaultyRouters { sim: sim.clone(), mistake: self, turn }), ..ports }
            }
            Self::TokenNotChecked | Self::ClockStopsInPause | Self::CheckpointUnguarded | Self::NotReadAgain => ports,
        }
    }
}

/// A write that was acknowledged and is not made yet.
#[derive(Debug)]
struct LateWrite {
    path: PathBuf,
    file: File,
    at: u64,
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct FaultyDisk {
    sim: Sim,
    mistake: Mistake,
    late: Mutex<Option<LateWrite>>,
}

impl FaultyDisk {
    /// Whether this is the file, or the folder, that nothing is made durable in.
    fn forgets(&self, path: &Path) -> bool {
        match self.mistake {
            Mistake::StateNotSynced => path.ends_with("state.json") || path == self.sim.state().sites[0].folder,
            Mistake::JournalNotSynced => path.ends_with("decisions.jsonl"),
            _ => false,
        }
    }
}

impl Disk for FaultyDisk {
    fn write(&self, path: &Path, file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        let is_recording = path.parent().is_some_and(|folder| folder.ends_with("soaks"));
        // The first line of a file makes it one.
        if self.mistake != Mistake::NotRecordedFirst || !is_recording || at == 0 {
            return self.sim.write(path, file, at, bytes);
        }
        let write = LateWrite { path: path.to_owned(), file: file.try_clone()?, at, bytes: bytes.to_vec() };
        match self.late.lock().unwrap().replace(write) {
            Some(before) => self.sim.write(&before.path, &before.file, before.at, &before.bytes),
            None => Ok(()),
        }
    }

    fn sync_data(&self, path: &Path, file: &File) -> io::Result<()> {
        if self.forgets(path) { Ok(()) } else { self.sim.sync_data(path, file) }
    }

    fn sync_all(&self, path: &Path, file: &File) -> io::Result<()> {
        if self.forgets(path) { Ok(()) } else { self.sim.sync_all(path, file) }
    }

    fn replace(&self, path: &Path, new: &Path) -> io::Result<()> {
        self.sim.replace(path, new)
    }

    fn exchange(&self, path: &Path, other: &Path) -> io::Result<()> {
        self.sim.exchange(path, other)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        if self.forgets(folder) { Ok(()) } else { self.sim.sync_folder(folder) }
    }

    fn take_room(&self, path: &Path, file: &File, bytes: u64) -> io::Result<()> {
        self.sim.take_room(path, file, bytes)
    }

    fn give_room(&self, path: &Path, file: &File, left: u64) -> io::Result<()> {
        self.sim.give_room(path, file, left)
    }

    fn spawn(&self, work: Work) {
        self.sim.spawn(work);
    }

    fn spawn_chore(&self, chore: Chore) -> Box<dyn Helper> {
        self.sim.spawn_chore(chore)
    }
}

#[derive(Debug)]
struct FaultyRouters {
    sim: Sim,
    mistake: Mistake,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Routers for FaultyRouters {
    fn router(&self, config: &Config, state_file: &StateFile) -> Arc<dyn Router> {
        let router = self.sim.router_of(self.sim.site(&config.service), state_file, false);
        if router.reads_state_file() {
            return router;
        }
        if self.mistake == Mistake::RoutersInTurn {
            return Arc::new(InTurn { router, turn: Arc::clone(&self.turn) });
        }
        Arc::new(Believer { router, for_good: self.mistake == Mistake::UndoneUnseen, ordered: Mutex::default() })
    }
}

/// Waits until no other router is asked.
#[derive(Debug)]
struct InTurn {
    router: Arc<dyn Router>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl InTurn {
    fn once_free<'a, T: 'a>(&'a self, asked: RouterFuture<'a, T>) -> RouterFuture<'a, T> {
        Box::pin(async move {
            let _turn = self.turn.lock().await;
            asked.await
        })
    }
}

impl Router for InTurn {
    fn kind(&self) -> &'static str {
        self.router.kind()
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        self.once_free(self.router.switch(to, replace))
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        self.once_free(self.router.rollback(to, replace))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        self.once_free(self.router.read())
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        self.once_free(self.router.try_out(to, replace))
    }
}

/// Believes that traffic is where it was ordered to: once, or, after a rollback, for good.
#[derive(Debug)]
struct Believer {
    router: Arc<dyn Router>,
    for_good: bool,
    ordered: Mutex<Option<Color>>,
}

impl Router for Believer {
    fn kind(&self) -> &'static str {
        self.router.kind()
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        self.router.switch(to, replace)
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async move {
            let moved = self.router.rollback(to, replace).await?;
            *self.ordered.lock().unwrap() = Some(to);
            Ok(moved)
        })
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        let believed = {
            let mut ordered = self.ordered.lock().unwrap();
            if self.for_good { *ordered } else { ordered.take() }
        };
        match believed {
            Some(color) => Box::pin(async move { Ok(color) }),
            None => self.router.read(),
        }
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        self.router.try_out(to, replace)
    }
}
