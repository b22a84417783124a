//! What differs from run to run, replaced by a word: in one place for all snapshots of the real program.

use regex_automata::meta::Regex;

use super::Deployment;

/// What is replaced, in this order.
const REPLACED: [(&str, &str); 14] = [
    ("[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}", "SOAK"),
    ("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?(Z| [+-][0-9]{2}:[0-9]{2})", "TIME"),
    ("(?m)^[0-9]{2}:[0-9]{2}:[0-9]{2}", "TIME"),
    ("([0-9]+(years?|months?|days?|d|h|m|s|ms) ?)+ago", "AGO"),
    ("(?-u:\\b)[0-9]{13}(?-u:\\b)", "MILLISECONDS"),
    ("(?-u:\\b)[0-9a-f]{64}(?-u:\\b)|head [0-9a-f]{12}", "HASH"),
    ("(process|pid) [0-9]+", "process PID"),
    ("operator:ana@[^ ,:;]+", "operator:ana@HOST"),
    ("\\(user [^)]+\\)", "(user USER)"),
    ("[0-9,]+ are allowed", "MANY are allowed"),
    ("[0-9,]+ requests/s", "RATE requests/s"),
    ("make about [0-9,]+ in the window", "make about COUNT in the window"),
    ("0 of [0-9,]+ requests", "0 of COUNT requests"),
    ("looked in: .*; up to", "looked in: FOLDERS; up to"),
];

/// Every number: how far a run has come depends on how fast the machine is.
const NUMBER: &str = "[0-9][0-9,]*(\\.[0-9]+)?";

impl Deployment {
    /// What the program said of this deployment, without what is different in the next one.
    pub fn redacted(&self, text: &str) -> String {
        let address = |url: String| url.split_once("://").unwrap().1.to_owned();
        let mut text = text.replace(&address(self.blue.url()), "blue:3001");
        text = text.replace(&address(self.green.url()), "green:3002");
        text = text.replace(self.folder().to_str().unwrap(), "/srv/shop");
        for (pattern, word) in REPLACED {
            text = replaced(&text, pattern, word);
        }
        text
    }

    /// The same without any number; also where none failed, which `COUNT` would show.
    pub fn redacted_run(&self, text: &str) -> String {
        let text = self
            .redacted(text)
            .replace("of COUNT requests", "of 0 requests")
            .replace("blue:3001", "BLUE")
            .replace("green:3002", "GREEN");
        replaced(&text, NUMBER, "N").replace("BLUE", "blue:3001").replace("GREEN", "green:3002")
    }
}

fn replaced(text: &str, pattern: &str, word: &str) -> String {
    let pattern = Regex::new(pattern).unwrap();
    let (mut out, mut end) = (String::new(), 0);
    for found in pattern.find_iter(text) {
        out.push_str(&text[end..found.start()]);
        out.push_str(word);
        end = found.end();
    }
    out + &text[end..]
}
