//! nginx.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use switchback::model::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Example, Process, free_port};
use crate::scenes::{Proxy, Scene, scenes};
use crate::users::{Connection, none_lost};

pub struct Nginx {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Nginx {
    fn include(&self) -> PathBuf {
        self.folder.path().join("checkout-api.conf")
    }

    fn write(&self, color: Color) {
        fs::write(self.include(), format!("proxy_pass http://{color};\n")).unwrap();
    }
}

impl Proxy for Nginx {
    const CLOSES: &[Connection] = &[Connection::Kept];

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.process.kill();
    }

    /// Whoever takes care of its configuration puts the file back to what it was at first.
    fn start_again(&mut self) {
        self.write(Color::Blue);
        self.process.start_again();
    }

    fn move_by_hand(&self, to: Color) {
        self.write(to);
        let config = self.folder.path().join("nginx.conf");
        let reloaded = Command::new("nginx").arg("-c").arg(config).args(["-s", "reload"]).status().unwrap();
        assert!(reloaded.success());
    }
}

pub fn start() -> Scene<Nginx> {
    let (apps, port) = (Apps::start(), free_port());
    let example = Example::of("nginx", &apps);
    let at = example.folder.path().to_owned();
    let at = |name: &str| at.join(name).display().to_string();
    let config = at("nginx.conf");
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("    {kind}_temp_path {};\n", at(kind)))
        .concat();
    let folder = example
        .with("listen 8080;", format!("listen 127.0.0.1:{port};"))
        .with("/etc/nginx/switchback/checkout-api.conf", at("checkout-api.conf"))
        .with("/run/nginx.pid", at("nginx.pid"))
        .with("http {\n", format!("http {{\n    access_log off;\n{temporary}"))
        .with(r#"["nginx", "-t"]"#, format!(r#"["nginx", "-t", "-c", "{config}"]"#))
        .with(r#"["nginx", "-s", "reload"]"#, format!(r#"["nginx", "-s", "reload", "-c", "{config}"]"#))
        .write();
    let process = Process::start("nginx", &["-c", &config, "-g", "daemon off; error_log stderr;"], folder.path(), port);
    let toml = folder.path().to_owned();
    Scene::new(apps, Nginx { process, port, folder }, &toml)
}

scenes!(start, "nginx could not be reloaded with");

#[test]
fn a_configuration_that_does_not_pass_its_test_is_put_back_and_not_loaded() {
    let scene = start();
    let before = fs::read_to_string(scene.proxy.include()).unwrap();
    // Broken for green alone.
    let scene = scene.with("router.green", "green:99999");
    let users = scene.users();
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("invalid port in upstream \"green:99999\""), "{done:#?}");
    assert!(done.stdout.contains("so it was put back and not reloaded"), "{done:#?}");
    assert_eq!(fs::read_to_string(scene.proxy.include()).unwrap(), before);
    std::thread::sleep(Duration::from_millis(500));
    let visits = users.stop();
    none_lost(&visits);
    assert!(visits.iter().all(|visit| visit.repeated.is_none()), "nothing was reloaded, so nothing was closed");
}

#[test]
fn a_file_that_was_changed_and_not_loaded_is_no_answer() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    // A second later, so that the clocks of file and process cannot disagree about it.
    std::thread::sleep(Duration::from_millis(1_500));
    scene.proxy.write(Color::Blue);
    let status = scene.deployment.run(&["status"]).expect(0);
    assert!(status.stdout.contains("nginx was not reloaded since it was written"), "{status:#?}");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
}

#[test]
fn a_file_that_is_gone_is_told_and_written_anew_by_the_next_move() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    fs::remove_file(scene.proxy.include()).unwrap();
    scene.deployment.run(&["status"]).expect(0).says(&["nginx ✗ cannot be read: cannot read nginx's included file"]);
    scene.deployment.run(&["rollback", "--dry-run"]).expect(0).says(&["for blue (now: missing or empty)"]);
    scene.deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    scene.is_on("blue");
}

const PAGE: &str = "return 503;\n";

#[test]
fn a_maintenance_page_stays_up_until_force_replaces_it_and_keeps_a_copy() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    fs::write(scene.proxy.include(), PAGE).unwrap();
    let found = "holds `return 503;`, which is neither blue's nor green's and was not written by Switchback";
    scene.deployment.run(&["status"]).expect(0).says(&[found]);
    let by_hand = "write `proxy_pass http://blue;` into";
    let refused = scene.deployment.run(&["rollback"]).expect(7);
    assert!(refused.stderr.contains(found) && refused.stderr.contains(by_hand), "{refused:#?}");
    let refused = scene.deployment.run(&["rollback", "--dry-run"]).expect(7);
    assert!(refused.stderr.contains(found), "{refused:#?}");
    assert_eq!(fs::read_to_string(scene.proxy.include()).unwrap(), PAGE);
    let doctor = scene.deployment.run(&["doctor"]).expect(2);
    assert!(doctor.stdout.contains(found), "{doctor:#?}");

    let forced = scene.deployment.run(&["rollback", "--force"]).expect(0).says(&["rolled back: traffic is on blue"]);
    let kept = forced.stdout.lines().find_map(|line| line.strip_prefix("the replaced content was copied to ")).unwrap();
    assert_eq!(fs::read_to_string(kept).unwrap(), PAGE);
    scene.is_on("blue");
}

#[test]
fn a_switch_leaves_another_services_upstream_alone_and_force_takes_it_over() {
    let scene = start();
    let other = "proxy_pass http://127.0.0.1:1;\n";
    fs::write(scene.proxy.include(), other).unwrap();
    let done = scene.deployment.run(&["switch", "green", "--no-tui", "--no-soak"]).expect(12);
    assert!(done.stdout.contains("nothing was moved. By hand: write `proxy_pass http://green;` into"), "{done:#?}");
    assert_eq!(fs::read_to_string(scene.proxy.include()).unwrap(), other);
    let done = scene.deployment.run(&["switch", "green", "--no-tui", "--no-soak", "--force"]).expect(0);
    assert!(done.stdout.contains("the replaced content was copied to"), "{done:#?}");
    scene.is_on("green");
}

#[test]
fn an_edited_template_leaves_what_was_written_by_the_old_one_ours() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let scene = scene.with("router.template", "proxy_pass http://{upstream};\nproxy_set_header X-Color {color};");
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    assert!(fs::read_to_string(scene.proxy.include()).unwrap().contains("X-Color blue"));
}

#[test]
fn a_reload_that_takes_no_effect_is_noticed() {
    let scene = start().with("router.reload", r#"["true"]"#).with("router.timeout", "1s");
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("nginx was reloaded, but its old workers still serve after 1s"), "{done:#?}");
}

#[test]
fn what_cannot_be_looked_at_is_said_and_fails_nothing() {
    let scene = start().with("router.test", r#"["true"]"#);
    let doctor = scene.deployment.run(&["doctor"]).expect(0);
    let unknown = "router.test is not `nginx -t`, so `nginx -T` cannot be asked";
    assert!(doctor.stdout.contains(&format!("whether nginx reads this file is not known: {unknown}")), "{doctor:#?}");
    let done = scene.deployment.run(&["switch", "green", "--no-tui", "--no-soak"]).expect(0);
    let told = format!("the move is not confirmed by what nginx reads: {unknown}");
    assert!(done.stdout.contains(&told), "{done:#?}");
    let back = scene.deployment.run(&["rollback"]).expect(0);
    assert!(back.stdout.contains(&told), "{back:#?}");
    scene.is_on("blue");
}
