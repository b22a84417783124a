//! The text that two colors share, as `router.template`.

use super::{HOLE, Look, is_port};
use crate::app::project::instances::plain;
use crate::app::project::shell::Script;
use crate::model::Color;

/// A template, and what stands for each color in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub text: String,
    pub blue: String,
    pub green: String,
}

impl Template {
    /// Of the texts of two files that differ in one word; `None` if they differ in more.
    pub fn of_pair(blue: &str, green: &str) -> Option<Self> {
        let (blue, green) = (words(blue), words(green));
        if blue.len() != green.len() {
            return None;
        }
        let mut pair: Option<(&str, &str)> = None;
        for (one, other) in blue.iter().zip(&green).filter(|(one, other)| one != other) {
            match pair {
                None => pair = Some((one, other)),
                Some(known) if known == (one.as_str(), other.as_str()) => {}
                Some(_) => return None,
            }
        }
        let (of_blue, of_green) = pair?;
        let text = joined(&blue, |word| if word == of_blue { "{upstream}".to_owned() } else { word.to_owned() });
        Some(Self { text, blue: of_blue.to_owned(), green: of_green.to_owned() })
    }

    /// Of a text that a script writes, with its unknown variables.
    pub fn of_written(look: &Look, script: &Script, text: &str) -> Option<Self> {
        let words = words(text);
        let is_address = |word: &str| {
            let mut before = String::new();
            word.split(HOLE).enumerate().any(|(at, part)| {
                let held =
                    || look.value_of(script, part, Color::Blue).or_else(|| look.value_of(script, part, Color::Green));
                let port = at % 2 == 1 && (is_port(script, part, &before) || held().is_some());
                before.push_str(part);
                port
            })
        };
        let address = words.iter().find(|word| is_address(word));
        let fixed = words.iter().find(|word| look.instances.color_of(bare(word)).is_some() && !word.contains(HOLE));
        let (blue, green) = match (address, fixed) {
            (Some(word), _) => {
                if words.iter().any(|other| is_address(other) && other != word) {
                    return None;
                }
                (look.fill(script, word, Color::Blue)?, look.fill(script, word, Color::Green)?)
            }
            (None, Some(word)) => {
                let of = |color: Color| Some(word.replacen(bare(word), &plain(look.instances.of(color).first()?), 1));
                (of(Color::Blue)?, of(Color::Green)?)
            }
            (None, None) => ("blue".to_owned(), "green".to_owned()),
        };
        let replaced = address.or(fixed);
        let others = words.iter().filter(|word| Some(*word) != replaced);
        // What is neither a color nor an address is not known, and another instance would stay.
        let is_known = |word: &&String| {
            word.split(HOLE).skip(1).step_by(2).all(|part| super::is_color(script, part))
                && look.instances.color_of(bare(word)).is_none()
        };
        if !others.clone().all(|word| is_known(&word)) {
            return None;
        }
        let text = joined(&words, |word| {
            if Some(word) == replaced.map(String::as_str) { "{upstream}".to_owned() } else { colored(word) }
        });
        let text = if replaced.is_none() { text.replace("{color}", "{upstream}") } else { text };
        let template = Self { text, blue, green };
        (template.text.contains("{upstream}") && template.blue != template.green).then_some(template)
    }
}

/// Unknown parts as `{color}`.
fn colored(word: &str) -> String {
    word.split(HOLE).enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "{color}" }).collect()
}

/// The address in a word: without a scheme.
pub fn bare(word: &str) -> &str {
    word.split_once("://").map_or(word, |(_, rest)| rest).trim_end_matches('/')
}

/// The words of a piece of nginx configuration; `;`, `{` and `}` are words, comments are left out.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        let line = line.split(" #").next().unwrap_or(line);
        let mut word = String::new();
        for c in line.chars() {
            match c {
                ';' | '{' | '}' => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    words.push(c.to_string());
                }
                c if c.is_whitespace() => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                }
                c => word.push(c),
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

/// Words as one line.
fn joined(words: &[String], map: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for word in words {
        if word != ";" && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&map(word));
    }
    text
}
