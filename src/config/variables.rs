//! Variables: which are ours, which were meant to be, and which somebody else put there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::ci;
use super::keys::{Key, OTHER_VARIABLES, keys, variable};
use super::layers::{Entry, Layer, PREFIX};
use super::meaning::{Likeness, in_our_words, likeness, may_be_the_release, words};
use super::problem::{Origin, Problem, printable};
use super::raw::Raw;

/// What router commands find in their environment, so that a command of theirs may run this program.
const HANDED_TO_COMMANDS: [&str; 2] = ["SWITCHBACK_COLOR", "SWITCHBACK_SERVICE"];

/// Least likeness of a name that is taken for a mistyped one of ours.
const RESEMBLES: f64 = 0.51;
/// The same where not even the prefix is ours.
const RESEMBLES_ALTOGETHER: f64 = 0.8;

/// Least likeness of a word that is taken for a mistyped flag of one word.
const SAME_WORD: f64 = 0.7;

pub struct Variable {
    pub name: String,
    pub value: String,
    pub origin: Origin,
}

#[derive(Default)]
pub struct Oddities {
    /// Names that resemble ours and are none. Whether that is an error depends on what is to be done.
    pub misspelled: Vec<Problem>,
    /// What is odd and stops nothing.
    pub warnings: Vec<String>,
    /// The old names that were used, each with what it is called today.
    pub old_names: BTreeMap<String, String>,
    /// Those of them whose variable has another value under its new name.
    pub overruled: BTreeSet<String>,
}

struct Known {
    key: &'static Key,
    /// The name of the key, or of the key that names a secret's file.
    gives: &'static str,
    is_old: bool,
}

/// Every variable that gives a key: the one that follows from its name, and what that was called before.
static KNOWN: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    let own = keys().map(|key| (key, key.name, key.old_env.map(str::to_owned)));
    let old_file = |key: &Key| key.old_env.map(|old| format!("{old}_FILE"));
    let files = keys().filter_map(|key| key.secret_file().map(|(name, _)| (key, name, old_file(key))));
    let mut known = BTreeMap::new();
    for (key, gives, old) in own.chain(files) {
        known.extend(old.map(|old| (old, Known { key, gives, is_old: true })));
        known.insert(variable(gives), Known { key, gives, is_old: false });
    }
    known
});

/// The key that a variable gives, or the key that names the file of a secret.
pub fn given_by(name: &str) -> Option<&'static str> {
    KNOWN.get(name).map(|known| known.gives)
}

pub fn is_instances(key: &str) -> bool {
    key.starts_with("colors.") && (key.ends_with(".instances") || key.ends_with(".instances_file"))
}

/// Whether a variable of the environment may be meant for this program.
pub fn may_be_ours(name: &str) -> bool {
    ci::is_about(name) || name.starts_with(PREFIX) || without_prefix_like_ours(name).is_some()
}

/// Sorts out our variables. An empty one counts as unset. Where a variable is given by its old name as well, the new one counts.
pub fn sort_out(all: impl Iterator<Item = Variable>, found: &mut Oddities) -> Layer {
    let mut layer = Layer::new();
    let mut given_by: BTreeMap<&'static str, String> = BTreeMap::new();
    for Variable { name, value, origin } in all.filter(|one| may_be_ours(&one.name)) {
        let Some(Known { key, gives, is_old }) = KNOWN.get(&name) else {
            found.stranger(&name, &value, origin);
            continue;
        };
        let other = given_by.get(gives).filter(|other| **other != name && layer.contains_key(gives));
        if value.is_empty() {
            // A later empty line of `.env` takes an earlier one back.
            if other.is_none() {
                layer.remove(gives);
            }
        } else if key.kind.sort().is_number() && is_service_address(&value) {
            let what = "is the address of a service, as Kubernetes and Docker put it there: it counts as unset";
            found.warnings.push(format!("{name} {what}"));
        } else {
            let raw = Raw::text(value);
            let other = other.cloned();
            let differs = other.is_some() && layer.get(gives).is_some_and(|entry| entry.raw != raw);
            let old = if *is_old { Some(&name) } else { other.as_ref() };
            if let Some(old) = old {
                found.old_names.insert(old.clone(), variable(gives));
                found.overruled.extend(differs.then(|| old.clone()));
            }
            if *is_old && other.is_some() {
                continue;
            }
            given_by.insert(gives, name);
            layer.insert(gives, Entry { raw, origin });
        }
    }
    layer
}

/// The layer below all others: what the surroundings say of the release.
pub fn ambient(env: &[(String, String)]) -> Layer {
    let variable = |name: &str| env.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut layer = Layer::new();
    if let Some((name, value)) = ci::commit(variable) {
        let origin = Origin::Environment { variable: name.to_owned() };
        layer.insert("release", Entry { raw: Raw::text(value), origin });
    }
    layer
}

impl Oddities {
    /// What is only worth a warning, with one for all old names together, and one for each that contradicts the new one.
    pub fn into_warnings(self) -> Vec<String> {
        let mut warnings = self.warnings;
        for old in &self.overruled {
            let today = &self.old_names[old];
            warnings.push(format!("{old} is the old name of {today}, which is set to another value and wins"));
        }
        let agreeing = || self.old_names.iter().filter(|(old, _)| !self.overruled.contains(*old));
        warnings.extend(match agreeing().count() {
            0 => None,
            1 => agreeing().next().map(|(old, today)| format!("{old} is the old name of {today}")),
            _ => {
                let pairs: Vec<String> = agreeing().map(|(old, today)| format!("{old} is now {today}")).collect();
                Some(format!("old names of variables: {}", pairs.join(", ")))
            }
        });
        warnings
    }

    /// A name that gives no key.
    fn stranger(&mut self, name: &str, value: &str, origin: Origin) {
        let is_other = OTHER_VARIABLES.iter().any(|(other, _)| *other == name) || HANDED_TO_COMMANDS.contains(&name);
        if is_other || ci::is_about(name) || value.is_empty() || is_service_link(name) {
            return;
        }
        let ours = name.starts_with(PREFIX);
        let least = if ours { RESEMBLES } else { RESEMBLES_ALTOGETHER };
        let rest = name.strip_prefix(PREFIX).or_else(|| without_prefix_like_ours(name)).unwrap_or(name);
        let found = [Some(rest.to_owned()), in_our_words(rest)].into_iter().flatten().filter_map(|rest| meant(&rest));
        match found.filter(|(likeness, ..)| *likeness >= least).max_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, suggested, key)) => {
                let problem = Problem::about(printable(name), format!("unknown variable; did you mean `{suggested}`?"));
                let example = key.example_as(&suggested);
                self.misspelled.push(Problem { example, ..problem }.at(origin));
            }
            None if ours => {
                let place =
                    if matches!(origin, Origin::DotEnv { .. }) { format!(" ({origin})") } else { String::new() };
                let hint = if may_be_the_release(rest) { "; the release is named by SWITCHBACK_RELEASE" } else { "" };
                self.warnings.push(format!("unknown variable {}{place}{hint}", printable(name)));
            }
            None => {}
        }
    }
}

/// The variable that a name without its prefix most likely meant, with how alike they are.
fn meant(rest: &str) -> Option<(Likeness, String, &'static Key)> {
    let mut best: Option<(Likeness, String, &'static Key)> = None;
    let mut consider = |alike: &str, suggested: &str, key: &'static Key| {
        let likeness = likeness(rest, alike);
        if best.as_ref().is_none_or(|(known, ..)| likeness > *known) {
            best = Some((likeness, suggested.to_owned(), key));
        }
    };
    // In the order of the table, so that of two that are as likely the more important one is named.
    for key in keys() {
        let short = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
        let env = key.env();
        let old = key.old_env.map(short);
        for alike in [short(&env)].iter().chain(&old) {
            consider(alike, &env, key);
        }
        if let Some((_, file)) = key.secret_file() {
            for alike in [short(&file)].into_iter().chain(old.map(|old| format!("{old}_FILE"))) {
                consider(&alike, &file, key);
            }
        }
        // A flag is what the key is called in short.
        if let Some(flag) = key.flag.filter(|flag| is_meant_by(flag, rest)) {
            consider(flag, &env, key);
        }
    }
    best
}

/// Whether a name may be a flag's with something around it: `url` says too little for that, because many keys have one. Of two single
/// words more than a letter or two have to agree: `HOME` is no `theme`.
fn is_meant_by(flag: &str, rest: &str) -> bool {
    if let ([flag], [rest]) = (&*words(flag), &*words(rest)) {
        return strsim::normalized_damerau_levenshtein(flag, rest) >= SAME_WORD;
    }
    let of_many = |word: &str| keys().filter(|key| words(key.name).iter().any(|known| known == word)).count() > 1;
    let flag = words(flag);
    words(rest).len() <= flag.len() || !flag.iter().any(|word| of_many(word))
}

/// The rest of a name whose prefix is ours but for a slip or two.
fn without_prefix_like_ours(name: &str) -> Option<&str> {
    const WORD: &str = "SWITCHBACK";
    let slip = |head: &str| strsim::damerau_levenshtein(&head.to_ascii_uppercase().replace(['_', '-'], ""), WORD) <= 2;
    let separators = name.match_indices(['_', '-']).take(2);
    separators.map(|(at, _)| name.split_at(at)).find(|(head, _)| slip(head)).map(|(_, rest)| &rest[1..])
}

/// Whether Kubernetes or Docker links make such names: `X_SERVICE_HOST`, `X_SERVICE_PORT…`, `X_PORT`, `X_PORT_80_TCP…`.
fn is_service_link(name: &str) -> bool {
    let behind = |part: &str| name.rfind(part).map(|at| &name[at + part.len()..]);
    let whole_word = |rest: &str| rest.is_empty() || rest.starts_with('_');
    let port_of = |rest: &str| {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let protocol = ["_TCP", "_UDP", "_SCTP"].into_iter().find_map(|protocol| number.strip_prefix(protocol));
        number.len() < rest.len() && protocol.is_some_and(whole_word)
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_PORT")
        || behind("_SERVICE_PORT").is_some_and(whole_word)
        || name.match_indices("_PORT_").any(|(at, part)| port_of(&name[at + part.len()..]))
}

/// Whether a value is what a service link says: `tcp://10.0.0.1:9090`.
fn is_service_address(value: &str) -> bool {
    ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
}

#[cfg(test)]
mod tests;
