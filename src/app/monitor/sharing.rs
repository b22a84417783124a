//! Copies decisions and recording of a run to where the next leader finds them, a few kB at a time.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::stop::Finished;
use crate::app::deploy::{Deployment, joined, of_recording};
use crate::io::coordination::{EngineError, Leadership, NotLeading, SOAKS, Write};
use crate::io::ports::{Disk, on_thread};
use crate::io::tasks::boxed;
use crate::model::Decision;

/// Between two pieces; a decision does not wait for it.
const EVERY: Duration = Duration::from_secs(2);

/// After a decision, for what led to it: that is on its way to the disk.
const SOON: Duration = Duration::from_millis(200);

/// Of a recording that is behind, in bytes. A record of etcd has room for 1.5 MB.
const MAX_PIECE: u64 = 512 << 10;

/// How long the end of a run waits for its last piece.
const LAST: Duration = Duration::from_secs(2);

enum News {
    Decision(Box<Decision>),
    /// Answer once the others have the recording so far.
    CaughtUp(oneshot::Sender<()>),
}

pub struct Sharing {
    deployment: Deployment,
    leadership: Leadership,
    soak: String,
    news: mpsc::UnboundedSender<News>,
    task: JoinHandle<()>,
}

impl Sharing {
    /// `None` where this host is alone.
    pub fn start(deployment: &Deployment, soak: &str, recording: &Path, disk: &Arc<dyn Disk>) -> Option<Self> {
        let leadership = deployment.leadership()?.clone();
        let (news, made) = mpsc::unbounded_channel();
        let copying = Copying {
            deployment: deployment.clone(),
            leadership: leadership.clone(),
            soak: soak.to_owned(),
            recording: recording.to_owned(),
            disk: Arc::clone(disk),
        };
        let task = tokio::spawn(boxed(copying.go_on(made)));
        Some(Self { deployment: deployment.clone(), leadership, soak: soak.to_owned(), news, task })
    }

    /// Tells the others of a decision, with what led to it.
    pub fn decided(&self, decision: Decision) {
        let _ = self.news.send(News::Decision(Box::new(decision)));
    }

    /// Waits, within bounds, until the others have what is recorded by now: the next leader has to know that traffic was about to be
    /// switched.
    pub fn caught_up(&self) -> impl Future<Output = ()> + use<> {
        let (answer, answered) = oneshot::channel();
        let _ = self.news.send(News::CaughtUp(answer));
        async {
            if timeout(LAST, answered).await.is_err() {
                tracing::warn!("the other hosts do not have the recording so far");
            }
        }
    }

    /// Waits, within bounds, for the last piece. Of a run that has ended none is needed any more.
    pub async fn end(sharing: Option<Self>, finished: &Finished) {
        if let Some(sharing) = sharing {
            sharing.finish(matches!(finished, Finished::Ended(_))).await;
        }
    }

    async fn finish(self, ended: bool) {
        drop(self.news);
        if timeout(LAST, self.task).await.is_err() {
            tracing::warn!("the other hosts do not have the end of the recording");
        }
        if ended {
            let under = |end: &str| format!("{SOAKS}{}/recording{end}", self.soak);
            let all = Write::Remove { from: under("/"), to: under("0") };
            if let Err(error) = self.leadership.write(vec![all]).await {
                tracing::warn!(%error, "the recording stays in etcd");
            }
            if let Err(error) = self.deployment.forget_old_soaks().await {
                tracing::warn!(%error, "the decisions of old soaks stay in etcd");
            }
        }
    }
}

struct Copying {
    deployment: Deployment,
    leadership: Leadership,
    soak: String,
    recording: PathBuf,
    disk: Arc<dyn Disk>,
}

impl Copying {
    async fn go_on(self, mut made: mpsc::UnboundedReceiver<News>) {
        let (mut at, mut ends, mut rest) = (None, false, EVERY);
        while !ends {
            let (mut waits, wait) = (None, std::mem::replace(&mut rest, EVERY));
            tokio::select! {
                biased;
                news = made.recv() => match news {
                    Some(News::CaughtUp(answer)) => waits = Some(answer),
                    Some(News::Decision(decision)) => {
                        rest = SOON;
                        if let Some(why) = self.deployment.share_decision(&decision).await {
                            tracing::warn!(why, "a decision is not shared");
                        }
                    }
                    None => ends = true,
                },
                () = sleep(wait) => {}
            }
            self.follow().await;
            if let Err(why) = self.copy(&mut at).await {
                tracing::warn!(why, "the other hosts do not have the newest of the recording");
            }
            if let Some(answer) = waits {
                let _ = answer.send(());
            }
        }
    }

    /// Somebody may have moved traffic on another host, and `deploy.ts` on this one.
    async fn follow(&self) {
        if self.leadership.token().is_none() {
            return;
        }
        let followed = async {
            let look = self.leadership.look().await?;
            self.deployment.follow(&self.leadership, &look, true).await
        };
        match followed.await {
            Ok(true) => tracing::warn!("traffic was moved on another host: the state file here says so now"),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the state file and its copy in etcd may differ"),
        }
    }

    /// Copies what is new; `at` is how much the others have, which is found out first.
    async fn copy(&self, at: &mut Option<u64>) -> Result<(), String> {
        let mut from = match *at {
            Some(at) => at,
            None => self.known().await.map_err(|error| error.to_string())?,
        };
        *at = Some(from);
        loop {
            let path = self.recording.clone();
            let piece = on_thread(&*self.disk, move || lines_from(&path, from)).await;
            let piece = piece.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            if piece.is_empty() {
                return Ok(());
            }
            let write = of_recording(&self.soak, from, &piece).map_err(|error| error.to_string())?;
            let shared = self.leadership.write(vec![write]).await.map_err(|why: NotLeading| why.to_string())?;
            if let Some(why) = shared.why_not() {
                return Err(why);
            }
            from += piece.len() as u64;
            *at = Some(from);
        }
    }

    /// How much of the recording the others have.
    async fn known(&self) -> Result<u64, EngineError> {
        let pieces = self.leadership.engine().read(&format!("{SOAKS}{}/recording/", self.soak)).await?;
        Ok(joined(pieces.iter()).len() as u64)
    }
}

/// The whole lines of a file from a place on, at most [`MAX_PIECE`] of them, or one that is longer.
fn lines_from(path: &Path, from: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut piece = Vec::new();
    loop {
        let read = (&mut file).take(MAX_PIECE).read_to_end(&mut piece)?;
        if let Some(end) = memchr::memrchr(b'\n', &piece) {
            piece.truncate(end + 1);
            return Ok(piece);
        }
        if read == 0 {
            return Ok(Vec::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_copied() {
        let tmp = tempfile::tempdir().unwrap();
        let path = tmp.path().join("soak.jsonl");
        std::fs::write(&path, "one\ntwo\nthr").unwrap();
        assert_eq!(lines_from(&path, 0).unwrap(), b"one\ntwo\n");
        assert_eq!(lines_from(&path, 4).unwrap(), b"two\n");
        assert_eq!(lines_from(&path, 8).unwrap(), b"");
        let long = vec![b'x'; usize::try_from(MAX_PIECE).unwrap() + 7];
        std::fs::write(&path, [&long[..], b"\nmore\n"].concat()).unwrap();
        assert!(lines_from(&path, 0).unwrap().starts_with(&long));
    }
}
