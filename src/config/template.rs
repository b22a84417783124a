//! What `config template` prints: a `switchback.toml` with every key, made from the table.

use std::fmt::Write as _;

use super::keys::{Fallback, Key, keys};

const HEAD: &str = "\
# switchback.toml
#
# Flags win over the environment, that over .env beside this file, that over this file.
# Every key is shown with its default. Where that is nothing, or follows from other keys, an example is shown, and called one. Remove
# the # in front of a key to set it.
# Relative paths lie in the folder of this file.
";

/// A commented configuration file. It is valid as it is, and with every key uncommented.
pub fn template() -> String {
    let mut text = HEAD.to_owned();
    let mut section = "";
    for key in keys() {
        let (of, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        if of != section {
            section = of;
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(text, "\n[{section}]");
        }
        text.push_str(&entry(key, name));
    }
    text
}

fn entry(key: &Key, name: &str) -> String {
    let value = match key.default {
        Fallback::Text(text) => text,
        Fallback::Derived { .. } | Fallback::Unset => key.example,
    };
    let (allowed, default, env) = (key.allowed(), key.default_text(), key.env());
    let mut text = format!("\n# {}\n# allowed: {allowed}\n# default: {default} | variable: {env}", key.help);
    if let Some(flag) = key.flag {
        let _ = write!(text, " | flag: --{flag}");
    }
    if let Some((file_key, file_env)) = key.secret_file() {
        let file_name = file_key.rsplit('.').next().unwrap_or(file_key);
        let _ = write!(text, "\n# better: {file_name} = \"{}\" | variable: {file_env}", key.secret_file_example());
    }
    if !matches!(key.default, Fallback::Text(_)) {
        text.push_str("\n# not the default but an example:");
    }
    let _ = writeln!(text, "\n#{name} = {}", key.kind.sort().toml(value));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::with_real_secrets;
    use crate::config::{Inputs, Loaded, Origin, load};

    fn loaded(text: String) -> Loaded {
        load(Inputs { file: Some(("switchback.toml".into(), text)), folder: "/srv".into(), ..Inputs::default() })
            .unwrap()
    }

    /// Keys are commented with a bare `#`, prose with `# `.
    fn uncommented() -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        template().lines().map(line).collect()
    }

    #[test]
    fn the_template_as_it_is_changes_nothing() {
        let loaded = loaded(template());
        assert!(loaded.settings.iter().all(|setting| setting.origin == Origin::Default));
        assert_eq!(loaded.warnings, [""; 0]);
    }

    #[test]
    fn the_template_with_every_key_uncommented_is_valid_and_sets_them_all() {
        let loaded = loaded(with_real_secrets(&uncommented()));
        for setting in &loaded.settings {
            assert!(matches!(setting.origin, Origin::File { .. }), "{}", setting.key);
        }
    }

    #[test]
    fn what_is_no_default_is_called_an_example() {
        const CALLED: &str = "# not the default but an example:\n#";
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        };
        let defaults: String = template().replace(CALLED, "# ").lines().map(line).collect();
        let values = |loaded: Loaded| loaded.settings.into_iter().map(|setting| setting.value).collect::<Vec<_>>();
        assert_eq!(values(loaded(defaults)), values(loaded(String::new())));
        let others = keys().filter(|key| !matches!(key.default, Fallback::Text(_))).count();
        assert_eq!(template().matches(CALLED).count(), others);
    }

    #[test]
    fn a_key_is_described_by_everything_the_table_knows() {
        let text = "\n# Length of the soak after a switch.\n# allowed: 3s..24h\n\
                    # default: 10m | variable: SWITCHBACK_SOAK_WINDOW | flag: --window\n#window = \"10m\"\n";
        assert!(template().contains(text), "{}", template());
    }
}
