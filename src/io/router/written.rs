//! Records what Switchback last wrote into a router, so that an edited template or list of upstreams does not make it
//! foreign. Also keeps copies of what a forced move replaces.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::record;
use crate::io::journal::create_private_dir;
use crate::io::journal::files::hand_over;
use crate::model::Color;

/// Contents for each target: the last, and the one before for a crash between record and write.
const MAX_KNOWN: usize = 2;

/// `DATA_DIR/SERVICE/router.json`, and the folder `replaced` beside it.
#[derive(Clone, Debug)]
pub struct Written {
    folder: PathBuf,
}

/// By target: what was written, newest first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Record {
    targets: BTreeMap<String, Vec<Known>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    links: BTreeMap<String, KnownLink>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under_way: Option<UnderWay>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownLink {
    pub link: PathBuf,
    pub blue: PathBuf,
    pub green: PathBuf,
}

impl KnownLink {
    pub fn text(&self, color: Color) -> &Path {
        color.pick(&self.blue, &self.green)
    }
}

/// A crash during a write in place leaves parts of both contents.
#[derive(Debug, Serialize, Deserialize)]
struct UnderWay {
    target: String,
    old: String,
    new: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Known {
    color: Color,
    sha256: String,
}

impl Written {
    pub fn new(service_dir: &Path) -> Self {
        Self { folder: service_dir.to_owned() }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("router.json")
    }

    /// The color we wrote this content for, if we did. An unreadable record knows nothing.
    pub fn color_of(&self, target: &str, content: &[u8]) -> Option<Color> {
        let sha256 = hash(content);
        let known = self.read().targets.remove(target)?;
        known.into_iter().find(|known| known.sha256 == sha256).map(|known| known.color)
    }

    /// Records, durably, what is about to be written. Call it before the write: a crash in between must leave it known.
    pub fn note(&self, target: &str, color: Color, content: &[u8]) -> io::Result<()> {
        let mut record = self.read();
        // A target that is written into is no longer a link.
        let was_link = record.links.remove(target).is_some();
        let known = record.targets.entry(target.to_owned()).or_default();
        let sha256 = hash(content);
        if !was_link && known.first().is_some_and(|last| last.sha256 == sha256 && last.color == color) {
            return Ok(());
        }
        known.retain(|known| known.sha256 != sha256);
        known.insert(0, Known { color, sha256 });
        known.truncate(MAX_KNOWN);
        record::write(&self.path(), &record)
    }

    pub fn link_of(&self, target: &str) -> Option<KnownLink> {
        self.read().links.remove(target)
    }

    /// Remembers a link to a color's own file, so that it can be restored if it leads elsewhere.
    pub fn note_link(&self, target: &str, link: KnownLink) -> io::Result<()> {
        let mut record = self.read();
        if record.links.get(target) == Some(&link) {
            return Ok(());
        }
        record.links.insert(target.to_owned(), link);
        record.targets.remove(target);
        record::write(&self.path(), &record)
    }

    /// Durably, before `new` overwrites `old` in place.
    pub fn begin_in_place(&self, target: &str, old: &[u8], new: &[u8]) -> io::Result<()> {
        let mut record = self.read();
        record.under_way =
            Some(UnderWay { target: target.to_owned(), old: BASE64.encode(old), new: BASE64.encode(new) });
        record::write(&self.path(), &record)
    }

    pub fn end_in_place(&self) -> io::Result<()> {
        let mut record = self.read();
        if record.under_way.take().is_some() { record::write(&self.path(), &record) } else { Ok(()) }
    }

    /// Whether a write in place was interrupted: new content up to some byte, then old.
    pub fn is_torn(&self, target: &str, content: &[u8]) -> bool {
        let Some(under_way) = self.read().under_way.filter(|under_way| under_way.target == target) else {
            return false;
        };
        let decoded = (BASE64.decode(under_way.old), BASE64.decode(under_way.new));
        let (Ok(old), Ok(new)) = decoded else { return false };
        let common = content.iter().zip(&new).take_while(|(here, new)| here == new).count();
        let rest = &content[common..];
        rest.is_empty() || old.get(common..).is_some_and(|old| old == rest)
    }

    fn read(&self) -> Record {
        record::read(&self.path())
    }

    /// Durably saves what a forced move replaces, and returns the path: in `replaced`, else in the temporary folder.
    pub fn keep(&self, name: &str, content: &[u8]) -> io::Result<PathBuf> {
        let name: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
        let folder = self.folder.join("replaced");
        keep_in(&folder, &name, content, Timestamp::now()).or_else(|error| {
            keep_in(&std::env::temp_dir(), &format!("switchback-{name}"), content, Timestamp::now()).map_err(|_| error)
        })
    }
}

fn keep_in(folder: &Path, name: &str, content: &[u8], now: Timestamp) -> io::Result<PathBuf> {
    create_private_dir(folder)?;
    let prefix = format!("{}-", now.strftime("%Y%m%dT%H%M%SZ"));
    let mut file = tempfile::Builder::new().prefix(&prefix).suffix(&format!("-{name}")).tempfile_in(folder)?;
    hand_over(file.as_file(), folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    let (_, path) = file.keep()?;
    fs::File::open(folder)?.sync_all()?;
    Ok(path)
}

fn hash(content: &[u8]) -> String {
    digest(&SHA256, content).as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_last_two_contents_of_a_target_are_known_with_their_color() {
        let tmp = tempfile::tempdir().unwrap();
        let written = Written::new(&tmp.path().join("shop"));
        assert_eq!(written.color_of("nginx", b"blue"), None);
        written.note("nginx", Color::Blue, b"blue").unwrap();
        written.note("nginx", Color::Green, b"green").unwrap();
        written.note("caddy", Color::Green, b"other").unwrap();
        assert_eq!(written.color_of("nginx", b"blue"), Some(Color::Blue), "a crash may have left it there");
        assert_eq!(written.color_of("nginx", b"green"), Some(Color::Green));
        assert_eq!(written.color_of("nginx", b"other"), None, "that is another target's");
        written.note("nginx", Color::Blue, b"new blue").unwrap();
        assert_eq!(written.color_of("nginx", b"blue"), None, "it was replaced twice since");
        assert_eq!(written.color_of("nginx", b"green"), Some(Color::Green));
        let mode = fs::metadata(written.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_write_in_place_that_was_cut_off_anywhere_is_known_by_what_it_left() {
        let tmp = tempfile::tempdir().unwrap();
        let written = Written::new(tmp.path());
        for (old, new) in
            [("proxy_pass http://blue;\n", "proxy_pass http://green;\n"), ("a long old text", "new"), ("", "new")]
        {
            written.begin_in_place("nginx", old.as_bytes(), new.as_bytes()).unwrap();
            for at in 0..=new.len() {
                let torn = [&new.as_bytes()[..at], old.as_bytes().get(at..).unwrap_or_default()].concat();
                assert!(written.is_torn("nginx", &torn), "{at} of {new}: {torn:?}");
            }
            assert!(!written.is_torn("caddy", new.as_bytes()) && !written.is_torn("nginx", b"return 503;"));
            written.end_in_place().unwrap();
            assert!(!written.is_torn("nginx", old.as_bytes()));
        }
    }

    #[test]
    fn a_link_is_known_with_what_it_says_for_each_color() {
        let tmp = tempfile::tempdir().unwrap();
        let written = Written::new(tmp.path());
        assert_eq!(written.link_of("nginx"), None);
        let link = KnownLink { link: "/a".into(), blue: "blue.conf".into(), green: "green.conf".into() };
        written.note_link("nginx", link.clone()).unwrap();
        assert_eq!(written.link_of("nginx"), Some(link));
        written.note("nginx", Color::Blue, b"x").unwrap();
        assert_eq!(written.link_of("nginx"), None, "it is a file now");
    }

    #[test]
    fn a_record_that_is_damaged_knows_nothing_and_is_written_anew() {
        let tmp = tempfile::tempdir().unwrap();
        let written = Written::new(tmp.path());
        fs::write(written.path(), "{").unwrap();
        assert_eq!(written.color_of("nginx", b"blue"), None);
        written.note("nginx", Color::Blue, b"blue").unwrap();
        assert_eq!(written.color_of("nginx", b"blue"), Some(Color::Blue));
        fs::remove_file(written.path()).unwrap();
        fs::create_dir(written.path()).unwrap();
        assert_eq!(written.color_of("nginx", b"blue"), None);
        assert!(written.note("nginx", Color::Blue, b"blue").is_err());
    }

    #[test]
    fn a_copy_is_kept_in_the_data_folder_and_else_among_temporary_files() {
        let tmp = tempfile::tempdir().unwrap();
        let kept = Written::new(tmp.path()).keep("active.conf", b"return 503;").unwrap();
        assert!(kept.starts_with(tmp.path().join("replaced")), "{}", kept.display());
        assert!(kept.to_str().unwrap().ends_with("-active.conf"));
        assert_eq!(fs::read(&kept).unwrap(), b"return 503;");
        let again = Written::new(tmp.path()).keep("active.conf", b"return 503;").unwrap();
        assert_ne!(kept, again, "no copy replaces another");

        fs::write(tmp.path().join("file"), "").unwrap();
        let elsewhere = Written::new(&tmp.path().join("file")).keep("../x", b"y").unwrap();
        assert!(elsewhere.starts_with(std::env::temp_dir()), "{}", elsewhere.display());
        fs::remove_file(elsewhere).unwrap();
    }
}
