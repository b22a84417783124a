//! The included file: what is in it, and how it is changed for a color.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::OFlags;

use super::directives::{is_empty, same};
use super::error::IncludeError;
use super::master::{FileMount, Master, mount_of, seen};
use super::pair;
use super::place::{ColorLink, Hop, Names, Place, PlaceError, find};
use super::write::{date, only_in_place, overwrite, place_link, read, replace};
use crate::config::NginxConfig;
use crate::io::router::{KnownLink, Written};
use crate::model::Color;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// No directive, or no file.
    Nothing,
    Torn,
    /// Leads to this color: by the template, as we wrote it last, or by the link.
    Color(Color),
    Foreign(Vec<u8>),
}

#[derive(Clone, Debug)]
pub struct Standing {
    pub place: Place,
    pub holds: Holds,
    /// `None` if there is no file.
    bytes: Option<Vec<u8>>,
    /// What nginx still sees of it, if it was replaced behind a mount.
    seen: Option<Vec<u8>>,
    /// The last change of it or its link.
    pub changed: Option<SystemTime>,
    /// How nginx sees it mounted by itself.
    pub mount: Option<FileMount>,
}

impl Standing {
    pub fn file(&self) -> &Path {
        match &self.place {
            Place::File { path, .. } => path,
            Place::Link(link) => link.file(link.shows),
        }
    }

    /// `None` if there is no file.
    pub fn seen(&self) -> Option<&[u8]> {
        self.seen.as_deref().or_else(|| self.bytes())
    }

    pub fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }
}

/// What a move changed, to undo it.
#[derive(Debug)]
pub enum Change {
    /// `before` is `None` if there was no file.
    Content { path: PathBuf, before: Option<Vec<u8>>, mount: Option<FileMount> },
    /// The link's old target.
    Link { link: PathBuf, text: PathBuf },
}

#[derive(Clone, Debug)]
pub struct IncludeFile {
    path: PathBuf,
    blue: String,
    green: String,
    names: Names,
    written: Written,
}

impl IncludeFile {
    pub fn new(config: &NginxConfig, service: &str, written: Written) -> Self {
        let render = |color: Color, upstream: &str| {
            let directives = config.template.replace("{upstream}", upstream).replace("{color}", color.name());
            format!(
                "# {service}: {color}, written by Switchback\n{}\n",
                directives.replace("{service}", service).trim_end()
            )
        };
        Self {
            path: config.include_file.clone(),
            blue: render(Color::Blue, &config.blue),
            green: render(Color::Green, &config.green),
            names: Names::new(&config.blue, &config.green),
            written,
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn text(&self, color: Color) -> &str {
        color.pick(&self.blue, &self.green)
    }

    fn target(&self) -> String {
        format!("nginx {}", self.path.display())
    }

    /// The manual steps to a color, without the reload.
    pub fn by_hand(&self, color: Color) -> String {
        let links = self.links();
        if let Some(known) = self.known_link(&links) {
            return format!("make the link `{}` lead to `{}`", known.link.display(), known.text(color).display());
        }
        let directives: Vec<_> = self.text(color).lines().skip(1).map(str::trim).collect();
        let directives = directives.join(" ");
        match links.first() {
            Some(Hop { link, .. }) => format!("replace the link `{}` by a file with `{directives}`", link.display()),
            None => format!("write `{directives}` into `{}`", self.path.display()),
        }
    }

    fn links(&self) -> Vec<Hop> {
        match find(&self.path, &self.names) {
            Ok(Place::File { through, .. }) => through,
            Ok(Place::Link(_)) | Err(_) => Vec::new(),
        }
    }

    /// The link that selects a color's own file: as last seen, or as the files beside it suggest.
    fn known_link(&self, links: &[Hop]) -> Option<KnownLink> {
        self.written.link_of(&self.target()).or_else(|| {
            links.iter().rev().find_map(|hop| pair::beside(hop, &self.names, |text| self.color_by_template(text)))
        })
    }

    fn color_by_template(&self, text: &str) -> Option<Color> {
        Color::ALL.into_iter().find(|color| same(text, self.text(*color)))
    }

    /// Finds the file. A color's own file that is gone does not hide the link to it.
    fn place(&self) -> Result<Place, IncludeError> {
        match find(&self.path, &self.names) {
            Err(PlaceError::NoSibling { link, file, missing }) => {
                let known = self.written.link_of(&self.target()).filter(|known| known.link == link);
                let known = known.and_then(|known| pair::recorded(known, &file));
                known.map(Place::Link).ok_or_else(|| Box::new(PlaceError::NoSibling { link, file, missing }).into())
            }
            place => Ok(place.map_err(Box::new)?),
        }
    }

    /// The same place, if the linked file was not written by us and the other color's file lies beside it.
    fn paired(&self, place: Place, bytes: Option<&[u8]>) -> Result<Place, IncludeError> {
        let (Place::File { path, through }, Some(bytes)) = (&place, bytes) else { return Ok(place) };
        let Some(hop) = through.last().filter(|_| self.written.color_of(&self.target(), bytes).is_none()) else {
            return Ok(place);
        };
        let color_of = |text: &str| self.color_by_template(text);
        let Some(shows) = color_of(&String::from_utf8_lossy(bytes)) else { return Ok(place) };
        let link = pair::of_content(hop, path, shows, color_of).map_err(Box::new)?;
        Ok(link.map_or(place, Place::Link))
    }

    /// As nginx's master sees it. A missing file holds nothing.
    pub fn look(&self, master: Option<Master>) -> Result<Standing, IncludeError> {
        let place = self.place()?;
        let path = match &place {
            Place::File { path, .. } => path.clone(),
            Place::Link(link) => link.file(link.shows).to_owned(),
        };
        let mount = mount_of(&path, master);
        let (bytes, changed) = match read(&path).map_err(failed("read", &path))? {
            None => (None, None),
            Some((bytes, changed)) => (Some(bytes), Some(changed)),
        };
        let seen = seen(master, mount.as_ref());
        let place = self.paired(place, bytes.as_deref())?;
        let holds = match &place {
            Place::Link(link) => self.by_link(link)?,
            Place::File { .. } => self.by_content(bytes.as_deref(), seen.as_deref()),
        };
        let linked = match &place {
            Place::Link(ColorLink { link, .. }) => fs::symlink_metadata(link).and_then(|link| link.modified()).ok(),
            Place::File { .. } => None,
        };
        Ok(Standing { place, holds, bytes, seen, changed: changed.max(linked), mount })
    }

    /// A link shows the color whose own file it leads to. That file must be what its name says.
    fn by_link(&self, link: &ColorLink) -> Result<Holds, IncludeError> {
        let [blue, green] = Color::ALL.map(|color| {
            let file = link.file(color);
            read(file).map_err(failed("read", file))
        });
        let texts = [blue?, green?].map(|read| read.map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned()));
        let mixed =
            |color: Color, other: String| Err(IncludeError::Mixed { file: link.file(color).to_owned(), color, other });
        if let [Some(blue), Some(green)] = &texts
            && same(blue, green)
        {
            return mixed(Color::Blue, format!("`{}`", link.file(Color::Green).display()));
        }
        for (color, text) in Color::ALL.into_iter().zip(&texts) {
            let other = color.other();
            if text.as_ref().is_some_and(|text| same(text, self.text(other))) {
                return mixed(color, format!("router.template for {other}"));
            }
        }
        let [blue, green] = Color::ALL.map(|color| link.text(color).to_owned());
        let known = KnownLink { link: link.link.clone(), blue, green };
        // Only the wording of manual steps depends on it.
        if let Err(error) = self.written.note_link(&self.target(), known) {
            tracing::debug!(%error, "the link that nginx includes is not recorded");
        }
        Ok(Holds::Color(link.shows))
    }

    /// What the file says; what nginx still sees in its place decides.
    fn by_content(&self, bytes: Option<&[u8]>, seen: Option<&[u8]>) -> Holds {
        let Some(bytes) = bytes else { return Holds::Nothing };
        let holds = self.of(bytes);
        match (holds, seen.map(|seen| self.of(seen))) {
            (foreign @ Holds::Foreign(_), _) => foreign,
            (holds, None | Some(Holds::Nothing)) => holds,
            (_, Some(seen)) => seen,
        }
    }

    fn of(&self, bytes: &[u8]) -> Holds {
        let text = String::from_utf8_lossy(bytes);
        match self.color_by_template(&text).or_else(|| self.written.color_of(&self.target(), bytes)) {
            Some(color) => Holds::Color(color),
            None if is_empty(&text) => Holds::Nothing,
            None if self.written.is_torn(&self.target(), bytes) => Holds::Torn,
            None => Holds::Foreign(bytes.to_vec()),
        }
    }

    pub fn keep(&self, foreign: &[u8]) -> Result<PathBuf, IncludeError> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.written.keep(&name, foreign).map_err(failed("keep a copy of", &self.path))
    }

    pub fn change(&self, standing: &Standing, to: Color, master: Option<Master>) -> Result<Change, IncludeError> {
        match &standing.place {
            Place::Link(link) => point(&link.link, link.text(to), link.text(link.shows)),
            Place::File { path, through } if matches!(standing.holds, Holds::Foreign(_)) => {
                self.force(path, through, standing, to, master)
            }
            Place::File { path, .. } => self.write(path, standing, to, master),
        }
    }

    /// Replaces what is not ours. A link that led elsewhere is moved, and the file behind it is not written through.
    fn force(
        &self,
        path: &Path,
        through: &[Hop],
        standing: &Standing,
        to: Color,
        master: Option<Master>,
    ) -> Result<Change, IncludeError> {
        if let Some(known) = self.known_link(through) {
            let new = known.text(to);
            if let Some(hop) = through.iter().find(|hop| hop.link == known.link) {
                return point(&hop.link, new, &hop.text);
            }
            if through.is_empty() && known.link == path {
                place_link(path, new).map_err(failed("move", path))?;
                return Ok(Change::Content { path: path.to_owned(), before: standing.bytes.clone(), mount: None });
            }
        }
        match through.first() {
            Some(hop) => self.write_over_link(&hop.link, &hop.text, to),
            None => self.write(path, standing, to, master),
        }
    }

    fn write_over_link(&self, link: &Path, text: &Path, to: Color) -> Result<Change, IncludeError> {
        self.note(to);
        replace(link, self.text(to).as_bytes(), None).map_err(failed("write", link))?;
        Ok(Change::Link { link: link.to_owned(), text: text.to_owned() })
    }

    fn note(&self, to: Color) {
        // A failed record stops no move: our words are known by the template as well.
        if let Err(error) = self.written.note(&self.target(), to, self.text(to).as_bytes()) {
            tracing::warn!(%error, "what is written into nginx's included file is not recorded");
        }
    }

    fn write(
        &self,
        path: &Path,
        standing: &Standing,
        to: Color,
        master: Option<Master>,
    ) -> Result<Change, IncludeError> {
        self.note(to);
        let before = standing.bytes.clone();
        let mount = standing.mount.clone();
        self.put(path, self.text(to).as_bytes(), before.as_deref(), mount.as_ref(), master)?;
        Ok(Change::Content { path: path.to_owned(), before, mount })
    }

    /// By atomic rename; in place if nginx sees only the file, or only the file is writable.
    fn put(
        &self,
        path: &Path,
        bytes: &[u8],
        before: Option<&[u8]>,
        mount: Option<&FileMount>,
        master: Option<Master>,
    ) -> Result<(), IncludeError> {
        let failed = failed("write", path);
        let renamed = match mount {
            Some(FileMount::Ours) => None,
            _ => Some(replace(path, bytes, fs::metadata(path).ok().as_ref())),
        };
        match renamed {
            Some(Ok(())) => {}
            Some(Err(error)) if before.is_none() || !only_in_place(&error, path) => return Err(failed(error)),
            Some(Err(_)) | None => self.put_in_place(path, bytes, before.unwrap_or_default()).map_err(failed)?,
        }
        if let (Some(FileMount::Replaced { at }), Some(master)) = (mount, master) {
            let old = master.open(at, OFlags::WRONLY);
            old.and_then(|file| overwrite(file, bytes)).map_err(self::failed("write nginx's own view of", at))?;
        }
        Ok(())
    }

    fn put_in_place(&self, path: &Path, bytes: &[u8], before: &[u8]) -> io::Result<()> {
        if let Err(error) = self.written.begin_in_place(&self.target(), before, bytes) {
            tracing::warn!(%error, "cannot record a write in place: after a crash in its middle, repair the file by hand");
        }
        overwrite(File::options().write(true).open(path)?, bytes)?;
        if let Err(error) = self.written.end_in_place() {
            tracing::warn!(%error, "the end of a write in place is not recorded");
        }
        Ok(())
    }

    /// Restores the content and its time: nginx has read that already.
    pub fn restore(
        &self,
        change: &Change,
        changed: Option<SystemTime>,
        master: Option<Master>,
    ) -> Result<(), IncludeError> {
        let path = match change {
            Change::Link { link, text } => place_link(link, text).map(|()| link).map_err(failed("restore", link))?,
            Change::Content { path, before: None, .. } => {
                return fs::remove_file(path).map_err(failed("restore", path));
            }
            Change::Content { path, before: Some(bytes), mount } => {
                let now = read(path).map_err(failed("read", path))?.map(|(bytes, _)| bytes);
                self.put(path, bytes, now.as_deref(), mount.as_ref(), master).map(|()| path)?
            }
        };
        changed.map_or(Ok(()), |changed| date(path, changed)).map_err(failed("restore the time of", path))
    }
}

pub(super) fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> IncludeError {
    let path = path.to_owned();
    move |source| IncludeError::Io { action, path: path.clone(), source }
}

fn point(link: &Path, text: &Path, before: &Path) -> Result<Change, IncludeError> {
    place_link(link, text).map_err(failed("move", link))?;
    Ok(Change::Link { link: link.to_owned(), text: before.to_owned() })
}

#[cfg(test)]
mod tests;
