//! Where the included file really is: a file, or a link to one color's own file (`ln -sfn`), also as a folder on the
//! way. Then the link is moved: a color's own file is never written.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::model::Color;

/// As many as Linux follows.
const MAX_LINKS: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("cannot follow `{}`: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("`{}` is a link to `{}`, and there is no `{}` for the other color: create it, or name the file itself in router.include_file", link.display(), file.display(), missing.display())]
    NoSibling { link: PathBuf, file: PathBuf, missing: PathBuf },
    #[error("`{}` is a link to `{}`, and more than one file beside it sends traffic to the other color ({}): keep one of them, or name the file itself in router.include_file", link.display(), file.display(), others.join(", "))]
    Several { link: PathBuf, file: PathBuf, others: Vec<String> },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub link: PathBuf,
    pub text: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// No color's own file, or nothing yet.
    File {
        path: PathBuf,
        /// The links on the way, if the file's own path is one.
        through: Vec<Hop>,
    },
    Link(ColorLink),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColorLink {
    pub link: PathBuf,
    pub shows: Color,
    texts: [PathBuf; 2],
    files: [PathBuf; 2],
}

impl ColorLink {
    pub const fn new(link: PathBuf, shows: Color, texts: [PathBuf; 2], files: [PathBuf; 2]) -> Self {
        Self { link, shows, texts, files }
    }

    pub fn text(&self, color: Color) -> &Path {
        color.pick(&self.texts[0], &self.texts[1])
    }

    pub fn file(&self, color: Color) -> &Path {
        color.pick(&self.files[0], &self.files[1])
    }
}

/// Color names in file names: `blue` and `green`, and those of the configuration.
#[derive(Clone, Debug)]
pub struct Names {
    blue: String,
    green: String,
}

impl Names {
    pub fn new(blue: &str, green: &str) -> Self {
        Self { blue: blue.to_owned(), green: green.to_owned() }
    }

    /// The color in a name, the other color's name, and whether it is a whole word. `None` if it names neither or both.
    pub fn swap(&self, name: &str) -> Option<(Color, String, bool)> {
        swap(name, "blue", "green", false).or_else(|| swap(name, &self.blue, &self.green, true))
    }
}

/// Replaces one color by the other, preserving case; `None` unless exactly one is in the name.
fn swap(name: &str, blue: &str, green: &str, only_words: bool) -> Option<(Color, String, bool)> {
    let places = |word: &str| places(name, word, only_words);
    let (of_blue, of_green) = (places(blue), places(green));
    let (color, at, from, to) = match (of_blue.is_empty(), of_green.is_empty()) {
        (false, true) => (Color::Blue, of_blue, blue, green),
        (true, false) => (Color::Green, of_green, green, blue),
        _ => return None,
    };
    let mut other = String::new();
    let mut done = 0;
    for place in &at {
        let end = place + from.len();
        other.push_str(&name[done..*place]);
        other.push_str(&in_case_of(&name[*place..end], to));
        done = end;
    }
    other.push_str(&name[done..]);
    let words = at.iter().all(|place| is_word(name, *place, from.len()));
    Some((color, other, words))
}

fn places(name: &str, word: &str, only_words: bool) -> Vec<usize> {
    let (lower, word) = (name.to_ascii_lowercase(), word.to_ascii_lowercase());
    if word.is_empty() {
        return Vec::new();
    }
    let found = lower.match_indices(&word).map(|(at, _)| at);
    found.filter(|at| !only_words || is_word(name, *at, word.len())).collect()
}

/// No letter or digit right before or after it.
fn is_word(name: &str, at: usize, length: usize) -> bool {
    let before = name[..at].chars().next_back();
    let behind = name[at + length..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !behind.is_some_and(char::is_alphanumeric)
}

fn in_case_of(model: &str, word: &str) -> String {
    if model.chars().all(|c| !c.is_ascii_lowercase()) {
        return word.to_ascii_uppercase();
    }
    let mut letters = word.chars();
    match (model.chars().next(), letters.next()) {
        (Some(first), Some(initial)) if first.is_ascii_uppercase() => {
            initial.to_ascii_uppercase().to_string() + letters.as_str()
        }
        _ => word.to_owned(),
    }
}

/// Follows links. The first to a color's own file with the other color's beside it is the one to move.
pub fn find(path: &Path, names: &Names) -> Result<Place, PlaceError> {
    let failed = |source| PlaceError::Io { path: path.to_owned(), source };
    let mut resolved = PathBuf::new();
    let mut rest: VecDeque<OsString> = components(path);
    let (mut through, mut lonely) = (Vec::new(), None);
    let mut links = 0;
    while let Some(component) = rest.pop_front() {
        let here = step(&resolved, &component);
        let is_link = match fs::symlink_metadata(&here) {
            Ok(metadata) => metadata.is_symlink(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => false,
            Err(error) => return Err(failed(error)),
        };
        if !is_link {
            resolved = here;
            continue;
        }
        links += 1;
        if links > MAX_LINKS {
            return Err(failed(io::Error::from_raw_os_error(rustix::io::Errno::LOOP.raw_os_error())));
        }
        let text = fs::read_link(&here).map_err(failed)?;
        let tail: PathBuf = rest.iter().collect();
        match color_link(&resolved, &here, &text, &tail, names) {
            Leads::ToColor(link) => return Ok(Place::Link(link)),
            Leads::Lonely(error) => lonely = lonely.or(Some(error)),
            Leads::Elsewhere => {}
        }
        if rest.is_empty() {
            through.push(Hop { link: here, text: text.clone() });
        }
        if text.is_absolute() {
            resolved = PathBuf::new();
        }
        for component in components(&text).into_iter().rev() {
            rest.push_front(component);
        }
    }
    match lonely {
        Some(error) => Err(error),
        None => Ok(Place::File { path: resolved, through }),
    }
}

fn components(path: &Path) -> VecDeque<OsString> {
    path.components().filter(|part| *part != Component::CurDir).map(|part| part.as_os_str().to_owned()).collect()
}

/// `resolved` has no links, so `..` is its parent.
fn step(resolved: &Path, component: &OsStr) -> PathBuf {
    if component == ".." {
        return resolved.parent().map_or_else(|| resolved.to_owned(), Path::to_owned);
    }
    resolved.join(component)
}

enum Leads {
    ToColor(ColorLink),
    Lonely(PlaceError),
    Elsewhere,
}

/// Whether a link names a color, and the other color's name leads to a file as well.
fn color_link(folder: &Path, link: &Path, text: &Path, tail: &Path, names: &Names) -> Leads {
    let parts: Vec<&str> = match text.iter().map(OsStr::to_str).collect::<Option<_>>() {
        Some(parts) => parts,
        None => return Leads::Elsewhere,
    };
    let swapped: Vec<_> = parts.iter().map(|part| names.swap(part)).collect();
    let file = |text: &Path| {
        let file = folder.join(text);
        if tail.as_os_str().is_empty() { file } else { file.join(tail) }
    };
    // All parts that name the color, then the last name alone, then those before it.
    let one_by_one = (0..parts.len()).rev().map(|at| vec![at]);
    for chosen in std::iter::once((0..parts.len()).collect()).chain(one_by_one) {
        let Some(other) = with_other_color(&parts, &swapped, &chosen) else { continue };
        let (shows, other) = other;
        if fs::metadata(file(&other)).is_ok_and(|found| found.is_file()) {
            let pair = |mine: &Path, others: &Path| shows.pick([mine, others], [others, mine]).map(Path::to_owned);
            let (texts, files) = (pair(text, &other), pair(&file(text), &file(&other)));
            return Leads::ToColor(ColorLink { link: link.to_owned(), shows, texts, files });
        }
    }
    match swapped.last() {
        Some(Some((_, _, true))) if tail.as_os_str().is_empty() => {
            let other = with_other_color(&parts, &swapped, &[parts.len() - 1]).map(|(_, other)| other);
            let missing = file(&other.unwrap_or_default());
            Leads::Lonely(PlaceError::NoSibling { link: link.to_owned(), file: text.to_owned(), missing })
        }
        _ => Leads::Elsewhere,
    }
}

/// The text for the other color in these parts; `None` if they name none, or different ones.
fn with_other_color(
    parts: &[&str],
    swapped: &[Option<(Color, String, bool)>],
    chosen: &[usize],
) -> Option<(Color, PathBuf)> {
    let mut about = chosen.iter().filter_map(|at| swapped[*at].as_ref()).map(|(color, ..)| *color);
    let color = about.next()?;
    if about.any(|other| other != color) {
        return None;
    }
    let part = |at: usize| match &swapped[at] {
        Some((_, other, _)) if chosen.contains(&at) => other.as_str(),
        _ => parts[at],
    };
    Some((color, (0..parts.len()).map(part).collect()))
}

#[cfg(test)]
mod tests;
