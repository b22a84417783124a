use std::io::{Read as _, Seek as _};
use std::os::unix::fs::symlink;

use super::*;

/// A file that is watched, and what was read from it last.
struct Harness {
    folder: tempfile::TempDir,
    watched: Watched,
    read: String,
}

impl Harness {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, text).unwrap();
        let watched = Watched::new("tokens", vec![("control.viewer_token", path)]).unwrap();
        let mut harness = Self { folder, watched, read: text.to_owned() };
        assert_eq!(harness.look(), (None, vec![]), "it is what the configuration had");
        harness
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    fn write(&self, text: &str) {
        fs::write(self.path(), text).unwrap();
    }

    /// What is taken over at one look, and the levels of what is logged.
    fn look(&mut self) -> (Option<String>, Vec<String>) {
        let log = Arc::new(tempfile::tempfile().unwrap());
        let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(Arc::clone(&log));
        let path = self.path();
        let Self { watched, read, .. } = self;
        let new = tracing::subscriber::with_default(subscriber.finish(), || {
            watched.look(|| {
                let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
                if text.contains("broken") {
                    return Err("it is broken".to_owned());
                }
                let changed = *read != text;
                read.clone_from(&text);
                Ok(changed.then_some(text))
            })
        });
        let mut said = String::new();
        (&*log).rewind().unwrap();
        (&*log).read_to_string(&mut said).unwrap();
        (new, said.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect())
    }

    fn takes(&mut self, text: &str) {
        assert_eq!(self.look(), (Some(text.to_owned()), vec!["INFO".to_owned()]));
        assert_eq!(self.look(), (None, vec![]));
    }
}

fn warned() -> (Option<String>, Vec<String>) {
    (None, vec!["WARN".to_owned()])
}

#[test]
fn a_change_is_taken_over_once_and_said_once() {
    let mut harness = Harness::new("one");
    harness.write("two");
    harness.takes("two");
    // The same text again is no change, whatever the stamps say.
    harness.write("two");
    assert_eq!(harness.look(), (None, vec![]));
}

#[test]
fn what_is_of_no_use_is_told_once_and_leaves_what_was_valid() {
    let mut harness = Harness::new("one");
    for text in ["broken", "broken again"] {
        harness.write(text);
        assert_eq!(harness.look(), (None, vec![]), "somebody may be about to go on with it");
        assert_eq!(harness.look(), warned());
        for _ in 0..5 {
            assert_eq!(harness.look(), (None, vec![]));
        }
    }
    harness.write("two");
    harness.takes("two");
    fs::remove_file(harness.path()).unwrap();
    assert_eq!((harness.look(), harness.look(), harness.look()), ((None, vec![]), warned(), (None, vec![])));
    harness.write("two");
    assert_eq!(harness.look(), (None, vec!["INFO".to_owned()]), "the warning has an end");
}

#[test]
fn what_is_mended_within_a_second_is_no_trouble() {
    let mut harness = Harness::new("one");
    harness.write("broken");
    assert_eq!(harness.look(), (None, vec![]));
    harness.write("two");
    harness.takes("two");
}

#[test]
fn a_symlink_that_leads_elsewhere_is_a_change() {
    let mut harness = Harness::new("one");
    let folder = harness.folder.path().to_owned();
    for (version, text) in [("a", "one"), ("b", "two"), ("c", "three")] {
        fs::create_dir(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("token"), text).unwrap();
    }
    // As Kubernetes mounts secrets: token -> ..data/token, ..data -> a folder for each version.
    symlink("a", folder.join("..data")).unwrap();
    fs::remove_file(harness.path()).unwrap();
    symlink("..data/token", harness.path()).unwrap();
    assert_eq!(harness.look(), (None, vec![]));
    for (version, text) in [("b", "two"), ("c", "three")] {
        symlink(version, folder.join("new")).unwrap();
        fs::rename(folder.join("new"), folder.join("..data")).unwrap();
        harness.takes(text);
    }
}

#[test]
fn another_text_of_the_same_length_and_time_is_a_change() {
    let mut harness = Harness::new("one");
    let before = fs::metadata(harness.path()).unwrap().modified().unwrap();
    std::thread::sleep(Duration::from_millis(20));
    harness.write("two");
    fs::File::options().write(true).open(harness.path()).unwrap().set_modified(before).unwrap();
    harness.takes("two");
}

#[test]
fn nothing_waits_for_a_pipe() {
    let mut harness = Harness::new("one");
    assert!(is_lasting(&harness.path()));
    fs::remove_file(harness.path()).unwrap();
    assert!(!is_lasting(&harness.path()));
    rustix::fs::mkfifoat(rustix::fs::CWD, harness.path(), rustix::fs::Mode::RWXU).unwrap();
    assert_eq!((harness.look(), harness.look()), ((None, vec![]), warned()));
    assert!(!is_lasting(&harness.path()) && !is_lasting(Path::new("/dev/stdin")));
    assert!(!is_lasting(Path::new("/proc/self/status")));
}
