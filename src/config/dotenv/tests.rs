use proptest::prelude::*;

use super::*;

const OURS: &str = "SWITCHBACK_SOAK_GRACE=5s\n";

fn values(text: impl AsRef<[u8]>) -> Vec<(usize, String, String)> {
    let Ours { assignments, bad, .. } = parse(text.as_ref());
    assert_eq!(bad, []);
    assignments.into_iter().map(|one| (one.line, one.name, one.value)).collect()
}

fn bad(text: impl AsRef<[u8]>) -> Vec<(usize, &'static str)> {
    parse(text.as_ref()).bad.into_iter().map(|bad| (bad.line, bad.what)).collect()
}

fn grace(line: usize) -> Vec<(usize, String, String)> {
    vec![(line, "SWITCHBACK_SOAK_GRACE".to_owned(), "5s".to_owned())]
}

#[test]
fn values_stand_bare_or_in_quotes() {
    for (line, value) in [
        ("SWITCHBACK_A=b", "b"),
        ("SWITCHBACK_A = b c ", "b c"),
        ("  SWITCHBACK_A=b # comment", "b"),
        ("SWITCHBACK_A=b#no-comment", "b#no-comment"),
        ("SWITCHBACK_A= # comment", ""),
        ("SWITCHBACK_A=", ""),
        ("export SWITCHBACK_A=b", "b"),
        ("export\t SWITCHBACK_A=b", "b"),
        ("SWITCHBACK_A='b # \"c\" \\n' # comment", "b # \"c\" \\n"),
        (r#"SWITCHBACK_A="b \"c\"\n\t\r\\ \$d \e""#, "b \"c\"\n\t\r\\ $d \\e"),
        ("SWITCHBACK_A=it's", "it's"),
        ("SWITCHBACK_A=b=c", "b=c"),
        ("SWITCHBACK_A=`b`", "`b`"),
        ("SWITCHBACK_A=\"Zoë\"", "Zoë"),
    ] {
        assert_eq!(values(line), [(1, "SWITCHBACK_A".to_owned(), value.to_owned())], "{line}");
    }
}

#[test]
fn comments_empty_lines_and_a_bare_export_say_nothing() {
    assert_eq!(values("\n# SWITCHBACK_A=1\n   \n\t# more\nexport SWITCHBACK_A SWITCHBACK_B\n"), []);
}

#[test]
fn lines_are_counted_across_values_that_span_some() {
    let text = "SWITCHBACK_A=\"one\ntwo\"\n\nB='x\ny'\nSWITCHBACK_C=1";
    let lines: Vec<_> = values(text).into_iter().map(|(line, ..)| line).collect();
    assert_eq!(lines, [1, 6]);
}

#[test]
fn only_lines_of_ours_can_be_bad_and_the_others_are_still_read() {
    let text = "nonsense\n=2\nSWITCHBACK_SOAK_GRACE\nSWITCHBACK_A B=3\nSWITCHBACK_D=\"x\" y\nSWITCHBACK_A: 1\n\
                SWITCHBACK_A-B=1\nSWITCHBACK_E=5\nSWITCHBACK_F='open\nSWITCHBACK_G=6\n";
    let Ours { assignments, bad, .. } = parse(text.as_bytes());
    assert_eq!(assignments.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["SWITCHBACK_E", "SWITCHBACK_G"]);
    let bad: Vec<_> = bad.into_iter().map(|bad| (bad.line, bad.what)).collect();
    let expected = [
        (3, EXPECTED),
        (4, EXPECTED),
        (5, "text after the closing quote"),
        (6, EXPECTED),
        (7, EXPECTED),
        (9, "the quote is never closed"),
    ];
    assert_eq!(bad, expected);
    assert_eq!(parse(b"SWITCHBACK_A=\"b\\").bad.len(), 1);
}

#[test]
fn a_value_of_ours_that_is_not_utf8_is_bad_and_one_of_others_is_not() {
    assert_eq!(bad(b"NAME=Jos\xe9\nSWITCHBACK_A=Jos\xe9\n"), [(2, "the value is not UTF-8")]);
    assert_eq!(values(b"\xff\xfb\x80=\x00\x01\nNAME=\"Jos\xe9\n\"\nSWITCHBACK_SOAK_GRACE=5s\n"), grace(4));
}

#[test]
fn somebody_elses_lines_are_passed_over_whatever_they_look_like() {
    for text in [
        "KEY=`-----BEGIN KEY-----\nMIIB\"x'y\n-----END KEY-----`\n",
        "KEY=-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0\n-----END KEY-----\n",
        "spring.profiles.active=prod\nmy-flag=1\n",
        "PORT: 3000\nTITLE: \"a\"\n- item\n",
        "DEBUG\n",
        "PASSWORD=abc\"def'ghi\n",
        "GREETING=\"Hello\" world\n",
        "set -a\nsource ./common.env\nIMAGE=$(git rev-parse --short HEAD)\n",
        "if [ \"$A\" = \"b\" ]; then\n  export A='x'\nfi\nf() {\n  echo \"a=b\"\n}\n",
        "MAIL_FROM=\"${APP_NAME} <noreply@shop.test>\"\nDB=${DB:-shop}\n",
        "DATA=\"C:\\new\\table\\unit\\\"\nNEXT=\"x\"\n",
        "DATA='C:\\dir\\'\nNEXT='x'\n",
        "FEATURES={\"a\": [1, 2], \"b\": \"x # y\"}\n",
        "TITLE='it's fine\nNEXT=1\n",
        "TITLE=\"unclosed\nNEXT=\"closed\"\n",
        "TITLE=`unclosed\n",
        "A=don't\nB=won't\n",
        "\u{0}\u{0}\u{0}\n=\n==\n'\n\"\n`\n\\\n",
        "declare -x A=\"one\ntwo\"; export A\n",
        "SWITCHBACKUP_DIR=/x\nMY_SWITCHBACK_SOAK_GRACE: \"7s\n",
    ] {
        let line = 1 + text.matches('\n').count();
        assert_eq!(values(format!("{text}{OURS}")), grace(line), "{text}");
        assert_eq!(values(format!("{OURS}{text}")), grace(1), "{text}");
    }
}

#[test]
fn text_in_somebody_elses_quotes_is_not_ours() {
    for text in [
        "NOTE=\"set\nSWITCHBACK_SOAK_GRACE=1s\nbefore the deploy\"\n",
        "NOTE='set\nSWITCHBACK_SOAK_GRACE\nSWITCHBACK_A=\"\nbefore the deploy' # really\n",
        "NOTE=`\nSWITCHBACK_SOAK_GRACE=1s\n`\n",
        "note: \"\nSWITCHBACK_SOAK_GRACE=1s\n\"\n",
        "export NOTE=\"say \\\"hi\\\"\nSWITCHBACK_SOAK_GRACE=1s\n\"\n",
        "JSON=\"{\\\"a\\\": \\\"b\\\"\nSWITCHBACK_SOAK_GRACE=1s\n}\"\n",
    ] {
        let line = 1 + text.matches('\n').count();
        assert_eq!(values(format!("{text}{OURS}")), grace(line), "{text}");
    }
}

#[test]
fn a_quote_that_somebody_else_forgot_to_close_swallows_nothing() {
    for (text, line) in [
        ("TITLE=\"open\nSWITCHBACK_SOAK_GRACE=5s\n", 2),
        ("TITLE=\"open\nSWITCHBACK_SOAK_GRACE=5s\nNAME=\"shop\"\n", 2),
        ("TITLE='open\nSWITCHBACK_SOAK_GRACE=5s\nNAME='shop' # it's\n", 2),
        ("TITLE=`open\nSWITCHBACK_SOAK_GRACE=5s\nNAME=`date`\n", 2),
        ("PATH=\"C:\\\"\nSWITCHBACK_SOAK_GRACE=5s\nNAME=\"shop\"\n", 2),
        ("A=\"\nB=\"\nC='\nSWITCHBACK_SOAK_GRACE=5s\nD='x'\n", 4),
    ] {
        assert_eq!(values(text), grace(line), "{text}");
    }
}

#[test]
fn lines_end_and_begin_as_other_systems_write_them() {
    for text in [
        "\u{feff}SWITCHBACK_SOAK_GRACE=5s\n".to_owned(),
        "SWITCHBACK_SOAK_GRACE=5s\r\n".to_owned(),
        "SWITCHBACK_SOAK_GRACE=\"5s\"\rNEXT=1\r".to_owned(),
    ] {
        assert_eq!(values(&text), grace(1), "{text}");
    }
    assert_eq!(values("A=1\rSWITCHBACK_SOAK_GRACE=5s\r"), grace(2));
    assert_eq!(values("SWITCHBACK_A='x\r\ny'\r\n"), [(1, "SWITCHBACK_A".to_owned(), "x\ny".to_owned())]);
    let units: Vec<u16> = format!("\u{feff}A=Zoë\r\n{OURS}").encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    assert_eq!(values(little), grace(2));
    assert_eq!(values(&big), grace(2));
    assert_eq!(values([&big[..], b"\0"].concat()), grace(2), "half a character at the end");
}

#[test]
fn a_variable_of_ours_behind_something_else_is_overlooked_and_told() {
    for (text, overlooked) in [
        ("declare -x SWITCHBACK_SOAK_GRACE=5s", true),
        ("export A=1 SWITCHBACK_SOAK_GRACE=5s", true),
        ("- SWITCHBACK_SOAK_GRACE=5s", true),
        ("A=${SWITCHBACK_SOAK_GRACE}", false),
        ("[ $SWITCHBACK_SOAK_GRACE=x ]", false),
        ("MY_SWITCHBACK_SOAK_GRACE=5s", false),
        ("# SWITCHBACK_SOAK_GRACE=5s", false),
        ("echo SWITCHBACK_SOAK_GRACE", false),
    ] {
        assert_eq!(parse(text.as_bytes()).overlooked, if overlooked { vec![1] } else { vec![] }, "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse(&bytes);
    }

    #[test]
    fn lines_made_of_quotes_and_signs_neither_panic_nor_are_bad(text in "[A=:\"'`\\\\#\n\r é]{0,20}") {
        prop_assert_eq!(bad(text), []);
    }

    #[test]
    fn what_stands_before_a_line_without_quotes_does_not_change_it(text in "[A=:\\\\#\n é]{0,20}") {
        let line = 2 + text.matches('\n').count();
        prop_assert_eq!(values(format!("{text}\n{OURS}")), grace(line));
    }
}
