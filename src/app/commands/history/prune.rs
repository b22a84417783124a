//! `history prune`: what a soak does when it begins, by hand.

use jiff::Timestamp;

use crate::app::cli::Common;
use crate::app::commands::support::failure::Failure;
use crate::app::commands::support::{context, output, place};
use crate::app::deploy::Deployment;
use crate::config::Config;
use crate::io::journal;
use crate::io::journal::{Pruned, SoakId, Stored};
use crate::io::state::{MonitorState, monitor_state};
use crate::model::Phase;
use crate::model::number::size;

pub fn run(common: &Common, dry_run: bool) -> Result<u8, Failure> {
    let config = context::loaded(common, place::has_one_record)?.config;
    let in_use = in_use(&config)?;
    let pruned = journal::prune(&config.service_dir(), &config.retention.limits(), &in_use, Timestamp::now(), dry_run)
        .map_err(Failure::usage)?;
    report(&pruned, if dry_run { "would remove" } else { "removed" })
}

fn report(pruned: &Pruned, verb: &str) -> Result<u8, Failure> {
    for recording in &pruned.removed {
        output::line(&format!("{verb} {}  {}", recording.id, size(recording.bytes)));
    }
    output::line(&total(verb, pruned));
    if pruned.failed.is_empty() {
        return Ok(0);
    }
    let failed: Vec<_> = pruned.failed.iter().map(ToString::to_string).collect();
    Err(Failure::usage(failed.join("\n")))
}

/// Soaks whose recordings are still needed: the unfinished one of the state file, and the newest while a monitor runs.
fn in_use(config: &Config) -> Result<Vec<SoakId>, Failure> {
    let deployment = Deployment::open(config)?;
    let monitor = monitor_state(deployment.state_file()).map_err(Failure::usage)?;
    let state = deployment.state_file().read()?;
    let unfinished = state.soak().filter(|block| block.phase != Phase::Finished.name());
    let mut in_use: Vec<_> = unfinished.and_then(|block| block.id.parse().ok()).into_iter().collect();
    if monitor != MonitorState::NotRunning {
        in_use.extend(journal::recordings(&config.service_dir()).map_err(Failure::usage)?.pop());
    }
    Ok(in_use)
}

fn total(verb: &str, pruned: &Pruned) -> String {
    let count = |recordings: &[Stored]| match recordings.len() {
        1 => "1 recording".to_owned(),
        many => format!("{many} recordings"),
    };
    let total = |recordings: &[Stored]| size(recordings.iter().map(|recording| recording.bytes).sum());
    let Pruned { removed, kept, .. } = pruned;
    format!("{verb} {} ({}), {} ({}) stay", count(removed), total(removed), count(kept), total(kept))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::journal::RecordingError;

    fn stored(bytes: u64) -> Stored {
        Stored { id: "20261123T140211Z-3f2a".parse().unwrap(), bytes, age: std::time::Duration::ZERO }
    }

    #[test]
    fn what_could_not_be_removed_is_a_failure_with_its_reasons() {
        let error = || RecordingError::Io {
            action: "remove",
            path: "/data/soaks/1.jsonl".into(),
            source: std::io::ErrorKind::PermissionDenied.into(),
        };
        let pruned = Pruned { removed: vec![stored(1)], kept: vec![], failed: vec![error(), error()] };
        let failure = report(&pruned, "removed").unwrap_err();
        let line = "cannot remove the recording `/data/soaks/1.jsonl`: permission denied";
        assert_eq!((failure.code, failure.message), (2, format!("{line}\n{line}")));
    }

    #[test]
    fn the_total_counts_what_went_and_what_stays() {
        let pruned = Pruned { removed: vec![stored(1_024)], kept: vec![stored(1), stored(2)], failed: vec![] };
        assert_eq!(total("removed", &pruned), "removed 1 recording (1KiB), 2 recordings (3B) stay");
        assert_eq!(total("would remove", &Pruned::default()), "would remove 0 recordings (0B), 0 recordings (0B) stay");
    }
}
