//! The table of keys. Each is declared once, with all there is to know about it; sections have a file each.
//!
//! The order is that of the template and the docs, and a derived default may use only what stands before it.
//!
//! | file | holds |
//! | --- | --- |
//! | `checks` | `checks.*` |
//! | `control` | `control` |
//! | `general` | keys outside of any section |
//! | `instances` | `colors`, `instances`, `metrics` and `health` |
//! | `key` | what a row of the table is made of, and the rows as one list |
//! | `notify` | `notify` |
//! | `prometheus` | `prometheus` |
//! | `requests` | `requests` |
//! | `retention` | `retention` |
//! | `rollback` | `rollback` |
//! | `router` | `router` |
//! | `section` | how a section is declared |
//! | `soak` | `soak` |

// Its macros are known to those below it.
#[macro_use]
mod section;

mod checks;
mod control;
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

pub use checks::{ErrorRateConfig, LatencyConfig, ReadinessConfig};
pub use control::ControlConfig;
pub use general::Config;
pub use instances::{Access, Colors, HealthConfig, MetricsConfig};
pub(in crate::config) use key::{Fallback, OTHER_VARIABLES};
pub use key::{Key, flags, keys, section, shell_word};
pub use notify::NotifyConfig;
pub use prometheus::PrometheusConfig;
pub use requests::RequestsConfig;
pub use retention::RetentionConfig;
pub use rollback::RollbackConfig;
pub(in crate::config) use router::RouterDraft;
pub use soak::SoakConfig;
