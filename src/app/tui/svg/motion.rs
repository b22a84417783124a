//! Screens after one another: which cells are seen from which one to which, and when that is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use ratatui::buffer::Buffer;

use super::glyph;

/// Cells that are seen together.
#[derive(Debug, PartialEq, Eq)]
pub struct Scene {
    /// The frames in which they are seen, which are alike there.
    pub frames: Range<usize>,
    /// For each place of a buffer whether it is one of them.
    pub cells: Vec<bool>,
}

/// When each frame begins, and at last when all of them are over.
pub struct Clock {
    begins: Vec<Duration>,
}

impl Clock {
    pub fn of(shown: impl IntoIterator<Item = Duration>) -> Self {
        let mut begins = vec![Duration::ZERO];
        for shown in shown {
            let before = begins.last().copied().unwrap_or_default();
            begins.push(before + shown);
        }
        Self { begins }
    }

    fn whole_ms(&self) -> u128 {
        self.begins.last().map_or(0, Duration::as_millis)
    }

    /// When a frame begins, as CSS says it: in percent of the whole.
    fn percent(&self, frame: usize) -> String {
        let thousandths = self.begins[frame].as_millis() * 100_000 / self.whole_ms().max(1);
        let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned() + "%"
    }
}

/// Every frame is all scenes in whose range it is. All frames have one size.
pub fn scenes(frames: &[&Buffer]) -> Vec<Scene> {
    let Some(first) = frames.first() else { return Vec::new() };
    let mut scenes: BTreeMap<(usize, usize), Vec<bool>> = BTreeMap::new();
    for unit in units(frames) {
        let alike = |a: &Buffer, b: &Buffer| unit.iter().all(|&place| a.content[place] == b.content[place]);
        let mut from = 0;
        for to in 1..=frames.len() {
            if to < frames.len() && alike(frames[to - 1], frames[to]) {
                continue;
            }
            let cells = scenes.entry((from, to)).or_insert_with(|| vec![false; first.content.len()]);
            for &place in &unit {
                cells[place] = true;
            }
            from = to;
        }
    }
    scenes.into_iter().map(|((from, to), cells)| Scene { frames: from..to, cells }).collect()
}

/// Places that change as one: text that is not the same all the time, from its first column to its last, and all braille, whose
/// dots are strung together. What never changes, and everything else, is on its own.
fn units(frames: &[&Buffer]) -> Vec<Vec<usize>> {
    let Some(first) = frames.first() else { return Vec::new() };
    let columns = usize::from(first.area.width.max(1));
    let symbols = |place: usize| frames.iter().map(move |frame| frame.content[place].symbol());
    let is_text = |symbol: &str| !symbol.trim().is_empty() && glyph::shade(symbol).is_none();
    let (mut units, mut braille): (Vec<Vec<usize>>, Vec<usize>) = Default::default();
    let mut goes_on = false;
    for place in 0..first.content.len() {
        if symbols(place).any(glyph::is_braille) {
            braille.push(place);
            goes_on = false;
            continue;
        }
        let changes = frames.iter().any(|frame| frame.content[place] != first.content[place]);
        let is_word = changes && symbols(place).any(is_text);
        match units.last_mut() {
            Some(unit) if is_word && goes_on && place % columns != 0 => unit.push(place),
            _ => units.push(vec![place]),
        }
        goes_on = is_word;
    }
    units.push(braille);
    units
}

/// What is drawn of a scene, seen while it is to be. What is seen all the time needs nothing for that.
pub fn group(scene: &Scene, frames: usize, drawn: &str) -> String {
    match scene.frames {
        Range { start: 0, end } if end == frames => drawn.to_owned(),
        Range { end, .. } => {
            let last = if end == frames { " l" } else { "" };
            format!("<g class=\"f{last}\" style=\"animation-name:{}\">\n{drawn}</g>\n", name(scene))
        }
    }
}

fn name(scene: &Scene) -> String {
    format!("f{}-{}", scene.frames.start, scene.frames.end)
}

/// The rules that show and hide the groups. Where nothing moves, those are seen that are seen last.
pub fn style<'a>(scenes: impl Iterator<Item = &'a Scene>, clock: &Clock) -> String {
    let frames = clock.begins.len() - 1;
    let mut style = format!(
        "<style>\n.f{{visibility:hidden;animation:{}ms step-end infinite}}\n.l{{visibility:visible}}\n\
         @media(prefers-reduced-motion:reduce){{.f{{animation:none}}}}\n",
        clock.whole_ms()
    );
    for scene in scenes.filter(|scene| scene.frames != (0..frames)) {
        let Range { start, end } = scene.frames;
        // Where a rule says nothing of the beginning or of the end, it is as without motion.
        let before = if start > 0 && end == frames { "0%{visibility:hidden}" } else { "" };
        let after = if end == frames { String::new() } else { clock.percent(end) + "{visibility:hidden}" };
        let from = clock.percent(start) + "{visibility:visible}";
        // Writing into a string cannot fail.
        let _ = writeln!(style, "@keyframes {}{{{before}{from}{after}}}", name(scene));
    }
    style + "</style>\n"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROWS: usize = 3;

    fn frame(rows: &[String]) -> Buffer {
        Buffer::with_lines(rows.iter().map(|row| format!("{row:8}")).collect::<Vec<_>>())
    }

    proptest! {
        #[test]
        fn every_cell_of_every_frame_is_in_one_scene_that_looks_like_it(
            frames in prop::collection::vec(prop::collection::vec("[ ab─│⠉⠤●]{0,8}", ROWS..=ROWS), 1..6),
        ) {
            let frames: Vec<Buffer> = frames.iter().map(|rows| frame(rows)).collect();
            let scenes = scenes(&frames.iter().collect::<Vec<_>>());
            for (at, frame) in frames.iter().enumerate() {
                for (place, cell) in frame.content.iter().enumerate() {
                    let seen: Vec<_> = scenes.iter().filter(|scene| scene.frames.contains(&at) && scene.cells[place]).collect();
                    prop_assert_eq!(seen.len(), 1, "frame {}, place {}", at, place);
                    prop_assert_eq!(&frames[seen[0].frames.start].content[place], cell);
                }
            }
        }
    }

    #[test]
    fn what_changes_at_one_time_is_one_scene() {
        let frames = [["12s left"], ["11s left"], ["11s over"]].map(Buffer::with_lines);
        let scenes = scenes(&frames.iter().collect::<Vec<_>>());
        let seen = |scene: &Scene| scene.cells.iter().filter(|seen| **seen).count();
        // `1`, `s` and the blank stay; of a word that changes every letter is drawn again.
        let seen: Vec<_> = scenes.iter().map(|scene| (scene.frames.clone(), seen(scene))).collect();
        assert_eq!(seen, [(0..1, 1), (0..2, 4), (0..3, 3), (1..3, 1), (2..3, 4)]);
    }

    #[test]
    fn a_frame_begins_when_those_before_are_over() {
        let clock = Clock::of([1, 2, 5].map(Duration::from_secs));
        assert_eq!([0, 1, 2, 3].map(|frame| clock.percent(frame)), ["0%", "12.5%", "37.5%", "100%"]);
        assert_eq!(Clock::of([]).percent(0), "0%");
    }
}
