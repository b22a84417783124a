//! A run that somebody asked for: what a command begins through the agent.

use std::path::Path;

use crate::app::monitor::{Begin, OpenError};
use crate::config::Loaded;
use crate::io::control::{BeginRequest, NotBegun, What};

use super::candidate::Candidate;

/// What the monitor is to begin.
pub const fn begin(what: &What) -> Begin {
    match what {
        What::Switch { to, soak, no_rollback, force } => {
            Begin::Switch { to: *to, soak: *soak, no_rollback: *no_rollback, force: *force }
        }
        What::Soak => Begin::Soak,
        What::Resume => Begin::Resume,
    }
}

/// The configuration for this wish: the file, what was given on the command line, and a caution that this leaves open.
pub fn configuration(
    candidate: &Candidate,
    wish: &BeginRequest,
    caution: Option<(String, String)>,
) -> Result<Loaded, NotBegun> {
    let given = |key: &str| wish.settings.iter().any(|(given, _)| given == key);
    let release = wish.release.iter().map(|release| ("release".to_owned(), release.clone()));
    let caution = caution.into_iter().filter(|(key, _)| !given(key));
    let flags = caution.chain(wish.settings.iter().cloned()).chain(release).collect();
    let loaded =
        candidate.load(flags, wish.folder.as_deref()).map_err(|problems| not_begun(2, problems.to_string()))?;
    let same = |is: &Path, was: &Path| is == was || is.canonicalize().is_ok_and(|is| is == was);
    let there = loaded.config.service_dir();
    if loaded.config.service != candidate.service || !same(&there, &candidate.service_dir) {
        let (file, is) = (candidate.file.display(), &loaded.config.service);
        return Err(not_begun(2, format!("an agent watches `{}` by `{file}`; this is `{is}`", candidate.service)));
    }
    Ok(loaded)
}

pub fn not_begun(exit_code: u8, error: impl Into<String>) -> NotBegun {
    NotBegun { error: error.into(), exit_code, told: Vec::new() }
}

pub fn refused(error: &OpenError) -> NotBegun {
    not_begun(error.exit_code(), error.to_string())
}
