//! Ports near a color's name.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::{Rank, Seen, address, branches, color, is_inside, only_color};
use crate::app::project::files::{File, Place, has_extension};
use crate::app::project::pattern;
use crate::model::Color;

/// Lines behind a color's name in which its port may stand.
const NEAR: usize = 6;

/// Ports near a color's name: `blue: { port: 3001 }`, `blue) PORT=3001 ;;`, `[green]=3002`.
pub fn find(file: &File) -> Vec<Seen> {
    static COLOR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:^|[^a-z])(blue|green)(?:[^a-z]|$)"));
    static DIRECT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:blue|green)["'\])]*\s*(?:=>|[:=)]|\)\s*(?:echo|return))\s*["'{(]?\s*["']?(?:https?://)?((?:[\w.-]+:)?\d{4,5})\b"#,
        )
    });
    static PORT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r#"(?i)(?:port\w*["']?\s*[:=]\s*["']?|--port[ =]|url["']?\s*[:=]\s*["']?https?://|(?:^|[^\w.])(?:https?://))((?:(?:localhost|[\w-]+(?:\.[\w-]+)*):)?\d{4,5})\b"#,
        )
    });
    static PUBLISHED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:-p|--publish)[ =]+(?:[\d.]+:)?(\d{2,5}):\d"));
    let of_file = only_color(&file.name);
    let speaks = speaks_of_deploys(&file.name);
    let mut seen: Vec<Seen> = Vec::new();
    let mut current: Option<(Color, usize)> = None;
    for (at, line) in file.text.lines().enumerate() {
        // What is compared with a color says nothing of what follows.
        let is_compared = branches::is_condition(line);
        let colors: Vec<Color> =
            COLOR.captures_iter(&line.replace('_', " ")).filter_map(|found| color(&found[1])).collect();
        let single = colors.first().copied().filter(|first| colors.iter().all(|color| color == first));
        match (colors.is_empty(), single) {
            (true, _) => {}
            (false, Some(color)) => current = Some((color, at)),
            (false, None) => current = None,
        }
        // `${BLUE}` colors what a script prints.
        let is_painted = ["${BLUE}", "$BLUE ", "${GREEN}", "$GREEN "].iter().any(|name| line.contains(name));
        if is_painted || is_compared || branches::ends(line) {
            current = None;
            continue;
        }
        let of_pair = DIRECT.captures_iter(line).filter_map(|found| {
            let whole = found.get(0)?.as_str();
            Some((
                color(&whole[..whole.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(whole.len())])?,
                found[1].to_owned(),
            ))
        });
        // A bare number may be anything where nothing speaks of ports.
        let is_port = speaks || speaks_of_ports(line);
        let mut found: Vec<(Color, String)> = of_pair.filter(|(_, text)| text.contains(':') || is_port).collect();
        if found.is_empty()
            && let Some((color, since)) =
                current.filter(|(_, since)| at - since <= NEAR).or_else(|| Some((of_file?, at)))
            && let Some(port) = PUBLISHED.captures(line).or_else(|| PORT.captures(line))
        {
            found.push((color, port[1].to_owned()));
            // The first port behind a name is its own.
            if since != at {
                current = None;
            }
        }
        for (color, text) in found {
            let Some(address) = address(&text) else { continue };
            let rank = if is_inside(&address) { Rank::Inside } else { Rank::Near };
            seen.push(Seen { color, address, rank, place: Place { file: file.name.clone(), line: at + 1 } });
        }
    }
    seen
}

/// Whether a file is about deploys or servers, by its name.
fn speaks_of_deploys(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = [
        "deploy",
        "switch",
        "port",
        "rollback",
        "traffic",
        "infra",
        "nginx",
        "server",
        "slot",
        "env",
        "bluegreen",
        "blue-green",
        "ops",
    ];
    words.iter().any(|word| name.contains(word)) || has_extension(&name, &["sh", "bash"])
}

fn speaks_of_ports(line: &str) -> bool {
    let line = line.to_ascii_lowercase().replace("export", "").replace("import", "").replace("support", "");
    ["port", "slot", "upstream", "backend", "target", "host", "addr"].iter().any(|word| line.contains(word))
}
