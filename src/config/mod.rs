//! Settings from flags, environment, `.env`, file and defaults. It reads none of them itself: the texts are handed in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `keys` | the keys, each declared once. Fields, validation, help, template and docs all come from that |
//! | `kind` | what sort of value a key takes: what is allowed, and how it is read |
//! | `parse`, `instances`, `dial`, `duration`, `size` | from text to one value, or why not |
//! | `routes` | which routes are no users', and how a label of a page says a route |
//! | `statuses`, `matchers` | what a status says, and which series of a page are ours |
//! | `unit` | in which unit a histogram measures time |
//! | `query` | what is asked of Prometheus: `[checks.NAME]` and the blanks of PromQL |
//! | `variables`, `meaning` | which variables are ours, and which were meant to be |
//! | `ci` | whether a CI runs this, and which commit it names |
//! | `layers`, `dotenv`, `file` | where texts come from, each with its origin |
//! | `load` | all of it together: [`load`] turns [`Inputs`] into a [`Loaded`] or all [`Problems`] |
//! | `rules` | what two keys have to agree on |
//! | `place` | where the deployment lies: which folder counts |
//! | `secrets` | what this process must not let others repeat |
//! | `show`, `template` | what `config show` and `config template` print |
//! | `draft` | a configuration in the making |
//! | `model` | the validated configuration |
//! | `nearest` | the known name that a mistyped one most likely meant |
//! | `problem` | what is wrong with the configuration, said so that it can be put right |
//! | `raw` | a value as a layer gave it, before it is judged |
//! | `reread` | secrets that are read again from their files while a monitor runs |
//! | `strength` | how hard a token is to guess |
//! | `values` | value types that carry their own rules |
//!
//! A new key is one declaration in `keys`, and `docs/development/settings.md` shows one.

pub(crate) mod ci;
mod dial;
pub(crate) mod dotenv;
mod draft;
mod duration;
mod file;
mod instances;
mod keys;
mod kind;
mod layers;
mod load;
mod matchers;
mod meaning;
mod model;
mod nearest;
mod parse;
pub(crate) mod place;
mod problem;
mod query;
mod raw;
mod reread;
mod routes;
mod rules;
mod secrets;
mod show;
mod size;
mod statuses;
mod strength;
mod template;
#[cfg(test)]
mod tests;
mod unit;
mod values;
pub(crate) mod variables;

pub use dial::{bare_dial, same_listener};
pub use dotenv::DotEnv;
pub use duration::parse_duration;
pub use instances::mask;
pub use keys::{Key, flags, keys, section, shell_word};
pub(crate) use layers::PREFIX;
pub use layers::{Inputs, ReadText};
pub(crate) use load::files;
pub use load::{Loaded, Setting, load};
pub use matchers::{LabelFilter, Matching};
pub use model::{
    Access, Away, Baseline, CaddyConfig, Colors, Config, ControlConfig, ErrorRateConfig, Excuse, HaproxyConfig,
    HealthConfig, LatencyConfig, Method, MetricsConfig, Named, NginxConfig, NotifyConfig, OnBreach, OnFailingStandby,
    OnInconclusive, OnSharedCause, Place, ProbeSign, PrometheusConfig, ReadinessConfig, RequestsConfig,
    RetentionConfig, RollbackConfig, RouterConfig, RouterKind, Scheme, SoakConfig, StandbyPolicy, TrafficProbeConfig,
};
pub use place::{Distrust, End, Location, Rival};
pub(crate) use problem::printable;
pub use problem::{Origin, Problem, Problems};
pub use query::{Asked, Blanks, Bound, PromQl, QueryConfig, Source};
pub use reread::reread_secrets;
pub use routes::{Routes, Whose};
pub use rules::credentials;
pub use secrets::{keep_secret, scrub, scrub_in_place};
pub use show::{show, show_json};
pub use statuses::{Status, StatusKind, StatusSet};
pub use template::template;
pub use unit::{LatencyUnit, in_name as unit_in_name, speaks_of_time, unit_of_time};
pub use values::{AdminUrl, InstanceUrl, Ratio, SocketAddress};
