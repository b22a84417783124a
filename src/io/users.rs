//! Names of this machine's users and groups.

use std::fs;

/// Users known only to a directory service have no name here: asking it could take longer than a rollback may wait.
const PASSWD: &str = "/etc/passwd";

/// Likewise, without directory services.
const GROUP: &str = "/etc/group";

/// By its name in the group database, or as a number.
pub fn group(name: &str) -> Option<u32> {
    let known = fs::read(GROUP).ok().and_then(|text| number_in(&String::from_utf8_lossy(&text), name));
    // The highest number means no group: chown(2) would ignore it.
    known.or_else(|| name.parse().ok()).filter(|gid| *gid != u32::MAX)
}

pub fn group_name(gid: u32) -> Option<String> {
    name_in(&String::from_utf8_lossy(&fs::read(GROUP).ok()?), gid)
}

/// The first line with this name, see group(5).
fn number_in(database: &str, name: &str) -> Option<u32> {
    database.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (found, number) = (fields.next()?, fields.nth(1)?);
        if found == name { number.parse().ok() } else { None }
    })
}

pub fn name_of(uid: u32) -> Option<String> {
    // Another encoding is shown with replacement characters, so that other names remain readable.
    name_in(&String::from_utf8_lossy(&fs::read(PASSWD).ok()?), uid)
}

/// `name:password:uid:…`, see passwd(5), or `name:password:gid:members`, see group(5); the first line counts.
fn name_in(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?.trim(), fields.nth(1)?);
        (number.parse() == Ok(uid) && is_name(name)).then(|| name.to_owned())
    })
}

/// Whether a text can stand for a user in `<user>@<host> (…)`.
pub fn is_name(text: &str) -> bool {
    let odd =
        |c: char| c.is_control() || c.is_whitespace() || crate::model::printable::is_format(c) || "@()".contains(c);
    !text.is_empty() && !text.chars().any(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_becomes_the_name_of_its_first_line() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\n# comment\n+::::::\nbroken\nana:x:1000:1000:Ana, Ops:/home/ana:/bin/sh\n\
                      toor:x:0:0::/root:/bin/sh\n:x:7:7::/:\nx@y:x:8:8::/:\n";
        for (uid, name) in [(0, Some("root")), (1000, Some("ana")), (7, None), (8, None), (100, None)] {
            assert_eq!(name_in(passwd, uid).as_deref(), name, "{uid}");
        }
        assert_eq!(name_in("", 0), None);
    }

    #[test]
    fn a_group_is_known_by_its_name_and_by_its_number() {
        let database = "root:x:0:\n# comment\nbroken\ndeploy:x:4711:ana,bo\n+:::\ndeploy:x:1:\nodd:x:-1:\n";
        for (name, gid) in [("root", Some(0)), ("deploy", Some(4711)), ("odd", None), ("", None), ("ana", None)] {
            assert_eq!(number_in(database, name), gid, "{name}");
        }
        assert_eq!(name_in(database, 4711).as_deref(), Some("deploy"));
        assert_eq!((group("root"), group("4711"), group("4294967295")), (Some(0), Some(4711), None));
        assert_eq!((group("no-such-group"), group_name(0).as_deref()), (None, Some("root")));
    }

    #[test]
    fn a_name_cannot_look_like_more_than_a_name() {
        for name in ["ana", "ana.ops", "DOMAIN\\ana", "ünal", "svc$"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "ana@host", "ana (user", "a b", "a\nb", "a\u{202e}b", "a\u{1b}[2J"] {
            assert!(!is_name(name), "{name:?}");
        }
    }
}
