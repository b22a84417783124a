//! What holds at every size and in every state.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::scenes::{ALL, dashboard, drawn, harness, text, ui};
use crate::app::tui::screen::render;
use crate::app::tui::{Charset, Depth, Overlay, Pane, Subject};
use crate::core::soak::testing::World;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn nothing_panics_at_any_size_in_any_state(
        width in 0_u16..=300, height in 0_u16..=100, scene in prop::sample::select(ALL.to_vec()),
        check in prop::option::of(0_usize..4), focus in prop::sample::select(Pane::ALL.to_vec()), ascii: bool, detail: bool, from in 0_usize..9,
        late in 0_u64..100_000,
    ) {
        let dashboard = dashboard(scene);
        let charset = if ascii { Charset::Ascii } else { Charset::Unicode };
        let mut ui = ui(Depth::True, charset);
        (ui.check, ui.focus, ui.instance) = (check, focus, from);
        ui.overlay = detail.then_some(Overlay::Detail(Subject::Decision(2)));
        let now = dashboard.view().at_ms() + late;
        ui.settle(&dashboard, now);
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        render(&mut buffer, area, &dashboard, &ui, now);
        prop_assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    }

    #[test]
    fn the_threshold_is_in_the_chart_whatever_the_rate(
        requests in 1_u64..200, errors in 0_u64..200, width in 60_u16..200, height in 15_u16..60,
    ) {
        let mut harness = harness("watching");
        harness.seconds(5, World { requests, errors: errors.min(requests), ..crate::core::soak::testing::HEALTHY });
        let dashboard = super::scenes::fold(&harness);
        let shown = text(&drawn(&dashboard, &mut ui(Depth::True, Charset::Unicode), (width, height)));
        let line = shown.lines().find(|line| line.contains("limit 5%"));
        prop_assert!(line.is_some_and(|line| line.contains("5% ┤")), "{}", shown);
    }
}
