use super::*;

const ME: User = User { uid: 1000, sudo_uid: None };
const ROOT: User = User { uid: 0, sudo_uid: None };
const WRITABLE: Option<Distrust> = Some(Distrust::Writable);

#[test]
fn what_others_own_or_can_write_is_not_trusted() {
    let other = |uid| Some(Distrust::OtherUser { uid });
    for (user, uid, gid, mode, expected) in [
        (ME, 1000, 1000, 0o100_644, None),
        (ME, 0, 0, 0o100_644, None),
        (ME, 1001, 1001, 0o100_600, other(1001)),
        (ME, 1000, 1000, 0o100_646, WRITABLE),
        (ME, 0, 0, 0o41_777, WRITABLE),
        // A private group is no others, a shared one is.
        (ME, 1000, 1000, 0o40_775, None),
        (ME, 1000, 50, 0o40_775, WRITABLE),
        (ME, 0, 50, 0o42_775, WRITABLE),
        (ROOT, 0, 0, 0o40_775, None),
        (ROOT, 1000, 1000, 0o40_755, other(1000)),
        // Root works for whoever called sudo.
        (User { sudo_uid: Some(1000), ..ROOT }, 1000, 1000, 0o40_755, None),
        (User { sudo_uid: Some(1000), ..ROOT }, 1001, 1001, 0o40_755, other(1001)),
    ] {
        assert_eq!(user.distrust(Owner { uid, gid, mode }), expected, "{user:?} {uid} {gid} {mode:o}");
    }
}

fn empty(folder: &str) -> Level {
    Level { folder: folder.into(), device: 1, ..Level::default() }
}

fn with_state(folder: &str) -> Level {
    Level { state: Some(Path::new(folder).join("state")), ..empty(folder) }
}

fn with_config(folder: &str) -> Level {
    Level { config: Some((Path::new(folder).join("toml"), None)), ..empty(folder) }
}

fn with_dotenv(folder: &str) -> Level {
    Level { dotenv: Some((Path::new(folder).join("env"), None)), ..empty(folder) }
}

/// The folder that is found, and otherwise why none is.
#[track_caller]
fn found(levels: Vec<Level>, home: Option<&str>) -> Result<String, String> {
    let search = search(levels, home.map(Path::new));
    search.found.map(|folder| folder.display().to_string()).ok_or_else(|| search.end.to_string())
}

#[test]
fn the_nearest_folder_with_a_configuration_or_a_state_file_is_the_deployment() {
    let up = || vec![empty("/a/b"), with_config("/a"), with_state("/")];
    assert_eq!(found(up(), None).unwrap(), "/a");
    for here in [with_config("/a/b"), with_state("/a/b"), with_dotenv("/a/b")] {
        let mut up = up();
        up[0] = here;
        assert_eq!(found(up, None).unwrap(), "/a/b");
    }
    assert_eq!(found(vec![empty("/a"), empty("/")], None).unwrap_err(), "up to the root folder");
}

#[test]
fn the_search_ends_at_the_home_folder_which_it_looks_into() {
    let up = |home| vec![empty("/home/me/a"), home, with_state("/home"), empty("/")];
    let end = found(up(empty("/home/me")), Some("/home/me")).unwrap_err();
    assert_eq!(end, "up to the home folder `/home/me`");
    assert_eq!(found(up(with_config("/home/me")), Some("/home/me")).unwrap(), "/home/me");
    assert_eq!(found(up(empty("/home/me")), Some("/home/you")).unwrap(), "/home");
    assert_eq!(found(up(empty("/home/me")), None).unwrap(), "/home");
}

#[test]
fn the_search_ends_at_the_border_of_a_file_system() {
    let up = vec![empty("/a/b"), Level { device: 2, ..with_state("/a") }];
    let search = search(up, None);
    assert_eq!(search.end.to_string(), "the folder above `/a/b` is on another file system");
    assert_eq!(search.looked, [PathBuf::from("/a/b")]);
}

#[test]
fn a_deployment_that_is_not_trusted_ends_the_search_and_an_empty_folder_does_not() {
    let shared = |level: Level| Level { distrust: WRITABLE, ..level };
    let theirs = Some(Distrust::OtherUser { uid: 7 });
    for (level, told) in [
        (shared(with_state("/a")), "`/a/state` is not used: other users can write to `/a`"),
        (shared(with_dotenv("/a")), "`/a/env` is not used: other users can write to `/a`"),
        (
            Level { config: Some(("/a/toml".into(), theirs)), ..with_state("/a") },
            "`/a/toml` is not used: `/a/toml` belongs to another user (uid 7)",
        ),
        (
            Level { dotenv: Some(("/a/env".into(), WRITABLE)), ..empty("/a") },
            "`/a/env` is not used: other users can write to `/a/env`",
        ),
    ] {
        assert_eq!(found(vec![empty("/a/b"), level, with_state("/")], None).unwrap_err(), told);
    }
    assert_eq!(found(vec![empty("/a/b"), shared(empty("/a")), with_state("/")], None).unwrap(), "/");
    // Only the `.env` is somebody else's: the deployment is found by the rest.
    let level = Level { dotenv: Some(("/a/env".into(), WRITABLE)), ..with_config("/a") };
    assert_eq!(found(vec![empty("/a/b"), level], None).unwrap(), "/a");
}

#[test]
fn the_working_directory_is_trusted() {
    let theirs = Some(Distrust::OtherUser { uid: 7 });
    let here = Level { distrust: theirs, config: Some(("/a/toml".into(), theirs)), ..empty("/a") };
    assert_eq!(found(vec![here], None).unwrap(), "/a");
}

#[test]
fn a_folder_that_cannot_be_looked_into_ends_the_search() {
    let closed = Level { closed: Some("Permission denied".into()), device: 0, ..empty("/a") };
    let told = found(vec![empty("/a/b"), closed, with_state("/")], None).unwrap_err();
    assert_eq!(told, "cannot look into `/a`: Permission denied");
}

/// A candidate whose files are there or not: `s` for the state file, `d` for the data folder.
fn candidate(folder: &str, has: &str, is_working: bool) -> Candidate {
    let path = |name: &str| Path::new(folder).join(name);
    Candidate {
        state: has.contains('s').then(|| path("state")),
        data: has.contains('d').then(|| path("data")),
        state_file: path("state"),
        data_dir: path("data"),
        folder: folder.into(),
        is_working,
    }
}

#[test]
fn the_folder_of_the_configuration_counts_unless_only_another_has_the_state_file() {
    // Configuration, what its symlink leads to, working directory: which counts, whether that is told, whether two are there.
    for (has, index, warned, rival) in [
        (["s", "", ""], 0, false, false),
        (["", "", ""], 0, false, false),
        (["d", "d", "d"], 0, false, false),
        (["", "s", ""], 1, true, false),
        (["", "", "s"], 2, true, false),
        (["d", "", "s"], 2, true, false),
        (["s", "", "s"], 0, false, true),
        (["s", "s", ""], 0, false, false),
        (["", "s", "s"], 1, true, true),
    ] {
        let [beside, linked, working] = has;
        let all = [candidate("/c", beside, false), candidate("/l", linked, false), candidate("/w", working, true)];
        let choice = choose(&all);
        assert_eq!((choice.index, choice.warning.is_some(), choice.rival.is_some()), (index, warned, rival), "{has:?}");
    }
}

#[test]
fn what_is_used_instead_is_told_with_both_places() {
    let told = choose(&[candidate("/c", "", false), candidate("/w", "s", true)]).warning.unwrap();
    assert!(told.contains("no state file `/c/state`") && told.contains("`/w/state` is used"), "{told}");
    let rival = choose(&[candidate("/c", "s", false), candidate("/w", "s", true)]).rival.unwrap().to_string();
    assert_eq!(rival, "there are two state files: `/c/state` beside the configuration and `/w/state`");
}

#[test]
fn one_file_under_two_names_is_one() {
    let mut all = [candidate("/c", "s", false), candidate("/w", "s", true)];
    all[1].state = Some("/c/state".into());
    assert_eq!(choose(&all), Choice { index: 0, warning: None, rival: None });
}

#[test]
fn where_the_state_file_is_named_the_records_say_which_folder_counts() {
    for (has, index) in [(["sd", "sd"], 0), (["s", "sd"], 1), (["s", "s"], 0), (["", ""], 0)] {
        let mut all = [candidate("/c", has[0], false), candidate("/w", has[1], true)];
        all[1].state_file = "/c/state".into();
        let choice = choose(&all);
        assert_eq!((choice.index, choice.rival), (index, None), "{has:?}");
        assert_eq!(choice.warning.is_some_and(|told| told.contains("no data folder `/c/data`")), index == 1, "{has:?}");
    }
    assert_eq!(choose(&[]).index, 0);
}
