//! Keeps what is written in step with what is there: links, commands, exit codes, examples, and the rules about the code
//! that no compiler checks.

mod assets;
mod floors;
mod language;
mod layout;
mod npm;
mod numbers;
mod packages;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use clap::error::ErrorKind;

use crate::app::cli;
use crate::app::demo::{Scenario, fault_names};
use crate::config::{Inputs, load};
use crate::model::{Cause, Ending, Outcome};

/// Longest source file, in lines.
const MAX: usize = 400;
/// Exit codes that are no outcome of a run.
const OTHER_CODES: [u8; 6] = [1, 2, 10, 13, 14, 143];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below a folder whose name ends like this, in order.
fn files(folder: &str, ends: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ends: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ends, found);
            } else if path.to_string_lossy().ends_with(ends) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), ends, &mut found);
    found.sort();
    found
}

/// The README and every page below `docs/` and `assets/`.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths = vec![root().join("README.md")];
    paths.extend(files("docs", ".md"));
    paths.extend(files("assets", ".md"));
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

/// The name of a heading in a link, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn has_anchor(page: &str, wanted: &str) -> bool {
    page.lines().filter_map(|line| line.strip_prefix('#')).any(|line| anchor(line.trim_start_matches('#')) == wanted)
}

/// Targets of the links and pictures on a page, those to other sites left out.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target).filter(|target| !target.contains("://"))
}

#[test]
fn every_relative_link_leads_somewhere() {
    for (path, page) in pages() {
        for link in links(&page) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            assert!(target.exists(), "{}: `{link}` points nowhere", path.display());
            let found = heading.is_empty() || has_anchor(&read(&target), heading);
            assert!(found, "{}: `{link}` names a heading that is not there", path.display());
        }
    }
}

/// The commands of this program in a text: lines of code blocks and spans of code that begin with its name.
fn commands(text: &str) -> Vec<String> {
    let starts = |piece: &str| {
        let piece = piece.trim().trim_start_matches("$ ").trim_start_matches("run: ").trim_start_matches("exec ");
        let piece = piece.replace("cargo run --release -- ", "switchback ");
        piece.starts_with("switchback ").then_some(piece)
    };
    let spans =
        text.lines().filter(|line| !line.starts_with("```")).flat_map(|line| line.split('`').skip(1).step_by(2));
    let lines = text.lines().flat_map(|line| line.split([';', '|', '>', '&']));
    spans.chain(lines).filter_map(starts).collect()
}

/// The words of a command line; quotes keep words together, a comment ends it.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut pieces = command.split(['"', '\'']);
    while let Some(bare) = pieces.next() {
        let (bare, comment) = bare.split_once(" #").map_or((bare, false), |(bare, _)| (bare, true));
        // Two spaces or more stand between a command and its explanation.
        let (bare, explained) = bare.split_once("   ").map_or((bare, false), |(bare, _)| (bare, true));
        words.extend(bare.split_whitespace().map(str::to_owned));
        if comment || explained {
            break;
        }
        words.extend(pieces.next().map(str::to_owned));
    }
    words
}

/// What clap has against the command. Asking for help is fine, and prose may name a command without what it needs.
fn refusal(command: &str) -> Option<String> {
    use ErrorKind::{DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion, MissingRequiredArgument};
    let words = words(command);
    let only_named = words.len() == 2;
    let error = cli::try_parse_from(words).err()?;
    let fine = match error.kind() {
        DisplayHelp | DisplayVersion => true,
        MissingRequiredArgument | DisplayHelpOnMissingArgumentOrSubcommand => only_named,
        _ => false,
    };
    (!fine).then(|| error.to_string())
}

#[test]
fn every_command_that_is_shown_can_be_typed() {
    let examples = [".yml", ".sh"].into_iter().flat_map(|ends| files("assets", ends));
    let examples: Vec<_> = examples.map(|path| (path.clone(), read(&path))).collect();
    assert!(examples.len() > 1, "the examples for CI were not found");
    let mut seen = 0;
    for (path, text) in pages().into_iter().chain(examples) {
        // What a script passes on is the caller's, or was settled before.
        for command in commands(&text.replace("\"$@\"", "").replace("\"$COLOR\"", "green")) {
            seen += 1;
            let refused = refusal(&command);
            assert!(refused.is_none(), "{}: `{command}`: {}", path.display(), refused.unwrap_or_default());
        }
    }
    assert!(seen > 30, "only {seen} commands were found: the search for them is broken");
    assert!(refusal("switchback sitwch green").is_some(), "anything is taken");
}

#[test]
fn the_readme_shows_every_command() {
    let readme = read(&root().join("README.md"));
    let shown: BTreeSet<String> =
        commands(&readme).iter().filter_map(|command| words(command).into_iter().nth(1)).collect();
    for command in cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        assert!(shown.contains(command.get_name()), "README.md does not show `switchback {}`", command.get_name());
    }
}

const OUTCOMES: [Outcome; 11] = [
    Outcome::Retained,
    Outcome::RolledBack,
    Outcome::Aborted,
    Outcome::Inconclusive,
    Outcome::Held,
    Outcome::Superseded,
    Outcome::RollbackFailed,
    Outcome::RollbackUndone,
    Outcome::Refused,
    Outcome::SwitchFailed,
    Outcome::Switched,
];
const CAUSES: [Cause; 6] =
    [Cause::Auto, Cause::Operator, Cause::Policy, Cause::Inconclusive, Cause::External, Cause::Configuration];

/// The rows of the table of exit codes on a page: code and the rest.
fn exit_codes(page: &str) -> Vec<(u8, String)> {
    let (_, section) = page.split_once("## Exit codes").expect("a heading `Exit codes`");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    rows.filter_map(|(code, rest)| Some((code.parse().ok()?, rest.to_owned()))).collect()
}

/// Every way in which a run can end, with its exit code.
fn endings() -> impl Iterator<Item = (Outcome, u8)> {
    let all = OUTCOMES.into_iter().flat_map(|outcome| CAUSES.map(|cause| (outcome, cause)));
    all.map(|(outcome, cause)| (outcome, Ending { outcome, cause, reason: String::new() }.exit_code()))
}

fn outcome_codes() -> BTreeSet<u8> {
    endings().map(|(_, code)| code).collect()
}

#[test]
fn the_tables_of_exit_codes_are_those_of_the_program() {
    let codes: BTreeSet<u8> = outcome_codes().into_iter().chain(OTHER_CODES).collect();
    for page in ["README.md", "docs/backend/operating.md"] {
        let table = exit_codes(&read(&root().join(page)));
        for (outcome, code) in endings() {
            let row = table.iter().find(|(listed, _)| *listed == code);
            let named = row.is_some_and(|(_, rest)| rest.contains(&format!("`{outcome}`")));
            assert!(named, "{page}: the row of exit code {code} does not name `{outcome}`");
        }
        let listed: Vec<u8> = table.iter().map(|(code, _)| *code).collect();
        assert_eq!(listed, codes.iter().copied().collect::<Vec<u8>>(), "{page}");
    }
    let help = cli::command().get_after_help().map(ToString::to_string).unwrap_or_default();
    for code in codes.into_iter().filter(|code| *code != 1) {
        assert!(help.contains(&format!(" {code} ")), "--help does not explain exit code {code}");
    }
}

#[test]
fn the_page_of_the_demo_lists_every_scenario() {
    let page = read(&root().join("docs/backend/demo.md"));
    let method = load(Inputs { folder: "/srv/app".into(), ..Inputs::default() }).unwrap().config.error_rate.method;
    for &scenario in Scenario::value_variants() {
        let expected = scenario.expected(method);
        let (outcome, exit_code) = (expected.outcome, expected.exit_code);
        let (happens, look_at) = (scenario.happens(), scenario.look_at());
        let row = format!("| `{scenario}` | {happens} | {look_at} | `{outcome}`, {exit_code} |");
        assert!(page.lines().any(|line| line == row), "docs/backend/demo.md lacks this row:\n{row}");
    }
}

#[test]
fn the_page_of_the_demo_lists_all_faults() {
    let page = read(&root().join("docs/backend/demo.md"));
    for faults in fault_names() {
        assert!(page.contains(&format!("\n| {faults} | ")), "docs/backend/demo.md does not list the faults `{faults}`");
    }
}

#[test]
fn the_example_configurations_are_valid_and_without_a_warning() {
    let examples = files("assets/examples", ".toml");
    assert!(!examples.is_empty());
    for path in examples {
        let file = Some((path.clone(), read(&path)));
        let loaded = load(Inputs { file, folder: "/srv/app".into(), ..Inputs::default() });
        let loaded = loaded.unwrap_or_else(|problems| panic!("{}: {problems}", path.display()));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{}", path.display());
    }
}

/// The blocks of code in a page that are in this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fences = page.split("\n```");
    let blocks = fences.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n'));
    blocks.collect()
}

#[test]
fn the_page_of_the_routers_has_the_examples_that_are_tested() {
    let page = read(&root().join("docs/backend/routers.md"));
    for kind in ["haproxy", "nginx", "caddy"] {
        for path in files(&format!("assets/examples/{kind}"), "") {
            let text = read(&path);
            assert!(page.contains(&format!("\n{}\n```", text.trim_end())), "{} is not on the page", path.display());
        }
    }
    assert!(blocks(&page, "toml").len() >= 8, "{page}");
}

#[test]
fn every_test_that_holds_a_promise_is_there() {
    let page = read(&root().join("docs/backend/security.md"));
    let (_, promises) = page.split_once("## Promises").unwrap();
    let (promises, _) = promises.split_once("\n## ").unwrap();
    let sources: String =
        ["src", "tests"].iter().flat_map(|folder| files(folder, ".rs")).map(|path| read(&path)).collect();
    let named: Vec<&str> = promises.split('`').skip(1).step_by(2).filter(|name| name.contains('_')).collect();
    assert!(named.len() >= 20, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "no test is called `{name}`");
    }
}

#[test]
fn recipes_are_valid_and_without_a_warning() {
    let pages =
        ["routers", "prometheus", "instances"].map(|page| read(&root().join(format!("docs/backend/{page}.md"))));
    for recipe in pages.iter().flat_map(|page| blocks(page, "toml")) {
        // What is shown of a part leaves out where Prometheus is.
        let api = if recipe.contains("[checks.NAME]") { "prometheus.url = \"http://prometheus:9090\"\n" } else { "" };
        let recipe = format!("{api}{}", recipe.replace("NAME", "name"));
        let file = Some((PathBuf::from("switchback.toml"), recipe.clone()));
        let loaded = load(Inputs { file, folder: "/srv/app".into(), ..Inputs::default() });
        let loaded = loaded.unwrap_or_else(|problems| panic!("{recipe}\n{problems}"));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{recipe}");
    }
}

#[test]
fn no_source_file_is_longer_than_it_should_be() {
    for path in files("src", ".rs") {
        let lines = read(&path).lines().count();
        assert!(lines <= MAX, "{} has {lines} lines, {MAX} are the limit", path.display());
    }
}
