//! Server-sent events, without `retry` and lone carriage returns, which our server never writes:
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>.

use axum::body::Bytes;

/// The first event of every stream: the recording's header.
pub(super) const HEADER: &str = "header";
pub(super) const SOAK: &str = "soak";
pub(super) const DROPPED: &str = "dropped";
pub(super) const END: &str = "end";
pub(super) const KEEP_ALIVE: &[u8] = b": alive\n\n";

/// In bytes: a recording's line is at most 1 MiB, with a few words around it.
const MAX: usize = (1 << 20) + 1024;

/// `data` must be one line, as JSON is.
pub(super) fn message(event: &str, id: Option<u64>, data: &(impl AsRef<[u8]> + ?Sized)) -> Bytes {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    let head = format!("event: {event}\n{id}data: ");
    Bytes::from([head.as_bytes(), data.as_ref(), b"\n\n"].concat())
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub event: String,
    pub data: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message of more than {0} bytes")]
pub(super) struct TooLong(usize);

/// Assembles messages from chunks; holds at most one message and one chunk.
#[derive(Debug)]
pub(super) struct Parser {
    max: usize,
    buffer: Vec<u8>,
    read: usize,
    message: Message,
    has_data: bool,
}

impl Default for Parser {
    fn default() -> Self {
        Self::with_max(MAX)
    }
}

impl Parser {
    /// For messages of so many bytes at most.
    pub fn with_max(max: usize) -> Self {
        Self { max, buffer: Vec::new(), read: 0, message: Message::default(), has_data: false }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(chunk);
    }

    pub fn next(&mut self) -> Result<Option<Message>, TooLong> {
        while let Some(end) = memchr::memchr(b'\n', &self.buffer[self.read..]) {
            let line = self.buffer[self.read..self.read + end].to_vec();
            self.read += end + 1;
            if let Some(message) = self.line(line.strip_suffix(b"\r").unwrap_or(&line)) {
                return Ok(Some(message));
            }
            if self.message.data.len() > self.max {
                return Err(TooLong(self.max));
            }
        }
        if self.buffer.len() - self.read > self.max { Err(TooLong(self.max)) } else { Ok(None) }
    }

    fn line(&mut self, line: &[u8]) -> Option<Message> {
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            return std::mem::take(&mut self.has_data).then_some(message);
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.message.event),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            // Comments have an empty field name; ids repeat what the data says.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<(String, String)> {
        let mut parser = Parser::default();
        let mut seen = Vec::new();
        for chunk in chunks {
            parser.push(chunk);
            while let Some(Message { event, data }) = parser.next().unwrap() {
                seen.push((event, data));
            }
        }
        seen
    }

    #[test]
    fn messages_comments_and_fields_that_mean_nothing_are_told_apart() {
        for (text, want) in [
            ("event: soak\nid: 7\ndata: {}\n\n", vec![("soak", "{}")]),
            (": alive\n\n: alive\n\nevent: end\ndata:x\n\n", vec![("end", "x")]),
            ("event: end\r\ndata: a\r\ndata: b\r\n\r\n", vec![("end", "a\nb")]),
            ("data: half", vec![]),
            ("event: nothing\n\nretry: 5\ndata\n\n", vec![("", "")]),
        ] {
            let seen = read(&[text.as_bytes()]);
            let seen: Vec<_> = seen.iter().map(|(event, data)| (event.as_str(), data.as_str())).collect();
            assert_eq!(seen, want, "{text:?}");
        }
    }

    #[test]
    fn a_message_without_an_end_is_given_up() {
        let mut parser = Parser::default();
        parser.push(&vec![b'x'; MAX + 1]);
        assert_eq!(parser.next(), Err(TooLong(MAX)));
        let mut parser = Parser::default();
        let line = format!("data: {}\n", "x".repeat(MAX - 10));
        parser.push(line.as_bytes());
        assert_eq!(parser.next(), Ok(None));
        parser.push(line.as_bytes());
        assert_eq!(parser.next(), Err(TooLong(MAX)));
    }

    proptest! {
        #[test]
        fn messages_do_not_depend_on_how_they_were_cut(
            messages in prop::collection::vec(("[a-z]{1,8}", "[^\r\n]{0,40}"), 0..8),
            cut in 1_usize..20,
        ) {
            let text: Vec<u8> = messages.iter().flat_map(|(event, data)| message(event, Some(1), data)).collect();
            prop_assert_eq!(read(&text.chunks(cut).collect::<Vec<_>>()), messages);
        }
    }
}
