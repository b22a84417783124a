//! The terminal UI: draws the fold of a run's events, and turns keys into actions or changes of the view.
//!
//! [`draw`] is a pure function of a [`Dashboard`](crate::view::Dashboard) (what happened), a [`UiState`] (what the operator
//! looks at) and a time. It decides nothing.

mod charset;
mod scale;
mod screen;
mod state;
mod svg;
mod theme;
mod widgets;

pub use charset::{Charset, CharsetChoice, CharsetEnv};
pub use scale::Scale;
pub use screen::{SMALLEST, draw, render};
pub use state::{
    ButtonView, ChoicesView, DecisionList, DialogState, DialogView, FieldView, HelpRow, Hint, Message, Mode, Overlay,
    Pane, Playback, UiState, WeatherView,
};
pub use svg::{to_svg, to_text};
pub use theme::{ColorChoice, ColorEnv, Depth, Theme};

#[cfg(test)]
mod tests;
