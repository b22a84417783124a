//! A disk that fills up in the middle of a write. It has no threads: a chore is done as soon as it is called.

use std::sync::Mutex;

use super::*;

/// A disk with room for so many bytes more: the write that finds too little fills it, and fails.
#[derive(Debug, Default)]
pub struct Filling(Mutex<Option<usize>>);

impl Filling {
    /// `None` is as much as it takes.
    pub fn set_room(&self, bytes: Option<usize>) {
        *self.0.lock().unwrap() = bytes;
    }
}

impl Disk for Filling {
    fn write(&self, path: &Path, _: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut room = self.0.lock().unwrap();
        let fits = room.map_or(bytes.len(), |room| room.min(bytes.len()));
        // Its own handle, so that a test can hand the writer one that cannot cut.
        let file = fs::OpenOptions::new().write(true).open(path)?;
        SystemDisk.write(path, &file, at, &bytes[..fits])?;
        *room = room.map(|room| room - fits);
        if fits == bytes.len() { Ok(()) } else { Err(io::Error::from(io::ErrorKind::StorageFull)) }
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
        SystemDisk.spawn(work);
    }

    fn spawn_chore(&self, chore: Chore) -> Box<dyn Helper> {
        Box::new(AtOnce(Mutex::new(chore)))
    }
}

/// Does its chore in every call.
struct AtOnce(Mutex<Chore>);

impl Helper for AtOnce {
    fn call(&mut self, _: bool) {
        (self.0.get_mut().unwrap())();
    }

    fn finish(self: Box<Self>) -> bool {
        (self.0.into_inner().unwrap())();
        true
    }
}
