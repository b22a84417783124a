//! Locks between processes, beside the state file: services that share it share them. As `flock`s they end with their
//! holder. The files are never deleted: whoever waits on a deleted one would hold a lock that nobody else sees.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::StateFile;
use super::is_lasting;
use crate::io::journal::could_write_into;
use crate::io::journal::files::{Open, open_private};

const POLL: Duration = Duration::from_millis(20);

/// Outlasts [`monitor_state`], which briefly tests the lock, and a killed monitor whose last thread waits for the disk.
const MONITOR_WAIT: Duration = Duration::from_secs(1);

const MOVING: &str = "another process is moving traffic";

/// In bytes.
const MAX_HOLDER: u64 = 16 << 10;

/// Written into the lock's file, for the next one's error message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub service: String,
    pub folder: String,
    /// RFC 3339.
    pub since: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { pid, service, folder, since } = self;
        write!(f, "process {pid} for service `{service}` in `{folder}`, since {since}")
    }
}

/// Written into `STATE_FILE.agent` by the agent that is responsible for a deployment: how commands find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responsible {
    #[serde(flatten)]
    pub holder: Holder,
    /// The socket of its control API.
    pub socket: PathBuf,
    /// The configuration file of the deployment.
    pub file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{what} (`{}` is held by {})", path.display(), named(holder.as_ref()))]
    Busy {
        what: &'static str,
        path: PathBuf,
        /// If its file says so.
        holder: Option<Holder>,
    },
    /// Another host leads, or nobody can tell.
    #[error("{0}")]
    Lead(String),
    #[error("cannot lock `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl LockError {
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Lead(_) => false,
            Self::Io { source, .. } => is_lasting(source),
        }
    }
}

fn named(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "an unknown process".to_owned(), Holder::to_string)
}

/// Held until dropped, or the process ends.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// `STATE_FILE.lock`: held to move traffic or write the state file. Waits for at most `wait`.
    pub async fn moves(state_file: &StateFile, holder: &Holder, wait: Duration) -> Result<Self, LockError> {
        Self::take(state_file.sibling(".lock"), MOVING, holder, wait).await
    }

    /// Whether [`Lock::moves`] would succeed, without taking the lock or creating its file.
    pub async fn could_be_taken(state_file: &StateFile, wait: Duration) -> Result<(), LockError> {
        let path = state_file.sibling(".lock");
        let io = |source| LockError::Io { path: path.clone(), source };
        let file = match open_private(&path, Open::Existing) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return could_write_into(path.parent().unwrap_or(Path::new("/"))).map_err(io);
            }
            Err(source) => return Err(io(source)),
        };
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock_shared() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(source)) => return Err(io(source)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let holder = read_holder(&file);
                    return Err(LockError::Busy { what: MOVING, path, holder });
                }
                Err(TryLockError::WouldBlock) => sleep(POLL).await,
            }
        }
    }

    /// Whether this user may take [`Lock::moves`] at all: another user's lock file would fail the move.
    pub fn is_ours(state_file: &StateFile) -> Result<(), LockError> {
        let path = state_file.sibling(".lock");
        match open_private(&path, Open::Existing) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(LockError::Io { path, source }),
            _ => Ok(()),
        }
    }

    /// `STATE_FILE.monitor`: held by the one monitor for as long as it runs.
    pub async fn monitor(state_file: &StateFile, holder: &Holder) -> Result<Self, LockError> {
        Self::take(monitor_path(state_file), "another monitor is running", holder, MONITOR_WAIT).await
    }

    /// `STATE_FILE.agent`: held by the one agent that is responsible, for as long as it is.
    pub async fn responsible(state_file: &StateFile, who: &Responsible) -> Result<Self, LockError> {
        Self::take(agent_path(state_file), "another agent is responsible", who, MONITOR_WAIT).await
    }

    /// A lock of this name in a folder, for which nobody waits.
    pub async fn of_folder(path: PathBuf, what: &'static str, holder: &Holder) -> Result<Self, LockError> {
        Self::take(path, what, holder, MONITOR_WAIT).await
    }

    /// Device and inode of its file: somebody may remove it, or put another in its place, which this one does not lock.
    pub fn identity(&self) -> io::Result<(u64, u64)> {
        self.file.metadata().map(|found| (found.dev(), found.ino()))
    }

    async fn take(
        path: PathBuf,
        what: &'static str,
        holder: &(impl Serialize + Sync),
        wait: Duration,
    ) -> Result<Self, LockError> {
        let io = |source| LockError::Io { path: path.clone(), source };
        let file = open_private(&path, Open::OrCreate).map_err(io)?;
        let deadline = Instant::now() + wait;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(io(source)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    let holder = read_holder(&file);
                    return Err(LockError::Busy { what, path, holder });
                }
                Err(TryLockError::WouldBlock) => sleep(POLL).await,
            }
        }
        // The lock is what counts; on a full disk only the description is missing.
        let _ = describe(&file, holder);
        Ok(Self { file })
    }
}

fn monitor_path(state_file: &StateFile) -> PathBuf {
    state_file.sibling(".monitor")
}

fn agent_path(state_file: &StateFile) -> PathBuf {
    state_file.sibling(".agent")
}

fn describe(file: &File, holder: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(holder)?;
    file.set_len(0)?;
    file.write_all_at(&text, 0)
}

fn read_holder<T: DeserializeOwned>(file: &File) -> Option<T> {
    let mut text = Vec::new();
    file.take(MAX_HOLDER).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The agent that is responsible for a deployment now. Takes the lock for an instant, shared, if nobody holds it.
pub fn responsible_agent(state_file: &StateFile) -> Result<Option<Responsible>, LockError> {
    Ok(held(agent_path(state_file))?.and_then(|file| read_holder(&file)))
}

/// The agent that was responsible last, whether it still runs or not.
pub fn last_agent(state_file: &StateFile) -> Option<Responsible> {
    read_holder(&open_private(&agent_path(state_file), Open::Read).ok()?)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MonitorState {
    NotRunning,
    /// With its holder, if the file says so.
    Running(Option<Holder>),
}

/// Takes the lock for an instant, shared, if nobody holds it.
pub fn monitor_state(state_file: &StateFile) -> Result<MonitorState, LockError> {
    Ok(match held(monitor_path(state_file))? {
        None => MonitorState::NotRunning,
        Some(file) => MonitorState::Running(read_holder(&file)),
    })
}

/// Who is moving traffic, in words. Takes the lock for an instant, shared, if nobody holds it.
pub fn mover(state_file: &StateFile) -> Result<Option<String>, LockError> {
    Ok(held(state_file.sibling(".lock"))?.map(|file| named(read_holder::<Holder>(&file).as_ref())))
}

/// The file of a lock that is held. Creates none.
fn held(path: PathBuf) -> Result<Option<File>, LockError> {
    let file = match open_private(&path, Open::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(LockError::Io { path, source }),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(file)),
        Err(TryLockError::Error(source)) => Err(LockError::Io { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn holder() -> Holder {
        Holder { pid: 4242, service: "shop".into(), folder: "/srv/shop".into(), since: "2026-11-23T14:02:25Z".into() }
    }

    fn state_file(folder: &Path) -> StateFile {
        StateFile::open(&folder.join("state.json")).unwrap()
    }

    #[tokio::test]
    async fn one_monitor_at_a_time_and_the_second_is_told_who_the_first_is() {
        let tmp = tempfile::tempdir().unwrap();
        let state = state_file(tmp.path());
        assert_eq!(monitor_state(&state).unwrap(), MonitorState::NotRunning);
        let first = Lock::monitor(&state, &holder()).await.unwrap();
        assert_eq!(monitor_state(&state).unwrap(), MonitorState::Running(Some(holder())));
        let refused = Lock::monitor(&state, &holder()).await.unwrap_err().to_string();
        assert!(refused.starts_with("another monitor is running (`"), "{refused}");
        assert!(refused.ends_with("process 4242 for service `shop` in `/srv/shop`, since 2026-11-23T14:02:25Z)"));

        drop(first);
        assert_eq!(monitor_state(&state).unwrap(), MonitorState::NotRunning);
        Lock::monitor(&state, &holder()).await.unwrap();
    }

    #[tokio::test]
    async fn a_monitor_is_not_refused_because_somebody_asks_for_its_status() {
        let tmp = tempfile::tempdir().unwrap();
        let state = state_file(tmp.path());
        drop(Lock::monitor(&state, &holder()).await.unwrap());
        let asking = open_private(&monitor_path(&state), Open::Read).unwrap();
        asking.try_lock_shared().unwrap();
        tokio::spawn(async move {
            sleep(POLL).await;
            drop(asking);
        });
        Lock::monitor(&state, &holder()).await.unwrap();
    }

    #[tokio::test]
    async fn a_move_waits_for_the_one_before_it_but_not_for_ever() {
        let tmp = tempfile::tempdir().unwrap();
        let state = state_file(tmp.path());
        let first = Lock::moves(&state, &holder(), Duration::ZERO).await.unwrap();
        let refused = Lock::moves(&state, &holder(), POLL).await.unwrap_err();
        assert!(refused.to_string().starts_with("another process is moving traffic"), "{refused}");
        let second = tokio::spawn({
            let state = state.clone();
            async move { Lock::moves(&state, &holder(), Duration::from_secs(30)).await }
        });
        assert!(mover(&state).unwrap().is_some_and(|who| who.starts_with("process 4242 for service `shop`")));
        drop(first);
        second.await.unwrap().unwrap();
        assert_eq!(mover(&state).unwrap(), None);
        let mode = fs::metadata(state.sibling(".lock")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[tokio::test]
    async fn whether_the_lock_could_be_taken_is_found_out_without_leaving_a_trace() {
        let tmp = tempfile::tempdir().unwrap();
        let state = state_file(tmp.path());
        Lock::could_be_taken(&state, Duration::ZERO).await.unwrap();
        assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
        let held = Lock::moves(&state, &holder(), Duration::ZERO).await.unwrap();
        let refused = Lock::could_be_taken(&state, POLL).await.unwrap_err().to_string();
        let real = Lock::moves(&state, &holder(), POLL).await.unwrap_err().to_string();
        assert_eq!(refused, real, "with the words of the move itself");
        tokio::spawn(async move {
            sleep(POLL).await;
            drop(held);
        });
        Lock::could_be_taken(&state, Duration::from_secs(30)).await.unwrap();
        Lock::moves(&state, &holder(), Duration::ZERO).await.unwrap();
        let path = state.sibling(".lock");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Lock::could_be_taken(&state, Duration::ZERO).await.is_err());
    }

    #[tokio::test]
    async fn a_lock_file_without_a_description_still_locks() {
        let tmp = tempfile::tempdir().unwrap();
        let state = state_file(tmp.path());
        let _lock = Lock::monitor(&state, &holder()).await.unwrap();
        fs::write(monitor_path(&state), "half a descr").unwrap();
        assert_eq!(monitor_state(&state).unwrap(), MonitorState::Running(None));
        let refused = Lock::monitor(&state, &holder()).await.unwrap_err().to_string();
        assert!(refused.ends_with("is held by an unknown process)"), "{refused}");
    }

    #[tokio::test]
    async fn a_lock_that_cannot_be_created_names_its_path() {
        let tmp = tempfile::tempdir().unwrap();
        let state = state_file(&tmp.path().join("missing"));
        let refused = Lock::moves(&state, &holder(), Duration::ZERO).await.unwrap_err().to_string();
        assert!(refused.starts_with("cannot lock `") && refused.contains("missing/state.json.lock"), "{refused}");
        fs::create_dir_all(monitor_path(&state)).unwrap();
        assert!(monitor_state(&state).is_err());
    }
}
