//! Settings from flags, environment, `.env`, file and defaults.

mod model;
mod values;

pub use model::{
    Colors, Config, ErrorRateConfig, HealthConfig, Method, MetricsConfig, Named, OnBreach, OnInconclusive,
    ReadinessConfig, RouterConfig, RouterKind, SoakConfig, StandbyPolicy,
};
pub use values::{InstanceUrl, Ratio, StatusSet};
