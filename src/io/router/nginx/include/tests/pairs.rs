//! Links whose own text does not tell which color's file they lead to.

use super::*;

/// Two files that the template would write, whatever their names, and a link to green's.
fn named(blue: &str, green: &str) -> Bench {
    let bench = Bench::new();
    bench.write(blue, b"proxy_pass http://shop_blue;\n");
    bench.write(green, b"# slot 2\nproxy_pass http://shop_green;\n");
    bench.link("active.conf", green);
    bench
}

#[test]
fn color_files_whose_names_are_about_no_color_are_known_by_what_is_in_them() {
    for (blue, green) in [("app-3001.conf", "app-3002.conf"), ("t/slot-a.conf", "t/slot-b.conf"), ("x/one", "x/two")] {
        let bench = named(blue, green);
        let files = || [bench.text(blue), bench.text(green)];
        let before = files();
        assert_eq!(bench.holds(), Holds::Color(Color::Green), "{green}");
        let change = bench.change(Color::Blue);
        assert_eq!((bench.holds(), bench.led_to("active.conf")), (Holds::Color(Color::Blue), blue.into()));
        bench.restore(&change);
        assert_eq!((bench.led_to("active.conf"), files()), (green.into(), before));
        bench.nothing_is_left_over();
    }
    let two = named("slot-a.conf", "slot-b.conf");
    two.write("slot-c.conf", b"proxy_pass http://shop_blue;\n");
    let error = two.include.look(None).unwrap_err().to_string();
    assert!(error.contains("slot-a.conf") && error.contains("slot-c.conf") && error.contains("keep one"), "{error}");
}

#[test]
fn a_file_that_we_wrote_through_a_link_stays_ours_whatever_lies_beside_it() {
    let bench = Bench::new();
    bench.write("real.conf", b"proxy_pass http://shop_blue;\n");
    bench.link("active.conf", "real.conf");
    bench.change(Color::Green);
    bench.write("older.conf", b"proxy_pass http://shop_blue;\n");
    bench.change(Color::Blue);
    assert!(bench.text("real.conf").contains("shop_blue") && bench.led_to("active.conf") == Path::new("real.conf"));
}

#[test]
fn a_link_to_a_page_that_was_never_seen_to_lead_to_a_color_is_named_with_where_it_has_to_lead() {
    let by_name = Bench::linked();
    by_name.write("templates/page.conf", PAGE);
    let by_content = named("slot-a.conf", "slot-b.conf");
    by_content.write("page.conf", PAGE);
    let beside_itself = named("slot-a.conf", "slot-b.conf");
    beside_itself.write("pages/page.conf", PAGE);
    for (bench, page, green) in [
        (&by_name, "templates/page.conf", "templates/green.conf"),
        (&by_content, "page.conf", "slot-b.conf"),
        (&beside_itself, "pages/page.conf", "slot-b.conf"),
    ] {
        bench.link("active.conf", page);
        assert_eq!(bench.holds(), Holds::Foreign(PAGE.to_vec()));
        let step = bench.include.by_hand(Color::Green);
        let end = format!("active.conf` lead to `{green}`");
        assert!(step.starts_with("make the link `") && step.ends_with(&end), "{step}");
        let change = bench.change(Color::Green);
        assert_eq!((bench.holds(), bench.led_to("active.conf")), (Holds::Color(Color::Green), green.into()));
        bench.restore(&change);
        assert_eq!((bench.led_to("active.conf"), bench.text(page).as_bytes()), (page.into(), PAGE));
    }
    let alone = Bench::new();
    alone.write("page.conf", PAGE);
    alone.link("active.conf", "page.conf");
    let step = alone.include.by_hand(Color::Green);
    assert!(step.starts_with("replace the link `") && step.ends_with("by a file with `proxy_pass http://shop_green;`"));
}

#[test]
fn a_colors_own_file_that_is_gone_does_not_stop_the_way_to_the_other_color() {
    let bench = Bench::linked();
    bench.link("active.conf", "templates/green.conf");
    assert_eq!(bench.holds(), Holds::Color(Color::Green));
    fs::remove_file(bench.path("templates/green.conf")).unwrap();
    assert_eq!(bench.holds(), Holds::Color(Color::Green));
    bench.change(Color::Blue);
    assert_eq!((bench.holds(), bench.led_to("active.conf")), (Holds::Color(Color::Blue), "templates/blue.conf".into()));
}
