//! How people switch colors with nginx: the recipes of the page, as they stand there, against the real nginx.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use switchback::deploy::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Process, free_port};
use crate::scenes::{Proxy, Scene};
use crate::users::{Connection, Users, all_on};

/// An nginx whose folder is laid out as a recipe says.
pub struct Laid {
    process: Process,
    port: u16,
    folder: TempDir,
}

impl Proxy for Laid {
    const CLOSES: &[Connection] = &[Connection::Kept];

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.process.kill();
    }

    fn start_again(&mut self) {
        self.process.start_again();
    }

    fn move_by_hand(&self, _: Color) {
        self.reload();
    }
}

impl Laid {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn reload(&self) {
        let reloaded = Command::new("nginx").arg("-c").arg(self.path("nginx.conf")).args(["-s", "reload"]).status();
        assert!(reloaded.unwrap().success());
    }
}

/// The code blocks behind a heading of the page, by their language.
fn block(heading: &str, language: &str) -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/backend/routers.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("no `{heading}`"));
    let section = section.split("\n### ").next().unwrap().split("\n## ").next().unwrap();
    let (_, rest) = section.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("no {language}"));
    rest.split("```").next().unwrap().to_owned()
}

/// A recipe in a folder of its own, with nginx running and blue active.
fn laid(heading: &str) -> Scene<Laid> {
    laid_with(heading, |_, _| {}, &[])
}

/// The same; `prepare` is given nginx's folder and its text before it starts, and `around` is the command that starts it.
fn laid_with(heading: &str, prepare: fn(&Path, &mut String), around: &[&str]) -> Scene<Laid> {
    let (apps, port, folder) = (Apps::start(), free_port(), TempDir::new().unwrap());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let addresses = apps.addresses();
    let nginx = format!("nginx -c {}", at("nginx.conf"));
    let here = |text: &str| {
        text.replace("/etc/nginx/app", &at("app"))
            .replace("127.0.0.1:3001", &addresses[0])
            .replace("127.0.0.1:3002", &addresses[2])
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
            .replace("listen 8080", &format!("listen 127.0.0.1:{port}"))
            .replace("nginx -t", &format!("{nginx} -t"))
            .replace("nginx -s reload", &format!("{nginx} -s reload"))
    };
    let done = Command::new("sh").args(["-euc", &here(&block(heading, "sh"))]).status().unwrap();
    assert!(done.success());
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
        .concat();
    let http = here(&block(heading, "nginx")).replacen("http {", &format!("http {{\naccess_log off;\n{temporary}"), 1);
    let mut config = format!("pid {};\nevents {{}}\n{http}", at("nginx.pid"));
    prepare(folder.path(), &mut config);
    fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let quoted = |text: String| serde_json::json!(text).to_string();
    let mut toml = here(&block(heading, "toml"));
    if toml.contains("kind = \"nginx\"") {
        let words = |last: &[&str]| serde_json::json!([&["nginx", "-c", &at("nginx.conf")], last].concat()).to_string();
        let (pid_file, test, reload) = (quoted(at("nginx.pid")), words(&["-t"]), words(&["-s", "reload"]));
        toml = format!("{toml}pid_file = {pid_file}\ntest = {test}\nreload = {reload}\n");
    }
    let instances = |at: usize| format!("[\"http://{}\"]", addresses[at]);
    let colors = format!("[colors]\nblue.instances = {}\ngreen.instances = {}\n", instances(0), instances(2));
    fs::write(folder.path().join("switchback.toml"), format!("{colors}{toml}")).unwrap();
    let directive = "daemon off; error_log stderr;";
    let start = ["nginx", "-c", &at("nginx.conf"), "-g", directive];
    let process = match around {
        [] => Process::start("nginx", &start[1..], folder.path(), port),
        [_, rest @ ..] => Process::start("unshare", &[rest, &start].concat(), folder.path(), port),
    };
    let config = folder.path().to_owned();
    Scene::new(apps, Laid { process, port, folder }, &config)
}

#[track_caller]
fn users_are_on(scene: &Scene<Laid>, color: &str) {
    let users = Users::start(&scene.proxy.url());
    let since = Instant::now();
    while users.visits().len() < 60 {
        std::thread::sleep(Duration::from_millis(10));
    }
    all_on(color, since, &users.stop());
}

/// There and back, seen by users, and each time confirmed.
fn there_and_back(scene: &Scene<Laid>) {
    scene.is_on_router("blue");
    scene.deployment.run(&["doctor"]).expect(0).says(&["a move to green would "]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    users_are_on(scene, "green");
    scene.deployment.run(&["rollback", "--dry-run"]).expect(0);
    scene.deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    scene.is_on("blue");
    users_are_on(scene, "blue");
    scene.deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
}

impl Scene<Laid> {
    /// What the router shows, before there is a state file.
    #[track_caller]
    fn is_on_router(&self, color: &str) {
        let status = self.deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!(status["router"]["activeColor"], color, "{status:#}");
    }
}

const LINK: &str = "A link to one color's file";

#[test]
fn the_recipe_of_a_link_moves_the_link_and_leaves_the_files() {
    let scene = laid(LINK);
    let files = || [scene.proxy.read("app/upstream-blue.conf"), scene.proxy.read("app/upstream-green.conf")];
    let before = files();
    there_and_back(&scene);
    assert_eq!(files(), before);
    assert_eq!(fs::read_link(scene.proxy.path("app/active.conf")).unwrap(), Path::new("upstream-blue.conf"));
}

#[test]
fn a_bad_release_behind_a_link_is_rolled_back_by_itself() {
    let scene = laid(LINK);
    crate::scenes::a_bad_release_is_rolled_back(&scene);
    assert_eq!(fs::read_link(scene.proxy.path("app/active.conf")).unwrap(), Path::new("upstream-blue.conf"));
}

#[test]
fn a_script_that_moves_the_link_during_a_soak_ends_it() {
    let (scene, running) = laid(LINK).endless();
    let link = scene.proxy.path("app/active.conf");
    fs::remove_file(&link).unwrap();
    symlink("upstream-blue.conf", &link).unwrap();
    scene.proxy.reload();
    running.wait().expect(8).says(&["the router now sends traffic to blue"]);
}

#[test]
fn a_page_behind_the_link_stays_up_with_the_step_that_leads_back() {
    let scene = laid(LINK);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let link = scene.proxy.path("app/active.conf");
    fs::write(scene.proxy.path("app/page.conf"), "upstream app { server 127.0.0.1:1; }\n").unwrap();
    fs::remove_file(&link).unwrap();
    symlink("page.conf", &link).unwrap();
    scene.proxy.reload();
    let refused = scene.deployment.run(&["rollback"]).expect(7);
    let step = format!("make the link `{}` lead to `upstream-blue.conf`", link.display());
    assert!(refused.stderr.contains(&step), "{refused:#?}");
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("page.conf"));
    scene.deployment.run(&["rollback", "--force"]).expect(0).says(&["a copy of what was replaced is"]);
    assert!(scene.proxy.read("app/page.conf").contains("127.0.0.1:1"), "the page itself is not written");
    scene.is_on("blue");
    users_are_on(&scene, "blue");
}

#[test]
fn the_recipe_of_a_variable_moves_traffic() {
    there_and_back(&laid("A variable in a file"));
}

#[test]
fn the_recipe_of_a_snippet_moves_traffic() {
    there_and_back(&laid("A generated snippet"));
}

#[test]
fn the_recipe_of_sed_on_the_whole_file_moves_traffic() {
    there_and_back(&laid("`sed` on the whole file"));
}

#[test]
fn a_file_that_nginx_does_not_include_is_noticed_before_anything_is_reloaded() {
    let scene = laid_with(
        "A generated snippet",
        |folder, config| {
            let other = folder.join("app/other.conf");
            fs::copy(folder.join("app/active.conf"), &other).unwrap();
            // The same words: only the path tells them apart.
            fs::write(folder.join("app/active.conf"), fs::read_to_string(&other).unwrap() + "# ours\n").unwrap();
            *config = config.replace("app/active.conf", "app/other.conf");
        },
        &[],
    );
    let users = Users::start(&scene.proxy.url());
    let done = scene.deployment.run(&["switch", "green", "--no-tui", "--no-soak"]).expect(12);
    assert!(done.stdout.contains("nginx does not include `") && done.stdout.contains("nothing was moved"), "{done:#?}");
    assert!(scene.proxy.read("app/active.conf").ends_with("# ours\n"), "it is put back");
    assert!(users.stop().iter().all(|visit| visit.repeated.is_none()), "nothing was reloaded");
    let doctor = scene.deployment.run(&["doctor"]).expect(2);
    assert!(doctor.stdout.contains("nginx does not include `"), "{doctor:#?}");
}

/// Whether this machine lets us have mounts of our own: a container may not.
fn has_mount_namespaces() -> bool {
    let done = Command::new("unshare").args(["--mount", "true"]).output();
    done.is_ok_and(|done| done.status.success())
}

/// The file is mounted by itself at another path, in mounts that only nginx sees.
fn mounted_alone() -> Scene<Laid> {
    let script =
        "mount --bind \"$(dirname \"$3\")/app/active.conf\" \"$(dirname \"$3\")/etc/active.conf\" && exec \"$@\"";
    laid_with(
        "A generated snippet",
        |folder, config| {
            fs::create_dir(folder.join("etc")).unwrap();
            fs::write(folder.join("etc/active.conf"), "").unwrap();
            *config = config.replace("app/active.conf", "etc/active.conf");
        },
        &["unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "sh"],
    )
}

/// The same commands in nginx's mounts, as `docker exec` runs them.
fn inside(scene: Scene<Laid>) -> Scene<Laid> {
    let pid = scene.proxy.read("nginx.pid").trim().to_owned();
    let config = scene.proxy.path("nginx.conf").display().to_string();
    let words = |last: &[&str]| {
        let enter = ["nsenter", "--target", &pid, "--mount", "nginx", "-c", &config];
        serde_json::json!([&enter[..], last].concat()).to_string()
    };
    let (test, reload) = (words(&["-t"]), words(&["-s", "reload"]));
    scene.with("router.test", &test).with("router.reload", &reload)
}

#[test]
fn a_file_that_is_mounted_by_itself_is_written_in_place() {
    if !has_mount_namespaces() {
        return;
    }
    let scene = inside(mounted_alone());
    let doctor = scene.deployment.run(&["doctor"]).expect(0);
    assert!(doctor.stdout.contains("in place, as nginx sees it through a mount of that single file"), "{doctor:#?}");
    there_and_back(&scene);
}

#[test]
fn a_file_that_was_replaced_behind_its_mount_is_read_and_moved_as_nginx_sees_it() {
    if !has_mount_namespaces() {
        return;
    }
    let scene = inside(mounted_alone());
    let green = scene.proxy.read("app/active.conf").replace(&scene.apps.addresses()[0], &scene.apps.addresses()[2]);
    fs::write(scene.proxy.path("app/new"), green).unwrap();
    fs::rename(scene.proxy.path("app/new"), scene.proxy.path("app/active.conf")).unwrap();
    scene.is_on_router("blue");
    users_are_on(&scene, "blue");
    let doctor = scene.deployment.run(&["doctor"]);
    assert!(doctor.stdout.contains("nginx still sees the old file at `"), "{doctor:#?}");
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    users_are_on(&scene, "green");
}

#[test]
fn a_configuration_that_is_tested_elsewhere_than_nginx_runs_is_not_believed() {
    if !has_mount_namespaces() {
        return;
    }
    // `nginx -t` on this side sees an empty file where nginx itself sees ours.
    let scene = mounted_alone();
    let done = scene.deployment.run(&["switch", "green", "--no-tui", "--no-soak"]).expect(12);
    assert!(done.stdout.contains("nothing was moved"), "{done:#?}");
    users_are_on(&scene, "blue");
}
