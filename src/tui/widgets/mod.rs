//! What a screen is made of. Every widget draws into its area and nowhere else, whatever its size.

mod stretch;

pub use stretch::Stretch;
