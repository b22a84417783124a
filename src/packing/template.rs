//! A line of JSON, taken apart into what lines have in common and what differs: a template, in which `#` stands for each whole
//! number and `$` for each other value, and these values.

/// One value of a line, as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Number(i64),
    /// A string with its quotes, or a number that is not whole.
    Text(&'a str),
}

impl<'a> Value<'a> {
    fn of(text: &'a str) -> Self {
        let number = text.parse().ok().filter(|_| is_plain(text.as_bytes()));
        number.map_or(Self::Text(text), Self::Number)
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}

/// A place for a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The template's text in front of it.
    pub before: String,
    pub is_number: bool,
    /// Its keys, and its place in arrays: `/counts/3`. Objects in an array share theirs: `/labels/*/value`.
    pub path: String,
    /// Whether it is a key of the line itself.
    pub is_outer: bool,
    /// The object in an array that it is in, from 1; 0 for none.
    pub element: usize,
    /// Whether it says whose values follow: lines of one instance are alike.
    pub is_subject: bool,
}

/// A piece of JSON.
enum Token<'a> {
    Text(&'a str),
    /// `[ ] { } , :`, the words of JSON, and in a template `#` and `$`.
    Other(&'a str),
}

/// The pieces of one line. What is not JSON comes out as some pieces too.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let text = self.0;
        let bytes = text.as_bytes();
        let first = *bytes.first()?;
        let part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let (length, is_text) = match first {
            b'"' => (string_length(bytes), true),
            b'0'..=b'9' | b'-' => (bytes.iter().position(|byte| !part(byte)).unwrap_or(bytes.len()), true),
            // One character, which may have several bytes.
            0..=0x7f => (1, false),
            _ => (text.char_indices().nth(1).map_or(bytes.len(), |(at, _)| at), false),
        };
        let (piece, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        self.0 = rest;
        Some(if is_text { Token::Text(piece) } else { Token::Other(piece) })
    }
}

/// With both quotes.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Values of most lines at most.
const USUAL: usize = 64;

/// Takes a line apart. The values filled into the template give the line again, byte for byte.
pub fn split(line: &str) -> (String, Vec<Value<'_>>) {
    let mut tokens = Tokens(line);
    let (mut template, mut values) = (String::with_capacity(line.len()), Vec::with_capacity(USUAL));
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(key) if is_key(key.as_bytes(), tokens.0.as_bytes()) => template.push_str(key),
            Token::Text(text) => {
                let value = Value::of(text);
                template.push(if value.is_number() { '#' } else { '$' });
                values.push(value);
            }
            Token::Other(other) => template.push_str(other),
        }
    }
    (template, values)
}

/// What [`split`] gives for a line of a template with these places, with less work; `None` for a line of another template.
pub fn values<'line, 'slot>(
    line: &'line str,
    slots: impl Iterator<Item = &'slot Slot>,
    after: &str,
) -> Option<Vec<Value<'line>>> {
    let (mut rest, mut values) = (line, Vec::with_capacity(USUAL));
    for slot in slots {
        let mut tokens = Tokens(rest.strip_prefix(slot.before.as_str())?);
        let Token::Text(text) = tokens.next()? else { return None };
        rest = tokens.0;
        let value = Value::of(text);
        if value.is_number() != slot.is_number || is_key(text.as_bytes(), rest.as_bytes()) {
            return None;
        }
        values.push(value);
    }
    (rest == after).then_some(values)
}

fn is_key(text: &[u8], rest: &[u8]) -> bool {
    matches!((text, rest), ([b'"', ..], [b':', ..]))
}

/// Whether a number is written the only way that it is read back: not `-0`, not `007`.
fn is_plain(number: &[u8]) -> bool {
    !matches!(number, [b'0', _, ..] | [b'-', b'0', ..])
}

/// The places of a template, and the text behind the last.
pub fn slots(template: &str) -> (Vec<Slot>, String) {
    let mut tokens = Tokens(template);
    let (mut slots, mut before): (Vec<Slot>, _) = (Vec::new(), String::new());
    // The key or the place in the array, for each level.
    let (mut levels, mut elements): (Vec<Level>, _) = (Vec::new(), 0);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => {
                if is_key(text.as_bytes(), tokens.0.as_bytes())
                    && let Some(level) = levels.last_mut()
                {
                    *level = Level::Key(text.trim_matches('"').to_owned());
                }
                before.push_str(text);
            }
            Token::Other(mark @ ("#" | "$")) => {
                slots.push(slot(&levels, mark == "#", std::mem::take(&mut before)));
            }
            Token::Other(other) => {
                match (other, levels.last_mut()) {
                    ("{", above) => {
                        if let Some(level @ (Level::Place(_) | Level::Element(_))) = above {
                            elements += 1;
                            *level = Level::Element(elements);
                        }
                        levels.push(Level::Key(String::new()));
                    }
                    ("[", _) => levels.push(Level::Place(0)),
                    ("]" | "}", _) => drop(levels.pop()),
                    (",", Some(Level::Place(place))) => *place += 1,
                    _ => {}
                }
                before.push_str(other);
            }
        }
    }
    (slots, before)
}

enum Level {
    Key(String),
    Place(usize),
    /// An object in an array, numbered through the line.
    Element(usize),
}

fn slot(levels: &[Level], is_number: bool, before: String) -> Slot {
    let path: String = levels.iter().flat_map(|level| ["/".to_owned(), level.name()]).collect();
    let element = levels.iter().rev().find_map(Level::element).unwrap_or(0);
    let is_named = matches!(path.as_str(), "/event" | "/color" | "/instance" | "/check");
    let is_subject = is_named || (element > 0 && !is_number);
    Slot { before, is_number, path, is_outer: levels.len() == 1, element, is_subject }
}

impl Level {
    fn name(&self) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Place(place) => place.to_string(),
            Self::Element(_) => "*".to_owned(),
        }
    }

    const fn element(&self) -> Option<usize> {
        if let Self::Element(number) = self { Some(*number) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(template: &str, values: &[Value<'_>]) -> String {
        let (slots, after) = slots(template);
        assert_eq!(slots.len(), values.len());
        let mut line = String::new();
        for (slot, value) in slots.iter().zip(values) {
            line.push_str(&slot.before);
            match value {
                Value::Number(number) => line.push_str(&number.to_string()),
                Value::Text(text) => line.push_str(text),
            }
        }
        line + &after
    }

    #[test]
    fn a_line_is_a_template_and_its_values() {
        let line = r#"{"seq":7,"a \"b":"x \" # $","f":1.50,"e":1e3,"z":-0,"n":[-1,null,true],"o":{"p":"ü"},"huge":18446744073709551615}"#;
        let (template, values) = split(line);
        assert_eq!(template, r#"{"seq":#,"a \"b":$,"f":$,"e":$,"z":$,"n":[#,null,true],"o":{"p":$},"huge":$}"#);
        assert_eq!(values[..2], [Value::Number(7), Value::Text(r#""x \" # $""#)]);
        assert_eq!(filled(&template, &values), line);
        let paths: Vec<String> = slots(&template).0.into_iter().map(|slot| slot.path).collect();
        assert_eq!(paths, ["/seq", "/a \\\"b", "/f", "/e", "/z", "/n/0", "/o/p", "/huge"]);
    }

    /// What a line gives by the template of another one.
    fn values_by<'a>(of: &str, line: &'a str) -> Option<Vec<Value<'a>>> {
        let (slots, after) = slots(&split(of).0);
        values(line, slots.iter(), &after)
    }

    #[test]
    fn a_line_of_a_template_gives_its_values_and_one_of_another_none() {
        let known = r#"{"a":1,"b":"x","c":[2,true]}"#;
        let (number, text) = (Value::Number, Value::Text);
        assert_eq!(values_by(known, known), Some(vec![number(1), text("\"x\""), number(2)]));
        let other = r#"{"a":-7,"b":1.5,"c":[0,true]}"#;
        assert_eq!(values_by(known, other), Some(vec![number(-7), text("1.5"), number(0)]));
        for another in [
            r#"{"a":"1","b":"x","c":[2,true]}"#,
            r#"{"a":1,"b":2,"c":[2,true]}"#,
            r#"{"a":01,"b":"x","c":[2,true]}"#,
            r#"{"a":1,"d":"x","c":[2,true]}"#,
            r#"{"a":1,"b":"x","c":[2,true]}}"#,
            r#"{"a":1,"b":"x","c":[2,true"#,
            r#"{"a":1,"b":"x":"c":[2,true]}"#,
            r#"{"a":1,"b":true,"c":[2,true]}"#,
            r#"{"a":"#,
            "",
        ] {
            assert_eq!(values_by(known, another), None, "{another}");
        }
        assert_eq!(values_by("1.5:2", "\"x\":2"), None, "a key, where the template has a value");
    }

    #[test]
    fn a_place_knows_whose_it_is() {
        let line = r#"{"at":1,"color":"green","instance":2,"in":{"of":"x","l":[3,4]},"labels":[{"a":"b","n":{"c":5}},{"a":"d","n":{"c":6}}],"end":7}"#;
        let slots = slots(&split(line).0).0;
        let of: Vec<_> =
            slots.iter().map(|slot| (slot.path.as_str(), slot.is_outer, slot.element, slot.is_subject)).collect();
        let wanted = [
            ("/at", true, 0, false),
            ("/color", true, 0, true),
            ("/instance", true, 0, true),
            ("/in/of", false, 0, false),
            ("/in/l/0", false, 0, false),
            ("/in/l/1", false, 0, false),
            ("/labels/*/a", false, 1, true),
            ("/labels/*/n/c", false, 1, false),
            ("/labels/*/a", false, 2, true),
            ("/labels/*/n/c", false, 2, false),
            ("/end", true, 0, false),
        ];
        assert_eq!(of, wanted);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let number = prop_oneof![any::<i64>().prop_map(Into::into), any::<u64>().prop_map(Into::into)];
        let float = any::<f64>().prop_map(serde_json::Value::from);
        let leaf = prop_oneof![number, float, ".*".prop_map(Into::into), any::<bool>().prop_map(Into::into)];
        leaf.prop_recursive(3, 20, 5, |inner| {
            let object = proptest::collection::btree_map(".*", inner.clone(), 0..5);
            let object = object.prop_map(|map| serde_json::Value::Object(map.into_iter().collect()));
            prop_oneof![proptest::collection::vec(inner, 0..5).prop_map(Into::into), object]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_its_template_and_its_values(value in json()) {
            let line = value.to_string();
            let (template, values) = split(&line);
            prop_assert_eq!(filled(&template, &values), line);
        }

        #[test]
        fn a_template_that_is_known_gives_what_a_line_taken_apart_gives(texts in proptest::collection::vec("[\\[{]?(\"[ab]\":?|[0-9]{1,3}|[,#$.-]){0,5}[\\]}]?", 2)) {
            for line in &texts {
                let (template, values) = split(line);
                let given = values_by(&texts[0], line);
                let is_of_it = template == split(&texts[0]).0;
                // What is no JSON may have a mark of its own, and then takes the other way.
                prop_assert!(given.is_none() || is_of_it && given == Some(values), "{} as {}", line, texts[0]);
                prop_assert!(given.is_some() || !is_of_it || line.contains(['#', '$']), "{} as {}", line, texts[0]);
            }
        }

        #[test]
        fn anything_can_be_taken_for_a_template(text in ".*") {
            let _ = (split(&text), slots(&text));
        }
    }
}
