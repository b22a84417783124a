use proptest::prelude::*;

use super::*;

/// Remembers everything a page says, spelled out.
#[derive(Debug, Default, PartialEq)]
struct Transcript(Vec<String>);

impl Page for Transcript {
    fn family(&mut self, name: Text<'_>, kind: &[u8]) {
        self.0.push(format!("{name}: {}", String::from_utf8_lossy(kind)));
    }

    fn unit(&mut self, name: Text<'_>, unit: &[u8]) {
        self.0.push(format!("{name} in {}", String::from_utf8_lossy(unit)));
    }

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
        let mut labels = Vec::new();
        let value = sample.read(|name, value| labels.push(format!("{name}={value}")))?;
        self.0.push(format!("{} {labels:?} {value}", sample.name).replace('"', "'"));
        Ok(())
    }
}

fn read_chunks<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
    format: Format,
    complete: bool,
) -> Result<Vec<String>, PageError> {
    let (mut exposition, mut page) = (Exposition::default(), Transcript::default());
    exposition.begin(format);
    for chunk in chunks {
        exposition.push(chunk, &mut page)?;
    }
    exposition.finish(complete, &mut page)?;
    Ok(page.0)
}

fn text(page: &str) -> Result<Vec<String>, PageError> {
    read_chunks([page.as_bytes()], Format::Text, false)
}

fn open_metrics(page: &str) -> Result<Vec<String>, PageError> {
    read_chunks([page.as_bytes()], Format::OpenMetrics, false)
}

#[test]
fn samples_are_read_in_all_their_spellings() {
    for (line, expected) in [
        ("up 1", "up [] 1"),
        ("  up\t 1 ", "up [] 1"),
        ("up{} 1", "up [] 1"),
        ("up {} 1", "up [] 1"),
        ("job:up:rate1m 0.25 1795476145183", "job:up:rate1m [] 0.25"),
        (r#"up{a="b"} 2"#, "up ['a=b'] 2"),
        (r#"up{a="b",} 2"#, "up ['a=b'] 2"),
        (r#"up { a = "b" , c="" } 2 -17"#, "up ['a=b', 'c='] 2"),
        (r#"up{a="}, #{"} 2"#, "up ['a=}, #{'] 2"),
        (r#"up{a="\\"} 2"#, r"up ['a=\\'] 2"),
        (r#"{"up"} 1"#, "up [] 1"),
        (r#"{ "http.requests", code="200"} 1"#, "http.requests ['code=200'] 1"),
        (r#"{"http.requests","http.status"="200",} 1"#, "http.requests ['http.status=200'] 1"),
        (r#"up{le="+Inf"} 5 # {trace_id="x"} 0.3 1.7"#, "up ['le=+Inf'] 5"),
        (r#"up{le="+Inf"} 5 1795476145.183 # {} 0.3"#, "up ['le=+Inf'] 5"),
        ("up NaN", "up [] NaN"),
        ("up +Inf", "up [] inf"),
        ("up -Inf", "up [] -inf"),
        ("up 1.5e+3", "up [] 1500"),
        ("up -0.5E-1", "up [] -0.05"),
    ] {
        assert_eq!(text(&format!("{line}\n")).unwrap(), [expected], "{line}");
        assert_eq!(text(&format!("{line}\r\n")).unwrap(), [expected], "{line}, with CR");
    }
}

#[test]
fn a_unit_is_read_where_it_is_one_and_is_a_comment_elsewhere() {
    for (line, expected) in [
        ("# UNIT took_seconds seconds", "took_seconds in seconds"),
        ("#UNIT  took\tms ", "took in ms"),
        ("# UNIT \"http.server.duration\" ms", "http.server.duration in ms"),
    ] {
        assert_eq!(text(&format!("{line}\n")).unwrap(), [expected], "{line}");
    }
    for line in ["# UNIT", "# UNIT took", "# UNIT of all this is ms", "# UNIT \"open ms", "# UNIT 5 ms"] {
        assert!(text(&format!("{line}\n")).unwrap().is_empty(), "{line}");
        assert!(open_metrics(&format!("{line}\n# EOF\n")).unwrap().is_empty(), "{line}");
    }
}

#[test]
fn escapes_are_resolved_when_texts_are_compared() {
    struct Compare(bool);
    impl Page for Compare {
        fn family(&mut self, _: Text<'_>, _: &[u8]) {}
        fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
            sample.read(|_, value| self.0 = value.is("a\\b\"c\nd") && !value.is("a"))?;
            self.0 &= sample.name.is("na\"me") && !sample.name.is("na\\\"me");
            Ok(())
        }
    }
    let mut page = Compare(false);
    Exposition::default().push(b"{\"na\\\"me\",l=\"a\\\\b\\\"c\\nd\"} 1\n", &mut page).unwrap();
    assert!(page.0);
}

#[test]
fn comments_and_blank_lines_say_nothing() {
    assert_eq!(text("\n# a comment\n#TYPEwriter\n# HELP up 1 = up \\n\n#\n   \n# EOF\nup 1\n").unwrap(), ["up [] 1"]);
}

#[test]
fn types_are_read() {
    let page = "# TYPE up gauge\n#\tTYPE  a counter\n# TYPE \"a.b\" histogram\n";
    assert_eq!(text(page).unwrap(), ["up: gauge", "a: counter", "a.b: histogram"]);
}

#[test]
fn malformed_lines_are_named_with_what_was_expected() {
    for (line, expected) in [
        ("1up 1", "a metric's name"),
        ("{} 1", "text in double quotes"),
        (r#"{"up" 1"#, "`,` or `}` after the metric's name"),
        ("up", "labels or a space and a value after the metric's name"),
        ("up=1", "labels or a space and a value after the metric's name"),
        ("up{", "a label's name or `}`"),
        ("up{1=\"a\"} 1", "a label's name or `}`"),
        ("up{a} 1", "`=` after a label's name"),
        ("up{a=b} 1", "text in double quotes"),
        ("up{a=\"b} 1", "a closing double quote"),
        ("up{a=\"b\\", "a closing double quote"),
        ("up{a=\"b\" c=\"d\"} 1", "`,` or `}` after a label's value"),
        ("up{a=\"b\"}", "a number as value"),
        ("up one", "a number as value"),
        ("up 1_000", "a number as value"),
        ("up 0x10", "a number as value"),
        ("up 1 now", "a timestamp or nothing after the value"),
        ("up 1 2 3", "nothing after the timestamp"),
        ("# TYPE up", "a type after the metric's name"),
        ("# TYPE \"up counter", "a closing double quote"),
    ] {
        let error = text(&format!("fine 1\n\n{line}\n")).unwrap_err();
        assert_eq!(error, PageError::Malformed { number: 3, expected, text: line.to_owned() });
    }
    let error = text("fine 1\nup one\n").unwrap_err();
    assert_eq!(error.to_string(), "line 2 of the page is malformed: expected a number as value, found `up one`");
}

#[test]
fn an_error_quotes_at_most_eighty_characters_and_no_control_characters() {
    let PageError::Malformed { text: quoted, .. } = text(&format!("\u{1b}[31m{}\n", "é".repeat(300))).unwrap_err()
    else {
        panic!("not malformed");
    };
    assert_eq!(quoted, format!("\\u{{1b}}[31m{}…", "é".repeat(75)));
}

#[test]
fn html_is_recognized() {
    for page in ["<!DOCTYPE html>\n", "  <!doctype html><html>\n", "<HTML><body>\n"] {
        assert_eq!(text(page).unwrap_err(), PageError::Html);
    }
    assert!(matches!(text("<xml>\n"), Err(PageError::Malformed { .. })));
}

#[test]
fn an_open_metrics_page_ends_in_its_marker() {
    assert_eq!(open_metrics("up 1\n# EOF\n").unwrap(), ["up [] 1"]);
    assert_eq!(open_metrics("up 1\n# EOF").unwrap(), ["up [] 1"]);
    let missing = "OpenMetrics ends in `# EOF`";
    assert_eq!(open_metrics("up 1\n").unwrap_err(), PageError::Cut { number: 1, missing });
    assert_eq!(open_metrics("").unwrap_err(), PageError::Cut { number: 0, missing });
    for after in ["up 1\n", "\n", "# EOF\n"] {
        let error = open_metrics(&format!("# EOF\n{after}")).unwrap_err();
        assert_eq!(error, PageError::AfterEof { number: 2 });
    }
}

#[test]
fn a_last_line_without_line_feed_is_a_cut_page_unless_the_transport_proves_otherwise() {
    let missing = "its last line has no line feed";
    for format in [Format::Text, Format::OpenMetrics] {
        let cut = read_chunks([&b"up 1\nrequests 12"[..]], format, false).unwrap_err();
        assert_eq!(cut, PageError::Cut { number: 2, missing });
    }
    let whole = read_chunks([&b"up 1\nrequests 123"[..]], Format::Text, true).unwrap();
    assert_eq!(whole, ["up [] 1", "requests [] 123"]);
}

#[test]
fn lines_are_bounded() {
    let longest = format!("#{}\n", " ".repeat(MAX_LINE - 1));
    assert_eq!(text(&longest), Ok(vec![]));
    let too_long = format!("up 1\n#{}\n", " ".repeat(MAX_LINE));
    assert_eq!(text(&too_long).unwrap_err(), PageError::LineTooLong { number: 2 });
    let in_pieces = read_chunks(too_long.as_bytes().chunks(1000), Format::Text, false);
    assert_eq!(in_pieces.unwrap_err(), PageError::LineTooLong { number: 2 });
}

#[test]
fn a_new_page_remembers_nothing_of_a_broken_one() {
    let (mut exposition, mut page) = (Exposition::default(), Transcript::default());
    exposition.begin(Format::OpenMetrics);
    exposition.push(b"# EOF\nup{a=", &mut page).unwrap();
    exposition.begin(Format::Text);
    exposition.push(b"up 1\n", &mut page).unwrap();
    exposition.finish(false, &mut page).unwrap();
    assert_eq!(page.0, ["up [] 1"]);
}

fn label_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z/{},# =]{0,8}", "[\\\\\"\n a-c]{0,6}", any::<String>().prop_map(|any| any.replace('\r', ""))]
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(page: Vec<u8>, open_metrics: bool, complete: bool) {
        let format = if open_metrics { Format::OpenMetrics } else { Format::Text };
        let _ = read_chunks([page.as_slice()], format, complete);
    }

    #[test]
    fn almost_metrics_never_panic(page in "([a#{}\"\\\\=, 0-9.\r\n]|# TYPE |# EOF|NaN|\u{e9}){0,40}") {
        let _ = text(&page);
        let _ = open_metrics(&page);
    }

    #[test]
    fn how_a_page_is_cut_into_chunks_makes_no_difference(
        page in "(up|a\\{b=\"[ \\\\n\"]\"\\} 1|# EOF|\n|\r\n| 1|<html>){0,30}",
        cuts in prop::collection::vec(1..9_usize, 1..20),
        open_metrics: bool,
        complete: bool,
    ) {
        let format = if open_metrics { Format::OpenMetrics } else { Format::Text };
        let (mut rest, mut chunks) = (page.as_bytes(), Vec::new());
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, after) = rest.split_at((*cut).min(rest.len()));
            chunks.push(chunk);
            rest = after;
        }
        prop_assert_eq!(
            read_chunks(chunks, format, complete),
            read_chunks([page.as_bytes()], format, complete)
        );
    }

    #[test]
    fn names_labels_and_values_survive(
        name in "[a-zA-Z_:][a-zA-Z0-9_:]{0,9}",
        label in label_text(),
        value in prop::num::f64::ANY,
        quoted: bool,
    ) {
        struct Same<'a>(&'a str, &'a str, f64, bool);
        impl Page for Same<'_> {
            fn family(&mut self, _: Text<'_>, _: &[u8]) {}
            fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
                let mut same = sample.name.is(self.0);
                let value = sample.read(|name, value| same &= name.is("l") && value.is(self.1))?;
                self.3 = same && (value.to_bits() == self.2.to_bits() || value.is_nan() && self.2.is_nan());
                Ok(())
            }
        }
        let escaped = escape(&label);
        let line = if quoted {
            format!("{{\"{name}\",l=\"{escaped}\"}} {value}\n")
        } else {
            format!("{name}{{l=\"{escaped}\"}} {value:e}\n")
        };
        let mut page = Same(&name, &label, value, false);
        Exposition::default().push(line.as_bytes(), &mut page).unwrap();
        prop_assert!(page.3, "{line}");
    }
}
