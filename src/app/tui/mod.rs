//! The terminal UI: draws the fold of a run's events, and turns keys into actions or changes of the view.
//!
//! [`draw`] is a pure function of a [`Dashboard`](crate::core::view::Dashboard) (what happened), a [`UiState`] (what the operator
//! looks at) and a time. It decides nothing.
//!
//! | file | part |
//! | --- | --- |
//! | `run` | the loop, from taking the terminal to the summary in the scrollback |
//! | `app/` | pure: what keys, events and time change, and what has to be done about it |
//! | `dialog/`, `keys/`, `replay`, `pace` | pure: an order's question, the table of keys, a recording being played, when to draw |
//! | `after` | a rollback once the monitor is gone |
//! | `link`, `live` | all that is known of the monitor: a stream of items, and orders; the same over the control API |
//! | `stage` | the terminal, taken: one screen after the other has it |
//! | `tty`, `guard`, `canvas`, `input`, `signals` | what it is made of: its device, taking it and giving it back, frames, keys, signals |
//! | `question`, `replies` | what the terminal is asked, and its answers, told from keys |
//! | `state`, `sheets` | what the operator looks at, as plain data |
//! | `records/` | what is shown of the files of the service: past soaks, the log |
//! | `mouse`, `regions` | what the mouse does, and where on the screen what is |
//! | `screen`, `layout`, `widgets/` | the whole screen, where its parts go, and the parts |
//! | `theme/`, `charset`, `scale` | colors, glyphs, the value axis |
//! | `fleet/` | the screen over many soaks |
//! | `film` | a recording as the screens that were seen |
//! | `svg` | a screen as a picture and as text, several as one that moves |

mod after;
mod app;
mod canvas;
mod charset;
mod dialog;
mod film;
mod fleet;
mod guard;
mod input;
mod keys;
mod layout;
mod link;
mod live;
mod mouse;
mod pace;
mod question;
mod records;
mod regions;
mod replay;
mod replies;
mod run;
mod scale;
mod screen;
mod sheets;
mod signals;
mod stage;
mod state;
mod svg;
#[cfg(test)]
mod testing;
mod theme;
mod tty;
mod widgets;

pub(crate) use after::After;
pub(crate) use app::{FaultMenu, Places};
pub use charset::Charset;
pub(crate) use charset::{CharsetChoice, CharsetEnv};
pub(crate) use film::{Camera, film};
pub use fleet::Screen as FleetScreen;
pub(crate) use fleet::{FleetSetup, run as run_fleet};
pub(crate) use link::{Item, Link};
pub(crate) use live::Live;
pub(crate) use records::{Recorded, Records};
pub(crate) use replay::Player;
pub use run::run;
pub(crate) use run::{Departure, Faults, Left, Setup, replay};
pub(crate) use scale::Scale;
pub(crate) use screen::SMALLEST;
pub use screen::draw;
pub(crate) use sheets::{LogView, SoaksView};
pub use state::UiState;
pub(crate) use state::{
    ButtonView, ChoicesView, DialogState, DialogView, FaultsView, FieldView, HelpRow, Hint, Message, Mode, OrderView,
    Overlay, Pane, Playback, Subject,
};
pub(crate) use svg::{Palette, to_animated_svg, to_svg, to_text};
pub(crate) use theme::{ColorChoice, ColorEnv, GroundEnv};
pub use theme::{Depth, Theme};
pub(crate) use tty::TerminalError;

#[cfg(test)]
mod tests;
