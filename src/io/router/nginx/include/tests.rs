use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;
use crate::io::router::nginx::foreseen::how;

mod pairs;

const PAGE: &[u8] = b"return 503;\n";

/// A folder for nginx, and one for the record.
struct Harness {
    tmp: tempfile::TempDir,
    include: IncludeFile,
}

impl Harness {
    fn new() -> Self {
        Self::with("proxy_pass http://{upstream};", "active.conf")
    }

    fn with(template: &str, file: &str) -> Self {
        let tmp = tempfile::tempdir().unwrap();
        let (data, root) = (tmp.path().join("data"), tmp.path().join("nginx"));
        fs::create_dir(&root).unwrap();
        let config = NginxConfig {
            include_file: root.join(file),
            template: template.to_owned(),
            blue: "shop_blue".to_owned(),
            green: "shop_green".to_owned(),
            test: Vec::new(),
            reload: Vec::new(),
            pid_file: PathBuf::new(),
        };
        let include = IncludeFile::new(&config, "shop", Written::new(&data));
        Self { tmp, include }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.tmp.path().join("nginx").join(name)
    }

    fn write(&self, name: &str, text: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn link(&self, name: &str, to: &str) {
        let _ = fs::remove_file(self.path(name));
        symlink(to, self.path(name)).unwrap();
    }

    fn led_to(&self, name: &str) -> PathBuf {
        fs::read_link(self.path(name)).unwrap()
    }

    fn look(&self) -> Standing {
        self.include.look(None).unwrap()
    }

    fn holds(&self) -> Holds {
        self.look().holds
    }

    fn change(&self, to: Color) -> Change {
        self.include.change(&self.look(), to, None).unwrap()
    }

    fn restore(&self, change: &Change) {
        self.include.restore(change, None, None).unwrap();
    }

    /// Two color files under `templates`, and a link to blue's.
    fn linked() -> Self {
        let harness = Self::new();
        for color in Color::ALL {
            harness.write(
                &format!("templates/{color}.conf"),
                format!("upstream app {{ server {color}:1; }}\n").as_bytes(),
            );
        }
        harness.link("active.conf", "templates/blue.conf");
        harness
    }

    fn nothing_is_left_over(&self) {
        for folder in [self.path(""), self.path("templates")] {
            let names = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().file_name());
            let left: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with(".switchback")).collect();
            assert_eq!(left, Vec::<std::ffi::OsString>::new());
        }
    }
}

#[test]
fn a_file_is_written_for_a_color_read_back_and_put_back_with_its_permissions() {
    let harness = Harness::new();
    assert_eq!((harness.holds(), harness.look().bytes()), (Holds::Nothing, None));
    let nothing = harness.change(Color::Green);
    assert_eq!(harness.text("active.conf"), "# shop: green, written by Switchback\nproxy_pass http://shop_green;\n");
    assert_eq!(harness.holds(), Holds::Color(Color::Green));
    let mode = |harness: &Harness| fs::metadata(harness.path("active.conf")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&harness), 0o644);

    fs::set_permissions(harness.path("active.conf"), Permissions::from_mode(0o640)).unwrap();
    let green = harness.change(Color::Blue);
    assert_eq!(harness.holds(), Holds::Color(Color::Blue));
    harness.restore(&green);
    assert_eq!((harness.holds(), mode(&harness)), (Holds::Color(Color::Green), 0o640));
    harness.restore(&nothing);
    assert!(!harness.path("active.conf").exists());
    harness.nothing_is_left_over();
}

#[test]
fn the_owner_of_the_file_stays_its_owner() {
    let harness = Harness::new();
    harness.change(Color::Green);
    if std::os::unix::fs::chown(harness.path("active.conf"), Some(12), Some(34)).is_err() {
        return; // Only root can give files away.
    }
    harness.change(Color::Blue);
    let metadata = fs::metadata(harness.path("active.conf")).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (12, 34));
}

#[test]
fn a_file_is_ours_by_its_directives_whatever_else_stands_there() {
    let harness = Harness::new();
    for (text, holds) in [
        ("\n  # by hand\r\n  proxy_pass http://shop_blue;\r\n", Holds::Color(Color::Blue)),
        ("proxy_pass http://shop_green; # since Tuesday", Holds::Color(Color::Green)),
        ("", Holds::Nothing),
        ("# nothing yet\n", Holds::Nothing),
    ] {
        harness.write("active.conf", text.as_bytes());
        assert_eq!(harness.holds(), holds, "{text:?}");
    }
    for text in [
        "return 503;",
        "proxy_pass http://elsewhere;",
        "proxy_pass http://shop_blue;\nproxy_set_header X-Color blue;",
        "proxy_pass http://shop_blue; proxy_pass http://shop_green;",
    ] {
        harness.write("active.conf", text.as_bytes());
        assert_eq!(harness.holds(), Holds::Foreign(text.into()), "{text:?}");
    }
    harness.write("active.conf", &vec![b'#'; 2 << 20]);
    assert!(harness.include.look(None).unwrap_err().to_string().contains("it is longer than 1048576 bytes"));
}

#[test]
fn what_was_written_by_an_older_template_is_ours_and_an_edited_copy_of_it_is_not() {
    let harness = Harness::new();
    harness.change(Color::Green);
    let newer =
        Harness { include: with_template(&harness, "proxy_pass http://{upstream};\nkeepalive_requests 9;"), ..harness };
    assert_eq!(newer.holds(), Holds::Color(Color::Green));
    let edited = newer.text("active.conf") + "allow all;\n";
    newer.write("active.conf", edited.as_bytes());
    assert!(matches!(newer.holds(), Holds::Foreign(_)));
}

fn with_template(harness: &Harness, template: &str) -> IncludeFile {
    let include = harness.include.clone();
    let render = |color: &str| {
        format!(
            "# shop: {color}, written by Switchback\n{}\n",
            template.replace("{upstream}", &format!("shop_{color}"))
        )
    };
    IncludeFile { blue: render("blue"), green: render("green"), ..include }
}

#[test]
fn a_link_to_a_colors_own_file_is_moved_and_the_files_stay_as_they_are() {
    let harness = Harness::linked();
    let files = || [harness.text("templates/blue.conf"), harness.text("templates/green.conf")];
    let before = files();
    assert_eq!(harness.holds(), Holds::Color(Color::Blue));
    let told = how(&harness.look(), Color::Green).unwrap();
    assert!(told.ends_with("active.conf` from `templates/blue.conf` to `templates/green.conf`"), "{told}");
    let change = harness.change(Color::Green);
    assert_eq!(
        (harness.holds(), harness.led_to("active.conf")),
        (Holds::Color(Color::Green), "templates/green.conf".into())
    );
    assert_eq!(harness.look().bytes(), Some(before[1].as_bytes()));
    harness.restore(&change);
    assert_eq!(harness.led_to("active.conf"), Path::new("templates/blue.conf"));
    assert_eq!(files(), before);
    harness.nothing_is_left_over();
}

#[test]
fn color_files_that_say_the_same_or_the_opposite_are_refused() {
    let harness = Harness::linked();
    harness.write("templates/blue.conf", b"upstream app { server green:1; } # copied");
    let error = harness.include.look(None).unwrap_err().to_string();
    assert!(error.contains("blue.conf`, which is blue's own file, says the same as `"), "{error}");
    harness.write("templates/blue.conf", b"proxy_pass http://shop_green;");
    let error = harness.include.look(None).unwrap_err().to_string();
    assert!(error.ends_with("says the same as router.template for green"), "{error}");
}

#[test]
fn a_link_that_leads_elsewhere_is_foreign_and_force_moves_it_back_without_writing_through() {
    let harness = Harness::linked();
    harness.look();
    harness.write("page.conf", PAGE);
    harness.link("active.conf", "page.conf");
    assert_eq!(harness.holds(), Holds::Foreign(PAGE.to_vec()));
    let step = harness.include.by_hand(Color::Green);
    assert!(step.starts_with("make the link `") && step.ends_with("lead to `templates/green.conf`"), "{step}");
    let change = harness.change(Color::Green);
    assert_eq!((harness.holds(), harness.text("page.conf").as_bytes()), (Holds::Color(Color::Green), PAGE));
    harness.restore(&change);
    assert_eq!(harness.led_to("active.conf"), Path::new("page.conf"));
}

#[test]
fn a_page_that_was_written_over_the_link_is_replaced_by_the_link_and_comes_back() {
    let harness = Harness::linked();
    harness.look();
    fs::remove_file(harness.path("active.conf")).unwrap();
    harness.write("active.conf", PAGE);
    let change = harness.change(Color::Green);
    assert_eq!(harness.led_to("active.conf"), Path::new("templates/green.conf"));
    harness.restore(&change);
    assert!(!fs::symlink_metadata(harness.path("active.conf")).unwrap().is_symlink());
    assert_eq!(
        (harness.holds(), harness.text("templates/green.conf").contains("green:1")),
        (Holds::Foreign(PAGE.to_vec()), true)
    );
}

#[test]
fn a_link_that_always_led_elsewhere_is_replaced_by_a_file_when_forced() {
    let harness = Harness::new();
    harness.write("page.conf", PAGE);
    harness.link("active.conf", "page.conf");
    let change = harness.change(Color::Green);
    assert_eq!(harness.holds(), Holds::Color(Color::Green));
    assert_eq!(harness.text("page.conf").as_bytes(), PAGE);
    harness.restore(&change);
    assert_eq!((harness.led_to("active.conf"), harness.holds()), ("page.conf".into(), Holds::Foreign(PAGE.to_vec())));
}

#[test]
fn a_link_to_a_file_that_is_no_colors_own_stays_a_link() {
    let harness = Harness::new();
    harness.write("real.conf", b"proxy_pass http://shop_blue;\n");
    harness.link("active.conf", "real.conf");
    let change = harness.change(Color::Green);
    assert!(
        harness.text("real.conf").contains("shop_green") && harness.led_to("active.conf") == Path::new("real.conf")
    );
    harness.restore(&change);
    assert_eq!(harness.holds(), Holds::Color(Color::Blue));
}

#[test]
fn a_link_to_nothing_is_nothing_and_what_it_leads_to_is_written() {
    let harness = Harness::new();
    harness.link("active.conf", "real.conf");
    assert_eq!(harness.holds(), Holds::Nothing);
    harness.change(Color::Green);
    assert!(harness.path("real.conf").is_file() && harness.holds() == Holds::Color(Color::Green));
}

#[test]
fn a_file_in_a_folder_that_cannot_be_written_is_written_in_place() {
    let harness = Harness::with("proxy_pass http://{upstream};", "conf.d/active.conf");
    harness.write("conf.d/active.conf", b"proxy_pass http://shop_blue; # a longer line than the one that comes\n");
    let inode = || fs::metadata(harness.path("conf.d/active.conf")).unwrap().ino();
    let before = inode();
    let standing = Standing { mount: Some(FileMount::Ours), ..harness.look() };
    let change = harness.include.change(&standing, Color::Green, None).unwrap();
    assert_eq!((inode(), harness.holds()), (before, Holds::Color(Color::Green)), "a mount of the file alone is kept");
    harness.restore(&change);
    assert_eq!((inode(), harness.holds()), (before, Holds::Color(Color::Blue)));
    let told = how(&standing, Color::Green).unwrap();
    assert!(told.contains(" in place, as nginx sees it through a mount of that single file for green"), "{told}");
}

#[test]
fn a_write_in_place_that_was_cut_off_is_ours_and_no_answer() {
    let harness = Harness::new();
    let old =
        b"proxy_pass http://shop_blue; # a comment that is longer than all of the new file is\n allow all;".to_vec();
    let new = harness.include.green.clone().into_bytes();
    harness.include.written.begin_in_place(&harness.include.target(), &old, &new).unwrap();
    harness.write("active.conf", &[&new[..45], &old[45..]].concat());
    assert_eq!(harness.holds(), Holds::Torn);
    harness.change(Color::Green);
    assert_eq!(harness.holds(), Holds::Color(Color::Green));
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let harness = Harness::with("proxy_pass http://{upstream};", "missing/active.conf");
    let standing = harness.look();
    let failed = how(&standing, Color::Blue).unwrap_err().to_string();
    assert!(
        failed.starts_with("cannot write nginx's included file `") && failed.contains("missing/active.conf"),
        "{failed}"
    );
    let failed = harness.include.change(&standing, Color::Blue, None).unwrap_err();
    assert!(matches!(failed, IncludeError::Io { action: "write", .. }), "{failed}");
}

#[test]
fn a_copy_of_what_is_not_ours_is_kept_in_the_data_folder() {
    let harness = Harness::new();
    let kept = harness.include.keep(PAGE).unwrap();
    assert!(kept.starts_with(harness.tmp.path().join("data/replaced")), "{}", kept.display());
    assert_eq!(fs::read(kept).unwrap(), PAGE);
    let step = harness.include.by_hand(Color::Blue);
    assert!(step.starts_with("write `proxy_pass http://shop_blue;` into `"), "{step}");
}

#[test]
fn what_is_put_back_is_as_old_as_it_was() {
    for harness in [Harness::new(), Harness::linked()] {
        if harness.look().bytes().is_none() {
            harness.change(Color::Blue);
        }
        let before = harness.look();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let change = harness.change(Color::Green);
        assert!(harness.look().changed > before.changed);
        harness.include.restore(&change, before.changed, None).unwrap();
        assert_eq!((harness.holds(), harness.look().changed), (before.holds, before.changed));
    }
}
