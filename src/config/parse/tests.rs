//! Exact texts of every parser.

use proptest::prelude::*;

use super::*;

fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.unwrap_err().into()
}

#[test]
fn durations_keep_to_their_range() {
    let (min, max) = (Duration::from_secs(3), Duration::from_hours(24));
    assert_eq!(duration("3s", min, max), Ok(min));
    assert_eq!(duration("24h", min, max), Ok(max));
    assert_eq!(refused(duration("2999ms", min, max)), "must be at least 3s");
    assert_eq!(refused(duration("24h1s", min, max)), "must be at most 24h");
}

#[test]
fn sizes_keep_to_their_range() {
    let (min, max) = (1 << 20, 1 << 40);
    assert_eq!(size("1MiB", min, max), Ok(min));
    assert_eq!(size("1TiB", min, max), Ok(max));
    assert_eq!(refused(size("1MB", min, max)), "must be at least 1MiB");
    assert_eq!(refused(size("1025GiB", min, max)), "must be at most 1TiB");
}

#[test]
fn ratios_are_read_as_per_cent_or_as_a_share() {
    for (text, value) in [("5%", 0.05), ("0.05", 0.05), (" 12.5 % ", 0.125), ("0.001%", 0.00001), ("99.5%", 0.995)] {
        assert_eq!(ratio(text), Ok(Ratio(value)), "{text}");
    }
}

#[test]
fn ratios_that_could_mean_two_things_are_refused() {
    for (text, why) in [
        ("5", "not a fraction below 1: for 5 percent write `5%`"),
        ("1", "not a fraction below 1: for 1 percent write `1%`"),
        ("0", "must be above 0"),
        ("-1%", "must be above 0"),
        ("100%", "must be below 100%"),
        ("NaN", "not a finite number"),
        ("inf", "not a finite number"),
        ("1e999%", "not a finite number"),
        ("five", "not a number"),
        ("%", "not a number"),
        ("", "not a number"),
    ] {
        assert_eq!(refused(ratio(text)), why, "{text}");
    }
}

#[test]
fn counts_are_whole_numbers_in_their_range() {
    assert_eq!(count(" 20 ", 1, 1_000_000), Ok(20));
    for (text, why) in [
        ("0", "must be at least 1"),
        ("1000001", "must be at most 1000000"),
        ("99999999999999999999999", "must be at most 1000000"),
        ("2.5", "not a whole number"),
        ("-1", "not a whole number"),
        ("", "not a whole number"),
    ] {
        assert_eq!(refused(count(text, 1, 1_000_000)), why, "{text}");
    }
}

#[test]
fn booleans_have_four_spellings_each() {
    for text in ["true", "1", "yes", "ON"] {
        assert_eq!(boolean(text), Ok(true));
    }
    for text in ["false", "0", "No", "off"] {
        assert_eq!(boolean(text), Ok(false));
    }
    assert_eq!(refused(boolean("maybe")), "not yes or no");
}

#[test]
fn names_of_services_are_safe_as_folders() {
    for text in ["default", "checkout-api", "7", &"a".repeat(63)] {
        assert_eq!(service(text), Ok(text.to_owned()));
    }
    assert_eq!(refused(service("")), "the name is empty");
    assert_eq!(refused(service(&"a".repeat(64))), "the name is longer than 63 characters");
    for text in ["-a", "Checkout", "a/b", "..", "a b", "ä"] {
        let why = "only lower-case letters, digits and, after the first character, `-` are allowed";
        assert_eq!(refused(service(text)), why, "{text}");
    }
}

#[test]
fn paths_on_an_instance_begin_with_a_slash_and_are_only_a_path() {
    assert_eq!(url_path("/actuator/prometheus"), Ok("/actuator/prometheus".to_owned()));
    assert_eq!(refused(url_path("metrics")), "a path begins with `/`");
    assert_eq!(refused(url_path("/metrics?all=1")), "a path has neither a query nor a fragment");
    assert_eq!(refused(url_path("/a b")), "a path is written in visible ASCII characters; write others as `%20`");
}

#[test]
fn names_of_metrics_and_labels_follow_the_data_model() {
    assert_eq!(metric("auto"), Ok(Named::Auto));
    assert_eq!(metric("job:http_requests:total"), Ok(Named::Name("job:http_requests:total".to_owned())));
    assert_eq!(label("status_code"), Ok(Named::Name("status_code".to_owned())));
    for name in ["http.server.request.duration_count", "métrique", "http-requests"] {
        assert_eq!(metric(name), Ok(Named::Name(name.to_owned())));
        assert_eq!(label(&format!("\"{name}\"")), Ok(Named::Name(name.to_owned())), "as it stands on a page");
    }
    for text in ["", "a b", "a,b", "a\"b", "\"", "a\nb"] {
        assert!(refused(metric(text)).starts_with("not a metric name"), "{text}");
        assert!(refused(label(text)).starts_with("not a label name"), "{text}");
    }
    assert!(refused(metric("a{b=\"c\"}")).contains("labels are matched with checks.error-rate.match"));
    assert!(metric(&"a".repeat(201)).is_err());
}

#[test]
fn statuses_are_classes_and_codes() {
    let read = |text: &str| statuses(text.split(','));
    assert_eq!(read("5xx"), Ok(StatusSet { classes: vec![5], ..StatusSet::default() }));
    assert_eq!(read("5XX, 429,5xx,429"), Ok(StatusSet { classes: vec![5], codes: vec![429], words: vec![] }));
    let words = ["error", "timed-out", "Unavailable"].map(str::to_owned).to_vec();
    assert_eq!(read("error,timed-out,Unavailable,error"), Ok(StatusSet { words, ..StatusSet::default() }));
    for text in ["6xx", "0xx", "50", "5000", "600", "5x", "-error", "err$"] {
        let why = "a status is a class such as `5xx`, a code such as `429` or a word such as `error`";
        assert_eq!(refused(read(text)), why, "{text}");
    }
    assert_eq!(refused(read("")), "a status is missing");
    assert_eq!(refused(read("5xx,")), "a status is missing");
    assert_eq!(refused(statuses([])), "a status is missing");
}

#[test]
fn commands_name_at_least_a_program() {
    let read = |text: &str| command_json(text).and_then(command);
    assert_eq!(read(r#"["npm", "run"]"#), Ok(vec!["npm".to_owned(), "run".to_owned()]));
    for (text, why) in [
        ("npm run", "not a JSON array of strings"),
        (r#"["a", 1]"#, "not a JSON array of strings"),
        ("[]", "the command is empty"),
        (r#"[" "]"#, "the program has no name"),
        (r#"["a", "b\u0000"]"#, "a word contains a NUL character"),
    ] {
        assert_eq!(refused(read(text)), why, "{text}");
    }
}

#[test]
fn tokens_can_stand_in_a_header() {
    assert_eq!(token("abc.DEF-1"), Ok("abc.DEF-1"));
    assert_eq!(refused(token("")), "the token is empty");
    for text in ["a b", "a\r\nHost: evil", "tökén"] {
        assert_eq!(refused(token(text)), "the token contains a space, a line break or a character that is not ASCII");
    }
}

proptest! {
    #[test]
    fn ratios_are_written_as_they_are_read(value in 1e-300..1.0_f64) {
        prop_assert_eq!(ratio(&format_ratio(Ratio(value))), Ok(Ratio(value)));
    }

    #[test]
    fn whole_per_cents_stay_what_they_are(percent in 1..100_u8) {
        let text = format!("{percent}%");
        prop_assert_eq!(ratio(&text).map(format_ratio), Ok(text));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in ".*") {
        let _ = (ratio(&text), count(&text, 0, u64::MAX), boolean(&text), service(&text), url_path(&text));
        let _ = (metric(&text), label(&text), statuses(text.split(',')), command_json(&text), token(&text));
    }
}

#[test]
fn names_of_something_else_are_single_words() {
    assert_eq!(words(["b1", " b2 "]).unwrap(), ["b1", "b2"]);
    for (items, why) in [
        (vec![], "a name is missing"),
        (vec!["b1", " "], "a name is missing"),
        (vec!["b 1"], "a name contains a space, a comma, a semicolon or a quote"),
        (vec!["b1;shutdown"], "a name contains a space, a comma, a semicolon or a quote"),
        (vec!["b1", "b1"], "`b1` is listed twice"),
    ] {
        assert_eq!(words(items).unwrap_err(), why);
    }
}

#[test]
fn a_text_can_be_written_down() {
    assert_eq!(text(" proxy_pass http://{upstream};").unwrap(), " proxy_pass http://{upstream};");
    assert_eq!(text(" ").unwrap_err(), "the text is blank");
    assert_eq!(text("a\0").unwrap_err(), "the text contains a NUL character");
}

#[test]
fn a_socket_is_a_path_or_begins_with_tcp() {
    assert_eq!(tcp("/run/admin.sock").unwrap(), None);
    assert_eq!(tcp("tcp://[::1]:9999").unwrap().as_deref(), Some("[::1]:9999"));
    for text in ["tcp://host", "tcp://:1", "tcp://host:0", "tcp://host:x", "tcp://a b:1"] {
        assert_eq!(tcp(text).unwrap_err(), "expected `tcp://HOST:PORT`", "{text}");
    }
    assert_eq!(tcp("udp://host:1").unwrap_err(), "the only allowed scheme is `tcp://`");
}
