//! What a path is made of, in exact numbers: eighths of a pixel, so that an eighth of a cell is one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Size of a cell: 9×19 pixels, the proportions of most terminal fonts.
pub const CELL: (i32, i32) = (72, 152);
/// Margin around the screen.
pub const MARGIN: i32 = 96;

/// A number of pixels, as short as it can be.
pub fn px(eighths: i32) -> String {
    let sign = if eighths < 0 { "-" } else { "" };
    let (whole, rest) = (eighths.abs() / 8, eighths.abs() % 8 * 125);
    match (whole, rest) {
        (_, 0) => format!("{sign}{whole}"),
        (0, _) => format!("{sign}.{}", format!("{rest:03}").trim_end_matches('0')),
        _ => format!("{sign}{whole}.{}", format!("{rest:03}").trim_end_matches('0')),
    }
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Block {
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self { x, y, width, height }
    }

    pub const fn moved(self, (x, y): (i32, i32)) -> Self {
        Self { x: self.x + x, y: self.y + y, ..self }
    }
}

/// The same area with fewer rectangles: what touches side by side, and then what touches one above the other.
pub fn merged(mut blocks: Vec<Block>) -> Vec<Block> {
    sort(&mut blocks, |block| (block.y, block.height, block.x));
    blocks.dedup_by(|next, block| {
        let touches = (block.y, block.height) == (next.y, next.height) && next.x <= block.x + block.width;
        if touches {
            block.width = block.width.max(next.x + next.width - block.x);
        }
        touches
    });
    sort(&mut blocks, |block| (block.x, block.width, block.y));
    blocks.dedup_by(|next, block| {
        let touches = (block.x, block.width) == (next.x, next.width) && next.y <= block.y + block.height;
        if touches {
            block.height = block.height.max(next.y + next.height - block.y);
        }
        touches
    });
    sort(&mut blocks, |block| (block.y, block.x, block.width));
    blocks
}

fn sort(blocks: &mut [Block], key: fn(&Block) -> (i32, i32, i32)) {
    blocks.sort_unstable_by_key(key);
}

/// The commands of a path, which knows where its pen is.
#[derive(Debug, Default)]
pub struct Path {
    commands: String,
    pen: Option<(i32, i32)>,
}

impl Path {
    /// Puts the pen down, by whichever way is shorter.
    pub fn go(&mut self, (x, y): (i32, i32)) {
        let whole = format!("M{}{}", px(x), after(&px(y)));
        let step = self.pen.map(|(from_x, from_y)| format!("m{}{}", px(x - from_x), after(&px(y - from_y))));
        self.commands.push_str(&step.filter(|step| step.len() < whole.len()).unwrap_or(whole));
        self.pen = Some((x, y));
    }

    pub fn rectangle(&mut self, block: Block) {
        self.go((block.x, block.y));
        let (width, height) = (px(block.width), px(block.height));
        // Writing into a string cannot fail.
        let _ = write!(self.commands, "h{width}v{height}h-{width}z");
    }

    /// A straight line to there, which may be where the pen is: with round ends that is a dot.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32)) {
        if self.pen != Some(from) || from == to {
            self.go(from);
        }
        let _ = match (to.0 - from.0, to.1 - from.1) {
            (across, 0) => write!(self.commands, "h{}", px(across)),
            (0, down) => write!(self.commands, "v{}", px(down)),
            (across, down) => write!(self.commands, "l{}{}", px(across), after(&px(down))),
        };
        self.pen = Some(to);
    }

    /// A quarter of a turn: out in the direction of `corner`, and in from there.
    pub fn turn(&mut self, from: (i32, i32), corner: (i32, i32), to: (i32, i32)) {
        self.go(from);
        let (corner, end) = ((corner.0 - from.0, corner.1 - from.1), (to.0 - from.0, to.1 - from.1));
        let numbers = [corner.1, end.0, end.1].map(|number| after(&px(number)));
        let _ = write!(self.commands, "q{}{}", px(corner.0), numbers.concat());
        self.pen = Some(to);
    }

    /// The right half, the left half or both halves of a circle.
    pub fn circle(&mut self, (x, y): (i32, i32), radius: i32, left: bool, right: bool) {
        let (r, height) = (px(radius), px(2 * radius));
        self.go((x, y - radius));
        let _ = match (left, right) {
            (true, true) => write!(self.commands, "a{r} {r} 0 0 1 0 {height}a{r} {r} 0 0 1 0-{height}z"),
            (true, false) => write!(self.commands, "a{r} {r} 0 0 0 0 {height}z"),
            _ => write!(self.commands, "a{r} {r} 0 0 1 0 {height}z"),
        };
    }

    pub fn triangle(&mut self, corners: [(i32, i32); 3]) {
        self.go(corners[0]);
        for step in corners.windows(2) {
            let (across, down) = (step[1].0 - step[0].0, step[1].1 - step[0].1);
            let _ = write!(self.commands, "l{}{}", px(across), after(&px(down)));
        }
        self.commands.push('z');
    }

    pub fn commands(&self) -> &str {
        &self.commands
    }
}

/// A number behind another: a minus is space enough.
fn after(number: &str) -> String {
    if number.starts_with('-') { number.to_owned() } else { format!(" {number}") }
}

/// Those of the dots that fill an area: each is the corner of a square of four.
pub fn areas(dots: &BTreeSet<(i32, i32)>, (across, down): (i32, i32)) -> BTreeSet<(i32, i32)> {
    let square = |(x, y): (i32, i32)| [(x, y), (x + across, y), (x, y + down), (x + across, y + down)];
    let whole = dots.iter().map(|dot| square(*dot)).filter(|square| square.iter().all(|dot| dots.contains(dot)));
    whole.flatten().collect()
}

/// Dots of one paint as the lines they stand for: to the neighbor on the right and to the one below, and slanted where there is
/// no other way; to those of other paints as well. A dot without neighbors stays a dot.
pub fn strung(dots: &BTreeSet<(i32, i32)>, all: &BTreeSet<(i32, i32)>, (across, down): (i32, i32)) -> Path {
    let mut path = Path::default();
    for &dot in dots {
        let place = |columns: i32, rows: i32| (dot.0 + columns * across, dot.1 + rows * down);
        let (is_mine, is_dot) =
            (|step: (i32, i32)| dots.contains(&step), |columns, rows| all.contains(&place(columns, rows)));
        for (columns, rows) in [(1, 0), (0, 1)] {
            if is_mine(place(-columns, -rows)) || !is_dot(columns, rows) {
                continue;
            }
            // On to the first one that has another paint.
            let mut end = 1;
            while is_mine(place(columns * end, rows * end)) && is_dot(columns * (end + 1), rows * (end + 1)) {
                end += 1;
            }
            path.line(dot, place(columns * end, rows * end));
        }
        let is_slanted = |columns, rows| is_dot(columns, rows) && !is_dot(columns, 0) && !is_dot(0, rows);
        for rows in [-1, 1] {
            if is_slanted(1, rows) {
                path.line(dot, place(1, rows));
            }
        }
        let straight = [(1, 0), (-1, 0), (0, 1), (0, -1)];
        let slanted = [(1, 1), (1, -1), (-1, 1), (-1, -1)];
        if !straight.iter().any(|step| is_dot(step.0, step.1)) && !slanted.iter().any(|step| is_slanted(step.0, step.1))
        {
            path.line(dot, dot);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_short_as_it_is_exact() {
        let written = [0, 8, 4, -4, 9, -97, 1001].map(px);
        assert_eq!(written, ["0", "1", ".5", "-.5", "1.125", "-12.125", "125.125"]);
    }

    #[test]
    fn what_touches_becomes_one() {
        let cells = [(0, 0), (1, 0), (0, 1), (1, 1), (3, 0)];
        let blocks = cells.map(|(x, y)| Block::new(x * 72, y * 152, 72, 152)).to_vec();
        assert_eq!(merged(blocks), [Block::new(0, 0, 144, 304), Block::new(216, 0, 72, 152)]);
        // Of one height only: a higher bar is another one.
        assert_eq!(merged(vec![Block::new(0, 0, 8, 8), Block::new(8, 0, 8, 16)]).len(), 2);
    }

    #[test]
    fn a_path_takes_the_shorter_way() {
        let mut path = Path::default();
        path.rectangle(Block::new(8000, 8000, 8, 16));
        path.rectangle(Block::new(8080, 7992, 8, 16));
        path.rectangle(Block::new(0, 0, 8, 16));
        assert_eq!(path.commands(), "M1000 1000h1v2h-1zm10-1h1v2h-1zM0 0h1v2h-1z");
    }

    #[test]
    fn dots_are_strung_where_they_are_neighbors() {
        let drawn = |dots: &[(i32, i32)]| {
            let dots = dots.iter().map(|(x, y)| (x * 36, y * 38)).collect();
            strung(&dots, &dots, (36, 38)).commands().to_owned()
        };
        assert_eq!(drawn(&[(0, 0)]), "M0 0h0");
        assert_eq!(drawn(&[(0, 0), (1, 0), (2, 0)]), "M0 0h9");
        assert_eq!(drawn(&[(0, 0), (0, 1)]), "M0 0v4.75");
        assert_eq!(drawn(&[(0, 0), (1, 1)]), "M0 0l4.5 4.75");
        assert_eq!(drawn(&[(0, 1), (1, 0)]), "M0 4.75l4.5-4.75");
        // A corner is no reason for a slanted line.
        assert_eq!(drawn(&[(0, 0), (1, 0), (1, 1)]), "M0 0h4.5v4.75");
        assert_eq!(drawn(&[(0, 0), (2, 0)]), "M0 0h0M9 0h0");
    }

    #[test]
    fn four_dots_are_an_area() {
        let place = |(x, y)| (x * 36, y * 38);
        let dots = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (4, 0)].map(place).into();
        assert_eq!(areas(&dots, (36, 38)), [(0, 0), (1, 0), (0, 1), (1, 1)].map(place).into());
    }

    #[test]
    fn dots_of_another_paint_are_reached_from_either_side() {
        let (left, right) = ([(0, 0), (36, 0)].into(), [(72, 0), (108, 38)].into());
        let all = &left | &right;
        assert_eq!(strung(&left, &all, (36, 38)).commands(), "M0 0h9");
        assert_eq!(strung(&right, &all, (36, 38)).commands(), "M9 0l4.5 4.75");
    }
}
