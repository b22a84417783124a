//! Words that stand in files, in JSON and on screen: each is written once, beside what it means.

/// Declares an enum of words. A variant has one text, which prints it, reads it and stands in JSON.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// The names of all of them.
            pub const NAMES: &[&str] = &[$($text),+];

            /// The word in files, in JSON and on screen.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The one with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_name(&name).ok_or_else(|| serde::de::Error::unknown_variant(&name, Self::NAMES))
            }
        }
    };
}

pub(super) use words;

#[cfg(test)]
mod tests {
    use crate::model::{DecisionKind, Outcome, Phase, ReasonCode, Verdict};

    #[test]
    fn a_word_reads_back_from_what_it_prints() {
        let json = serde_json::to_string(&Outcome::RolledBack).unwrap();
        assert_eq!(json, "\"rolled-back\"");
        assert_eq!(serde_json::from_str::<Outcome>(&json).unwrap(), Outcome::RolledBack);
        for name in DecisionKind::NAMES {
            assert_eq!(DecisionKind::from_name(name).unwrap().to_string(), *name);
        }
        for name in ReasonCode::NAMES {
            assert_eq!(ReasonCode::from_name(name).unwrap().name(), *name);
        }
        assert_eq!(format!("[{:>10}]", Phase::Held), "[      held]");
    }

    #[test]
    fn an_unknown_word_is_refused_with_those_that_are_known() {
        let error = serde_json::from_str::<Verdict>("\"fine\"").unwrap_err().to_string();
        assert!(
            error.starts_with("unknown variant `fine`, expected one of `healthy`, `unknown`, `breached`"),
            "{error}"
        );
    }
}
