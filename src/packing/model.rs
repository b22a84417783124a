//! What is known of the lines so far, and how the next one differs. Both sides learn the same from the same lines.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt as _};

use super::coder::Coder;
use super::number::{Column, Round};
use super::template::{Slot, Value, slots, split, values};
use super::track::{Moved, Tracks};

/// In bytes of templates and texts, in tracks and in columns: a model that holds more is begun anew.
const MAX_WORDS: usize = 1 << 20;
const MAX_TRACKS: usize = 1 << 18;
const MAX_COLUMNS: usize = 1 << 14;
/// The subject to begin with in an object in an array: its labels say whose its numbers are, wherever it stands.
const ELEMENT: usize = usize::MAX;
/// Columns for the template of a line, by the template of the line in front of it.
const TEMPLATE_COLUMNS: usize = 32;
/// Templates that a line is compared with before it is taken apart.
const RECENT: usize = 4;

#[derive(Debug)]
struct Template {
    text: String,
    slots: Vec<Place>,
    after: String,
}

#[derive(Debug)]
struct Place {
    slot: Slot,
    path: usize,
    /// Where it depends on nothing else, once there was a value.
    column: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("it names template {0}, which is not known")]
    Template(i64),
    #[error("it names text {0}, which is not known")]
    Text(i64),
}

#[derive(Debug)]
pub struct Model {
    templates: Vec<Template>,
    template_numbers: HashMap<String, usize>,
    last_template: usize,
    /// Those of the last lines, the latest first.
    recent: Vec<usize>,
    template_columns: Vec<Column>,
    texts: Vec<String>,
    text_numbers: HashMap<String, usize>,
    paths: HashMap<String, usize>,
    columns: Vec<Column>,
    /// By path, and by what the value is beside.
    column_numbers: HashMap<(usize, Beside), usize>,
    /// By the subject so far and the value that is added to it.
    subjects: HashMap<(usize, i64), usize>,
    tracks: Tracks,
    rounds: HashMap<(usize, usize), Round>,
    /// Of numbers that are new in a round.
    new: Column,
    words: usize,
}

impl Model {
    pub fn new() -> Self {
        Self {
            templates: Vec::new(),
            template_numbers: HashMap::new(),
            last_template: 0,
            recent: Vec::new(),
            template_columns: vec![Column::new(); TEMPLATE_COLUMNS],
            texts: Vec::new(),
            text_numbers: HashMap::new(),
            paths: HashMap::new(),
            columns: Vec::new(),
            column_numbers: HashMap::new(),
            subjects: HashMap::new(),
            tracks: Tracks::default(),
            rounds: HashMap::new(),
            new: Column::new(),
            words: 0,
        }
    }

    pub fn is_full(&self) -> bool {
        self.words > MAX_WORDS || self.tracks.len() > MAX_TRACKS || self.columns.len() > MAX_COLUMNS
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
        let mut path = |path: &str| number_of(&mut self.paths, path.to_owned());
        let slots = slots.into_iter().map(|slot| Place { path: path(&slot.path), slot, column: None }).collect();
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

    /// Writes one line. Templates and texts that are new are learned.
    pub fn write(&mut self, coder: &mut impl Coder, line: &str) {
        let (number, values) = self.take_apart(line);
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

    /// The template of a line, and its values.
    fn take_apart<'a>(&mut self, line: &'a str) -> (usize, Vec<Value<'a>>) {
        for at in 0..self.recent.len() {
            let number = self.recent[at];
            let Template { slots, after, .. } = &self.templates[number];
            if let Some(values) = values(line, slots.iter().map(|place| &place.slot), after) {
                self.recent[..=at].rotate_right(1);
                return (number, values);
            }
        }
        let (template, values) = split(line);
        let number = self.template_numbers.get(&template).copied();
        let number = number.unwrap_or_else(|| self.learn_template(&template));
        self.recent.truncate(RECENT - 1);
        self.recent.insert(0, number);
        (number, values)
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
        let slots = &mut self.templates[template].slots;
        let mut line = Line {
            moved: Vec::with_capacity(slots.len()),
            elements: Vec::with_capacity(slots.len()),
            ..Line::default()
        };
        for (at, Place { slot, path, column }) in slots.iter_mut().enumerate() {
            line.go_on_in(slot.element);
            let given = given.get(at).copied().unwrap_or_default();
            let beside = line.beside(slot, template);
            let known = column.unwrap_or_else(|| number_of(&mut self.column_numbers, (*path, beside)));
            if slot.element == 0 {
                *column = Some(known);
            }
            if known == self.columns.len() {
                self.columns.push(Column::new());
            }
            let column = &mut self.columns[known];
            let key = (line.subject, *path);
            let number = if slot.is_number && slot.is_subject {
                self.rounds.entry(key).or_default().code(coder, column, &mut self.new, given)
            } else if slot.is_number {
                let track = self.tracks.of(key);
                let number = column.code_guessed(coder, &track.guesses(&line.moved, line.above(*path)), given);
                line.moved.push(track.learn(number));
                line.elements.extend((slot.element > 0).then_some((*path, number)));
                number
            } else if slot.is_outer || slot.element > 0 {
                column.code_text(coder, column.last, given)
            } else {
                let track = self.tracks.of(key);
                let text = column.code_text(coder, track.last, given);
                track.learn(text);
                text
            };
            took(slot, number)?;
            if slot.element > 0 && !slot.is_number {
                line.label.get_or_insert(number);
            }
            if slot.is_subject {
                line.subject = number_of(&mut self.subjects, (line.subject, number)) + 1;
            }
        }
        Ok(())
    }
}

/// What tells values of one path apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Beside {
    Nothing,
    Template(usize),
    /// The first text of its object in an array, or of the object in front of that.
    Label(i64),
}

/// What is known of a line while it is written or read.
#[derive(Debug, Default)]
struct Line {
    subject: usize,
    /// That of the line itself, while within an object in an array.
    outer: usize,
    element: usize,
    /// The first text of the element, and of the one in front.
    label: Option<i64>,
    label_above: Option<i64>,
    moved: Vec<Moved>,
    /// Numbers in elements, with their paths.
    elements: Vec<(usize, i64)>,
}

impl Line {
    fn go_on_in(&mut self, element: usize) {
        if element == self.element {
            return;
        }
        if self.element == 0 {
            self.outer = self.subject;
        }
        self.subject = if element == 0 { self.outer } else { ELEMENT };
        (self.element, self.label_above) = (element, self.label.take());
    }

    fn beside(&self, slot: &Slot, template: usize) -> Beside {
        let label = if slot.is_number { self.label } else { self.label.or(self.label_above) };
        match (slot.is_number, slot.element) {
            (false, 0) if slot.is_outer => Beside::Template(template),
            (_, 1..) => label.map_or(Beside::Nothing, Beside::Label),
            _ => Beside::Nothing,
        }
    }

    /// The last number of the same path in an element of this line.
    fn above(&self, path: usize) -> Option<i64> {
        self.elements.iter().rfind(|(of, _)| *of == path).map(|(_, number)| *number)
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
