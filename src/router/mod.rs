//! What sends user traffic to a color.
