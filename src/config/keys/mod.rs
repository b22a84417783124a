//! The table of keys. Each is declared once, with all there is to know about it; sections have a file each.
//!
//! The order is that of the template and the docs, and a derived default may use only what stands before it.
//!
//! | file | holds |
//! | --- | --- |
//! | `checks`, `control`, `coordination`, `notify`, `prometheus`, `requests`, `retention`, `rollback`, `router`, `soak`, `terminal` | the section of that name |
//! | `general` | keys outside of any section |
//! | `instances` | `colors`, `instances`, `metrics` and `health` |
//! | `key` | what a row of the table is made of, and the rows as one list |
//! | `section` | how a section is declared |

// Its macros are known to those below it.
#[macro_use]
mod section;

mod checks;
mod control;
mod coordination;
mod general;
mod instances;
mod key;
mod notify;
mod prometheus;
mod requests;
mod retention;
mod rollback;
mod router;
mod soak;
mod terminal;

pub(crate) use checks::{ErrorRateConfig, LatencyConfig, ReadinessConfig};
pub(crate) use control::ControlConfig;
pub(crate) use coordination::CoordinationConfig;
pub use general::Config;
pub(crate) use instances::{Access, Colors, HealthConfig, MetricsConfig};
pub use key::keys;
pub(in crate::config) use key::{Fallback, OTHER_VARIABLES, variable};
pub(crate) use key::{Key, flags, section, shell_word};
pub(crate) use notify::NotifyConfig;
pub(crate) use prometheus::PrometheusConfig;
pub(crate) use requests::RequestsConfig;
pub(crate) use retention::RetentionConfig;
pub(crate) use rollback::RollbackConfig;
pub(in crate::config) use router::RouterDraft;
pub(crate) use soak::SoakConfig;
pub(crate) use terminal::TerminalConfig;
