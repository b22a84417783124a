//! Decisions and recordings on disk.
//!
//! | file | holds |
//! | --- | --- |
//! | `could` | whether something could be written, found out without writing anything |
//! | `decisions` | the decision journal: durable, hash-chained, appended to by every process that decides |
//! | `files` | files that only their owner may read, opened so that nobody can slip another file under our name |
//! | `head` | how far a decision journal goes |
//! | `line` | one line of the decision journal |
//! | `lines` | reading a file line by line in bounded memory |
//! | `recording` | recordings: one file a soak, generic over what is recorded |
//! | `reserve` | room on a disk that is kept for what must be written when the disk is full |
//! | `retention` | which recordings are kept, and the removal of the others |
//! | `soak_id` | the name of a soak |
//! | `tail` | where the next line of a decision journal goes, found by reading its first and its last lines only |
//! | `verify` | whether a decision journal is still what was written, also compared with a `Head` noted elsewhere |

mod could;
mod decisions;
pub(crate) mod files;
mod head;
mod line;
mod lines;
mod recording;
mod reserve;
mod retention;
mod soak_id;
mod tail;
mod verify;

pub(crate) use could::{could_append, could_replace, could_write_into};
pub use decisions::{Intent, Journal};
pub(crate) use decisions::{JournalError, SwitchProgress};
pub(crate) use files::{create_private_dir, open_log};
pub(crate) use head::Head;
pub use line::Entry;
pub(crate) use line::rfc3339_ms;
pub(crate) use recording::{RecordingError, RecordingWriter, adopt, recordings};
pub use recording::{RecordingReader, recording_path};
pub(crate) use reserve::Reserve;
pub(crate) use retention::{Pruned, Stored, prune};
pub use soak_id::SoakId;
pub use verify::verify;
pub(crate) use verify::{DamageKind, Report, VerifyError};
