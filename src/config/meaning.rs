//! How alike two names are by what they mean: by their words, not by their letters.

/// From 0, nothing in common, to 1, the same.
pub type Likeness = f64;

/// Words that are less alike have nothing to do with each other.
const MIN_WORD: f64 = 0.6;
/// Names that are written together are as likely slips as words.
const MIN_JOINED: f64 = 0.8;
/// What a common first word, the section, is worth where everything else is equal.
const SECTION: f64 = 0.02;

/// How alike two names are: words may be reordered, joined or a letter off; one that only one has counts against it.
pub fn likeness(name: &str, known: &str) -> Likeness {
    let (name, known) = (words(name), words(known));
    if name.is_empty() || known.is_empty() {
        return 0.0;
    }
    let common = common(&name, &known);
    #[expect(clippy::cast_precision_loss, reason = "names have a few words")]
    let by_words = 2.0 * common / (name.len() + known.len()) as f64;
    let joined = strsim::normalized_damerau_levenshtein(&name.concat(), &known.concat());
    let joined = if joined >= MIN_JOINED { joined * 0.95 } else { 0.0 };
    let section = if word_likeness(&name[0], &known[0]) > 0.0 { SECTION } else { 0.0 };
    by_words.max(joined) + section
}

/// What other programs call what is called otherwise here.
const IN_OUR_WORDS: [(&str, &str); 11] = [
    ("BACKENDS", "INSTANCES"),
    ("DURATION", "WINDOW"),
    ("HOSTS", "INSTANCES"),
    ("LIMIT", "THRESHOLD"),
    ("PERIOD", "WINDOW"),
    ("SERVERS", "INSTANCES"),
    ("TARGETS", "INSTANCES"),
    ("UPSTREAMS", "INSTANCES"),
    ("URLS", "INSTANCES"),
    ("WEBHOOK", "NOTIFY"),
    ("WEBHOOKS", "NOTIFY"),
];

/// What else a release is called. Such a name says as often which version of this program is installed.
const RELEASE: [&str; 7] = ["COMMIT", "IMAGE", "REVISION", "SHA", "TAG", "VERSION", "BUILD"];

/// A name with the words of other programs replaced by ours; none where it has none of them.
pub fn in_our_words(name: &str) -> Option<String> {
    let given = words(name);
    let ours = |word: &String| {
        let known = IN_OUR_WORDS.iter().find(|(theirs, _)| theirs == word);
        known.map_or_else(|| word.clone(), |(_, ours)| (*ours).to_owned())
    };
    let mut ours: Vec<String> = given.iter().map(ours).collect();
    ours.dedup();
    (ours != given).then(|| ours.join("_"))
}

/// Whether a name may be about the release, in other words than ours.
pub fn may_be_the_release(name: &str) -> bool {
    matches!(words(name).as_slice(), [word] if RELEASE.contains(&word.as_str()))
}

/// The words of a name, in capitals.
pub fn words(name: &str) -> Vec<String> {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_uppercase).collect()
}

/// The sum over the words of one name of how alike each is to its counterpart in the other one, each word taken once.
fn common(name: &[String], known: &[String]) -> f64 {
    let mut left: Vec<&String> = known.iter().collect();
    let mut sum = 0.0;
    for word in name {
        let alike = left.iter().enumerate().map(|(at, known)| (word_likeness(word, known), at));
        let Some((alike, at)) = alike.filter(|(alike, _)| *alike > 0.0).max_by(|a, b| a.0.total_cmp(&b.0)) else {
            continue;
        };
        left.swap_remove(at);
        sum += alike;
    }
    sum
}

fn word_likeness(one: &str, other: &str) -> f64 {
    let likeness = strsim::normalized_damerau_levenshtein(one, other);
    if likeness >= MIN_WORD { likeness } else { 0.0 }
}
