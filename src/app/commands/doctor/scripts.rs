//! The deploy scripts of the folder, as far as they endanger a rollback.

use std::path::Path;

use super::finding::Finding;
use crate::app::project::files::Project;
use crate::app::project::{scripts, standby};

const AREA: &str = "scripts";

/// Warns of every line that stops the previous color after a switch.
pub fn look(folder: &Path) -> Vec<Finding> {
    let stops = standby::find(&scripts(&Project::read(folder)));
    let warning = |stop: standby::Stop| Finding::warning(AREA, stop.to_string(), standby::NEXT);
    stops.into_iter().map(warning).collect()
}
