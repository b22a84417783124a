//! The floors: each imports only from those below it, no two modules import each other, and every folder's map is right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{files, read, root};

/// From the lowest to the highest.
const FLOORS: [&str; 7] = ["packing", "measure", "model", "config", "core", "io", "app"];
/// The lowest are packages of their own, whose modules are rooms of them.
const PACKAGES: [&str; 2] = ["packing", "measure"];
/// What else may lie in `src`.
const BESIDE: [&str; 5] = ["build.rs", "lib.rs", "main.rs", "tests", "tests.rs"];
/// A folder of fewer modules needs no map.
const MAPPED: usize = 2;

/// A file of the program, by its path below `src`.
struct Source {
    path: String,
    text: String,
}

/// A place in which a file names another module of the program.
struct Import {
    place: String,
    from: String,
    to: String,
}

fn sources() -> impl Iterator<Item = Source> {
    let below = root().join("src");
    files("src", ".rs").into_iter().filter_map(move |path| {
        let text = read(&path);
        let path = path.strip_prefix(&below).unwrap().display().to_string();
        let is_test = ["/tests/", "/tests.rs", "/testing.rs"].iter().any(|part| format!("/{path}").contains(part));
        (!is_test).then_some(Source { path, text })
    })
}

impl Source {
    /// The names of the module, from its floor on.
    fn module(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.path.trim_end_matches(".rs").split('/').collect();
        let is_package = names.len() == 2 && PACKAGES.contains(&names[0]);
        if names.last() == Some(&"mod") || (is_package && names[1] == "lib") {
            names.pop();
        }
        names
    }

    /// The lines that are compiled into the program, with their numbers: no comments, nothing that is for tests alone.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut code = Vec::new();
        let mut lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        while let Some((number, line)) = lines.next() {
            if line == "#[cfg(test)]" {
                // An item in one line, or a module whose end stands where it began.
                if lines.next().is_some_and(|(_, item)| !item.ends_with(';')) {
                    lines.by_ref().find(|(_, line)| *line == "}");
                }
            } else if !line.trim_start().starts_with("//") {
                code.push((number, line));
            }
        }
        code
    }

    fn imports(&self) -> Vec<Import> {
        let module = self.module();
        let mut imports = Vec::new();
        for (number, line) in self.code() {
            let place = format!("src/{}:{number}", self.path);
            let climbed = line.matches("super::").count();
            assert!(climbed < module.len() + usize::from(line.starts_with(' ')), "{place} climbs out of the house");
            for (at, crate_name) in line.match_indices("crate::") {
                let behind = &line[at + crate_name.len()..];
                let mut path: Vec<_> = behind.split("::").map(word).take(2).collect();
                path.splice(..0, PACKAGES.into_iter().filter(|package| *package == module[0]));
                let to = room(&path);
                let is_one = !to.is_empty() && !to.ends_with("::");
                assert!(is_one, "{place} imports from several modules at once: one `use` for each");
                imports.push(Import { place: place.clone(), from: room(&module), to });
            }
        }
        imports
    }

    /// The modules that it declares, other than tests.
    fn declared(&self) -> BTreeSet<&str> {
        let declared = |line: &'_ str| -> Option<usize> {
            let at = line.find("mod ")?;
            let is_private_or_pub = line[..at].is_empty() || line[..at].starts_with("pub");
            (is_private_or_pub && line.ends_with(';')).then_some(at + 4)
        };
        self.code().into_iter().filter_map(|(_, line)| Some(&line[declared(line)?..line.len() - 1])).collect()
    }

    /// The modules in its map: what stands in backticks in the first cell of a row.
    fn mapped(&self) -> BTreeSet<&str> {
        let rows =
            self.text.lines().filter_map(|line| line.strip_prefix("//! | ")).filter_map(|row| row.split(" |").next());
        rows.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(|name| name.trim_end_matches('/')).collect()
    }
}

fn word(text: &str) -> &str {
    let end = text.find(|character: char| character != '_' && !character.is_alphanumeric());
    &text[..end.unwrap_or(text.len())]
}

/// What may not be in a circle with others: the whole of model and config, a module of the others.
fn room(path: &[&str]) -> String {
    match path {
        [floor, module, ..] if !["model", "config"].contains(floor) => format!("{floor}::{module}"),
        [floor, ..] => (*floor).to_owned(),
        [] => String::new(),
    }
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| room.split("::").next() == Some(floor))
}

/// What no line of the floors up to `core` names: files, clocks, threads, sockets, processes.
const IMPURE: [&str; 12] = [
    "tokio",
    "reqwest",
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::thread",
    "rustix",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
];
/// What looks like it and is a plain value.
const VALUES: [&str; 4] =
    ["reqwest::header::HeaderName", "std::net::SocketAddr", "std::net::IpAddr", "std::net::Ipv6Addr"];

#[test]
fn the_floors_up_to_core_are_pure() {
    let impure = |line: &str| {
        let line = VALUES.iter().fold(line.to_owned(), |line, value| line.replace(value, ""));
        IMPURE.iter().find(|name| line.contains(**name))
    };
    let core = floor("core").unwrap();
    let mut named = Vec::new();
    for source in sources().filter(|source| floor(source.module()[0]).is_some_and(|at| at <= core)) {
        let found = source.code().into_iter().filter_map(|(number, line)| Some((number, impure(line)?)));
        named.extend(found.map(|(number, name)| format!("src/{}:{number}: `{name}`", source.path)));
    }
    assert!(named.is_empty(), "what is decided depends on nothing but what is handed in:\n{}", named.join("\n"));
}

/// Of the three in which nothing is read from a file, the tests as well.
#[test]
fn nor_do_the_tests_of_detect_model_and_core_need_a_machine() {
    for path in ["src/measure/detect", "src/model", "src/core"].iter().flat_map(|floor| files(floor, ".rs")) {
        for (index, line) in read(&path).lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let found = IMPURE.iter().find(|name| line.contains(**name));
            assert!(found.is_none(), "{}:{} names `{}`", path.display(), index + 1, found.unwrap_or(&""));
        }
    }
}

#[test]
fn whatever_lies_in_the_house_is_on_a_floor() {
    let names =
        fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let strangers: Vec<String> =
        names.filter(|name| !FLOORS.contains(&name.as_str()) && !BESIDE.contains(&name.as_str())).collect();
    assert_eq!(strangers, Vec::<String>::new(), "on no floor");
}

#[test]
fn every_import_leads_downwards() {
    let mut upwards = Vec::new();
    for source in sources().filter(|source| source.path.contains('/')) {
        for Import { place, from, to } in source.imports() {
            // A macro or an item of `lib.rs` is on no floor.
            if floor(&to).is_none_or(|to| Some(to) > floor(&from)) {
                upwards.push(format!("{place}: {from} knows nothing of {to}"));
            }
        }
    }
    assert!(upwards.is_empty(), "{}", upwards.join("\n"));
}

#[test]
fn no_modules_import_each_other() {
    let mut arrows: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for source in sources().filter(|source| source.path.contains('/')) {
        for Import { place, from, to } in source.imports().into_iter().filter(|import| import.from != import.to) {
            arrows.entry(from).or_default().insert(to, place);
        }
    }
    // What leads nowhere is in no circle, and without it more leads nowhere.
    while let Some(end) = arrows.values().flat_map(BTreeMap::keys).find(|to| !arrows.contains_key(*to)).cloned() {
        for to in arrows.values_mut() {
            to.remove(&end);
        }
        arrows.retain(|_, to| !to.is_empty());
    }
    let told =
        arrows.iter().flat_map(|(from, to)| to.iter().map(move |(to, place)| format!("{from} → {to} in {place}")));
    assert!(arrows.is_empty(), "in a circle:\n{}", told.collect::<Vec<_>>().join("\n"));
}

#[test]
fn the_map_of_a_folder_has_every_module_in_it_and_nothing_else() {
    let mut wrong = Vec::new();
    for source in sources() {
        let (declared, mapped) = (source.declared(), source.mapped());
        if declared.len() < MAPPED && mapped.is_empty() {
            continue;
        }
        let missing =
            declared.difference(&mapped).map(|name| format!("src/{}: `{name}` is not in the map", source.path));
        let gone = mapped.difference(&declared).map(|name| format!("src/{}: `{name}` is no module", source.path));
        wrong.extend(missing.chain(gone));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_for_tests_alone_counts_for_nothing() {
    let text = "//! | `a`, `b/` | two |\nmod a;\npub mod b;\n#[cfg(test)]\nmod tests {\n    use crate::app::x;\n}\nuse crate::io::y::Z;\n\
                // crate::app\n#[cfg(test)]\nmod harness;\n";
    let source = Source { path: "core/soak/mod.rs".to_owned(), text: text.to_owned() };
    let imports: Vec<_> = source.imports().into_iter().map(|import| (import.place, import.from, import.to)).collect();
    let place = Path::new("src/core/soak/mod.rs:8").display().to_string();
    assert_eq!(imports, [(place, "core::soak".to_owned(), "io::y".to_owned())]);
    assert_eq!((source.declared(), source.mapped()), (["a", "b"].into(), ["a", "b"].into()));
}
