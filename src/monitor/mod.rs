//! The one async loop.
