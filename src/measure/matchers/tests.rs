use super::*;

fn lets_in(filter: &str, labels: &[(&str, &str)], lenient: bool) -> bool {
    let filter = LabelFilter::parse(filter).unwrap();
    let mut matching = LabelFilter::begin();
    for (label, value) in labels {
        filter.see(&mut matching, |name| name == *label, || value.as_bytes().into());
    }
    filter.lets_in(matching, lenient)
}

#[test]
fn all_matchers_have_to_hold() {
    let inbound = [("direction", "inbound"), ("authority", "shop.svc:80")];
    for (filter, expected) in [
        (r#"direction="inbound""#, true),
        (r#"{direction="inbound"}"#, true),
        ("direction='outbound'", false),
        (r#"direction!="outbound""#, true),
        (r#"direction="inbound",authority=~"shop\..*""#, true),
        (r#" direction = "inbound" , authority =~ "shop" , "#, false),
        (r#"authority!~"db.*|cache.*""#, true),
        (r#"authority=~"shop\\.svc:\\d+""#, true),
        ("authority=~`shop\\.svc:[0-9]+`", true),
        (r#""direction"="inbound""#, true),
        (r#"direction=~"in|out""#, false),
        (r#"direction=~"inbound|x""#, true),
        (r#"direction=~"^inbound$""#, true),
        (r#"direction=~"bound""#, false),
        (r#"direction=~"(?i)INBOUND""#, true),
    ] {
        assert_eq!(lets_in(filter, &inbound, false), expected, "{filter}");
    }
}

#[test]
fn an_expression_sees_any_value_as_a_whole() {
    assert!(lets_in("a=~'x.y'", &[("a", "x\ny")], false), "a line break is a character");
    assert!(lets_in("a=~'x.y'", &[("a", "xäy")], false), "a character may have several bytes");
    assert!(!lets_in("a=~'x.y'", &[("a", "x.y\n")], false), "the end is that of the value");
    let filter = LabelFilter::parse("a=~'x.*'").unwrap();
    let mut matching = LabelFilter::begin();
    filter.see(&mut matching, |_| true, || b"x\xff".as_slice().into());
    assert!(filter.lets_in(matching, false), "what is no text matches by the rest of it");
    let nested = format!("a=~'{}'", "(x+x+)+y");
    assert!(!lets_in(&nested, &[("a", &"x".repeat(5_000))], false), "in time that grows with the value");
}

#[test]
fn a_label_that_is_not_there_counts_as_empty_unless_it_is_not_asked_for() {
    assert!(!lets_in(r#"direction="inbound""#, &[], false));
    assert!(lets_in(r#"direction="inbound""#, &[], true));
    assert!(lets_in(r#"direction!="outbound""#, &[], false));
    assert!(lets_in(r#"direction=~"|inbound""#, &[], false));
    assert!(lets_in(r#"direction=~".*""#, &[], false) && !lets_in(r#"direction=~".+""#, &[], false));
    assert!(!lets_in(r#"direction="inbound""#, &[("direction", "outbound")], true));
}

#[test]
fn names_of_labels_may_be_any_text() {
    assert!(lets_in(r#""http.route"="/pay""#, &[("http.route", "/pay")], false));
    assert!(LabelFilter::parse(r#""http.route"="/pay""#).unwrap().is_about(|name| name == "http.route"));
    assert!(!LabelFilter::default().is_about(|_| true) && LabelFilter::default().is_empty());
}

#[test]
fn a_filter_is_written_as_it_is_read() {
    for text in [r#"direction="inbound""#, r#"a!="b\"c\\",d=~"e.*",f!~"g|h""#, r#""http.route"="/a""#] {
        let filter = LabelFilter::parse(text).unwrap();
        assert_eq!(filter.to_string(), text);
        assert_eq!(LabelFilter::parse(&filter.to_string()), Ok(filter));
    }
    assert_ne!(LabelFilter::parse("a='b'"), LabelFilter::parse("a=~'b'"));
}

#[test]
fn what_is_no_filter_is_said() {
    for (text, why) in [
        ("", "no matcher is given"),
        ("{}", "no matcher is given"),
        ("{a='b'", "the closing `}` is missing"),
        ("a", "expected `=`, `!=`, `=~` or `!~` after `a`"),
        ("a=b", "expected text in quotes as the value of `a`"),
        ("a=\"b", "expected a closing quote as the value of `a`"),
        ("a=\"b\\", "expected a closing quote as the value of `a`"),
        ("='b'", "expected a label's name before `='b'`"),
        ("1a='b'", "expected a label's name before `1a='b'`"),
        ("a='b' c='d'", "expected `,` before `c='d'`"),
        ("a=~'('", "`(` is not a valid regular expression, or is too large"),
        ("a=~'(x{1000}){1000}'", "`(x{1000}){1000}` is not a valid regular expression, or is too large"),
        ("http_requests_total{a='b'}", "expected `=`, `!=`, `=~` or `!~` after `http_requests_total`"),
    ] {
        assert_eq!(LabelFilter::parse(text).unwrap_err(), why, "{text}");
    }
    let many = vec!["a='b'"; MAX_MATCHERS + 1].join(",");
    assert!(LabelFilter::parse(&many).unwrap_err().contains("more than 16"));
}
