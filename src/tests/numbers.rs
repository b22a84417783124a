//! Numbers for people are written in one place, `model::number`.

use super::{files, read};

/// What writes numbers for machines, and the place that writes those for people.
const ELSEWHERE: [&str; 5] = [
    "src/measure/number.rs",
    "src/model/action.rs",
    "src/io/journal/line.rs",
    "src/app/headless/json.rs",
    "src/app/fleet/lines.rs",
];
/// Ways to write them by hand.
const BY_HAND: [&str; 12] =
    [":.0}", ":.1}", ":.2}", ":.3}", "} %", "} ms", "} s", "} kB", "} KiB", "} MiB", "} GiB", "humantime::format"];

/// Whether a line has a number that is written by hand; a unit is a word of its own.
fn by_hand(line: &str) -> bool {
    BY_HAND.iter().any(|way| {
        line.match_indices(way).any(|(at, _)| {
            let next = line[at + way.len()..].chars().next();
            way.ends_with(['}', 't']) || !next.is_some_and(|next| next.is_alphanumeric() || next == '(' || next == '_')
        })
    })
}

#[test]
fn numbers_for_people_are_written_by_the_formatter() {
    let mut found = Vec::new();
    for path in files("src", ".rs") {
        let shown = path.display().to_string();
        let is_test = ["/tests/", "/tests.rs", "/testing.rs"].iter().any(|part| shown.contains(part));
        if is_test || ELSEWHERE.iter().any(|place| shown.ends_with(place)) {
            continue;
        }
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().enumerate().filter(|(_, line)| line.contains('"') && by_hand(line));
        found.extend(lines.map(|(number, line)| format!("{shown}:{}: {}", number + 1, line.trim())));
    }
    assert!(found.is_empty(), "use `model::number`:\n{}", found.join("\n"));
    for line in ["format!(\"{share:.1}%\")", "format!(\"{} %\", 5)", "format!(\"{ms} ms\")", "format!(\"{n} s ago\")"] {
        assert!(by_hand(line), "{line}");
    }
    for line in ["format!(\"{who} said\")", "format!(\"{}\", percent(share))", "format!(\"{name} mss\")"] {
        assert!(!by_hand(line), "{line}");
    }
}
