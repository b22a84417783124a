//! Embedded services to try everything on.
