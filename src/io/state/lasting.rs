//! Which system errors last: retrying does not help.

use std::io;

/// Whether an error stays until a person changes permissions or mounts.
pub(crate) fn is_lasting(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
