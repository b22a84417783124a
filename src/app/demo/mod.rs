//! Embedded services to try everything on: real HTTP on free loopback ports, steered by scripts of weather.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `world` | everything together: start, describe, change, stop |
//! | `scenario` | what can go wrong after a switch, and how the soak must end |
//! | `timeline` | the weather of each scenario, as data |
//! | `timing` | window, interval and load at a given speed |
//! | `controls`, `menu` | carries one change of weather out; what an operator can choose |
//! | `weather` | how the processes of one color behave |
//! | `service` | the processes of one color, each on a port of its own |
//! | `registry` | their `/metrics` page |
//! | `front` | the small router in front of both colors |
//! | `load` | the users |
//! | `routes` | what users ask for, and which routes fail first |
//! | `script` | the commands of the `command` router |
//! | `http`, `tally` | serving, fetching and counting, shared by the rest |

mod controls;
mod front;
mod http;
mod load;
mod menu;
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
mod weather;
mod world;

pub use controls::{Change, Controls};
pub(crate) use menu::weather_names;
pub use scenario::Scenario;
pub use timing::Timing;
pub use world::World;
