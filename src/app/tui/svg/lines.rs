//! The lines of boxes (U+2500 to U+257F but for double and slanted ones): from the edges of a cell to its center.

use super::shape::{Block, CELL};

const FIRST: u32 = 0x2500;
/// Where the lines of all cells meet.
pub const CENTER: (i32, i32) = (CELL.0 / 2, CELL.1 / 2);
/// Width of a line: none, light, heavy.
pub const WEIGHTS: [i32; 3] = [0, 8, 24];

/// The weight of the line to the left, to the right, up and down (Unicode 15, block 2500). `0000` is none that is made of those.
#[rustfmt::skip]
const ARMS: [&[u8; 4]; 128] = [
    b"1100", b"2200", b"0011", b"0022", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"0101", b"0201", b"0102", b"0202",
    b"1001", b"2001", b"1002", b"2002", b"0110", b"0210", b"0120", b"0220",
    b"1010", b"2010", b"1020", b"2020", b"0111", b"0211", b"0121", b"0112",
    b"0122", b"0221", b"0212", b"0222", b"1011", b"2011", b"1021", b"1012",
    b"1022", b"2021", b"2012", b"2022", b"1101", b"2101", b"1201", b"2201",
    b"1102", b"2102", b"1202", b"2202", b"1110", b"2110", b"1210", b"2210",
    b"1120", b"2120", b"1220", b"2220", b"1111", b"2111", b"1211", b"2211",
    b"1121", b"1112", b"1122", b"2121", b"1221", b"2112", b"1212", b"2221",
    b"2212", b"2122", b"1222", b"2222", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"1000", b"0010", b"0100", b"0001",
    b"2000", b"0020", b"0200", b"0002", b"1200", b"0012", b"2100", b"0021",
];

/// The rectangles that a line's character is made of, in its cell.
pub fn blocks(c: char) -> Option<Vec<Block>> {
    if let Some(dashes) = dashes(c) {
        return Some(dashes);
    }
    let arms = ARMS.get(usize::try_from(u32::from(c).checked_sub(FIRST)?).ok()?)?;
    let [left, right, up, down] = arms.map(|digit| WEIGHTS[usize::from(digit - b'0')]);
    // Each arm goes on beyond the center as far as those that it meets are wide.
    let (across, along) = (left.max(right), up.max(down));
    let reach = (along.max(WEIGHTS[1]) / 2, across.max(WEIGHTS[1]) / 2);
    let blocks = [
        Block::new(0, CENTER.1 - left / 2, CENTER.0 + reach.0, left),
        Block::new(CENTER.0 - reach.0, CENTER.1 - right / 2, CELL.0 - CENTER.0 + reach.0, right),
        Block::new(CENTER.0 - up / 2, 0, up, CENTER.1 + reach.1),
        Block::new(CENTER.0 - down / 2, CENTER.1 - reach.1, down, CELL.1 - CENTER.1 + reach.1),
    ];
    let blocks: Vec<_> = blocks.into_iter().filter(|block| block.width > 0 && block.height > 0).collect();
    (!blocks.is_empty()).then_some(blocks)
}

/// Two, three or four dashes, which keep their distance from cell to cell.
fn dashes(c: char) -> Option<Vec<Block>> {
    let (count, heavy, is_upright) = match c {
        '┄' => (3, false, false),
        '┅' => (3, true, false),
        '┆' => (3, false, true),
        '┇' => (3, true, true),
        '┈' => (4, false, false),
        '┉' => (4, true, false),
        '┊' => (4, false, true),
        '┋' => (4, true, true),
        '╌' => (2, false, false),
        '╍' => (2, true, false),
        '╎' => (2, false, true),
        '╏' => (2, true, true),
        _ => return None,
    };
    let weight = WEIGHTS[if heavy { 2 } else { 1 }];
    let dash = |n: i32, whole: i32| (n * whole / count + whole / count / 6, whole / count * 2 / 3);
    let block = |n| {
        if is_upright {
            let (y, height) = dash(n, CELL.1);
            Block::new(CENTER.0 - weight / 2, y, weight, height)
        } else {
            let (x, width) = dash(n, CELL.0);
            Block::new(x, CENTER.1 - weight / 2, width, weight)
        }
    };
    Some((0..count).map(block).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a character's line ends at an edge: left, right, up, down, each with its weight.
    fn ends(c: char) -> [i32; 4] {
        let blocks = blocks(c).unwrap();
        let at = |is_there: &dyn Fn(&Block) -> Option<i32>| blocks.iter().filter_map(is_there).max().unwrap_or(0);
        [
            at(&|block| (block.x == 0).then_some(block.height)),
            at(&|block| (block.x + block.width == CELL.0).then_some(block.height)),
            at(&|block| (block.y == 0).then_some(block.width)),
            at(&|block| (block.y + block.height == CELL.1).then_some(block.width)),
        ]
    }

    #[test]
    fn lines_end_at_the_edges_of_their_cell_where_the_next_one_begins() {
        for (c, weights) in [
            ('─', [8, 8, 0, 0]),
            ('━', [24, 24, 0, 0]),
            ('│', [0, 0, 8, 8]),
            ('┌', [0, 8, 0, 8]),
            ('┘', [8, 0, 8, 0]),
            ('┤', [8, 0, 8, 8]),
            ('┼', [8, 8, 8, 8]),
            ('┿', [24, 24, 8, 8]),
            ('╴', [8, 0, 0, 0]),
            ('╼', [8, 24, 0, 0]),
        ] {
            assert_eq!(ends(c), weights, "{c}");
        }
    }

    #[test]
    fn arms_meet_in_the_center() {
        for c in ('\u{2500}'..='\u{257f}').filter(|c| dashes(*c).is_none()) {
            for block in blocks(c).unwrap_or_default() {
                let (right, bottom) = (block.x + block.width, block.y + block.height);
                assert!(block.x <= CENTER.0 && right >= CENTER.0, "{c}: {block:?}");
                assert!(block.y <= CENTER.1 && bottom >= CENTER.1, "{c}: {block:?}");
                assert!(block.x >= 0 && block.y >= 0 && right <= CELL.0 && bottom <= CELL.1, "{c}: {block:?}");
            }
        }
    }

    #[test]
    fn dashes_are_as_far_from_each_other_across_cells() {
        for (c, distance) in [('╌', 12), ('┈', 6), ('┄', 8)] {
            let blocks = blocks(c).unwrap();
            let gap = |before: Block, next: i32| next - before.x - before.width;
            assert!(blocks.windows(2).all(|pair| gap(pair[0], pair[1].x) == distance), "{c}: {blocks:?}");
            assert_eq!(gap(*blocks.last().unwrap(), CELL.0 + blocks[0].x), distance, "{c}");
        }
    }

    #[test]
    fn what_is_double_or_slanted_is_text() {
        assert!("═║╬╳╱a".chars().all(|c| blocks(c).is_none()));
    }
}
