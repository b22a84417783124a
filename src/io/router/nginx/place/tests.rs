use std::os::unix::fs::symlink;

use super::*;

fn names() -> Names {
    Names::new("blue", "green")
}

/// A folder with these files and links, `name -> target`.
fn folder(entries: &[&str]) -> tempfile::TempDir {
    let tmp = tempfile::tempdir().unwrap();
    for entry in entries {
        let (name, target) = entry.split_once(" -> ").map_or((*entry, None), |(name, to)| (name, Some(to)));
        let path = tmp.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match target {
            Some(target) => symlink(target.replace('~', tmp.path().to_str().unwrap()), path).unwrap(),
            None => fs::write(path, name).unwrap(),
        }
    }
    tmp
}

fn link(entries: &[&str], path: &str) -> ColorLink {
    let tmp = folder(entries);
    match find(&tmp.path().join(path), &names()).unwrap() {
        Place::Link(link) => {
            assert!(link.file(link.shows).is_file() && link.file(link.shows.other()).is_file(), "{entries:?}");
            assert_eq!(fs::read_link(&link.link).unwrap(), link.text(link.shows));
            link
        }
        other @ Place::File { .. } => panic!("{entries:?}: {other:?}"),
    }
}

#[test]
fn a_link_to_one_colors_own_file_with_the_other_beside_it_is_what_is_moved() {
    use Color::{Blue, Green};
    for (target, shows, other, sibling) in [
        ("blue.conf", Blue, "green.conf", "green.conf"),
        ("templates/blue.conf", Blue, "templates/green.conf", "templates/green.conf"),
        ("upstream-green.conf", Green, "upstream-blue.conf", "upstream-blue.conf"),
        ("Green.conf", Green, "Blue.conf", "Blue.conf"),
        ("APP_BLUE.CONF", Blue, "APP_GREEN.CONF", "APP_GREEN.CONF"),
        ("appBlue.conf", Blue, "appGreen.conf", "appGreen.conf"),
        ("blue/nginx.conf", Blue, "green/nginx.conf", "green/nginx.conf"),
        ("blue/app-blue.conf", Blue, "green/app-green.conf", "green/app-green.conf"),
        ("blue-green/blue.conf", Blue, "blue-green/green.conf", "blue-green/green.conf"),
        ("blue/green.conf", Green, "blue/blue.conf", "blue/blue.conf"),
        ("green/x.conf", Green, "blue/x.conf", "blue/x.conf"),
        ("~/blue.conf", Blue, "~/green.conf", "green.conf"),
    ] {
        let file = target.trim_start_matches("~/");
        let found = link(&[file, sibling, &format!("active.conf -> {target}")], "active.conf");
        assert_eq!(found.shows, shows, "{target}");
        assert!(found.text(shows.other()).ends_with(other.trim_start_matches("~/")), "{target}: {found:?}");
        assert_eq!(found.text(shows.other()).is_absolute(), target.starts_with('~'), "{target}");
    }
}

#[test]
fn what_colors_are_called_in_the_configuration_counts_as_well() {
    let tmp = folder(&["app-3001.conf", "app-3002.conf", "active.conf -> app-3002.conf"]);
    let found = find(&tmp.path().join("active.conf"), &Names::new("3001", "3002")).unwrap();
    let Place::Link(found) = found else { panic!("{found:?}") };
    assert_eq!((found.shows, found.text(Color::Blue)), (Color::Green, Path::new("app-3001.conf")));
    let tmp = folder(&["a.conf", "b.conf", "aa.conf", "bb.conf", "active.conf -> aa.conf"]);
    let found = find(&tmp.path().join("active.conf"), &Names::new("a", "b")).unwrap();
    assert!(matches!(found, Place::File { .. }), "only as a word: {found:?}");
}

#[test]
fn of_several_links_on_the_way_the_first_that_is_about_a_color_is_moved() {
    let found = link(
        &[
            "available/blue.conf",
            "available/green.conf",
            "available/live.conf -> blue.conf",
            "active.conf -> available/live.conf",
        ],
        "active.conf",
    );
    assert!(found.link.ends_with("available/live.conf"), "{found:?}");
    let found = link(
        &[
            "v7/app.conf",
            "v8/app.conf",
            "blue.conf -> v7/app.conf",
            "green.conf -> v8/app.conf",
            "active.conf -> blue.conf",
        ],
        "active.conf",
    );
    assert!(found.link.ends_with("active.conf"), "{found:?}");
    let found = link(&["blue/app.conf", "green/app.conf", "current -> green"], "current/app.conf");
    assert_eq!((found.shows, found.text(Color::Blue)), (Color::Green, Path::new("blue")));
    assert!(found.link.ends_with("current"), "a folder may be the link: {found:?}");
}

#[test]
fn a_color_without_its_sibling_is_refused_and_never_written_through() {
    let tmp = folder(&["shop-blue.conf", "active.conf -> shop-blue.conf"]);
    let error = find(&tmp.path().join("active.conf"), &names()).unwrap_err().to_string();
    assert!(error.contains("is a link to `shop-blue.conf`, and there is no `"), "{error}");
    assert!(error.contains("shop-green.conf` for the other color: create it"), "{error}");
}

#[test]
fn any_other_link_is_followed_to_its_file() {
    for (entries, file, through) in [
        (&["active.conf"][..], "active.conf", false),
        (&["real.conf", "active.conf -> real.conf"], "real.conf", true),
        (&["evergreen.conf", "active.conf -> evergreen.conf"], "evergreen.conf", true),
        (&["blue-green.conf", "active.conf -> blue-green.conf"], "blue-green.conf", true),
        (&["x/real.conf", "y/active.conf -> ../x/./real.conf"], "x/real.conf", true),
        (&["active.conf -> missing.conf"], "missing.conf", true),
        (&[], "active.conf", false),
        (&["folder/active.conf", "conf.d -> folder"], "folder/active.conf", false),
    ] {
        let tmp = folder(entries);
        let root = fs::canonicalize(tmp.path()).unwrap();
        let asked = match file {
            "x/real.conf" => "y/active.conf",
            "folder/active.conf" => "conf.d/active.conf",
            _ => "active.conf",
        };
        let Place::File { path, through: seen } = find(&tmp.path().join(asked), &names()).unwrap() else {
            panic!("{entries:?}")
        };
        assert_eq!((path, !seen.is_empty()), (root.join(file), through), "{entries:?}");
    }
}

#[test]
fn a_circle_of_links_ends() {
    let tmp = folder(&["a -> b", "b -> a"]);
    let error = find(&tmp.path().join("a"), &names()).unwrap_err().to_string();
    assert!(error.starts_with("cannot follow `") && error.contains("Too many levels"), "{error}");
}

#[test]
fn a_name_that_is_not_text_is_about_no_color() {
    use std::os::unix::ffi::OsStrExt as _;
    let tmp = folder(&[]);
    let target = OsStr::from_bytes(b"blue\xff.conf");
    fs::write(tmp.path().join(target), "").unwrap();
    symlink(target, tmp.path().join("active.conf")).unwrap();
    assert!(matches!(find(&tmp.path().join("active.conf"), &names()).unwrap(), Place::File { .. }));
}
