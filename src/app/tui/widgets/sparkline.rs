//! A check's history in one row, with its threshold in it: bars below it are low, bars at or above it are high, and where
//! nothing was seen yet the threshold's line is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Stretch, cells};
use crate::app::tui::UiState;
use crate::core::view::{CheckState, Dashboard, Point};
use crate::model::CheckId;

/// The lowest bar, from 0, of a value at the threshold; three heights are left for what is above it.
const AT_THRESHOLD: usize = 5;

/// Draws the last cells' worth of a check's history into the first row of an area, one cell a tick at the most.
pub fn sparkline(
    buffer: &mut Buffer,
    area: Rect,
    dashboard: &Dashboard,
    check: &CheckState<'_>,
    ui: &UiState,
    now_ms: u64,
) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    for x in area.x..area.right() {
        buffer.set_string(x, area.y, ui.charset.glyphs().threshold, ui.theme.threshold());
    }
    let stretch = Stretch::of(dashboard, now_ms);
    let mut worst: Vec<Option<&Point>> = vec![None; usize::from(area.width)];
    for point in check.series.since(stretch.from_ms).filter(|point| point.at_ms <= stretch.to_ms) {
        let cell = usize::from(cells::share_of(area.width - 1, stretch.share(point.at_ms).unwrap_or(0.0)));
        let slot = &mut worst[cell];
        if slot.is_none_or(|known| point.value >= known.value) {
            *slot = Some(point);
        }
    }
    let interval = cells::ms(dashboard.machine().settings().interval_ms) / cells::ms(stretch.length_ms.max(1));
    let reach = 1.5 * (interval * f64::from(area.width)).max(1.0);
    let mut last = None;
    for (x, slot) in (area.x..area.right()).zip(worst) {
        // Between two ticks that fall into cells apart, the one before holds.
        let near = |known: &&Point| {
            let position = stretch.share(known.at_ms).unwrap_or(0.0) * f64::from(area.width - 1);
            let age = f64::from(x - area.x) - position;
            age <= reach
        };
        let point = slot.or(last.filter(near));
        last = slot.or(last);
        let Some(point) = point else { continue };
        let glyph = glyph(point, check, ui);
        let style = if point.value.is_none() { ui.theme.dim() } else { ui.theme.verdict(point.verdict) };
        buffer.set_string(x, area.y, glyph, style);
    }
}

fn glyph(point: &Point, check: &CheckState<'_>, ui: &UiState) -> &'static str {
    let glyphs = ui.charset.glyphs();
    let Some(value) = point.value else { return glyphs.gap };
    if check.seen.check == CheckId::Readiness {
        let [all, some, none, _] = glyphs.dots;
        return match value {
            value if value <= 0.0 => all,
            value if value < 1.0 => some,
            _ => none,
        };
    }
    glyphs.bars[height(value / check.seen.threshold)]
}

/// The bar of a value that is so many times the threshold.
pub fn height(times: f64) -> usize {
    if times >= 1.0 {
        // 1× to 2×, to 4×, and beyond.
        AT_THRESHOLD + usize::from(times >= 2.0) + usize::from(times >= 4.0)
    } else {
        usize::from(cells::share_of(4, times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_below_the_threshold_is_lower_than_one_at_it() {
        let heights = [0.0, 0.3, 0.99, 1.0, 1.9, 2.0, 4.0, 1000.0].map(height);
        assert_eq!(heights, [0, 1, 4, 5, 5, 6, 7, 7]);
        assert_eq!(height(f64::NAN), 0);
    }
}
