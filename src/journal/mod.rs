//! Decisions and recordings on disk.
