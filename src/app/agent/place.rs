//! The agent's lock and socket: whether they still are where others look for them, and made anew where they are not.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::app::headless::{Happened, News, Teller};
use crate::io::control::{Board, Server};
use crate::io::ports::{Ports, on_thread};
use crate::io::state::{Holder, Lock, LockError};
use crate::io::tasks::boxed;

use super::error::AgentError;
use super::gauges;
use super::own::Own;

/// A file, and which one it was when it was ours: device and inode.
type Spot = (PathBuf, (u64, u64));

/// What an agent holds for as long as it runs. Whoever removes `DIR/.switchback` takes both away silently: another agent
/// could begin, and nobody could ask this one.
pub struct Place {
    lock: Lock,
    holder: Holder,
    listening: Option<Listening>,
    /// Why they cannot be made anew, as told.
    told: Option<String>,
}

/// Who asks is answered, also about the agent itself.
struct Listening {
    socket: Server,
    at: Spot,
    network: Server,
    gauges: JoinHandle<()>,
}

impl Place {
    /// Takes the lock.
    pub async fn take(own: &Own, now: Timestamp) -> Result<Self, AgentError> {
        let holder = own.holder(now);
        Ok(Self { lock: own.lock(&holder).await?, holder, listening: None, told: None })
    }

    /// Answers from now on.
    pub async fn listen(&mut self, own: &Own, now: Timestamp, board: &Board) -> Result<(), AgentError> {
        let (socket, at) = answer(own, board).await?;
        let network = match own.network(now).await {
            Ok(network) => network,
            Err(error) => {
                socket.stop().await;
                return Err(error);
            }
        };
        let network = Server::start_for_all(None, network, board.clone());
        self.listening =
            Some(Listening { socket, at, network, gauges: tokio::spawn(boxed(gauges::measure(board.clone()))) });
        Ok(())
    }

    /// Looks whether both are there still. `Err` if another agent has taken the folder over: this one has to end.
    pub async fn look(&mut self, own: &Own, ports: &Ports, board: &Board, teller: &Teller) -> Result<(), AgentError> {
        let lock = self.lock.identity().ok().map(|identity| (own.lock_path(), identity));
        let spots = [lock, self.listening.as_ref().map(|listening| listening.at.clone())];
        let looked = on_thread(&*ports.disk, move || spots.map(|spot| spot.as_ref().is_none_or(is_there))).await;
        let Ok([has_lock, has_socket]) = looked else { return Ok(()) };
        // Without the folder itself there is nothing to watch by, which is told already.
        if !has_lock && !own.folder.is_dir() {
            return Ok(());
        }
        let tell = |what, message: String| teller.tell(News::new(what, message));
        let why = match self.make_anew(own, board, has_lock, has_socket).await {
            Ok(made) => {
                for path in &made {
                    board.count_error();
                    let message = format!("`{}` was removed under the running agent: made anew", path.display());
                    tell(Happened::Error, message);
                }
                if self.told.is_some() && made.is_empty() {
                    tell(Happened::Cleared, "lock and socket are there again".to_owned());
                }
                None
            }
            Err(error @ AgentError::Lock(LockError::Busy { .. })) => return Err(error),
            Err(error) => Some(format!("lock or socket was removed under the running agent: {error}")),
        };
        if let Some(why) = why.as_ref().filter(|why| self.told.as_ref() != Some(*why)) {
            board.count_error();
            tell(Happened::Error, why.clone());
        }
        self.told = why;
        Ok(())
    }

    /// The lock first: only who has it may listen. What was made anew.
    async fn make_anew(
        &mut self,
        own: &Own,
        board: &Board,
        has_lock: bool,
        has_socket: bool,
    ) -> Result<Vec<PathBuf>, AgentError> {
        let mut made = Vec::new();
        if !has_lock {
            match own.lock(&self.holder).await {
                Ok(lock) => {
                    self.lock = lock;
                    made.push(own.lock_path());
                }
                // Ours after all, on a file system that numbers its files anew each time.
                Err(AgentError::Lock(LockError::Busy { holder, .. })) if holder.as_ref() == Some(&self.holder) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some(listening) = self.listening.as_mut().filter(|_| !has_socket) {
            let (socket, at) = answer(own, board).await?;
            listening.at = at;
            // It gives those that it still serves a moment.
            tokio::spawn(boxed(std::mem::replace(&mut listening.socket, socket).stop()));
            made.push(own.socket().to_owned());
        }
        Ok(made)
    }

    pub async fn end(self) {
        if let Some(Listening { socket, network, gauges, .. }) = self.listening {
            gauges.abort();
            tokio::join!(socket.stop(), network.stop());
        }
    }
}

/// Answers at the socket.
async fn answer(own: &Own, board: &Board) -> Result<(Server, Spot), AgentError> {
    let socket = own.bind().await?;
    let at = (own.socket().to_owned(), socket.identity());
    Ok((Server::start_for_all(Some(socket), None, board.clone()), at))
}

fn is_there((path, identity): &Spot) -> bool {
    fs::metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == *identity)
}
