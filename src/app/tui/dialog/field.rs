//! A line of typed text.

/// So many characters are enough for a reason; the control API takes no more.
const MAX: usize = 500;

/// A line of text that is typed at its end; at most 500 characters, none of them a control character.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field(String);

impl Field {
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Adds text, leaving out what a line cannot hold.
    pub fn add(&mut self, text: &str) {
        let room = MAX.saturating_sub(self.0.chars().count());
        self.0.extend(text.chars().filter(|c| !c.is_control()).take(room));
    }

    pub fn erase(&mut self) {
        self.0.pop();
    }

    /// The text without space around it, if anything is left.
    pub fn trimmed(&self) -> Option<String> {
        let text = self.0.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        let mut field = Self::default();
        field.add(text);
        field
    }
}
