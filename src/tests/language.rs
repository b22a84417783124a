//! Phrases that the glossary has replaced do not come back, in the program's texts and in the documentation.

use super::{files, read, root};

/// Each with what is said instead.
const REPLACED: [(&str, &str); 41] = [
    ("this is no ", "not a valid …"),
    (" is no duration", "not a valid duration"),
    ("gone on with", "resumed"),
    ("put that right", "what to do"),
    ("makes no sense here", "unexpected …"),
    ("nobody would be told", "notifications would be lost"),
    ("what comes of it is not known", "no result"),
    ("took its place", "replaced"),
    ("is nowhere", "does not exist"),
    ("lets nobody in", "rejects …"),
    ("not to be seen from here", "unknown"),
    ("goes on trying", "keeps trying"),
    ("nobody reads", "is not read"),
    ("go on watching", "keep watching"),
    ("mend what it names", "fix the cause"),
    ("is no longer told", "is dropped"),
    ("under our hands", "meanwhile"),
    ("a say of its own", "state of its own"),
    ("left to itself", "detached"),
    ("looks out for", "discovers"),
    ("goes on with", "continues"),
    ("somebody else moved", "another process moved"),
    ("nobody watches", "unwatched"),
    ("all the same", "anyway"),
    ("comes of it", "the result"),
    ("put right", "fix"),
    ("the watch goes on", "the soak continues"),
    ("no way back", "no rollback"),
    ("the old color", "previous color"),
    ("predecessor", "previous color"),
    ("parachute", "standby"),
    ("per cent", "percent"),
    ("colour", "color"),
    ("behaviour", "behavior"),
    ("licence", "license"),
    ("recognise", "recognize"),
    ("journalled", "journaled"),
    ("labelled", "labeled"),
    ("favour", "favor"),
    ("modelled", "modeled"),
    ("normalis", "normaliz…"),
];

fn replaced(text: &str) -> impl Iterator<Item = (usize, &'static str, &'static str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        let line = line.to_lowercase();
        let found = REPLACED.iter().filter(move |(phrase, _)| line.contains(phrase));
        found.map(move |(phrase, instead)| (index + 1, *phrase, *instead))
    })
}

#[test]
fn phrases_that_were_replaced_are_used_nowhere() {
    let mut pages = vec![root().join("README.md")];
    pages
        .extend([("docs", ".md"), (".github", ".md"), ("src", ".rs")].into_iter().flat_map(|(at, ext)| files(at, ext)));
    assert!(pages.len() > 500, "only {} files were found", pages.len());
    let mut found = Vec::new();
    for path in pages {
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        let is_test = ["/tests/", "/tests.rs", "src/tests"].iter().any(|part| shown.contains(part));
        // The glossary names them.
        if is_test || shown == "docs/glossary.md" {
            continue;
        }
        let text = read(&path);
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        found
            .extend(replaced(text).map(|(line, phrase, instead)| format!("{shown}:{line}: `{phrase}`: say {instead}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let told = "error: this is no duration\nA Colour of one's own\n";
    assert_eq!(replaced(told).map(|(line, ..)| line).collect::<Vec<_>>(), [1, 1, 2]);
}
