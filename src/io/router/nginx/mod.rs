//! Router `nginx`: writes the color's upstream into an included file, tests with `nginx -t`, and reloads. A failed
//! reload is silent (workers keep the old file): a move waits for newer workers, and reading older ones is an error.
//!
//! | file | holds |
//! | --- | --- |
//! | `directives` | whether two pieces of nginx configuration say the same |
//! | `dump` | what `nginx -T` prints |
//! | `effect` | whether nginx reads the included file at all |
//! | `error` | what can be wrong with nginx and its included file |
//! | `foreseen` | what a move would do to the included file, found out without touching it |
//! | `include` | the file that nginx includes |
//! | `master` | the files as nginx's master sees them, which may live in mounts and under a root of its own |
//! | `pair` | the two color files beside a link, where the link's own text does not tell them |
//! | `place` | where the included file really is |
//! | `workers` | nginx's processes |
//! | `write` | changing files and links |

mod directives;
mod dump;
mod effect;
mod error;
mod foreseen;
mod include;
mod master;
mod pair;
mod place;
mod workers;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::process::run;
use super::{Foreign, Moved, Replace, Router, RouterError, RouterFuture, Written};
use crate::config::NginxConfig;
use crate::model::Color;

use effect::{Effect, EffectError};
pub(super) use error::IncludeError;
pub(crate) use error::NginxError;
use include::{Holds, IncludeFile, Standing};
use master::{FileMount, Master};
use place::Place;
pub(super) use place::PlaceError;
pub(super) use workers::WorkersError;
use workers::{Workers, master, serving};

const POLL: Duration = Duration::from_millis(20);

#[derive(Clone, Debug)]
pub struct NginxRouter {
    config: NginxConfig,
    include: IncludeFile,
    folder: PathBuf,
    limit: Duration,
}

impl NginxRouter {
    /// Test and reload run in `folder` (empty: the working directory); `limit` applies to each move and each reading.
    pub fn new(config: NginxConfig, service: &str, folder: &Path, limit: Duration, written: Written) -> Self {
        let include = IncludeFile::new(&config, service, written);
        Self { config, include, folder: folder.to_owned(), limit }
    }

    fn foreign(&self, found: &[u8]) -> RouterError {
        let reload = self.config.reload.join(" ");
        let step = |color| format!("{} and run `{reload}`", self.include.by_hand(color));
        Foreign::new(self.include.path().display().to_string(), found, step).into()
    }

    fn master(&self) -> Option<Master> {
        master(&self.config.pid_file).ok().map(Master::new)
    }

    async fn go(&self, to: Color, replace: Replace) -> Result<Moved, RouterError> {
        let master = self.master();
        let standing =
            self.include.look(master).map_err(|error| RouterError::from(NginxError::from(error)).unread())?;
        let kept = match &standing.holds {
            Holds::Foreign(found) if replace == Replace::Ours => return Err(self.foreign(found)),
            Holds::Foreign(found) => Some(self.include.keep(found).map_err(NginxError::from)?),
            Holds::Nothing | Holds::Torn | Holds::Color(_) => None,
        };
        let moved = self.change_and_reload(&standing, to, master).await.map_err(|error| match error {
            error if error.is_put_back() => RouterError::from(error).put_back(),
            error => error.into(),
        })?;
        Ok(Moved { kept, ..moved })
    }

    async fn change_and_reload(
        &self,
        standing: &Standing,
        to: Color,
        master: Option<Master>,
    ) -> Result<Moved, NginxError> {
        let deadline = Instant::now() + self.limit;
        let left = || deadline.saturating_duration_since(Instant::now());
        // A stopped nginx has no workers yet; the reload reports that.
        let before = serving(&self.config.pid_file);
        let change = self.include.change(standing, to, master)?;
        let put_back = || self.include.restore(&change, standing.changed, master).err().map(Box::new);
        if let Err(source) = run(&self.folder, &self.config.test, &[], left()).await {
            return Err(NginxError::Test { command: self.config.test.join(" "), source, restored: put_back() });
        }
        let now = self.include.look(master).map_err(|source| NginxError::Reread { source, restored: put_back() })?;
        let effect = self.effect(&now, left(), master).await;
        let effect = effect.map_err(|source| NginxError::Effect { source, restored: put_back() })?;
        let printed = run(&self.folder, &self.config.reload, &[], left())
            .await
            .map_err(|source| NginxError::Reload { command: self.config.reload.join(" "), source })?;
        let unseen = match before {
            Err(WorkersError::NoRight { .. }) => Some("not permitted to see its workers".to_owned()),
            before => self.await_new_workers(&before.unwrap_or_default(), deadline).await.map(|()| None)?,
        };
        // A change by somebody else in between may have reached the new workers.
        let after = self.include.look(self.master())?;
        if after.holds != Holds::Color(to) || after.bytes() != now.bytes() {
            return Err(NginxError::Changed { path: after.file().to_owned() });
        }
        let unknown = match effect {
            Effect::Read => None,
            Effect::Unknown(why) => Some(why),
        };
        let doubts: Vec<_> = unseen.into_iter().chain(unknown).collect();
        let doubt = format!("the move is not confirmed by what nginx reads: {}", doubts.join("; "));
        let output = Some(told(&after, to, &printed.quote()));
        let notes = if doubts.is_empty() { Vec::new() } else { vec![doubt] };
        Ok(Moved { output, kept: None, notes })
    }

    async fn effect(
        &self,
        standing: &Standing,
        limit: Duration,
        master: Option<Master>,
    ) -> Result<Effect, EffectError> {
        let Some(bytes) = standing.seen() else { return Ok(Effect::Unknown("there is no file yet".to_owned())) };
        effect::look(&self.folder, &self.config.test, limit, master, standing.file(), bytes).await
    }

    async fn await_new_workers(&self, before: &Workers, deadline: Instant) -> Result<(), NginxError> {
        loop {
            let now = serving(&self.config.pid_file);
            if now.as_ref().is_ok_and(|now| now.all_new_since(before)) {
                return Ok(());
            }
            if Instant::now() + POLL >= deadline {
                // A new worker has its master's title for a moment: there may seem to be none.
                now?;
                return Err(NginxError::NotReloaded { limit: self.limit });
            }
            sleep(POLL).await;
        }
    }

    fn read_now(&self) -> Result<Color, RouterError> {
        let standing = self.include.look(self.master()).map_err(NginxError::from)?;
        let refused = |error: IncludeError| NginxError::from(error).into();
        let color = match standing.holds {
            Holds::Color(color) => color,
            Holds::Foreign(found) => return Err(self.foreign(&found)),
            Holds::Nothing => {
                let (action, path) = ("read", standing.file().to_owned());
                let missing = || io::Error::from(io::ErrorKind::NotFound);
                return Err(refused(match standing.bytes() {
                    Some(_) => IncludeError::Empty { path },
                    None => IncludeError::Io { action, path, source: missing() },
                }));
            }
            Holds::Torn => return Err(refused(IncludeError::Torn { path: standing.file().to_owned() })),
        };
        let workers = match serving(&self.config.pid_file) {
            Err(WorkersError::NoRight { .. }) => return Ok(color),
            workers => workers.map_err(NginxError::from)?,
        };
        if standing.changed.is_some_and(|changed| workers.any_older_than(changed)) {
            let file = self.include.path().display().to_string();
            return Err(NginxError::Stale { file, color }.into());
        }
        Ok(color)
    }

    async fn try_out(&self, to: Color, replace: Replace) -> Result<Vec<String>, RouterError> {
        let workers = serving(&self.config.pid_file);
        let hidden = matches!(workers, Err(WorkersError::NoRight { .. }));
        let master = if hidden { None } else { workers.map_err(NginxError::from).map(|_| self.master())? };
        let standing = self.include.look(master).map_err(NginxError::from)?;
        let how = foreseen::how(&standing, to).map_err(NginxError::from)?;
        // A missing or empty file is written by a move; without a valid one no test could pass before that.
        let (now, tested) = match &standing.holds {
            Holds::Foreign(found) if replace == Replace::Ours => return Err(self.foreign(found)),
            Holds::Foreign(_) => ("not ours, a copy of it is kept".to_owned(), TESTED_THEN.to_owned()),
            Holds::Nothing => ("missing or empty".to_owned(), TESTED_THEN.to_owned()),
            Holds::Torn => ("an interrupted write".to_owned(), TESTED_THEN.to_owned()),
            Holds::Color(now) if standing.bytes().is_none() => {
                (format!("{now}, and that file is gone"), TESTED_THEN.to_owned())
            }
            Holds::Color(now) => {
                run(&self.folder, &self.config.test, &[], self.limit)
                    .await
                    .map_err(|source| NginxError::Broken { command: self.config.test.join(" "), source })?;
                let effect = self.effect(&standing, self.limit, master).await;
                let effect = effect.map_err(|source| NginxError::Effect { source, restored: None })?;
                (now.to_string(), tested(&effect))
            }
        };
        let reload = self.config.reload.join(" ");
        let mut lines = vec![format!("{how} (now: {now}), test it, reload nginx with `{reload}`"), tested];
        if hidden {
            lines.push("not permitted to see nginx's workers: reloads are not confirmed".to_owned());
        }
        if let Some(FileMount::Replaced { at }) = &standing.mount {
            let at = at.display();
            lines.push(format!("nginx still sees the old file at `{at}`, a mount of that single file: it is written there as well, until nginx is restarted"));
        }
        Ok(lines)
    }
}

const TESTED_THEN: &str = "the configuration is tested only then";

fn tested(effect: &Effect) -> String {
    match effect {
        Effect::Read => "the current configuration passes its test, and nginx reads this file".to_owned(),
        Effect::Unknown(why) => {
            format!("the current configuration passes its test; whether nginx reads this file is not known: {why}")
        }
    }
}

fn told(after: &Standing, to: Color, said: &str) -> String {
    let file = match &after.place {
        Place::Link(link) => format!("the link `{}` leads to `{}`", link.link.display(), link.text(to).display()),
        Place::File { path, .. } => format!("`{}` sends traffic to {to}", path.display()),
    };
    let said = if said.is_empty() { String::new() } else { format!("; it said: {said}") };
    format!("{file}, nginx reloaded{said}")
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
        Box::pin(async move { self.read_now() })
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(self.try_out(to, replace))
    }
}
