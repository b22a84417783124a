//! Whether two pieces of nginx configuration have the same words, regardless of whitespace and comments.

use std::iter::Peekable;
use std::str::Chars;

pub fn same(one: &str, other: &str) -> bool {
    Words::of(one).eq(Words::of(other))
}

pub fn is_empty(text: &str) -> bool {
    Words::of(text).next().is_none()
}

/// As in nginx, `#` begins a comment only at the start of a word, quotes and `\` keep text together, `;{}` are words.
struct Words<'a>(Peekable<Chars<'a>>);

impl<'a> Words<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.chars().peekable())
    }

    fn skip_blanks(&mut self) {
        while let Some(next) = self.0.peek() {
            if *next == '#' {
                while self.0.next_if(|c| *c != '\n').is_some() {}
            } else if self.0.next_if(|c| c.is_whitespace()).is_none() {
                return;
            }
        }
    }

    fn quoted(&mut self, quote: char, word: &mut String) {
        while let Some(next) = self.0.next() {
            word.push(next);
            if next == '\\' {
                word.extend(self.0.next());
            } else if next == quote {
                return;
            }
        }
    }

    fn variable(&mut self, word: &mut String) {
        if self.0.peek() == Some(&'{') {
            for next in self.0.by_ref() {
                word.push(next);
                if next == '}' {
                    return;
                }
            }
        }
    }
}

impl Iterator for Words<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.skip_blanks();
        let first = self.0.next()?;
        let mut word = String::from(first);
        match first {
            ';' | '{' | '}' => return Some(word),
            '\'' | '"' => {
                self.quoted(first, &mut word);
                return Some(word);
            }
            '\\' => word.extend(self.0.next()),
            '$' => self.variable(&mut word),
            _ => {}
        }
        while let Some(next) = self.0.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '{')) {
            word.push(next);
            match next {
                '\\' => word.extend(self.0.next()),
                '$' => self.variable(&mut word),
                _ => {}
            }
        }
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_line_ends_and_comments_make_no_difference() {
        let ours = "# shop: blue, written by Switchback\nproxy_pass http://blue;\n";
        for other in [
            "proxy_pass http://blue;",
            "proxy_pass http://blue;\r\n",
            "  proxy_pass\thttp://blue ;\n\n# the end",
            "proxy_pass # where to\n  http://blue; # by hand",
            "# a\r\n#b\r\nproxy_pass http://blue;",
        ] {
            assert!(same(ours, other), "{other:?}");
        }
    }

    #[test]
    fn any_other_word_makes_a_difference() {
        let ours = "proxy_pass http://blue;";
        for other in [
            "proxy_pass http://blue; proxy_set_header X-Color blue;",
            "proxy_pass http://blue/;",
            "proxy_pass http://blue#frag;",
            "proxy_pass http://blue",
            "proxy_pass 'http://blue';",
            "location / { proxy_pass http://blue; }",
            "return 503;",
            "",
        ] {
            assert!(!same(ours, other), "{other:?}");
        }
    }

    #[test]
    fn quotes_variables_and_backslashes_keep_a_word_together() {
        assert!(same("set $a 'x ; # y';", "set  $a\n'x ; # y' ;"));
        assert!(!same("set $a 'x ; # y';", "set $a 'x ; # z';"));
        assert!(same("return 200 ${a}b;", "return 200 ${a}b ;"));
        assert!(!same("return 200 ${a}b;", "return 200 ${a} b;"));
        assert!(same(r"return 200 a\ b;", r"return 200  a\ b;"));
        assert!(!same(r"return 200 a\;b;", r"return 200 a\;c;"));
        assert!(same(r#"return 200 "it's \" ;";"#, r#"return 200 "it's \" ;" ;"#));
        assert!(same("return 200 ${unclosed", "return 200 ${unclosed"));
    }

    #[test]
    fn a_file_of_comments_is_empty() {
        assert!(is_empty("") && is_empty(" \r\n# nothing yet\n"));
        assert!(!is_empty("return 503;"));
    }
}
