//! Which columns have room, and how much each.

use crate::core::fleet::Row;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Service,
    Release,
    Color,
    State,
    Trend,
    Check,
    Numbers,
    Evidence,
    Requests,
    Left,
    Host,
}

impl Column {
    pub const fn head(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Release => "release",
            Self::Color => "color",
            Self::State => "state",
            Self::Trend => "against limit",
            Self::Check => "check",
            Self::Numbers => "value / limit",
            Self::Evidence => "evidence",
            Self::Requests => "requests",
            Self::Left => "left",
            Self::Host => "host",
        }
    }

    /// Numbers stand at the right end of their column.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Numbers | Self::Evidence | Self::Requests | Self::Left)
    }
}

/// From left to right.
const ORDER: [Column; 11] = [
    Column::Service,
    Column::Release,
    Column::Color,
    Column::State,
    Column::Trend,
    Column::Check,
    Column::Numbers,
    Column::Evidence,
    Column::Requests,
    Column::Left,
    Column::Host,
];
/// The first have room first.
const PRIORITY: [Column; 11] = [
    Column::Service,
    Column::State,
    Column::Numbers,
    Column::Left,
    Column::Color,
    Column::Trend,
    Column::Release,
    Column::Evidence,
    Column::Host,
    Column::Requests,
    Column::Check,
];
/// Columns in front of the first: pointer, mark, sign, and a space.
pub const FRONT: u16 = 4;
/// Between two columns: where there is room, and where there is little.
const GAPS: (u16, u16) = (2, 1);
/// From this width on there is room.
const ROOMY: u16 = 100;
/// Bars of a course: least and most.
const TREND: (u16, u16) = (13, 48);

/// How long the longest text is of those columns whose texts come from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    service: u16,
    release: u16,
    check: u16,
    host: u16,
}

impl Widths {
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let length =
            |text: Option<&str>| u16::try_from(text.map_or(0, |text| text.chars().count())).unwrap_or(u16::MAX);
        rows.fold(Self::default(), |widest, row| {
            let summary = &row.summary;
            Self {
                service: widest.service.max(length(Some(&summary.service))),
                release: widest.release.max(length(summary.release.as_deref())),
                check: widest.check.max(length(summary.check_name())),
                host: widest.host.max(length(summary.host.as_deref())),
            }
        })
    }

    /// What a column needs, and what it can use.
    fn wanted(self, column: Column) -> (u16, u16) {
        let text = |length: u16, least: u16, most: u16| (length.clamp(least, most), length.max(least));
        match column {
            Column::Service => (self.service.clamp(7, 15), self.service.clamp(7, 40)),
            Column::Release => text(self.release.min(24), 7, 12),
            Column::Check => text(self.check.min(24), 5, 14),
            Column::Host => text(self.host.min(32), 4, 16),
            Column::Color => (5, 5),
            Column::Trend => TREND,
            Column::State | Column::Numbers => (15, 15),
            Column::Evidence | Column::Left => (8, 8),
            Column::Requests => (9, 9),
        }
    }
}

/// The columns that have room in so many, from left to right, each with its place and width.
pub fn fit(width: u16, widths: Widths) -> Vec<(Column, u16, u16)> {
    let gap = if width >= ROOMY { GAPS.0 } else { GAPS.1 };
    let mut chosen: Vec<(Column, u16)> = Vec::new();
    let used = |chosen: &[(Column, u16)]| {
        let gaps = gap * u16::try_from(chosen.len().saturating_sub(1)).unwrap_or(0);
        FRONT + gaps + chosen.iter().map(|(_, width)| width).sum::<u16>()
    };
    for column in PRIORITY {
        let least = widths.wanted(column).0;
        let next = if chosen.is_empty() { 0 } else { gap };
        if used(&chosen) + next + least <= width || chosen.is_empty() {
            chosen.push((column, least));
        } else {
            // A column of less weight does not take the room of one that has none.
            break;
        }
    }
    // What is left: names in full, then longer courses.
    for column in [Column::Service, Column::Release, Column::Host, Column::Check, Column::Trend] {
        let spare = width.saturating_sub(used(&chosen));
        if let Some((_, room)) = chosen.iter_mut().find(|(known, _)| *known == column) {
            *room += spare.min(widths.wanted(column).1.saturating_sub(*room));
        }
    }
    let mut x = FRONT;
    let mut placed = Vec::new();
    for column in ORDER {
        if let Some((_, room)) = chosen.iter().find(|(known, _)| *known == column) {
            placed.push((column, x, *room));
            x += room + gap;
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Widths = Widths { service: 22, release: 9, check: 11, host: 10 };

    fn heads(width: u16) -> Vec<&'static str> {
        fit(width, NAMES).into_iter().map(|(column, ..)| column.head()).collect()
    }

    #[test]
    fn columns_leave_by_their_weight_as_the_screen_gets_narrower() {
        assert_eq!(heads(200).len(), ORDER.len());
        assert_eq!(heads(60), ["service", "state", "value / limit", "left"]);
        assert_eq!(heads(80), ["service", "color", "state", "against limit", "value / limit", "left"]);
        for width in 1..220 {
            let placed = fit(width, NAMES);
            let end = placed.last().map_or(0, |(_, x, room)| x + room);
            assert!(end <= width || placed.len() == 1, "{width}: {placed:?}");
            let (less, more) = (heads(width), heads(width + 1));
            // At 100 columns the gaps grow.
            let wider = less.iter().all(|head| more.contains(head)) || width + 1 == ROOMY;
            assert!(wider, "{width}: {less:?} {more:?}");
        }
    }

    #[test]
    fn names_are_shown_in_full_where_there_is_room() {
        let service = |width| fit(width, NAMES)[0].2;
        assert_eq!((service(60), service(200)), (15, 22));
    }
}
