//! How a cell looks.

use ratatui::buffer::Cell;
use ratatui::style::Modifier;

use super::palette::{Palette, hex};

/// How much of the ink a dim cell has, in percent.
const DIM: u8 = 60;

/// A color, and how much it covers of what lies below.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paint {
    /// None is the palette's ink.
    pub color: Option<String>,
    /// In percent.
    pub opacity: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub ink: Paint,
    /// None is the palette's ground.
    pub ground: Option<String>,
    pub bold: bool,
}

impl Look {
    pub fn of(cell: &Cell, palette: Palette) -> Self {
        let (mut ink, mut ground) = (hex(cell.fg), hex(cell.bg));
        if cell.modifier.contains(Modifier::REVERSED) {
            (ink, ground) =
                (Some(ground.unwrap_or_else(|| palette.ground())), Some(ink.unwrap_or_else(|| palette.ink())));
        }
        let opacity = if cell.modifier.contains(Modifier::DIM) { DIM } else { 100 };
        Self { ink: Paint { color: ink, opacity }, ground, bold: cell.modifier.contains(Modifier::BOLD) }
    }
}

impl Paint {
    /// The same with so many percent of it.
    pub fn shaded(&self, percent: u8) -> Self {
        let opacity = u16::from(self.opacity) * u16::from(percent) / 100;
        Self { opacity: u8::try_from(opacity).unwrap_or(100), ..self.clone() }
    }

    /// The attributes of what is painted with it; what the palette's ink gives by itself is left out.
    pub fn attributes(&self) -> String {
        let fill = self.color.as_ref().map(|color| format!(" fill=\"{color}\"")).unwrap_or_default();
        if self.opacity == 100 { fill } else { format!("{fill} opacity=\".{:02}\"", self.opacity) }
    }

    /// The same for what is a line.
    pub fn stroke(&self, palette: Palette) -> String {
        let color = self.color.clone().unwrap_or_else(|| palette.ink());
        let opacity = if self.opacity == 100 { String::new() } else { format!(" opacity=\".{:02}\"", self.opacity) };
        format!(" fill=\"none\" stroke=\"{color}\"{opacity}")
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_reversed_cell_has_the_ground_as_its_ink() {
        let reversed = Cell::new("x").set_style(Style::new().add_modifier(Modifier::REVERSED)).clone();
        let Look { ink, ground, .. } = Look::of(&reversed, Palette::DARK);
        assert_eq!((ink.color, ground), (Some(Palette::DARK.ground()), Some(Palette::DARK.ink())));
    }

    #[test]
    fn a_paint_says_only_what_is_not_said_anyway() {
        let plain = Paint { color: None, opacity: 100 };
        assert_eq!(plain.attributes(), "");
        assert_eq!(plain.shaded(50).attributes(), " opacity=\".50\"");
        assert_eq!(Paint { color: Some("#fff000".to_owned()), ..plain }.attributes(), " fill=\"#fff000\"");
    }
}
