//! The view as text.
