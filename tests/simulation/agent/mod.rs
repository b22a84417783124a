//! One agent over several deployments in a simulated world.
//!
//! | file | part |
//! | --- | --- |
//! | `plan` | what happens, drawn from a seed |
//! | `run` | the agent from its first process to the last |
//! | `outside` | scripts, people and files |
//! | `record` | what a soak left behind |
//! | `judge` | what has to hold |

mod judge;
mod outside;
mod plan;
mod record;
mod run;

pub use plan::AgentPlan;
pub use run::simulate;

use crate::run::settings;
use crate::world::Site;

/// The configuration file of a deployment.
fn toml(site: &Site, window_s: u64) -> String {
    let plan = crate::plan::Plan { window_s, ..site.plan.clone() };
    let lines = settings(&plan, &site.name, &site.folder).map(|(key, value)| format!("{key} = {value:?}\n"));
    lines.concat()
}
