//! The socket's file: bound where nobody else can get at it, never in place of something that is not ours to remove.

use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tokio::time::timeout;

use crate::io::journal::create_private_dir;
use crate::io::journal::files::lock_within;

mod group;

use self::group::{KeptOut, SocketGroup};
pub(crate) use self::group::{check as check_group, unknown as no_such_group};

/// In bytes: `sun_path` of `unix(7)` holds 108 with its terminating zero.
pub const MAX_PATH: usize = 107;

const BACKLOG: u32 = 128;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const FOLDER_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error(
        "the path of the control socket `{}` has {} bytes, {MAX_PATH} are the limit: set a shorter `control.socket`",
        path.display(), path.as_os_str().len()
    )]
    TooLong { path: PathBuf },
    #[error("another monitor answers at the control socket `{}`", path.display())]
    Live { path: PathBuf },
    #[error("`{}` is {what}, not a socket: move it away or set another `control.socket`", path.display())]
    NotASocket { path: PathBuf, what: &'static str },
    /// Others could replace the socket, or listen in its stead.
    #[error("the folder `{}` of the control socket {why}", folder.display())]
    Folder { folder: PathBuf, why: String },
    #[error("`control.group` = {group}: {why}")]
    Group { group: String, why: String },
    #[error("cannot {action} `{}` for the control socket: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}

/// A bound socket, `0600`, or `0660` for a group. Dropped, it removes its file, unless it was replaced.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
    identity: (u64, u64),
    owner: u32,
    is_shared: bool,
    kept_out: Option<KeptOut>,
}

impl ControlSocket {
    /// Binds and listens, also for a `group` (name or number). New folders are `0700`; replaces a dead socket.
    pub async fn bind(path: &Path, group: Option<&str>) -> Result<Self, SocketError> {
        let named = group
            .map(|name| SocketGroup::named(name).map_err(|why| SocketError::Group { group: name.to_owned(), why }));
        Self::bind_as(geteuid().as_raw(), path, named.transpose()?).await
    }

    async fn bind_as(user: u32, path: &Path, group: Option<SocketGroup>) -> Result<Self, SocketError> {
        if path.as_os_str().len() > MAX_PATH {
            return Err(SocketError::TooLong { path: path.to_owned() });
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        create_private_dir(folder).map_err(io("create the folder", folder))?;
        let metadata = fs::metadata(folder).map_err(io("look at the folder", folder))?;
        if let Some(why) = unsafe_folder(&metadata, user, folder) {
            return Err(SocketError::Folder { folder: folder.to_owned(), why });
        }
        // Held from the check until it answers: two monitors starting at once could remove each other's socket.
        let _binding = lock(folder).await?;
        make_way(path).await?;
        let mut listening = Self::listen(path, group.as_ref()).map_err(io("bind", path))?;
        listening.kept_out = group.and_then(|group| group.kept_out(folder));
        Ok(listening)
    }

    /// Nobody can connect before the file is ours alone: a socket that does not listen refuses.
    fn listen(path: &Path, group: Option<&SocketGroup>) -> io::Result<Self> {
        let socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
        // Belongs to the folder's owner, and in a team's folder (setgid) to its group.
        let folder = fs::metadata(path.parent().unwrap_or(Path::new(".")))?;
        if geteuid().is_root() && folder.uid() != 0 && folder.mode() & 0o002 == 0 {
            std::os::unix::fs::chown(path, Some(folder.uid()), Some(folder.gid()))?;
        }
        if let Some(group) = group {
            std::os::unix::fs::chown(path, None, Some(group.gid())).inspect_err(|_| {
                let _ = fs::remove_file(path);
            })?;
        }
        let is_shared = group.is_some() || folder.mode() & 0o2020 == 0o2020;
        fs::set_permissions(path, Permissions::from_mode(if is_shared { 0o660 } else { 0o600 }))?;
        let metadata = fs::symlink_metadata(path)?;
        let listener = socket.listen(BACKLOG)?;
        let (path, identity, owner) = (path.to_owned(), identity(&metadata), metadata.uid());
        Ok(Self { listener, path, identity, owner, is_shared, kept_out: None })
    }

    /// Whether another user than the `monitor`'s may ask: the owner root gave it to, or whom its mode lets in.
    pub(super) const fn admits(&self, user: u32, monitor: u32) -> bool {
        (monitor == 0 && user == self.owner) || self.is_shared
    }

    /// Device and inode of its file.
    pub const fn identity(&self) -> (u64, u64) {
        self.identity
    }

    pub const fn kept_out(&self) -> Option<&KeptOut> {
        self.kept_out.as_ref()
    }

    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity) {
            // A leftover file refuses connections, and the next monitor replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

fn io(action: &'static str, path: &Path) -> impl Fn(io::Error) -> SocketError {
    let path = path.to_owned();
    move |source| SocketError::Io { action, path: path.clone(), source }
}

fn unsafe_folder(metadata: &Metadata, user: u32, folder: &Path) -> Option<String> {
    const STICKY: u32 = 0o1000;
    const SETGID: u32 = 0o2000;
    let (owner, mode) = (metadata.uid(), metadata.mode());
    // What root creates belongs to the owner of the deployment.
    if owner != user && owner != 0 && user != 0 {
        return Some(format!(
            "belongs to the user {owner}: run as that user, or set `control.socket` to a path in a folder of your own"
        ));
    }
    // In a team's folder the group may do everything else as well.
    let others = if mode & SETGID == 0 { 0o022 } else { 0o002 };
    match (mode & others, mode & STICKY) {
        (0, _) => None,
        // Folders such as /tmp are shared on purpose.
        (_, STICKY) => {
            Some("is shared by all users: set `control.socket` to a path in a folder of your own".to_owned())
        }
        _ => Some(format!("can be written to by others: run `chmod go-w '{}'`", folder.display())),
    }
}

/// Keeps other processes from binding in the folder until the file is dropped.
async fn lock(folder: &Path) -> Result<File, SocketError> {
    let file = File::open(folder).map_err(io("open the folder", folder))?;
    let locking =
        tokio::task::spawn_blocking(move || Ok(lock_within(FOLDER_WAIT, || file.try_lock())?.then_some(file)));
    let locked = locking.await.unwrap_or_else(|error| Err(error.into()));
    let busy = || io::Error::other("another process holds its lock");
    locked.and_then(|file| file.ok_or_else(busy)).map_err(io("lock the folder", folder))
}

/// Removes the socket of a dead monitor; anything else at the path is an error.
async fn make_way(path: &Path) -> Result<(), SocketError> {
    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io("look at", path)(error)),
    };
    if !kind.is_socket() {
        let what = match kind {
            kind if kind.is_symlink() => "a symlink",
            kind if kind.is_dir() => "a folder",
            _ => "a file",
        };
        return Err(SocketError::NotASocket { path: path.to_owned(), what });
    }
    match timeout(CONNECT_TIMEOUT, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(io("remove the dead socket", path))
        }
        // A full backlog means a live, busy monitor.
        Ok(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(io("connect to", path)(error)),
        _ => Err(SocketError::Live { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests;
