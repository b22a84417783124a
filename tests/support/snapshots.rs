//! What is shown to people, kept as files to be looked at when they change.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// A folder of snapshots, each in a file that is called like what it shows.
pub struct Snapshots {
    folder: PathBuf,
    seen: RefCell<BTreeSet<String>>,
}

impl Snapshots {
    /// Those in a folder of this repository.
    pub fn of(folder: &str) -> Self {
        Self {
            folder: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(folder),
            seen: RefCell::default(),
        }
    }

    /// Asserts that the text is the one in the file.
    pub fn assert(&self, name: &str, text: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&self.folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, text));
        self.seen.borrow_mut().insert(format!("{name}.snap"));
    }

    /// Asserts that every file of the folder was compared: what is not shown any more is to be deleted.
    pub fn assert_no_other(&self) {
        let files = fs::read_dir(&self.folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let known: BTreeSet<String> = files.filter(|name| !name.ends_with(".snap.new")).collect();
        assert_eq!(known, *self.seen.borrow(), "delete what is not shown any more");
    }
}
