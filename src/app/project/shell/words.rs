//! A line of shell as commands and words.

/// The name of the variable behind a `$`, its default, and the rest.
pub fn variable(text: &str) -> Option<(&str, Option<&str>, &str)> {
    if let Some(inner) = text.strip_prefix('{') {
        let end = inner.find('}')?;
        let (inside, after) = (&inner[..end], &inner[end + 1..]);
        let at = inside.find(|c: char| !(c.is_ascii_alphanumeric() || "_.[]'\"".contains(c))).unwrap_or(inside.len());
        let (name, operator) = inside.split_at(at);
        let fallback = operator.strip_prefix(":-").or_else(|| operator.strip_prefix('-'));
        let fallback = fallback.or_else(|| operator.trim_start().strip_prefix("||").map(str::trim));
        return (!name.is_empty()).then_some((name, fallback, after));
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let end = if text.starts_with(|c: char| c.is_ascii_digit()) { 1 } else { end };
    (end > 0).then(|| (&text[..end], None, &text[end..]))
}

/// The simple commands of a line, each with whether its output goes into a pipe.
pub fn parts(line: &str) -> Vec<(String, bool)> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quote, mut depth) = (None, 0_usize);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (_, '\\') if quote != Some('\'') => {
                part.push(c);
                part.extend(chars.next());
                continue;
            }
            (None, '#') if part.is_empty() || part.ends_with(char::is_whitespace) => break,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '$') if chars.peek() == Some(&'(') => depth += 1,
            (None, ')') if depth > 0 => depth -= 1,
            (None, ';' | '\n') if depth == 0 => {
                parts.push((std::mem::take(&mut part), false));
                continue;
            }
            // `2>&1` is no end of a command.
            (None, '&') if depth == 0 && !part.ends_with('>') && chars.peek() != Some(&'>') => {
                while chars.next_if_eq(&'&').is_some() {}
                parts.push((std::mem::take(&mut part), false));
                continue;
            }
            (None, '|') if depth == 0 => {
                let piped = chars.next_if_eq(&'|').is_none();
                parts.push((std::mem::take(&mut part), piped));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push((part, false));
    parts
}

/// The words of a simple command, without their quotes.
pub fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut open) = (Vec::new(), String::new(), false);
    let (mut quote, mut depth) = (None, 0_usize);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\\') => match chars.next() {
                Some('$') => word.push_str("\\$"),
                next => word.extend(next.filter(|next| *next != '\n')),
            },
            (Some('"'), '\\') => match chars.next() {
                Some(next @ ('"' | '\\' | '`')) => word.push(next),
                // Kept apart from a variable's own sign.
                Some('$') => word.push_str("\\$"),
                Some(next) => word.extend(['\\', next]),
                None => {}
            },
            (None, '\'' | '"') if depth == 0 => (quote, open) = (Some(c), true),
            (Some(end), c) if end == c => quote = None,
            (None, ' ' | '\t' | '\n') if depth == 0 => {
                if open || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                open = false;
            }
            (Some('\''), '$') => word.push_str("\\$"),
            _ => {
                // `$(…)`, and the array in `X=(…)`.
                depth += usize::from(c == '(' && word.ends_with(['$', '=']));
                depth = depth.saturating_sub(usize::from(c == ')'));
                word.push(c);
            }
        }
    }
    if open || !word.is_empty() {
        words.push(word);
    }
    words
}

/// The files of redirections.
#[derive(Default)]
pub struct Files {
    pub input: Option<String>,
    pub output: Option<String>,
}

/// The words without redirections, the files of those, and whether a here document is read.
pub fn redirected(words: Vec<String>) -> (Vec<String>, Files, bool) {
    let (mut kept, mut files, mut reads) = (Vec::new(), Files::default(), false);
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if let Some(rest) = word.strip_prefix("<<") {
            reads = true;
            if rest.trim_start_matches('-').is_empty() {
                words.next();
            }
        } else if let Some(file) = word.strip_prefix(">>").or_else(|| word.strip_prefix('>')) {
            let file = file.trim_start_matches('|');
            let file = if file.is_empty() { words.next() } else { Some(file.to_owned()) };
            files.output = file.filter(|file| !file.starts_with('&') && file != "/dev/null");
        } else if let Some(file) = word.strip_prefix('<') {
            files.input = if file.is_empty() { words.next() } else { Some(file.to_owned()) };
        } else if word.starts_with("2>") || word.starts_with("&>") {
            if matches!(word.as_str(), "2>" | "&>") {
                words.next();
            }
        } else {
            kept.push(word);
        }
    }
    (kept, files, reads)
}

/// Whether a quote is open at the end of the line.
pub fn is_open(line: &str) -> bool {
    let (mut quote, mut chars) = (None, line.chars());
    let mut before = ' ';
    while let Some(c) = chars.next() {
        match (quote, c) {
            (_, '\\') if quote != Some('\'') => drop(chars.next()),
            (None, '#') if before.is_whitespace() => return false,
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    quote.is_some()
}

/// The word that ends the here document of this line.
pub fn here_document(line: &str) -> Option<String> {
    let (before, rest) = line.split_once("<<")?;
    if before.trim_start().starts_with('#') || rest.starts_with('<') {
        return None;
    }
    let word = rest.trim_start_matches('-').trim_start();
    let end: String = word.chars().take_while(|c| c.is_ascii_alphanumeric() || "_'\"\\".contains(*c)).collect();
    let end: String = end.chars().filter(|c| !"'\"\\".contains(*c)).collect();
    (!end.is_empty()).then_some(end)
}
