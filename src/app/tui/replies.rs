//! Tells what the terminal answers from what is typed: both are bytes of one stream.
//!
//! Crossterm 0.29 does not know the answer to `OSC 11`, `ESC ] 1 1 ; r g b : … BEL`, and makes a key of each of its bytes. Here keys give
//! orders. So from `ESC ]` on keys are taken for an answer until its end, and an escape that comes alone is held back for a moment: the
//! rest of an answer may be in the next read.

use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::input::Input;
use super::mouse::Pointer;
use super::theme::Ground;

/// How long an escape waits for what may follow it. Nobody notices a tenth of a second.
const ESCAPE_WAIT: Duration = Duration::from_millis(100);
/// How long the rest of an answer may take: a packet that is lost is sent again within seconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same where what came is no answer to any question: somebody pressed Alt and `]`.
const DOUBT: Duration = Duration::from_secs(1);
/// The longest answer that is looked at, in characters.
const MAX: usize = 64;

/// Makes inputs of crossterm's events, without what the terminal answers.
#[derive(Debug, Default)]
pub struct Replies(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    Keys,
    /// An escape that may be the first byte of an answer.
    Held(KeyEvent, Instant),
    /// It was handed on; the rest of an answer may still follow.
    Released(Instant),
    Reply(Reply),
}

/// An answer that is coming.
#[derive(Debug)]
struct Reply {
    began: Instant,
    /// What stands between `ESC ]` and its end.
    text: String,
    /// An escape came: the first byte of its end, or all of it.
    escape: Option<Instant>,
}

impl Replies {
    /// What an event comes to, in the order in which it was typed.
    pub fn take(&mut self, event: Event, now: Instant) -> Vec<Input> {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, now),
            Event::Mouse(event) => Pointer::of(event).map(Input::Mouse).into_iter().collect(),
            Event::Paste(text) => self.held().into_iter().chain([Input::Paste(text)]).collect(),
            _ => Vec::new(),
        }
    }

    /// How long to wait for more before [`Replies::settle`].
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let since = match &self.0 {
            State::Held(_, since) => *since,
            State::Reply(reply) => reply.escape?,
            State::Keys | State::Released(_) => return None,
        };
        Some((since + ESCAPE_WAIT).saturating_duration_since(now))
    }

    /// What it comes to that nothing more came in that time.
    pub fn settle(&mut self, now: Instant) -> Vec<Input> {
        if self.wait(now) != Some(Duration::ZERO) {
            return Vec::new();
        }
        let input = match self.held() {
            Some(escape) => {
                self.0 = State::Released(now);
                Some(escape)
            }
            // Old versions of rxvt-unicode end an answer with the escape alone.
            None => self.end_of_reply(),
        };
        input.into_iter().collect()
    }

    fn key(&mut self, key: KeyEvent, now: Instant) -> Vec<Input> {
        match &mut self.0 {
            State::Reply(reply) if reply.takes(key, now) => {
                if reply.ends_with(key, now) {
                    return self.end_of_reply().into_iter().collect();
                }
                // It asks before it leaves, and must work at all times.
                return if is_ctrl(key, 'c') { vec![Input::Key(key)] } else { Vec::new() };
            }
            State::Held(..) if is(key, ']') => {
                self.0 = State::Reply(Reply::new(now));
                return Vec::new();
            }
            State::Released(since) if is(key, ']') && now.saturating_duration_since(*since) < PATIENCE => {
                self.0 = State::Reply(Reply::new(now));
                return Vec::new();
            }
            _ => {}
        }
        let before = self.held();
        let (state, key) = match key {
            _ if is_alt(key, ']') => (State::Reply(Reply::new(now)), None),
            _ if is_escape(key) => (State::Held(key, now), None),
            _ => (State::Keys, Some(Input::Key(key))),
        };
        self.0 = state;
        before.into_iter().chain(key).collect()
    }

    /// The escape that was held back.
    fn held(&mut self) -> Option<Input> {
        let State::Held(escape, _) = self.0 else { return None };
        self.0 = State::Keys;
        Some(Input::Key(escape))
    }

    fn end_of_reply(&mut self) -> Option<Input> {
        let State::Reply(reply) = &self.0 else { return None };
        let ground = Ground::of_answer(&reply.text);
        self.0 = State::Keys;
        ground.map(Input::Ground)
    }
}

impl Reply {
    const fn new(began: Instant) -> Self {
        Self { began, text: String::new(), escape: None }
    }

    /// Whether a key is part of it. Every key is, until so much time has passed that its end must have been lost.
    fn takes(&self, key: KeyEvent, now: Instant) -> bool {
        // An answer is a number and what belongs to it.
        let rest = self.text.trim_start_matches(|c: char| c.is_ascii_digit());
        let next = self.text.is_empty() && !matches!(key.code, KeyCode::Char('0'..='9'));
        let in_doubt = next || !(rest.is_empty() || rest.starts_with(';'));
        now.saturating_duration_since(self.began) < if in_doubt { DOUBT } else { PATIENCE }
    }

    /// Adds a key; says whether that was its end: BEL, or `ESC \`, whose bytes may come apart.
    fn ends_with(&mut self, key: KeyEvent, now: Instant) -> bool {
        let escaped = self.escape.take().is_some();
        if is_ctrl(key, 'g') || is_alt(key, '\\') || escaped && is(key, '\\') {
            return true;
        }
        if is_alt(key, ']') || escaped && is(key, ']') {
            *self = Self::new(now);
        } else if is_escape(key) {
            self.escape = Some(now);
        } else if self.text.len() < MAX {
            // Anything else than a character makes it no answer that is known.
            let control = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
            self.text.push(key.code.as_char().filter(|_| !control).unwrap_or('?'));
        }
        false
    }
}

fn is(key: KeyEvent, c: char) -> bool {
    key.code == KeyCode::Char(c) && key.modifiers.is_empty()
}

fn is_alt(key: KeyEvent, c: char) -> bool {
    key.code == KeyCode::Char(c) && key.modifiers == KeyModifiers::ALT
}

fn is_ctrl(key: KeyEvent, c: char) -> bool {
    key.code == KeyCode::Char(c) && key.modifiers == KeyModifiers::CONTROL
}

fn is_escape(key: KeyEvent) -> bool {
    key.code == KeyCode::Esc && key.modifiers.is_empty()
}

#[cfg(test)]
mod tests;
