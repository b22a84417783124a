//! How this program was called, so that the commands that it prints work as they stand: `switchback -C /srv/shop soak`
//! advises `switchback -C /srv/shop doctor`, not `switchback doctor`, which would look at another deployment.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The flags that name the deployment, with a trailing space.
static FLAGS: OnceLock<String> = OnceLock::new();

/// Flag with trailing space that names a monitor elsewhere: empty if a variable or key does, unset for this machine.
static ELSEWHERE: OnceLock<String> = OnceLock::new();

static NOBODY_THERE: AtomicBool = AtomicBool::new(false);

/// Where an advised command has to run.
#[derive(Clone, Copy, Debug)]
enum Place<'a> {
    Here,
    /// On this machine with this flag, if the monitor can do it from there.
    Asked(&'a str),
    There,
}

/// The commands that can be given to a monitor on another machine.
const REMOTE: [&str; 4] = ["attach", "ctl", "rollback", "status"];
/// Those of them that work only on the monitor's machine.
const NOT_REMOTE: [&str; 1] = ["rollback --dry-run"];
const THERE: &str = "on its machine: ";

/// The commands that are advised anywhere.
const COMMANDS: [&str; 14] = [
    "abort", "attach", "config", "ctl", "doctor", "freeze", "history", "replay", "rollback", "soak", "status",
    "switch", "unfreeze", "verify",
];

/// Remembers where the deployment lies, as it was typed.
pub fn remember(directory: Option<&Path>, config: Option<&Path>) {
    let flag =
        |flag: &str, path: Option<&Path>| path.map(|path| format!("{flag} {} ", quoted(&path.to_string_lossy())));
    let flags = [flag("-C", directory), flag("--config", config)].into_iter().flatten().collect();
    // The first call is that of the process.
    let _ = FLAGS.set(flags);
}

/// Remembers that a monitor on another machine is asked; `flag` is its URL where that was typed.
pub fn elsewhere(flag: Option<&str>) {
    let flag = flag.map(|url| format!("--url {} ", quoted(url))).unwrap_or_default();
    let _ = ELSEWHERE.set(flag);
}

/// Remembers that the monitor on the other machine cannot be asked: its run has ended, or it never answered.
pub fn nobody_is_there() {
    NOBODY_THERE.store(true, Ordering::Relaxed);
}

pub fn is_elsewhere() -> bool {
    ELSEWHERE.get().is_some()
}

/// The text, with the same flags added to each command that it advises.
pub fn as_called(text: &str) -> Cow<'_, str> {
    let flags = FLAGS.get().map(String::as_str).unwrap_or_default();
    let place = match ELSEWHERE.get() {
        None if flags.is_empty() => return Cow::Borrowed(text),
        None => Place::Here,
        Some(_) if NOBODY_THERE.load(Ordering::Relaxed) => Place::There,
        Some(url) => Place::Asked(url),
    };
    with_flags(text, flags, place)
}

fn with_flags<'a>(text: &'a str, flags: &str, place: Place<'_>) -> Cow<'a, str> {
    const NAME: &str = "switchback ";
    let mut called = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(NAME) {
        let (before, after) = rest.split_at(at + NAME.len());
        let word = after.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
        let words = before.strip_suffix(NAME).unwrap_or(before);
        called.push_str(words);
        match place {
            _ if !COMMANDS.contains(&word) => called.push_str(NAME),
            Place::Here => called.extend([NAME, flags]),
            _ if words.ends_with(THERE) || after[word.len()..].starts_with(" --url ") => called.push_str(NAME),
            Place::Asked(url) if REMOTE.contains(&word) && !NOT_REMOTE.iter().any(|local| after.starts_with(local)) => {
                called.extend([NAME, flags, url]);
            }
            Place::Asked(_) | Place::There => called.extend([THERE, NAME]),
        }
        rest = after;
    }
    if called.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(called + rest) }
}

/// Quotes a word for a shell.
pub fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_advised_as_the_program_was_called() {
        let flags = "-C /srv/shop ";
        for (text, wanted) in [
            ("switchback rollback --force", "switchback -C /srv/shop rollback --force"),
            (
                "look with `switchback doctor`, then switchback switch green",
                "look with `switchback -C /srv/shop doctor`, then switchback -C /srv/shop switch green",
            ),
            ("switchback -C /other status", "switchback -C /other status"),
            ("switchback does nothing", "switchback does nothing"),
            ("nothing to do", "nothing to do"),
        ] {
            assert_eq!(with_flags(text, flags, Place::Here), wanted);
        }
    }

    #[test]
    fn what_a_monitor_on_another_machine_advises_is_asked_there_or_done_there() {
        let url = "--url https://deploy-1:9710 ";
        for (text, wanted) in [
            ("switchback rollback --service shop", "switchback --url https://deploy-1:9710 rollback --service shop"),
            (
                "start blue, then: switchback ctl keep",
                "start blue, then: switchback --url https://deploy-1:9710 ctl keep",
            ),
            ("start another soak: switchback soak", "start another soak: on its machine: switchback soak"),
            ("switchback rollback --dry-run", "on its machine: switchback rollback --dry-run"),
            ("next: on its machine: switchback status --wait", "next: on its machine: switchback status --wait"),
            ("switchback attach --url https://a", "switchback attach --url https://a"),
            ("switchback --help", "switchback --help"),
        ] {
            assert_eq!(with_flags(text, "", Place::Asked(url)), wanted);
        }
        assert_eq!(with_flags("switchback status", "-C /srv ", Place::Asked("")), "switchback -C /srv status");
        let gone = with_flags("start blue, then: switchback rollback", "-C /srv ", Place::There);
        assert_eq!(gone, "start blue, then: on its machine: switchback rollback");
    }

    #[test]
    fn a_path_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("/srv/shop"), "/srv/shop");
        assert_eq!(quoted("/srv/my shop"), "'/srv/my shop'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
