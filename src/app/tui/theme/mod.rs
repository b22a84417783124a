//! Styles by meaning. Widgets ask for `verdict(Breached)`, never for a color, so that one place knows what a terminal can.
//!
//! Color never says anything alone: whatever has one of these styles has a glyph or a word as well.
//!
//! | file | holds |
//! | --- | --- |
//! | `depth` | how many colors a terminal can show |
//! | `ground` | whether its background is dark or light, and who says so |
//! | `hues` | the palettes: one for each theme and ground |
//! | `styles` | the theme: what is chosen, and the styles that follow |

mod depth;
mod ground;
mod hues;
mod styles;

pub use depth::Depth;
pub(crate) use depth::{ColorChoice, ColorEnv};
pub(crate) use ground::{Ground, GroundEnv, Told};
pub use styles::Theme;

#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
