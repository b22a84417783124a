//! The file that nginx includes: written whole or not at all, and read back.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{Access, access};

use super::directives::{is_empty, same};
use crate::config::NginxConfig;
use crate::deploy::Color;
use crate::router::Written;

/// Whoever nginx runs as has to read it; there is nothing secret in it.
const MODE: u32 = 0o644;
/// Longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The included file failed.
#[derive(Debug, thiserror::Error)]
pub enum IncludeError {
    /// It cannot be read or written.
    #[error("cannot {action} nginx's included file `{}`: {source}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It has no directive, so it sends traffic to neither color.
    #[error("nginx's included file `{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than any configuration of ours.
    #[error("nginx's included file `{}` is longer than {LONGEST} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
}

/// What is in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// No directive, or there is no file.
    Nothing,
    /// What makes traffic go to this color: by the template, or as we wrote it last.
    Color(Color),
    /// Something else.
    Foreign(Vec<u8>),
}

/// What was in the file before a move; nothing where it was missing.
pub struct Kept(Option<Vec<u8>>);

/// The included file of one service.
#[derive(Clone, Debug)]
pub struct IncludeFile {
    path: PathBuf,
    blue: String,
    green: String,
    written: Written,
}

impl IncludeFile {
    /// The file as configured. Nothing is read yet.
    pub fn new(config: &NginxConfig, service: &str, written: Written) -> Self {
        let render = |color: Color, upstream: &str| {
            let directives = config.template.replace("{upstream}", upstream).replace("{color}", color.name());
            format!(
                "# {service}: {color}, written by Switchback\n{}\n",
                directives.replace("{service}", service).trim_end()
            )
        };
        // A link is followed: what it points to is what gets replaced, not the link.
        let path = fs::canonicalize(&config.include_file).unwrap_or_else(|_| config.include_file.clone());
        Self { path, blue: render(Color::Blue, &config.blue), green: render(Color::Green, &config.green), written }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn text(&self, color: Color) -> &str {
        match color {
            Color::Blue => &self.blue,
            Color::Green => &self.green,
        }
    }

    fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> IncludeError {
        let path = self.path.clone();
        move |source| IncludeError::Io { action, path: path.clone(), source }
    }

    /// What is in it, and when it was written. Comments and blanks are nobody's business.
    pub fn read(&self) -> Result<(Holds, SystemTime), IncludeError> {
        let failed = self.failed("read");
        let metadata = fs::metadata(&self.path).map_err(&failed)?;
        Ok((self.holds(self.bytes()?), metadata.modified().map_err(&failed)?))
    }

    fn holds(&self, bytes: Vec<u8>) -> Holds {
        let text = String::from_utf8_lossy(&bytes);
        let color = Color::ALL.into_iter().find(|color| same(&text, self.text(*color)));
        match color.or_else(|| self.written.color_of(&self.target(), &bytes)) {
            Some(color) => Holds::Color(color),
            None if is_empty(&text) => Holds::Nothing,
            None => Holds::Foreign(bytes),
        }
    }

    /// Its name in the record of what was written.
    fn target(&self) -> String {
        format!("nginx {}", self.path.display())
    }

    /// What it would be for a color, in one line without our comment.
    pub fn directives(&self, color: Color) -> String {
        self.text(color).lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ")
    }

    fn bytes(&self) -> Result<Vec<u8>, IncludeError> {
        let failed = self.failed("read");
        if fs::metadata(&self.path).map_err(&failed)?.len() > LONGEST {
            return Err(IncludeError::TooLong { path: self.path.clone() });
        }
        fs::read(&self.path).map_err(&failed)
    }

    /// What is in it before a move: a missing file holds nothing.
    pub fn before(&self) -> Result<Holds, IncludeError> {
        match self.bytes() {
            Ok(bytes) => Ok(self.holds(bytes)),
            Err(IncludeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(Holds::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Writes it for a color, and hands back what was there.
    pub fn replace(&self, color: Color) -> Result<Kept, IncludeError> {
        let before = match self.bytes() {
            Ok(bytes) => Some(bytes),
            Err(IncludeError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let text = self.text(color);
        // A record that cannot be written stops no move: our words are known by the template as well.
        if let Err(error) = self.written.note(&self.target(), color, text.as_bytes()) {
            tracing::warn!(%error, "what is written into nginx's included file is not recorded");
        }
        self.write(text.as_bytes()).map_err(self.failed("write"))?;
        Ok(Kept(before))
    }

    /// Keeps a copy of what is not ours, before a forced move replaces it.
    pub fn keep(&self, foreign: &[u8]) -> Result<PathBuf, IncludeError> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.written.keep(&name, foreign).map_err(self.failed("keep a copy of"))
    }

    /// Puts back what was there.
    pub fn restore(&self, kept: &Kept) -> Result<(), IncludeError> {
        match &kept.0 {
            Some(bytes) => self.write(bytes),
            None => fs::remove_file(&self.path),
        }
        .map_err(self.failed("restore"))
    }

    /// Whole or not at all, with the permissions of the file before.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let folder = self.folder();
        let permissions = fs::metadata(&self.path).map_or(Permissions::from_mode(MODE), |old| old.permissions());
        // nginx includes `*.conf` in many places: this name is none of them.
        let mut file = tempfile::Builder::new().prefix(".switchback-").suffix(".tmp").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().set_permissions(permissions)?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        fs::File::open(folder)?.sync_all()
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    /// Whether a move could write it.
    pub fn can_be_written(&self) -> Result<(), IncludeError> {
        access(self.folder(), Access::WRITE_OK).map_err(|errno| self.failed("write")(errno.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file in a folder, with the record beside it.
    fn include(folder: &Path) -> IncludeFile {
        let config = NginxConfig {
            include_file: folder.join("active.conf"),
            template: "proxy_pass http://{upstream};".to_owned(),
            blue: "shop_blue".to_owned(),
            green: "shop_green".to_owned(),
            test: Vec::new(),
            reload: Vec::new(),
            pid_file: PathBuf::new(),
        };
        IncludeFile::new(&config, "shop", Written::new(&folder.join("data")))
    }

    #[test]
    fn it_is_written_for_a_color_read_back_and_put_back() {
        let tmp = tempfile::tempdir().unwrap();
        let include = include(tmp.path());
        assert!(matches!(include.read(), Err(IncludeError::Io { action: "read", .. })));
        let nothing = include.replace(Color::Green).unwrap();
        assert_eq!(
            fs::read_to_string(include.path()).unwrap(),
            "# shop: green, written by Switchback\nproxy_pass http://shop_green;\n"
        );
        assert_eq!(include.read().unwrap().0, Holds::Color(Color::Green));
        assert_eq!(fs::metadata(include.path()).unwrap().permissions().mode() & 0o777, MODE);

        fs::set_permissions(include.path(), Permissions::from_mode(0o640)).unwrap();
        let green = include.replace(Color::Blue).unwrap();
        assert_eq!(include.read().unwrap().0, Holds::Color(Color::Blue));
        include.restore(&green).unwrap();
        assert_eq!(include.read().unwrap().0, Holds::Color(Color::Green));
        assert_eq!(fs::metadata(include.path()).unwrap().permissions().mode() & 0o777, 0o640);
        include.restore(&nothing).unwrap();
        assert!(!include.path().exists());
        let left: Vec<_> = fs::read_dir(tmp.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["data"], "nothing is left behind but the record");
    }

    #[test]
    fn what_somebody_wrote_by_hand_is_read_by_its_directives() {
        let tmp = tempfile::tempdir().unwrap();
        let include = include(tmp.path());
        fs::write(include.path(), "\n  # by hand\n  proxy_pass http://shop_blue;\n").unwrap();
        assert_eq!(include.read().unwrap().0, Holds::Color(Color::Blue));
        fs::write(include.path(), "proxy_pass http://elsewhere;\n").unwrap();
        assert_eq!(include.read().unwrap().0, Holds::Foreign(b"proxy_pass http://elsewhere;\n".to_vec()));
        for nothing in ["", "# nothing yet\n"] {
            fs::write(include.path(), nothing).unwrap();
            assert_eq!((include.read().unwrap().0, include.before().unwrap()), (Holds::Nothing, Holds::Nothing));
        }
        fs::write(include.path(), vec![b'#'; 2 << 20]).unwrap();
        assert!(matches!(include.read(), Err(IncludeError::TooLong { .. })));
        assert!(matches!(include.replace(Color::Blue), Err(IncludeError::TooLong { .. })));
    }

    #[test]
    fn a_link_stays_a_link() {
        let tmp = tempfile::tempdir().unwrap();
        fs::write(tmp.path().join("real.conf"), "proxy_pass http://shop_blue;\n").unwrap();
        std::os::unix::fs::symlink("real.conf", tmp.path().join("active.conf")).unwrap();
        let include = include(tmp.path());
        include.replace(Color::Green).unwrap();
        assert!(fs::symlink_metadata(tmp.path().join("active.conf")).unwrap().is_symlink());
        assert!(fs::read_to_string(tmp.path().join("real.conf")).unwrap().contains("shop_green"));
    }

    #[test]
    fn a_folder_that_is_missing_is_named() {
        let tmp = tempfile::tempdir().unwrap();
        let mut include = include(&tmp.path().join("missing"));
        include.written = Written::new(tmp.path());
        let failed = include.can_be_written().unwrap_err().to_string();
        assert!(failed.starts_with("cannot write nginx's included file `") && failed.contains("missing/active.conf"));
        assert!(matches!(include.replace(Color::Blue), Err(IncludeError::Io { action: "write", .. })));
    }
}
