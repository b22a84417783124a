//! Embedded services to try everything on: real HTTP on free loopback ports, steered by scripts of faults.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `world` | everything together: start, describe, change, stop |
//! | `scenario` | what can go wrong after a switch, and how the soak must end |
//! | `timeline` | the faults of each scenario, as data |
//! | `timing` | window, interval and load at a given speed |
//! | `controls`, `menu` | carries one change of faults out; what an operator can choose |
//! | `faults` | how the processes of one color behave |
//! | `service` | the processes of one color, each on a port of its own |
//! | `registry` | their `/metrics` page |
//! | `etcd` | what two hosts agree by |
//! | `proxy` | the small router in front of both colors |
//! | `load` | requests at a steady rate |
//! | `routes` | what users ask for, and which routes fail first |
//! | `script` | the commands of the `command` router |
//! | `http`, `tally` | serving, fetching and counting, shared by the rest |

mod controls;
mod etcd;
mod faults;
mod http;
mod load;
mod menu;
mod proxy;
mod registry;
mod routes;
mod scenario;
mod script;
mod service;
mod tally;
#[cfg(test)]
mod tests;
mod timeline;
mod timing;
mod world;

pub use controls::{Change, Controls};
pub use etcd::{Etcd, free_url};
pub(crate) use menu::fault_names;
pub use scenario::Scenario;
pub use timing::Timing;
pub use world::World;
