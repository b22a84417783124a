//! Which file is in force where two are of one deployment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::candidate::{Candidate, name};

/// Each file with its deployment, or why it is not watched by this file.
pub type Settled<'a> = BTreeMap<&'a Path, Result<&'a Candidate, String>>;

/// Of two files for one service, one state file or one data folder, the one that is `in_force` stays, else the first by
/// name is: an unfinished soak must not be lost because a second file appeared.
pub fn settle<'a>(
    files: impl IntoIterator<Item = (&'a Path, Result<&'a Candidate, &'a str>)>,
    in_force: impl Fn(&Candidate) -> bool,
) -> Settled<'a> {
    let mut settled = Settled::new();
    let mut good = Vec::new();
    for (path, read) in files {
        match read {
            Ok(candidate) => good.push((!in_force(candidate), path, candidate)),
            Err(why) => drop(settled.insert(path, Err(why.to_owned()))),
        }
    }
    good.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut taken: BTreeMap<(u8, PathBuf), &Path> = BTreeMap::new();
    for (_, path, candidate) in good {
        let claims = [
            (0, PathBuf::from(&candidate.service)),
            (1, candidate.state_file.clone()),
            (2, candidate.service_dir.clone()),
        ];
        let rival = claims.iter().find_map(|claim| Some((claim, *taken.get(claim)?)));
        let entry = if let Some(((what, which), other)) = rival {
            Err(conflict(*what, which, other))
        } else {
            taken.extend(claims.into_iter().map(|claim| (claim, path)));
            Ok(candidate)
        };
        settled.insert(path, entry);
    }
    settled
}

fn conflict(what: u8, which: &Path, other: &Path) -> String {
    let what = match what {
        0 => "service",
        1 => "state file",
        _ => "data folder",
    };
    let (which, other) = (which.display(), name(other));
    format!("the {what} `{which}` is that of `{other}`, which stays in force: one file a service")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::agent::candidate;
    use std::fs;

    fn candidates(folder: &Path, files: &[(&str, &str, &str, &str)]) -> Vec<(PathBuf, Candidate)> {
        let read = files.iter().map(|(file, service, state, data)| {
            let path = folder.join(file);
            let text = format!(
                "service = \"{service}\"\nstate_file = \"{state}\"\ndata_dir = \"{data}\"\n\
                 [colors.blue]\ninstances = \"http://b:1\"\n[colors.green]\ninstances = \"http://g:1\"\n"
            );
            fs::write(&path, text).unwrap();
            (path.clone(), candidate::read(&path).unwrap())
        });
        read.collect()
    }

    fn told(all: &[(PathBuf, Candidate)], in_force: impl Fn(&Candidate) -> bool) -> Vec<String> {
        let files = all.iter().map(|(path, candidate)| (path.as_path(), Ok(candidate)));
        let settled = settle(files, in_force);
        settled
            .into_iter()
            .map(|(path, entry)| format!("{} {}", name(path), entry.map_or_else(|why| why, |_| "ok".to_owned())))
            .collect()
    }

    #[test]
    fn the_first_by_name_wins_unless_another_is_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap();
        let all = candidates(&folder, &[("a.toml", "shop", "1.json", "d"), ("b.toml", "shop", "2.json", "e")]);
        let first = told(&all, |_| false);
        assert_eq!(first[0], "a.toml ok");
        assert_eq!(first[1], "b.toml the service `shop` is that of `a.toml`, which stays in force: one file a service");
        let second = told(&all, |candidate| candidate.name() == "b.toml");
        assert!(second[0].starts_with("a.toml the service `shop` is that of `b.toml`") && second[1] == "b.toml ok");
    }

    #[test]
    fn one_state_file_by_two_ways_and_one_data_folder_are_conflicts() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().canonicalize().unwrap();
        std::os::unix::fs::symlink(folder.join("1.json"), folder.join("link.json")).unwrap();
        let all = candidates(&folder, &[("a.toml", "shop", "1.json", "d"), ("b.toml", "cart", "link.json", "d")]);
        let told_of = told(&all, |_| false);
        assert!(
            told_of[1].contains("the state file `") && told_of[1].contains("1.json` is that of `a.toml`"),
            "{told_of:?}"
        );
        // A data folder that leads to that of another service.
        fs::create_dir_all(folder.join("d/shop")).unwrap();
        fs::create_dir_all(folder.join("e")).unwrap();
        std::os::unix::fs::symlink(folder.join("d/shop"), folder.join("e/cart")).unwrap();
        let all = candidates(&folder, &[("a.toml", "shop", "1.json", "d"), ("b.toml", "cart", "3.json", "e")]);
        let told_of = told(&all, |_| false);
        assert!(told_of[1].contains("the data folder `"), "{told_of:?}");
    }
}
