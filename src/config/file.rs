//! `switchback.toml`: from TOML to the values of known keys, each with its line.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::keys::{Key, keys};
use super::layers::{Entry, Layer};
use super::nearest::{nearest, suggestion};
use super::problem::{Origin, Problem, printable};
use super::raw::{Raw, Scalar};

/// Reads the file into a layer, `None` if it is not TOML. Problems come in the order of the file and repeat no value.
pub fn read(path: &Path, text: &str, problems: &mut Vec<Problem>) -> Option<Layer> {
    let mut reader = Reader {
        path,
        text,
        ends: text.match_indices('\n').map(|(end, _)| end).collect(),
        parsed: OnceCell::new(),
        layer: Layer::new(),
        problems: Vec::new(),
        queries: serde_json::Map::new(),
        queries_at: None,
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    let readable = errors.is_empty();
    if readable {
        reader.table("", table.get_ref());
        reader.finish_queries();
    }
    let more = errors.len().saturating_sub(MAX_ERRORS);
    for error in errors.into_iter().take(MAX_ERRORS) {
        // Only the message: the rendered error repeats the line, and with it perhaps a secret.
        let problem = Problem::about(path.display().to_string(), format!("not valid TOML: {}", error.message()));
        let origin = reader.origin(&error.span().unwrap_or_default());
        reader.problems.push(problem.at(origin));
    }
    if more > 0 {
        let told = format!("not valid TOML in {more} more places");
        reader
            .problems
            .push(Problem::about(path.display().to_string(), told).at(reader.origin(&(text.len()..text.len()))));
    }
    let Reader { layer, problems: mut found, .. } = reader;
    found.sort_by_key(|problem| problem.origin.as_ref().map_or(0, line_of));
    problems.extend(found);
    readable.then_some(layer)
}

/// So many syntax errors are told one by one: a file that is something else altogether has one in every line.
const MAX_ERRORS: usize = 20;

/// The key of the checks by queries, and the section that each has a table in.
const QUERIES: &str = "checks.queries";
const QUERIES_IN: &str = "checks.";

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    ends: Vec<usize>,
    /// The whole file as values, once something needs it.
    parsed: OnceCell<Option<toml::Table>>,
    layer: Layer,
    problems: Vec<Problem>,
    queries: serde_json::Map<String, serde_json::Value>,
    queries_at: Option<Origin>,
}

impl Reader<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name =
                if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
            let origin = self.origin(&key.span());
            if let Some(known) = file_names().find(|known| *known == name) {
                self.value(known, value, origin);
            } else if is_query(&name, value) {
                self.query(&name, origin);
            } else if !is_section(&name) {
                self.unknown(&name, value, origin);
            } else if let DeValue::Table(table) = value.get_ref() {
                self.table(&name, table);
            } else {
                let problem = Problem::about(name, "this is a section, not a key: expected a table");
                self.problems.push(problem.at(origin));
            }
        }
    }

    fn value(&mut self, name: &'static str, value: &Spanned<DeValue<'_>>, origin: Origin) {
        let entry = Entry { raw: raw(value.get_ref()), origin: origin.clone() };
        // TOML itself refuses a key twice; `"soak.window"` in quotes and `window` under `[soak]` are two keys to it.
        if self.layer.insert(name, entry).is_some() {
            self.problems.push(Problem::about(name, "given twice").at(origin));
        }
    }

    /// `[checks.NAME]` with a query or alerts: part of the one key that holds all such checks.
    fn query(&mut self, name: &str, origin: Origin) {
        let check = name.strip_prefix(QUERIES_IN).unwrap_or(name).to_owned();
        let parsed = self.parsed.get_or_init(|| toml::from_str(self.text).ok());
        let table = parsed.as_ref().and_then(|all| all.get("checks")?.get(&check)).cloned();
        if let Some(table) = table.and_then(|table| serde_json::to_value(table).ok()) {
            self.queries.insert(check, table);
            // Tables come in the order of their names; the first in the file is told.
            let first = self.queries_at.take().filter(|known| line_of(known) <= line_of(&origin));
            self.queries_at = Some(first.unwrap_or(origin));
        }
    }

    fn finish_queries(&mut self) {
        let Some(origin) = self.queries_at.take() else { return };
        let text = serde_json::Value::Object(std::mem::take(&mut self.queries)).to_string();
        let entry = Entry { raw: Raw::text(text), origin: origin.clone() };
        if self.layer.insert(QUERIES, entry).is_some() {
            self.problems.push(Problem::about(QUERIES, "given twice, also as [checks.NAME]").at(origin));
        }
    }

    fn unknown(&mut self, name: &str, value: &Spanned<DeValue<'_>>, origin: Origin) {
        let sections = sections();
        let found = match value.get_ref() {
            DeValue::Table(_) => nearest(name, sections.iter().copied()),
            _ => nearest(name, file_names()),
        };
        let problem = Problem::about(printable(name), format!("unknown key{}", suggestion(found)));
        let example = found.and_then(|found| keys().find(|key| key.name == found)).map(|key| key.example_at(&origin));
        self.problems.push(Problem { example, ..problem.at(origin) });
    }

    fn origin(&self, span: &Range<usize>) -> Origin {
        let line = self.ends.partition_point(|end| *end < span.start) + 1;
        Origin::File { path: self.path.to_owned(), line }
    }
}

const fn line_of(origin: &Origin) -> usize {
    match origin {
        Origin::File { line, .. } => *line,
        _ => 0,
    }
}

fn is_query(name: &str, value: &Spanned<DeValue<'_>>) -> bool {
    let asks = |table: &DeTable<'_>| ["query", "alerts"].iter().any(|key| table.contains_key(*key));
    let DeValue::Table(table) = value.get_ref() else { return false };
    let Some(check) = name.strip_prefix(QUERIES_IN).filter(|check| !check.contains('.')) else { return false };
    // One that asks nothing is a check with a mistake in it, or a section with one in its name.
    let mistyped =
        || nearest(check, sections().into_iter().filter_map(|known| known.strip_prefix(QUERIES_IN))).is_some();
    !is_section(name) && (asks(table) || !mistyped())
}

/// The names that may stand in the file: every key, and for secrets the key that names a file.
fn file_names() -> impl Iterator<Item = &'static str> {
    keys().flat_map(|key| [Some(key.name), key.secret_file().map(|(name, _)| name)]).flatten()
}

/// The sections: `soak`, `colors`, `colors.blue`, …
fn sections() -> BTreeSet<&'static str> {
    let prefixes = |key: &'static Key| key.name.match_indices('.').map(|(dot, _)| &key.name[..dot]);
    keys().flat_map(prefixes).collect()
}

fn is_section(name: &str) -> bool {
    sections().contains(name)
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::text(text.as_ref()),
        DeValue::Integer(number) => Raw::Scalar(Scalar::Integer, decimal(number)),
        DeValue::Float(number) => Raw::Scalar(Scalar::Float, number.as_str().to_owned()),
        DeValue::Boolean(yes) => Raw::Scalar(Scalar::Bool, yes.to_string()),
        DeValue::Array(items) => Raw::List(items.iter().map(|item| raw(item.get_ref())).collect()),
        DeValue::Table(_) => Raw::Odd("a table"),
        DeValue::Datetime(_) => Raw::Odd("a date or time"),
    }
}

/// The number in decimal digits, whatever base it was written in.
fn decimal(number: &DeInteger<'_>) -> String {
    i128::from_str_radix(number.as_str(), number.radix())
        .map_or_else(|_| number.as_str().to_owned(), |number| number.to_string())
}
