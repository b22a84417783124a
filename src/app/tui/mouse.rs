//! What the mouse does, as far as it means anything here.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Asks the terminal for clicks and the wheel, and for no movements.
pub const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
pub const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// Something done with the mouse, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointer {
    pub deed: Deed,
    pub at: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Click,
    WheelUp,
    WheelDown,
}

impl Pointer {
    /// None of what means nothing here.
    pub const fn of(event: MouseEvent) -> Option<Self> {
        let deed = match event.kind {
            MouseEventKind::Down(MouseButton::Left) => Deed::Click,
            MouseEventKind::ScrollUp => Deed::WheelUp,
            MouseEventKind::ScrollDown => Deed::WheelDown,
            _ => return None,
        };
        Some(Self { deed, at: Position { x: event.column, y: event.row } })
    }
}
