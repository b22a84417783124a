//! How this program was called, so that the commands that it prints work as they stand.
//!
//! `switchback -C /srv/shop rollback` advises `switchback -C /srv/shop doctor`, not `switchback doctor`, which would look at another
//! deployment, or at none.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

/// The flags that say where the deployment lies, with a space behind them.
static FLAGS: OnceLock<String> = OnceLock::new();

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

/// The text with the same flags in every command of this program that it advises.
pub fn as_called(text: &str) -> Cow<'_, str> {
    match FLAGS.get() {
        Some(flags) if !flags.is_empty() => with_flags(text, flags),
        _ => Cow::Borrowed(text),
    }
}

fn with_flags<'a>(text: &'a str, flags: &str) -> Cow<'a, str> {
    const NAME: &str = "switchback ";
    let mut called = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(NAME) {
        let (before, after) = rest.split_at(at + NAME.len());
        let word = after.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
        called.push_str(before);
        if COMMANDS.contains(&word) {
            called.push_str(flags);
        }
        rest = after;
    }
    if called.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(called + rest) }
}

/// A word for a shell.
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
            assert_eq!(with_flags(text, flags), wanted);
        }
    }

    #[test]
    fn a_path_that_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("/srv/shop"), "/srv/shop");
        assert_eq!(quoted("/srv/my shop"), "'/srv/my shop'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
