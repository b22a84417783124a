//! How a section of the configuration is declared: `section!`.

/// Declares a section: a struct with a field a key, and the row of each key in the table.
///
/// ```text
/// section! {
///     /// What the struct holds.
///     #[derive(Clone, Debug, Default)]
///     pub struct SoakConfig, rows KEYS: "soak." at |draft| draft.config.soak;
///
///     /// Length of the soak after a switch.
///     window: Duration {
///         default: Text("10m"),
///         kind: kind::Span { min: Duration::from_secs(3), max: Duration::from_hours(24) },
///         flag: "window",
///         example: "10m",
///     }
/// }
/// ```
///
/// What is read is put into `draft.config.soak`, which has that type, and `KEYS` has the rows. A key is called like its section
/// (`"soak."`) and its field, or like the text after `as` (`series as "match"`). Its comment is its help everywhere: on the
/// command line, in the template and in the documents. `default`, `old_env` (what the variable was called before), `flag` and
/// `also` can be left out; what is given has this order. Fields of the struct that are not keys are at the end, in `with { … }`.
macro_rules! section {
    (
        $(#[$about:meta])*
        pub struct $Struct:ident, rows $ROWS:ident: $section:literal at |$draft:ident| $place:expr;

        $(
            $(#[doc = $help:literal])+
            $field:ident $(as $name:literal)?: $Type:ty {
                $(default: $default:expr,)?
                kind: $kind:expr,
                $(old_env: $old_env:literal,)?
                $(flag: $flag:literal,)?
                $(also: $also:expr,)?
                example: $example:expr $(,)?
            }
        )+

        $(with { $($other:tt)* })?
    ) => {
        $(#[$about])*
        #[allow(clippy::doc_markdown, reason = "the help of a key is shown as it is, on the command line too")]
        pub struct $Struct {
            $(
                $(#[doc = $help])+
                pub $field: $Type,
            )+
            $($($other)*)?
        }

        pub const $ROWS: &[$crate::config::keys::Key] = &[$($crate::config::keys::Key {
            name: concat!($section, name_of!($field $(, $name)?)),
            old_env: given!($($old_env)?),
            flag: given!($($flag)?),
            help: $crate::config::keys::section::help_of(concat!($($help),+)),
            default: fallback!($($default)?),
            kind: &$crate::config::kind::Entry { kind: $kind, set: |$draft, value| $place.$field = value.into() },
            also: given!($($also)?),
            example: $example,
            file_name: concat!($section, name_of!($field $(, $name)?), "_file"),
        }),+];
    };
}

/// What a key is called in its section: like its field, or otherwise.
macro_rules! name_of {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident, $name:literal) => {
        $name
    };
}

macro_rules! fallback {
    () => {
        $crate::config::keys::key::Fallback::Unset
    };
    ($default:expr) => {
        $default
    };
}

macro_rules! given {
    () => {
        None
    };
    ($it:expr) => {
        Some($it)
    };
}

/// The text of a comment, without the space that it begins with.
pub const fn help_of(comment: &'static str) -> &'static str {
    comment.split_at(1).1
}

#[cfg(test)]
mod tests {
    use crate::config::keys::keys;
    use crate::config::{Inputs, load};

    #[test]
    fn a_declaration_gives_name_variable_flag_help_rule_and_field() {
        let key = |name: &str| keys().find(|key| key.name == name).unwrap();
        let window = key("soak.window");
        assert_eq!((window.env().as_str(), window.flag), ("SWITCHBACK_SOAK_WINDOW", Some("window")));
        assert_eq!(window.help, "Length of the soak after a switch.");
        assert_eq!((window.allowed().as_str(), window.default_text()), ("3s..24h", "10m"));
        assert_eq!((window.secret_file(), window.is_secret()), (None, false));
        // Another name than the field's, help in two lines, and what was left out.
        let series = key("checks.error-rate.match");
        assert_eq!((series.flag, series.default_text(), series.also), (Some("match"), "none", None));
        assert!(key("metrics.port").help.ends_with("below the root there."), "{}", key("metrics.port").help);
        assert_eq!((key("metrics.scheme").old_env, key("metrics.scheme").flag), (None, None));
        let file = ("metrics.bearer_token_file", "SWITCHBACK_METRICS_BEARER_TOKEN_FILE".to_owned());
        assert_eq!(key("metrics.bearer_token").secret_file(), Some(file));
        // The field holds what was given.
        let flags = vec![("soak.window".to_owned(), "90s".to_owned())];
        let config = load(Inputs { flags, folder: "/srv".into(), ..Inputs::default() }).unwrap().config;
        assert_eq!((config.soak.window.as_secs(), config.soak.max_extension.as_secs()), (90, 90));
    }
}
