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
    #[error("nginx's configuration does not pass `{command}`, so it was put back and not reloaded: {source}{}", unrestored(restored.as_deref()))]
    Test {
        /// The test.
        command: String,
        /// What it said.
        source: ProcessError,
        /// Why the old file is not back, where it is not.
        restored: Option<Box<IncludeError>>,
    },
    /// nginx would not read what was written; the old file is back, and nginx was not reloaded.
    #[error("{source}{}", unrestored(restored.as_deref()))]
    Effect {
        /// What it reads instead.
        source: EffectError,
        /// Why the old file is not back, where it is not.
        restored: Option<Box<IncludeError>>,
    },
    /// What was written cannot be read again; the old file is back, and nginx was not reloaded.
    #[error("{source}{}", unrestored(restored.as_deref()))]
    Reread {
        /// Why.
        source: IncludeError,
        /// Why the old file is not back, where it is not.
        restored: Option<Box<IncludeError>>,
    },
    /// Somebody else changed the file while nginx was reloaded.
    #[error("`{}` was changed by somebody else while nginx was reloaded", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
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
    #[error("nginx was reloaded, but its old workers still serve after {}: its error log says why", duration_exact(*limit))]
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

impl NginxError {
    /// Whether it failed before nginx was reloaded, and everything is back as it was.
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
    error.map(|error| format!("; AND THE OLD FILE IS NOT BACK: {error}")).unwrap_or_default()
}

/// The included file failed.
#[derive(Debug, thiserror::Error)]
pub enum IncludeError {
    /// It cannot be read or written.
    #[error("cannot {action} nginx's included file `{}`: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It has no directive, so it sends traffic to neither color.
    #[error("nginx's included file `{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A write in place was cut off, so it sends traffic to neither color.
    #[error("nginx's included file `{}` holds what a write that was cut off left behind", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
    },
    /// Where it is cannot be said.
    #[error("nginx's included file: {0}")]
    Place(#[from] Box<PlaceError>),
    /// A color's own file would send traffic to the other color, or both say the same.
    #[error("`{}`, which is {color}'s own file, says the same as {}", file.display(), other)]
    Mixed {
        /// The file.
        file: PathBuf,
        /// Whose it is by its name.
        color: Color,
        /// What it says.
        other: String,
    },
}
