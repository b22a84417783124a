//! The two color files beside a link whose own text does not tell them: by content or by name. Never written through:
//! `active.conf` may lead to `app-3001.conf`, or to a maintenance page beside `blue.conf` and `green.conf`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::place::{ColorLink, Hop, Names, PlaceError};
use crate::io::router::KnownLink;
use crate::model::Color;

/// Files of a folder; nginx folders have few.
const MAX_FILES: usize = 1_000;
const MAX_BYTES: u64 = 64 << 10;

/// The link that includes one color's file, if exactly one other is the other color's; several are an error.
pub fn of_content(
    hop: &Hop,
    file: &Path,
    shows: Color,
    color_of: impl Fn(&str) -> Option<Color>,
) -> Result<Option<ColorLink>, PlaceError> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return Ok(None) };
    if hop.text.file_name() != Some(name) {
        return Ok(None);
    }
    let others: Vec<_> = files(folder, file.extension())
        .filter(|(other, path)| other != name && text(path).is_some_and(|text| color_of(&text) == Some(shows.other())))
        .collect();
    match others.as_slice() {
        [] => Ok(None),
        [(other, path)] => {
            let in_order = |mine: &Path, other: &Path| shows.pick([mine, other], [other, mine]).map(Path::to_owned);
            let texts = in_order(&hop.text, &hop.text.with_file_name(other));
            let files = in_order(file, path);
            Ok(Some(ColorLink::new(hop.link.clone(), shows, texts, files)))
        }
        several => Err(PlaceError::Several {
            link: hop.link.clone(),
            file: hop.text.clone(),
            others: several.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect(),
        }),
    }
}

/// Targets for a link to neither color: the only pair of color files beside its target or itself.
pub fn beside(hop: &Hop, names: &Names, color_of: impl Fn(&str) -> Option<Color>) -> Option<KnownLink> {
    let here = hop.link.parent()?;
    let extension = hop.text.extension().or_else(|| hop.link.extension());
    [hop.text.parent()?, Path::new("")].into_iter().find_map(|folder| {
        let files: Vec<_> = files(&here.join(folder), extension).filter(|(_, path)| *path != hop.link).collect();
        let (blue, green) = by_content(&files, &color_of).or_else(|| by_name(&files, names))?;
        Some(KnownLink { link: hop.link.clone(), blue: folder.join(blue), green: folder.join(green) })
    })
}

/// A recorded link to this file, which may be gone.
pub fn recorded(known: KnownLink, file: &Path) -> Option<ColorLink> {
    let shows = Color::ALL.into_iter().find(|color| known.text(*color) == file)?;
    let folder = known.link.parent()?.to_owned();
    let files = [folder.join(&known.blue), folder.join(&known.green)];
    Some(ColorLink::new(known.link, shows, [known.blue, known.green], files))
}

fn by_content(files: &[(OsString, PathBuf)], color_of: impl Fn(&str) -> Option<Color>) -> Option<(OsString, OsString)> {
    let (mut blue, mut green) = (Vec::new(), Vec::new());
    for (name, path) in files {
        match text(path).and_then(|text| color_of(&text)) {
            Some(Color::Blue) => blue.push(name),
            Some(Color::Green) => green.push(name),
            None => {}
        }
    }
    match (blue.as_slice(), green.as_slice()) {
        ([blue], [green]) => Some(((*blue).clone(), (*green).clone())),
        _ => None,
    }
}

fn by_name(files: &[(OsString, PathBuf)], names: &Names) -> Option<(OsString, OsString)> {
    let known: Vec<&OsStr> = files.iter().map(|(name, _)| name.as_os_str()).collect();
    let mut pairs = known.iter().filter_map(|name| {
        let (color, other, _) = names.swap(name.to_str()?)?;
        let other = OsString::from(other);
        (color == Color::Blue && known.contains(&other.as_os_str())).then(|| ((*name).to_owned(), other))
    });
    let pair = pairs.next()?;
    pairs.next().is_none().then_some(pair)
}

fn files<'a>(folder: &Path, extension: Option<&'a OsStr>) -> impl Iterator<Item = (OsString, PathBuf)> + use<'a> {
    let entries = fs::read_dir(folder).into_iter().flatten().take(MAX_FILES).filter_map(Result::ok);
    let files = entries.map(|entry| (entry.file_name(), entry.path()));
    files.filter(move |(_, path)| path.extension() == extension && path.is_file())
}

fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MAX_BYTES + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= MAX_BYTES).then(|| String::from_utf8_lossy(&bytes).into_owned())
}
