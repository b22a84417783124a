//! Settings from flags, environment, `.env`, file and defaults. It reads none of them itself: the texts are handed in.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `keys` | the keys, each declared once. Fields, validation, help, template and docs all come from that |
//! | `kind` | what sort of value a key takes: what is allowed, and how it is read |
//! | `parse`, `instances`, `dial`, `duration`, `size` | from text to one value, or why not |
//! | `query` | what is asked of Prometheus: `[checks.NAME]` and the blanks of PromQL |
//! | `variables`, `meaning` | which variables are ours, and which were meant to be |
//! | `ci` | whether a CI runs this, and which commit it names |
//! | `layers`, `dotenv`, `file` | where texts come from, each with its origin |
//! | `load` | all of it together: [`load()`] turns [`Inputs`] into a [`Loaded`] or all [`Problems`] |
//! | `rules` | what two keys have to agree on |
//! | `place` | where the deployment lies: which folder counts |
//! | `secrets` | what this process must not let others repeat |
//! | `show`, `template` | what `config show` and `config template` print |
//! | `hosts` | the hosts of `fleet`: arguments and `fleet.toml` |
//! | `draft` | a configuration in the making |
//! | `model` | the validated configuration |
//! | `nearest` | the known name that a mistyped one most likely meant |
//! | `problem` | what is wrong with the configuration, and how to fix it |
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
mod hosts;
mod instances;
mod keys;
mod kind;
mod layers;
mod load;
mod meaning;
mod model;
mod nearest;
mod parse;
pub(crate) mod place;
mod problem;
mod query;
mod raw;
mod reread;
mod rules;
mod secrets;
mod show;
mod size;
mod strength;
mod template;
#[cfg(test)]
mod tests;
mod values;
pub(crate) mod variables;

pub(crate) use dial::same_listener;
pub use dotenv::DotEnv;
pub use duration::parse_duration;
pub(crate) use hosts::{Address, Host, Hosts};
pub(crate) use instances::mask;
pub use keys::keys;
pub(crate) use keys::{Key, flags, section, shell_word};
pub use layers::Inputs;
pub(crate) use layers::PREFIX;
pub(crate) use layers::ReadText;
pub(crate) use load::files;
pub use load::{Loaded, Setting, load};
pub(crate) use model::{
    Access, Away, Baseline, CaddyConfig, Colors, ControlConfig, CoordinationConfig, Engine, Excuse, HaproxyConfig,
    HealthConfig, MetricsConfig, NginxConfig, NotifyConfig, OnBreach, OnFailingStandby, OnInconclusive, OnSharedCause,
    ProbeSign, PrometheusConfig, RouterConfig, RouterKind, Scheme, StandbyPolicy, StateKeeper, TrafficProbeConfig,
    WhenLost,
};
pub use model::{Config, Method, ThemeChoice};
pub(crate) use place::{Distrust, End, Location};
pub(crate) use problem::printable;
pub(crate) use problem::{Origin, Problem, Problems};
pub use query::{Asked, Source};
pub(crate) use query::{Blanks, Bound, PromQl, QueryConfig};
pub(crate) use reread::reread_secrets;
pub(crate) use rules::credentials;
pub(crate) use secrets::{keep_one_secret, keep_secret, scrub, scrub_in_place};
pub(crate) use show::{show, show_json};
pub(crate) use template::template;
pub use values::InstanceUrl;
pub(crate) use values::{AdminUrl, Ratio, SocketAddress};
