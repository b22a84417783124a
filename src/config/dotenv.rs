//! `.env`: `NAME=VALUE` lines as the dotenv libraries know them, without expansion of variables.

/// One assignment.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    pub name: String,
    pub value: String,
    /// The line it begins on, from 1.
    pub line: usize,
}

/// A line that could not be read. Its text is not kept: it may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    pub line: usize,
    pub what: &'static str,
}

/// Reads assignments and comments. An optional `export ` is skipped; values stand in single quotes (literal), double
/// quotes (`\n`, `\t`, `\r`, `\"`, `\\`, `\$`) or none (up to ` #`). A quoted value may span lines.
pub fn parse(text: &str) -> (Vec<Assignment>, Vec<BadLine>) {
    let mut assignments = Vec::new();
    let mut bad = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        let (read, after) = statement(rest);
        match read {
            Ok(Some((name, value))) => assignments.push(Assignment { name, value, line }),
            Ok(None) => {}
            Err(what) => bad.push(BadLine { line, what }),
        }
        line += rest[..rest.len() - after.len()].matches('\n').count();
        rest = after;
    }
    (assignments, bad)
}

type Statement = Result<Option<(String, String)>, &'static str>;

/// Reads one statement and returns it with the text behind its line.
fn statement(text: &str) -> (Statement, &str) {
    let (first, after) = text.split_once('\n').unwrap_or((text, ""));
    let line = first.trim();
    if line.is_empty() || line.starts_with('#') {
        return (Ok(None), after);
    }
    let Some(equals) = first.find('=') else {
        return (Err("expected NAME=VALUE"), after);
    };
    let name = first[..equals].trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    if name.is_empty() || name.contains(char::is_whitespace) {
        return (Err("expected NAME=VALUE"), after);
    }
    let value = text[equals + 1..].trim_start_matches([' ', '\t']);
    let quoted = match value.chars().next() {
        Some('\'') => single_quoted(&value[1..]),
        Some('"') => double_quoted(&value[1..]),
        _ => return (Ok(Some((name.to_owned(), unquoted(&first[equals + 1..])))), after),
    };
    let Some((value, behind)) = quoted else {
        return (Err("the quote is never closed"), "");
    };
    let (tail, after) = behind.split_once('\n').unwrap_or((behind, ""));
    let tail = tail.trim();
    if tail.is_empty() || tail.starts_with('#') {
        (Ok(Some((name.to_owned(), value))), after)
    } else {
        (Err("text stands behind the closing quote"), after)
    }
}

fn unquoted(text: &str) -> String {
    let comment =
        text.char_indices().zip(text.chars().skip(1)).find(|((_, one), two)| one.is_whitespace() && *two == '#');
    let end = comment.map_or(text.len(), |((index, _), _)| index);
    text[..end].trim().to_owned()
}

fn single_quoted(text: &str) -> Option<(String, &str)> {
    text.split_once('\'').map(|(value, behind)| (value.to_owned(), behind))
}

fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                escaped @ ('"' | '\\' | '$') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<(usize, String, String)> {
        let (assignments, bad) = parse(text);
        assert_eq!(bad, []);
        assignments.into_iter().map(|one| (one.line, one.name, one.value)).collect()
    }

    #[test]
    fn values_stand_bare_or_in_quotes() {
        for (line, value) in [
            ("A=b", "b"),
            ("A = b c ", "b c"),
            ("A=b # comment", "b"),
            ("A=b#no-comment", "b#no-comment"),
            ("A= # comment", ""),
            ("A=", ""),
            ("export A=b", "b"),
            ("A='b # \"c\" \\n' # comment", "b # \"c\" \\n"),
            (r#"A="b \"c\"\n\t\r\\ \$d \e""#, "b \"c\"\n\t\r\\ $d \\e"),
            ("A=it's", "it's"),
            ("A=b=c", "b=c"),
            ("\u{feff}A=b\r", "b"),
        ] {
            assert_eq!(values(line), [(1, "A".to_owned(), value.to_owned())], "{line}");
        }
    }

    #[test]
    fn comments_and_empty_lines_say_nothing() {
        assert_eq!(values("\n# A=1\n   \n\t# more\n"), []);
    }

    #[test]
    fn lines_are_counted_across_values_that_span_some() {
        let lines: Vec<_> = values("A=\"one\ntwo\"\n\nB='x\ny'\nC=1").into_iter().map(|(line, ..)| line).collect();
        assert_eq!(lines, [1, 4, 6]);
    }

    #[test]
    fn bad_lines_are_named_and_the_others_still_read() {
        let (assignments, bad) = parse("A=1\nnonsense\n=2\nB C=3\nD=\"x\" y\nE=5\nF='open\n");
        assert_eq!(assignments.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["A", "E"]);
        let bad: Vec<_> = bad.into_iter().map(|bad| (bad.line, bad.what)).collect();
        assert_eq!(
            bad,
            [
                (2, "expected NAME=VALUE"),
                (3, "expected NAME=VALUE"),
                (4, "expected NAME=VALUE"),
                (5, "text stands behind the closing quote"),
                (7, "the quote is never closed"),
            ]
        );
        assert_eq!(parse("A=\"b\\").1.len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "(?s).*") {
            parse(&text);
        }

        #[test]
        fn lines_made_of_quotes_and_signs_do_not_either(text in "[A=\"'\\\\#\n é]{0,20}") {
            parse(&text);
        }
    }
}
