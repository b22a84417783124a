//! What is known of the lines so far, and how the next one differs. Both sides learn the same from the same lines.

use std::collections::HashMap;
use std::hash::Hash;

use super::coder::Coder;
use super::number::{Column, Track};
use super::template::{Rule, Slot, Value, slots, split};

/// In bytes of templates and texts, and in tracks: a model that holds more is begun anew.
const MAX_WORDS: usize = 1 << 20;
const MAX_TRACKS: usize = 1 << 18;
/// Columns for the template of a line, by the template of the line in front of it.
const TEMPLATE_COLUMNS: usize = 32;

#[derive(Debug)]
struct Template {
    text: String,
    slots: Vec<Place>,
    after: String,
}

#[derive(Debug)]
struct Place {
    slot: Slot,
    /// Its path and its column.
    path: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ModelError {
    #[error("it names template {0}, which is not known")]
    Template(i64),
    #[error("it names text {0}, which is not known")]
    Text(i64),
}

#[derive(Debug)]
pub(super) struct Model {
    templates: Vec<Template>,
    template_numbers: HashMap<String, usize>,
    last_template: usize,
    template_columns: Vec<Column>,
    texts: Vec<String>,
    text_numbers: HashMap<String, usize>,
    paths: HashMap<String, usize>,
    columns: Vec<Column>,
    /// By the subject so far and the value that is added to it.
    subjects: HashMap<(usize, i64), usize>,
    tracks: HashMap<(usize, usize), Track>,
    words: usize,
}

impl Model {
    pub fn new() -> Self {
        Self {
            templates: Vec::new(),
            template_numbers: HashMap::new(),
            last_template: 0,
            template_columns: vec![Column::new(); TEMPLATE_COLUMNS],
            texts: Vec::new(),
            text_numbers: HashMap::new(),
            paths: HashMap::new(),
            columns: Vec::new(),
            subjects: HashMap::new(),
            tracks: HashMap::new(),
            words: 0,
        }
    }

    pub fn is_full(&self) -> bool {
        self.words > MAX_WORDS || self.tracks.len() > MAX_TRACKS
    }

    pub fn counts(&self) -> (usize, usize) {
        (self.templates.len(), self.texts.len())
    }

    /// The templates and texts learned since `counts` were as they are given.
    pub fn news(&self, (templates, texts): (usize, usize)) -> (impl Iterator<Item = &str>, &[String]) {
        (self.templates[templates..].iter().map(|template| template.text.as_str()), &self.texts[texts..])
    }

    pub fn learn_template(&mut self, text: &str) -> usize {
        let (slots, after) = slots(text);
        let slots = slots.into_iter().map(|slot| Place { path: self.path(&slot.path), slot }).collect();
        self.words += text.len();
        let number = self.templates.len();
        self.templates.push(Template { text: text.to_owned(), slots, after });
        self.template_numbers.insert(text.to_owned(), number);
        number
    }

    pub fn learn_text(&mut self, text: &str) -> usize {
        self.words += text.len();
        let number = self.texts.len();
        self.texts.push(text.to_owned());
        self.text_numbers.insert(text.to_owned(), number);
        number
    }

    fn path(&mut self, path: &str) -> usize {
        let path = number_of(&mut self.paths, path.to_owned());
        self.columns.resize_with(self.columns.len().max(path + 1), Column::new);
        path
    }

    /// Writes one line. Templates and texts that are new are learned.
    pub fn write(&mut self, coder: &mut impl Coder, line: &str) {
        let (template, values) = split(line);
        let number = self.template_numbers.get(&template).copied();
        let number = number.unwrap_or_else(|| self.learn_template(&template));
        let _ = self.code_template(coder, number);
        let numbers: Vec<i64> = values
            .into_iter()
            .map(|value| match value {
                Value::Number(number) => number,
                Value::Text(text) => {
                    let known = self.text_numbers.get(text).copied();
                    signed(known.unwrap_or_else(|| self.learn_text(text)))
                }
            })
            .collect();
        self.code_values(coder, number, &numbers, |_, _| Ok::<(), ModelError>(())).unwrap_or_default();
    }

    /// Reads one line.
    pub fn read(&mut self, coder: &mut impl Coder) -> Result<String, ModelError> {
        let number = self.code_template(coder, 0);
        let known = usize::try_from(number).ok().filter(|number| *number < self.templates.len());
        let template = known.ok_or(ModelError::Template(number))?;
        let mut numbers = Vec::new();
        let texts = self.texts.len();
        self.code_values(coder, template, &[], |slot, number| {
            if !slot.is_number && !usize::try_from(number).is_ok_and(|number| number < texts) {
                return Err(ModelError::Text(number));
            }
            numbers.push(number);
            Ok(())
        })?;
        Ok(self.filled(template, &numbers))
    }

    fn filled(&self, template: usize, numbers: &[i64]) -> String {
        let template = &self.templates[template];
        let mut line = String::new();
        for (place, number) in template.slots.iter().zip(numbers) {
            line.push_str(&place.slot.before);
            if place.slot.is_number {
                line.push_str(&number.to_string());
            } else {
                let text = usize::try_from(*number).ok().and_then(|number| self.texts.get(number));
                line.push_str(text.map_or("null", String::as_str));
            }
        }
        line + &template.after
    }

    fn code_template(&mut self, coder: &mut impl Coder, number: usize) -> i64 {
        let column = &mut self.template_columns[self.last_template.min(TEMPLATE_COLUMNS - 1)];
        let number = column.code(coder, signed(number));
        self.last_template = usize::try_from(number).unwrap_or(0);
        number
    }

    /// Writes the given numbers, or reads them where none are given; `took` gets each with its place.
    fn code_values<E>(
        &mut self,
        coder: &mut impl Coder,
        template: usize,
        given: &[i64],
        mut took: impl FnMut(&Slot, i64) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut subject, mut moved) = (0, 0);
        for (at, Place { slot, path }) in self.templates[template].slots.iter().enumerate() {
            let track = self.tracks.entry((subject, *path)).or_default();
            let guess = match (slot.is_number, slot.rule) {
                (false, _) => track.last,
                (true, Rule::Track) => track.guess(),
                (true, Rule::Follow) => track.last.wrapping_add(moved),
                (true, Rule::Next) => track.last.wrapping_add(1),
            };
            let off = given.get(at).map_or(0, |number| number.wrapping_sub(guess));
            let number = guess.wrapping_add(self.columns[*path].code(coder, off));
            moved = number.wrapping_sub(track.last);
            track.learn(number);
            took(slot, number)?;
            if slot.is_subject {
                subject = number_of(&mut self.subjects, (subject, number)) + 1;
            }
        }
        Ok(())
    }
}

/// The number of a key, in the order in which keys are first asked for.
fn number_of<K: Hash + Eq>(numbers: &mut HashMap<K, usize>, key: K) -> usize {
    let next = numbers.len();
    *numbers.entry(key).or_insert(next)
}

/// A place in a list as a number that is coded.
fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
