//! Router `nginx`: a file that nginx includes names the color's upstream; it is written, tested with `nginx -t`, and nginx
//! reloaded.
//!
//! A reload goes wrong in silence: the master logs why, and the workers run on with what they read before. So a move is over
//! only when workers run that were started after it, and a reading that finds older ones than the file is an error.

mod directives;
mod include;
mod workers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::process::{ProcessError, run};
use super::{Foreign, Moved, Replace, Router, RouterError, RouterFuture, Written};
use crate::config::NginxConfig;
use crate::deploy::Color;

pub use include::IncludeError;
use include::{Holds, IncludeFile};
pub use workers::WorkersError;
use workers::{Workers, serving};

/// Time between two looks at workers that are starting.
const POLL: Duration = Duration::from_millis(20);

/// nginx could not be moved or read.
#[derive(Debug, thiserror::Error)]
pub enum NginxError {
    /// The included file failed.
    #[error(transparent)]
    Include(#[from] IncludeError),
    /// Its processes cannot be seen.
    #[error(transparent)]
    Workers(#[from] WorkersError),
    /// The test did not pass; the old file is back, and nginx was not reloaded.
    #[error("nginx's configuration does not pass `{command}`, so it was put back and not reloaded: {source}{}", unrestored(restored.as_ref()))]
    Test {
        /// The test.
        command: String,
        /// What it said.
        source: ProcessError,
        /// Why the old file is not back, where it is not.
        restored: Option<IncludeError>,
    },
    /// The configuration as it stands does not pass the test.
    #[error("nginx's configuration does not pass `{command}` as it stands: {source}")]
    Broken {
        /// The test.
        command: String,
        /// What it said.
        source: ProcessError,
    },
    /// The reload failed. The new file stays: it is what the next start of nginx reads.
    #[error("nginx could not be reloaded with `{command}`: {source}")]
    Reload {
        /// The command.
        command: String,
        /// What it said.
        source: ProcessError,
    },
    /// No new workers came.
    #[error("nginx was reloaded, but its old workers still serve after {}: its error log says why", humantime::format_duration(*limit))]
    NotReloaded {
        /// How long was waited.
        limit: Duration,
    },
    /// The file was changed and nginx not reloaded.
    #[error(
        "`{file}` sends traffic to {color}, but nginx was not reloaded since it was written: its workers run on with what they read before"
    )]
    Stale {
        /// The included file.
        file: String,
        /// What it says.
        color: Color,
    },
}

fn unrestored(error: Option<&IncludeError>) -> String {
    error.map(|error| format!("; AND THE OLD FILE IS NOT BACK: {error}")).unwrap_or_default()
}

/// An nginx that includes a file of ours.
#[derive(Clone, Debug)]
pub struct NginxRouter {
    config: NginxConfig,
    include: IncludeFile,
    folder: PathBuf,
    limit: Duration,
}

impl NginxRouter {
    /// A router over this included file of a service; each move and each reading gets `limit`. `written` is the record of
    /// what was written into it.
    pub fn new(config: NginxConfig, service: &str, limit: Duration, written: Written) -> Self {
        let include = IncludeFile::new(&config, service, written);
        Self { config, include, folder: PathBuf::new(), limit }
    }

    /// The folder that test and reload run in; without one, the working directory.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..self }
    }

    fn foreign(&self, found: &[u8]) -> RouterError {
        let (file, reload) = (self.include.path().display().to_string(), self.config.reload.join(" "));
        let step = |color| format!("write `{}` into `{file}` and run `{reload}`", self.include.directives(color));
        Foreign::new(&*file, found, step).into()
    }

    async fn go(&self, to: Color, replace: Replace) -> Result<Moved, RouterError> {
        let before = self.include.before().map_err(|error| RouterError::from(NginxError::from(error)).unread())?;
        let kept = match before {
            Holds::Foreign(found) if replace == Replace::Ours => return Err(self.foreign(&found)),
            Holds::Foreign(found) => Some(self.include.keep(&found).map_err(NginxError::from)?),
            Holds::Nothing | Holds::Color(_) => None,
        };
        let moved = self.write_and_reload(to).await.map_err(|error| match error {
            NginxError::Test { restored: None, .. } => RouterError::PutBack(Box::new(error.into())),
            error => error.into(),
        })?;
        Ok(Moved { kept, ..moved })
    }

    async fn write_and_reload(&self, to: Color) -> Result<Moved, NginxError> {
        let deadline = Instant::now() + self.limit;
        let left = || deadline.saturating_duration_since(Instant::now());
        // An nginx that does not run has no workers yet; the reload says so.
        let before = serving(&self.config.pid_file).unwrap_or_default();
        let kept = self.include.replace(to)?;
        let tested = run(&self.folder, &self.config.test, &[], left()).await;
        if let Err(source) = tested {
            let restored = self.include.restore(&kept).err();
            return Err(NginxError::Test { command: self.config.test.join(" "), source, restored });
        }
        let printed = run(&self.folder, &self.config.reload, &[], left())
            .await
            .map_err(|source| NginxError::Reload { command: self.config.reload.join(" "), source })?;
        self.await_new_workers(&before, deadline).await?;
        let said = printed.quote();
        let reloaded = format!("`{}` sends traffic to {to}, nginx reloaded", self.include.path().display());
        Ok(Moved {
            output: Some(if said.is_empty() { reloaded } else { format!("{reloaded}; it said: {said}") }),
            ..Moved::default()
        })
    }

    async fn await_new_workers(&self, before: &Workers, deadline: Instant) -> Result<(), NginxError> {
        loop {
            let now = serving(&self.config.pid_file);
            if now.as_ref().is_ok_and(|now| now.all_new_since(before)) {
                return Ok(());
            }
            if Instant::now() + POLL >= deadline {
                // A worker that has just begun has its master's title: for a moment there may seem to be none.
                now?;
                return Err(NginxError::NotReloaded { limit: self.limit });
            }
            sleep(POLL).await;
        }
    }

    fn look(&self) -> Result<Color, RouterError> {
        let (holds, written) = self.include.read().map_err(NginxError::from)?;
        let path = self.include.path();
        let color = match holds {
            Holds::Color(color) => color,
            Holds::Foreign(found) => return Err(self.foreign(&found)),
            Holds::Nothing => return Err(NginxError::from(IncludeError::Empty { path: path.to_owned() }).into()),
        };
        let workers = serving(&self.config.pid_file).map_err(NginxError::from)?;
        if workers.any_older_than(written) {
            return Err(NginxError::Stale { file: path.display().to_string(), color }.into());
        }
        Ok(color)
    }

    async fn try_out(&self, to: Color, replace: Replace) -> Result<Vec<String>, RouterError> {
        self.include.can_be_written().map_err(NginxError::from)?;
        serving(&self.config.pid_file).map_err(NginxError::from)?;
        // A missing or empty file is written by a move. Without one that nginx understands no test could pass before that.
        let (now, tested) = match self.include.before().map_err(NginxError::from)? {
            Holds::Foreign(found) if replace == Replace::Ours => return Err(self.foreign(&found)),
            Holds::Foreign(_) => (
                "not ours, a copy of it is kept".to_owned(),
                "whether the configuration passes its test is only known then",
            ),
            Holds::Color(now) => {
                run(&self.folder, &self.config.test, &[], self.limit)
                    .await
                    .map_err(|source| NginxError::Broken { command: self.config.test.join(" "), source })?;
                (now.to_string(), "the configuration as it stands passes its test")
            }
            Holds::Nothing => {
                ("missing or empty".to_owned(), "whether the configuration passes its test is only known then")
            }
        };
        let (file, reload) = (self.include.path().display(), self.config.reload.join(" "));
        Ok(vec![
            format!("write `{file}` for {to} (now: {now}), test it, reload nginx with `{reload}`"),
            tested.to_owned(),
        ])
    }
}

impl Router for NginxRouter {
    fn kind(&self) -> &'static str {
        "nginx"
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(to, replace))
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.go(to, replace))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async move { self.look() })
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(self.try_out(to, replace))
    }
}
