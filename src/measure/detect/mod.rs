//! Pure: counters, windows and evidence. Knows only the vocabulary: no clock, no network and no disk.
//!
//! | file | holds |
//! | --- | --- |
//! | `buckets` | the buckets of a latency histogram |
//! | `closing` | how a check stands when its window is over |
//! | `counters` | from cumulative readings of one instance to what happened since the last one |
//! | `counts` | what one tick adds to a check |
//! | `cumulative` | cumulative counters of one process, as recorded in a trace, taken apart into ticks |
//! | `detector` | either method, with one face |
//! | `evidence` | sequential evidence |
//! | `bad_event` | what makes a request count against the release |
//! | `reading` | what one good metrics page of one instance says |
//! | `recent` | the counts of the last ten seconds, in bounded memory |
//! | `window` | the plain rule |

mod bad_event;
mod buckets;
mod closing;
mod counters;
mod counts;
mod cumulative;
mod detector;
mod evidence;
mod reading;
mod recent;
mod window;

pub use bad_event::{BadEvent, failed};
pub use buckets::{Buckets, Latency};
pub use closing::{Closing, ClosingVerdict};
pub use counters::{Counters, Delta, Processes, Since};
pub use counts::TickCounts;
pub use cumulative::CumulativeCounts;
pub use detector::Detector;
pub use evidence::{BaselineRule, EvidenceConfigError, Outlook, excused, longest_silence, requests_to_clear};
pub use evidence::{Ending, EvidenceConfig, EvidenceDetector};
pub use reading::{Asked, Reading};
pub use reading::{Attribution, Counting, LabelCounts, Process, Requests};
pub use recent::{RECENT_MS, RecentCounts};
pub use window::{WindowConfig, WindowDetector};
