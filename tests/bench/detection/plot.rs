//! The plot: how soon each rule notices a late regression.

use std::fmt::Write;

use crate::rules::Rule;
use crate::simulate::Fate;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 150.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 48.0;

/// The longest delay that is drawn, in seconds.
const MAX_S: usize = 420;

/// One stroke a rule in the order of [`Rule::ALL`]; the pattern tells them apart without color.
const STROKES: [(&str, &str); 7] = [
    ("#8a8a8a", "2 4"),
    ("#b07d2b", "none"),
    ("#b07d2b", "7 4"),
    ("#7b5ea7", "7 4"),
    ("#2f7f7a", "3 3"),
    ("#a34f63", "10 3 2 3"),
    ("#1f5fbf", "none"),
];

/// The share of runs rolled back over the seconds since the change, as SVG.
pub fn svg(title: &str, fates: &[Vec<Fate>]) -> String {
    let mut svg = String::new();
    frame(&mut svg, title);
    for ((rule, fates), (color, dashes)) in Rule::ALL.iter().zip(fates).zip(STROKES) {
        curve(&mut svg, *rule, fates, color, dashes);
    }
    legend(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

fn x(seconds: usize) -> f64 {
    LEFT + seconds as f64 / MAX_S as f64 * (WIDTH - LEFT - RIGHT)
}

fn y(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

fn frame(svg: &mut String, title: &str) {
    let _ = writeln!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#777" role="img" aria-label="{title}">
<text x="{LEFT}" y="20" font-size="14">{title}</text>"##
    );
    for percent in [0, 25, 50, 75, 100] {
        let height = y(f64::from(percent) / 100.0);
        let _ = writeln!(
            svg,
            r##"<line x1="{LEFT}" x2="{}" y1="{height:.1}" y2="{height:.1}" stroke="#999" stroke-opacity="0.35"/><text x="{}" y="{:.1}" text-anchor="end">{percent}%</text>"##,
            x(MAX_S),
            LEFT - 8.0,
            height + 4.0
        );
    }
    for seconds in (0..=MAX_S).step_by(60) {
        let _ = writeln!(
            svg,
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{seconds}s</text>"#,
            x(seconds),
            y(0.0) + 18.0
        );
    }
    let _ = writeln!(svg, r#"<text x="{LEFT}" y="{:.1}">seconds since the release turned bad</text>"#, HEIGHT - 10.0);
}

fn curve(svg: &mut String, rule: Rule, fates: &[Fate], color: &str, dashes: &str) {
    let mut path = format!("M{:.1} {:.1}", x(0), y(early(fates)));
    let mut shown = early(fates);
    for seconds in 0..=MAX_S {
        let share = rolled_back(fates, seconds);
        if share > shown || seconds == MAX_S {
            let _ = write!(path, "H{:.1}V{:.1}", x(seconds), y(share));
            shown = share;
        }
    }
    let width = if rule == Rule::Evidence { 2.5 } else { 1.5 };
    let _ = writeln!(
        svg,
        r#"<path d="{path}" fill="none" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes}"/>"#
    );
}

fn legend(svg: &mut String) {
    let mut height = TOP + 6.0;
    for (rule, (color, dashes)) in Rule::ALL.iter().zip(STROKES) {
        let start = x(MAX_S) + 14.0;
        let _ = writeln!(
            svg,
            r#"<line x1="{start}" x2="{}" y1="{height}" y2="{height}" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"/><text x="{}" y="{}">{}</text>"#,
            start + 24.0,
            start + 30.0,
            height + 4.0,
            rule.name()
        );
        height += 20.0;
    }
}

/// The share of runs that were rolled back before the change.
fn early(fates: &[Fate]) -> f64 {
    fates.iter().filter(|fate| **fate == Fate::False).count() as f64 / fates.len() as f64
}

fn rolled_back(fates: &[Fate], within_s: usize) -> f64 {
    let seen = fates.iter().filter(|fate| matches!(fate, Fate::Seen { delay_s, .. } if *delay_s <= within_s));
    early(fates) + seen.count() as f64 / fates.len() as f64
}
