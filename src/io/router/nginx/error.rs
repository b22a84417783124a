//! What can be wrong with nginx and its included file.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::effect::EffectError;
use super::place::PlaceError;
use super::workers::WorkersError;
use crate::io::router::ProcessError;
use crate::model::Color;
use crate::model::number::duration_exact;

#[derive(Debug, thiserror::Error)]
pub enum NginxError {
    #[error(transparent)]
    Include(#[from] IncludeError),
    #[error(transparent)]
    Workers(#[from] WorkersError),
    #[error("nginx's configuration does not pass `{command}`, so it was put back and not reloaded: {source}{}", unrestored(restored.as_deref()))]
    Test {
        command: String,
        source: ProcessError,
        /// Why the old file could not be restored, if so.
        restored: Option<Box<IncludeError>>,
    },
    /// nginx would not read what was written; the old file is back, and nginx was not reloaded.
    #[error("{source}{}", unrestored(restored.as_deref()))]
    Effect { source: EffectError, restored: Option<Box<IncludeError>> },
    /// What was written cannot be read back; the old file is back, and nginx was not reloaded.
    #[error("{source}{}", unrestored(restored.as_deref()))]
    Reread { source: IncludeError, restored: Option<Box<IncludeError>> },
    #[error("`{}` was changed by another program while nginx was reloaded", path.display())]
    Changed { path: PathBuf },
    #[error("nginx's current configuration does not pass `{command}`: {source}")]
    Broken { command: String, source: ProcessError },
    /// The new file stays: the next start of nginx reads it.
    #[error("nginx could not be reloaded with `{command}`: {source}")]
    Reload { command: String, source: ProcessError },
    #[error("nginx was reloaded, but its old workers still serve after {}: its error log says why", duration_exact(*limit))]
    NotReloaded { limit: Duration },
    #[error(
        "`{file}` sends traffic to {color}, but nginx was not reloaded since it was written: its workers still use what they read before"
    )]
    Stale { file: String, color: Color },
}

impl NginxError {
    /// Failed before the reload, and everything was restored.
    pub(super) const fn is_put_back(&self) -> bool {
        matches!(
            self,
            Self::Test { restored: None, .. }
                | Self::Effect { restored: None, .. }
                | Self::Reread { restored: None, .. }
        )
    }
}

fn unrestored(error: Option<&IncludeError>) -> String {
    error.map(|error| format!("; THE OLD FILE WAS NOT RESTORED: {error}")).unwrap_or_default()
}

#[derive(Debug, thiserror::Error)]
pub enum IncludeError {
    #[error("cannot {action} nginx's included file `{}`: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    /// No directive, so neither color gets traffic.
    #[error("nginx's included file `{}` is empty", path.display())]
    Empty { path: PathBuf },
    /// An interrupted write in place, so neither color gets traffic.
    #[error("nginx's included file `{}` holds the remains of an interrupted write", path.display())]
    Torn { path: PathBuf },
    #[error("nginx's included file: {0}")]
    Place(#[from] Box<PlaceError>),
    #[error("`{}`, which is {color}'s own file, says the same as {}", file.display(), other)]
    Mixed { file: PathBuf, color: Color, other: String },
}
