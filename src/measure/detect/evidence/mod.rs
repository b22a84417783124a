//! Sequential evidence that the error rate is above the threshold, however often we look: capital is bet against the
//! release, tick by tick, at odds that are fair at the allowed rate. It grows `1 / alpha`-fold (a breach) with
//! probability `alpha` at most (Ville's inequality; Wald 1945, Shiryaev, Ramdas et al. 2023).
//!
//! | file | what it holds |
//! | --- | --- |
//! | `config` | what is asked for, with ranges |
//! | `plan` | the constants of the method, and what follows from them |
//! | `mixture` | the capital: bad since the switch, since some tick, since it began to look off |
//! | `cusum` | since when it looks off |
//! | `effective_sample_size`, `dispersion` | bursts and clumps, which make failures say less than their number |
//! | `detector` | the state, and what one tick does to it |
//! | `ending` | the closing judgement |
//! | `outlook` | what comes next if nothing changes |
//! | `explain` | the sentences |
//! | `baseline` | the relative threshold |
//! | `numerics` | sums in log space, binomial tails |

mod baseline;
mod config;
mod cusum;
mod detector;
mod dispersion;
mod effective_sample_size;
mod ending;
mod explain;
mod mixture;
mod numerics;
mod outlook;
mod plan;

pub use baseline::{BaselineRule, excused, longest_silence};
pub use config::EvidenceConfig;
pub use config::EvidenceConfigError;
pub use detector::EvidenceDetector;
pub use ending::Ending;
pub use ending::requests_to_clear;
pub use outlook::Outlook;

#[cfg(test)]
mod tests;
