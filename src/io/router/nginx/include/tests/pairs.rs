//! Links whose own text does not tell which color's file they lead to.

use super::*;

/// Two files that the template would write, whatever their names, and a link to green's.
fn named(blue: &str, green: &str) -> Harness {
    let harness = Harness::new();
    harness.write(blue, b"proxy_pass http://shop_blue;\n");
    harness.write(green, b"# slot 2\nproxy_pass http://shop_green;\n");
    harness.link("active.conf", green);
    harness
}

#[test]
fn color_files_whose_names_are_about_no_color_are_known_by_what_is_in_them() {
    for (blue, green) in [("app-3001.conf", "app-3002.conf"), ("t/slot-a.conf", "t/slot-b.conf"), ("x/one", "x/two")] {
        let harness = named(blue, green);
        let files = || [harness.text(blue), harness.text(green)];
        let before = files();
        assert_eq!(harness.holds(), Holds::Color(Color::Green), "{green}");
        let change = harness.change(Color::Blue);
        assert_eq!((harness.holds(), harness.led_to("active.conf")), (Holds::Color(Color::Blue), blue.into()));
        harness.restore(&change);
        assert_eq!((harness.led_to("active.conf"), files()), (green.into(), before));
        harness.nothing_is_left_over();
    }
    let two = named("slot-a.conf", "slot-b.conf");
    two.write("slot-c.conf", b"proxy_pass http://shop_blue;\n");
    let error = two.include.look(None).unwrap_err().to_string();
    assert!(error.contains("slot-a.conf") && error.contains("slot-c.conf") && error.contains("keep one"), "{error}");
}

#[test]
fn a_file_that_we_wrote_through_a_link_stays_ours_whatever_lies_beside_it() {
    let harness = Harness::new();
    harness.write("real.conf", b"proxy_pass http://shop_blue;\n");
    harness.link("active.conf", "real.conf");
    harness.change(Color::Green);
    harness.write("older.conf", b"proxy_pass http://shop_blue;\n");
    harness.change(Color::Blue);
    assert!(harness.text("real.conf").contains("shop_blue") && harness.led_to("active.conf") == Path::new("real.conf"));
}

#[test]
fn a_link_to_a_page_that_was_never_seen_to_lead_to_a_color_is_named_with_where_it_has_to_lead() {
    let by_name = Harness::linked();
    by_name.write("templates/page.conf", PAGE);
    let by_content = named("slot-a.conf", "slot-b.conf");
    by_content.write("page.conf", PAGE);
    let beside_itself = named("slot-a.conf", "slot-b.conf");
    beside_itself.write("pages/page.conf", PAGE);
    for (harness, page, green) in [
        (&by_name, "templates/page.conf", "templates/green.conf"),
        (&by_content, "page.conf", "slot-b.conf"),
        (&beside_itself, "pages/page.conf", "slot-b.conf"),
    ] {
        harness.link("active.conf", page);
        assert_eq!(harness.holds(), Holds::Foreign(PAGE.to_vec()));
        let step = harness.include.by_hand(Color::Green);
        let end = format!("active.conf` lead to `{green}`");
        assert!(step.starts_with("make the link `") && step.ends_with(&end), "{step}");
        let change = harness.change(Color::Green);
        assert_eq!((harness.holds(), harness.led_to("active.conf")), (Holds::Color(Color::Green), green.into()));
        harness.restore(&change);
        assert_eq!((harness.led_to("active.conf"), harness.text(page).as_bytes()), (page.into(), PAGE));
    }
    let alone = Harness::new();
    alone.write("page.conf", PAGE);
    alone.link("active.conf", "page.conf");
    let step = alone.include.by_hand(Color::Green);
    assert!(step.starts_with("replace the link `") && step.ends_with("by a file with `proxy_pass http://shop_green;`"));
}

#[test]
fn a_colors_own_file_that_is_gone_does_not_stop_the_way_to_the_other_color() {
    let harness = Harness::linked();
    harness.link("active.conf", "templates/green.conf");
    assert_eq!(harness.holds(), Holds::Color(Color::Green));
    fs::remove_file(harness.path("templates/green.conf")).unwrap();
    assert_eq!(harness.holds(), Holds::Color(Color::Green));
    harness.change(Color::Blue);
    assert_eq!(
        (harness.holds(), harness.led_to("active.conf")),
        (Holds::Color(Color::Blue), "templates/blue.conf".into())
    );
}
