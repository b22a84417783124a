//! Rereads certificates and secrets when their files change. Stamps follow symlinks, which Kubernetes and certbot move.
//! Unusable files leave the old values in force.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::ListenError;
use super::guard::Guard;
use super::seats::Seats;
use super::tls::TlsFiles;
use super::tokens::Role;
use crate::config::{ControlConfig, reread_secrets};
use crate::io::texts::read_text;

const INTERVAL: Duration = Duration::from_secs(1);

pub struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    pub fn new(value: T) -> Self {
        Self(RwLock::new(Arc::new(value)))
    }

    pub fn get(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(value);
    }
}

/// Identifies a file's version: device, inode, size, mtime and ctime.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

/// Only for regular files: reading anything else may block forever.
fn stamp(path: &Path) -> io::Result<Stamp> {
    let of = fs::metadata(path)?;
    if !of.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    Ok((of.dev(), of.ino(), of.size(), (of.mtime(), of.mtime_nsec()), (of.ctime(), of.ctime_nsec())))
}

/// Whether it can be reread: a pipe cannot, and a descriptor's path may be another file by then.
fn is_lasting(path: &Path) -> bool {
    !path.starts_with("/dev") && !path.starts_with("/proc") && fs::metadata(path).is_ok_and(|found| found.is_file())
}

#[derive(Debug)]
struct Watched {
    what: &'static str,
    /// With their configuration keys.
    files: Vec<(&'static str, PathBuf)>,
    /// Stamps of the last read; `None` before it: the files may have changed since the configuration was read.
    seen: Option<Vec<Option<Stamp>>>,
    trouble: Trouble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    Fresh,
    Told,
}

impl Watched {
    /// `None` if no file can be reread.
    fn new(what: &'static str, files: Vec<(&'static str, PathBuf)>) -> Option<Self> {
        (!files.is_empty()).then_some(Self { what, files, seen: None, trouble: Trouble::None })
    }

    fn look<T>(&mut self, read: impl FnOnce() -> Result<Option<T>, String>) -> Option<T> {
        let stamps: Vec<io::Result<Stamp>> = self.files.iter().map(|(_, path)| stamp(path)).collect();
        let unreadable = self.files.iter().zip(&stamps).find_map(|((key, path), stamp)| {
            stamp.as_ref().err().map(|error| format!("`{key}`: `{}` cannot be read: {error}", path.display()))
        });
        let now = Some(stamps.into_iter().map(Result::ok).collect());
        let changed = self.seen != now;
        if !changed && self.trouble == Trouble::None {
            return None;
        }
        self.seen = now;
        match unreadable.map_or_else(read, Err) {
            Ok(new) => {
                if new.is_some() || self.trouble == Trouble::Told {
                    tracing::info!(what = self.what, "reloaded, in force for new connections and requests");
                }
                self.trouble = Trouble::None;
                new
            }
            Err(why) => {
                // Files are replaced one after the other: only what is still wrong at the next look counts.
                if !changed && self.trouble == Trouble::Fresh {
                    tracing::warn!(
                        what = self.what,
                        why,
                        "the change was not applied: the previous files stay in force"
                    );
                    self.trouble = Trouble::Told;
                } else if changed {
                    self.trouble = Trouble::Fresh;
                }
                None
            }
        }
    }
}

struct Tls {
    watched: Watched,
    files: TlsFiles,
    digest: Vec<u8>,
    current: Arc<Current<TlsAcceptor>>,
}

impl Tls {
    fn look(&mut self) {
        let Self { watched, files, digest, current } = self;
        let new = watched.look(|| {
            let found = digest_of(files)?;
            let acceptor = files.acceptor().map_err(|error| error.to_string())?;
            let changed = *digest != found;
            *digest = found;
            Ok(changed.then_some(acceptor))
        });
        if let Some(acceptor) = new {
            current.set(acceptor);
        }
    }
}

fn digest_of(files: &TlsFiles) -> Result<Vec<u8>, String> {
    let mut all = ring::digest::Context::new(&ring::digest::SHA256);
    for (key, path) in files.by_key() {
        let text = fs::read(&path).map_err(|error| format!("`{key}`: `{}` cannot be read: {error}", path.display()))?;
        all.update(&text);
        // Not part of any PEM, so that moving text from one file to the next is a change.
        all.update(&[0]);
    }
    Ok(all.finish().as_ref().to_vec())
}

struct Secrets {
    watched: Watched,
    config: ControlConfig,
    /// The key of notifications, which must differ from that of signed orders.
    notify: Option<SecretString>,
}

impl Secrets {
    fn look(&mut self, guard: &Guard, seats: &Seats) {
        let Self { watched, config, notify } = self;
        let new = watched.look(|| {
            let renewed = reread_secrets(config, notify.as_ref(), read_text)?;
            let changed = config.secrets().into_iter().zip(renewed.secrets()).any(|(old, new)| differ(old.1, new.1));
            Ok(changed.then_some(renewed))
        });
        let Some(renewed) = new else { return };
        guard.renew(&renewed);
        for (old, new, role) in [
            (&config.operator_token, &renewed.operator_token, Role::Operator),
            (&config.viewer_token, &renewed.viewer_token, Role::Viewer),
        ] {
            if differ(old.as_ref(), new.as_ref()) {
                // An event stream shows its token once, and could outlive a revoked one by hours.
                seats.revoke(role);
            }
        }
        *config = renewed;
    }
}

fn differ(old: Option<&SecretString>, new: Option<&SecretString>) -> bool {
    old.map(SecretString::expose_secret) != new.map(SecretString::expose_secret)
}

#[derive(Default)]
pub struct Renewal {
    tls: Option<Tls>,
    secrets: Option<Secrets>,
}

impl Renewal {
    /// Watches the files of this configuration, except those that cannot be reread.
    pub fn new(config: &ControlConfig, notify: Option<&SecretString>) -> Self {
        let mut config = config.clone();
        config.secret_files.retain(|_, path| is_lasting(path));
        let files = config.secret_files.iter().map(|(key, path)| (*key, path.clone())).collect();
        let secrets = Watched::new("tokens and secrets of the control API", files).map(|watched| Secrets {
            watched,
            config,
            notify: notify.cloned(),
        });
        Self { tls: None, secrets }
    }

    pub fn of_tls(&mut self, files: TlsFiles) -> Result<Arc<Current<TlsAcceptor>>, ListenError> {
        let by_key = files.by_key();
        let lasting = by_key.iter().all(|(_, path)| is_lasting(path));
        // Read before the acceptor reads them, so that a change in between is noticed.
        let digest = if lasting { digest_of(&files).unwrap_or_default() } else { Vec::new() };
        let current = Arc::new(Current::new(files.acceptor()?));
        let watched = Watched::new("certificate of the control API", by_key).filter(|_| lasting);
        self.tls = watched.map(|watched| Tls { watched, files, digest, current: Arc::clone(&current) });
        Ok(current)
    }

    /// Looks at the files every second until `stopped`. A hanging file system delays nobody else.
    pub async fn run(self, guard: Arc<Guard>, seats: Arc<Seats>, mut stopped: watch::Receiver<bool>) {
        tokio::select! {
            () = self.keep_looking(guard, seats) => {}
            _ = stopped.changed() => {}
        }
    }

    async fn keep_looking(mut self, guard: Arc<Guard>, seats: Arc<Seats>) {
        while self.tls.is_some() || self.secrets.is_some() {
            sleep(INTERVAL).await;
            let (guard, seats) = (Arc::clone(&guard), Arc::clone(&seats));
            let looked = tokio::task::spawn_blocking(move || {
                self.look(&guard, &seats);
                self
            });
            match looked.await {
                Ok(renewal) => self = renewal,
                Err(error) => return tracing::error!(%error, "certificates and tokens are no longer reloaded"),
            }
        }
    }

    fn look(&mut self, guard: &Guard, seats: &Seats) {
        if let Some(tls) = &mut self.tls {
            tls.look();
        }
        if let Some(secrets) = &mut self.secrets {
            secrets.look(guard, seats);
        }
    }
}

#[cfg(test)]
mod tests;
