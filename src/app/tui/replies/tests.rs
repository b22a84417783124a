use proptest::prelude::*;

use super::*;

const PAUSE: Duration = Duration::from_secs(2);

/// What crossterm makes of one byte, which may be the second after an escape in the same read.
fn event(byte: u8, escaped: bool) -> KeyEvent {
    let alt = if escaped { KeyModifiers::ALT } else { KeyModifiers::NONE };
    match byte {
        0x1b => KeyEvent::new(KeyCode::Esc, alt),
        b'\r' => KeyEvent::new(KeyCode::Enter, alt),
        1..=26 => KeyEvent::new(KeyCode::Char(char::from(byte - 1 + b'a')), KeyModifiers::CONTROL | alt),
        _ => {
            let shift = if byte.is_ascii_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
            KeyEvent::new(KeyCode::Char(char::from(byte)), shift | alt)
        }
    }
}

/// Reads of a terminal, and what comes of them.
struct Reader {
    replies: Replies,
    now: Instant,
    inputs: Vec<Input>,
}

impl Reader {
    fn new() -> Self {
        Self { replies: Replies::default(), now: Instant::now(), inputs: Vec::new() }
    }

    /// One read.
    fn read(&mut self, bytes: &str) {
        let mut rest = bytes.bytes().peekable();
        while let Some(byte) = rest.next() {
            let escaped = byte == 0x1b && rest.peek().is_some();
            let key = match rest.next_if(|_| escaped) {
                Some(0x1b) => event(0x1b, false),
                Some(next) => event(next, true),
                None => event(byte, false),
            };
            self.inputs.extend(self.replies.take(Event::Key(key), self.now));
        }
    }

    /// Time without a byte.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        if let Some(wait) = self.replies.wait(self.now).filter(|wait| *wait <= time) {
            self.now += wait;
            self.inputs.extend(self.replies.settle(self.now));
        }
        self.now = end;
    }

    fn came(&mut self) -> String {
        let of = |input: &Input| match input {
            Input::Ground(ground) => format!("<{ground}>"),
            Input::Paste(text) => format!("<paste {text}>"),
            Input::Gone => "<gone>".to_owned(),
            Input::Mouse(pointer) => format!("<{pointer:?}>"),
            Input::Key(KeyEvent { code: KeyCode::Esc, .. }) => "<esc>".to_owned(),
            Input::Key(KeyEvent { code: KeyCode::Enter, .. }) => "<enter>".to_owned(),
            Input::Key(key) if key.modifiers.contains(KeyModifiers::CONTROL) => format!("<ctrl-{}>", key.code),
            Input::Key(key) if key.modifiers.contains(KeyModifiers::ALT) => format!("<alt-{}>", key.code),
            Input::Key(key) => key.code.to_string(),
        };
        self.inputs.drain(..).map(|input| of(&input)).collect()
    }
}

/// What comes of these reads, each a moment after the one before.
fn came(reads: &[&str]) -> String {
    let mut reader = Reader::new();
    for read in reads {
        reader.read(read);
        reader.pass(Duration::from_millis(5));
    }
    reader.pass(Duration::from_secs(1));
    reader.came()
}

#[test]
fn keys_are_keys() {
    assert_eq!(came(&["Ry", "q"]), "Ryq");
    assert_eq!(came(&["\x1b"]), "<esc>");
    assert_eq!(came(&["\x1b", "q"]), "<esc>q");
    assert_eq!(came(&["\x1b", "\x1b", "R"]), "<esc><esc>R");
    assert_eq!(came(&["\x1bq", "]", "[11;R"]), "<alt-q>][11;R");
}

#[test]
fn an_answer_is_no_key_and_tells_the_background() {
    assert_eq!(came(&["\x1b]11;rgb:ffff/ffff/ffff\x07"]), "<light>");
    assert_eq!(came(&["\x1b]11;rgb:1414/1717/1c1c\x1b\\"]), "<dark>");
    assert_eq!(came(&["R\x1b]11;rgb:ffff/ffff/ffff\x07y"]), "R<light>y", "keys around it stay");
    assert_eq!(came(&["\x1b\x1b]11;rgb:ffff/ffff/ffff\x07y"]), "<light>y", "crossterm makes one escape of two");
    assert_eq!(came(&["\x1b]11;rgb:ffff/ffff/ffff\x1b"]), "<light>", "an old rxvt-unicode ends it so");
}

#[test]
fn an_answer_in_pieces_is_no_key() {
    let answer = "\x1b]11;rgb:FFFF/FFFF/FFFF\x1b\\";
    for at in 1..answer.len() {
        let (one, other) = answer.split_at(at);
        assert_eq!(came(&[one, other]), "<light>", "in two pieces at {at}");
    }
    let bytes: Vec<String> = answer.chars().map(String::from).collect();
    assert_eq!(came(&bytes.iter().map(String::as_str).collect::<Vec<_>>()), "<light>", "byte by byte");
}

#[test]
fn the_rest_of_an_answer_may_be_late() {
    for (one, other) in [("\x1b]11;rgb:FF", "FF/FFFF/FFFF\x07R"), ("\x1b]", "11;rgb:FFFF/FFFF/FFFF\x07R")] {
        let mut reader = Reader::new();
        reader.read(one);
        reader.pass(PAUSE);
        reader.read(other);
        assert_eq!(reader.came(), "<light>R");
    }
    let mut reader = Reader::new();
    reader.read("\x1b");
    reader.pass(PAUSE);
    reader.read("]11;rgb:FFFF/FFFF/FFFF\x07R");
    assert_eq!(reader.came(), "<esc><light>R", "its escape was taken for a key, the rest is not");
}

#[test]
fn rubbish_for_an_answer_is_no_key_either() {
    for rubbish in [
        "\x1b]11;?\x07",
        "\x1b]11;R y A K\x07",
        "\x1b]11;rgb:zz/R/y\r\ny\x1b\\",
        "\x1b]R\ry\x07",
        "\x1b]\x07",
        "\x1b]11;rgb:ff\x1bR\x1b]11;Ry\x07",
        "\x1b]52;c;UnkgUnkg\x07",
    ] {
        assert_eq!(came(&[rubbish]), "", "{rubbish:?}");
    }
    let long = format!("\x1b]11;{}\x07R", "Ry".repeat(5_000));
    assert_eq!(came(&[&long]), "R");
}

#[test]
fn an_answer_without_an_end_takes_the_keys_for_seconds_and_not_for_ever() {
    let mut reader = Reader::new();
    reader.read("\x1b]11;rgb:");
    reader.pass(PAUSE);
    reader.read("R");
    reader.pass(PATIENCE);
    reader.read("R");
    assert_eq!(reader.came(), "R");
    // Nobody types it, but somebody may press Alt and the bracket.
    reader.read("\x1b]");
    reader.pass(DOUBT);
    reader.read("R");
    assert_eq!(reader.came(), "R");
    // Keys at once one after the other do not make it longer.
    reader.read("\x1b]11;");
    for _ in 0..60 {
        reader.pass(Duration::from_millis(100));
        reader.read("R");
    }
    assert_eq!(reader.came().len(), 11);
}

#[test]
fn control_c_works_in_the_middle_of_an_answer() {
    assert_eq!(came(&["\x1b]11;rgb:\x03", "\x03"]), "<ctrl-c><ctrl-c>");
}

#[test]
fn pasted_text_and_other_events_are_what_they_are() {
    let mut reader = Reader::new();
    reader.read("\x1b");
    let now = reader.now;
    let pasted = reader.replies.take(Event::Paste("]11;".to_owned()), now);
    assert_eq!(pasted, [Input::Key(event(0x1b, false)), Input::Paste("]11;".to_owned())]);
    assert_eq!(reader.replies.take(Event::Resize(80, 24), now), []);
    let released = KeyEvent::new_with_kind(KeyCode::Char('R'), KeyModifiers::SHIFT, KeyEventKind::Release);
    assert_eq!(reader.replies.take(Event::Key(released), now), []);
}

proptest! {
    /// However an answer is cut, and whatever it holds, none of it is a key.
    #[test]
    fn no_part_of_an_answer_is_ever_a_key(
        held in "[ -~]{0,80}", cuts in prop::collection::vec(1_usize..90, 0..6), bell: bool, rest_ms in 0_u64..90,
    ) {
        let end = if bell { "\x07" } else { "\x1b\\" };
        let answer = format!("\x1b]11;{held}{end}R");
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(answer.len())).chain([answer.len()]).collect();
        cuts.sort_unstable();
        // Two cuts at one place would be one rest, twice as long: from 100 ms on a lone escape is a key.
        cuts.dedup();
        let mut reader = Reader::new();
        let mut from = 0;
        for cut in cuts {
            reader.read(&answer[from..cut]);
            reader.pass(Duration::from_millis(rest_ms));
            from = cut;
        }
        let came = reader.came();
        prop_assert!(came == "R" || came == "<dark>R" || came == "<light>R", "{came}");
    }
}
