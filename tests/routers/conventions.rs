//! How people switch colors with nginx: the recipes of the page, as they stand there, against the real nginx.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use switchback::model::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Process, free_port};
use crate::recipe::{Recipe, write_script};
use crate::scenes::{Proxy, Scene, there_and_back, users_are_on};
use crate::users::{Connection, Users};

/// An nginx whose folder is laid out as a recipe says.
pub struct Laid {
    process: Process,
    port: u16,
    folder: TempDir,
    recipe: Recipe,
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

/// A recipe in a folder of its own, with nginx running and blue active.
fn laid(heading: &str) -> Scene<Laid> {
    laid_with(heading, |_, _| {}, &[])
}

/// The same; `prepare` is given nginx's folder and its text before it starts, and `around` is the command that starts it.
fn laid_with(heading: &str, prepare: fn(&Path, &mut String), around: &[&str]) -> Scene<Laid> {
    let (apps, port, folder) = (Apps::start(), free_port(), TempDir::new().unwrap());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let nginx = format!("nginx -c {}", at("nginx.conf"));
    let recipe = Recipe::of(heading, &apps)
        .with("/etc/nginx/app", at("app"))
        .with("127.0.0.1:8080", format!("127.0.0.1:{port}"))
        .with("listen 8080", format!("listen 127.0.0.1:{port}"))
        .with("nginx -t", format!("{nginx} -t"))
        .with("nginx -s reload", format!("{nginx} -s reload"));
    recipe.set_up(folder.path());
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};\n", at(kind)))
        .concat();
    let http = recipe.block("nginx").replacen("http {", &format!("http {{\naccess_log off;\n{temporary}"), 1);
    let mut config = format!("pid {};\nevents {{}}\n{http}", at("nginx.pid"));
    prepare(folder.path(), &mut config);
    fs::write(folder.path().join("nginx.conf"), config).unwrap();
    let quoted = |text: String| serde_json::json!(text).to_string();
    let mut toml = recipe.block("toml");
    if toml.contains("kind = \"nginx\"") {
        let words = |last: &[&str]| serde_json::json!([&["nginx", "-c", &at("nginx.conf")], last].concat()).to_string();
        let (pid_file, test, reload) = (quoted(at("nginx.pid")), words(&["-t"]), words(&["-s", "reload"]));
        toml = format!("{toml}pid_file = {pid_file}\ntest = {test}\nreload = {reload}\n");
    }
    fs::write(folder.path().join("switchback.toml"), recipe.colors() + &toml).unwrap();
    let directive = "daemon off; error_log stderr;";
    let start = ["nginx", "-c", &at("nginx.conf"), "-g", directive];
    let process = match around {
        [] => Process::start("nginx", &start[1..], folder.path(), port),
        [_, rest @ ..] => Process::start("unshare", &[rest, &start].concat(), folder.path(), port),
    };
    let config = folder.path().to_owned();
    Scene::new(apps, Laid { process, port, folder, recipe }, &config)
}

const LINK: &str = "A link to one color's file";
const SCRIPT: &str = "A script that keeps the color, or the port, in a file";

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
    scene.deployment.run(&["rollback", "--force"]).expect(0).says(&["the replaced content was copied to"]);
    assert!(scene.proxy.read("app/page.conf").contains("127.0.0.1:1"), "the page itself is not written");
    scene.is_on("blue");
    users_are_on(&scene, "blue");
}

#[test]
fn the_recipe_of_a_copy_moves_traffic_and_leaves_the_files_of_the_colors() {
    let scene = laid("A copy of one color's file");
    there_and_back(&scene);
    let [blue, green] = ["blue", "green"].map(|color| scene.proxy.read(&format!("app/upstream-{color}.conf")));
    assert!(blue != green && scene.proxy.read("app/active.conf").contains(blue.trim()));
    // A script goes on copying by hand.
    fs::copy(scene.proxy.path("app/upstream-green.conf"), scene.proxy.path("app/active.conf")).unwrap();
    scene.proxy.reload();
    scene.deployment.wait_until("the router shows what was copied", |deployment| {
        deployment.run(&["status", "--json"]).expect(0).json()["router"]["activeColor"] == "green"
    });
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

/// What `init` proposes for a layout and the script that switches it.
fn proposed(heading: &str, line: &str) -> Scene<Laid> {
    let scene = laid(heading);
    let nginx = format!("nginx -c {}", scene.proxy.path("nginx.conf").display());
    let [blue, green] = scene.proxy.recipe.ports();
    let script = format!(
        "#!/bin/sh\nBLUE_PORT={blue}\nGREEN_PORT={green}\nNEW=$1\nPORT=$(port_of \"$1\")\n{}\n{nginx} -t\n{nginx} -s reload\n",
        line.replace("APP", &scene.proxy.path("app").display().to_string())
    );
    fs::write(scene.proxy.path("deploy.sh"), script).unwrap();
    fs::remove_file(scene.proxy.path("switchback.toml")).unwrap();
    let folder = scene.proxy.folder.path().to_str().unwrap();
    let done = Command::new(support::program()).args(["-C", folder, "init", "--print"]).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    // Paths in it are seen from the project's folder.
    let text = String::from_utf8(done.stdout).unwrap().replace("= \"app/", &format!("= \"{folder}/app/"));
    fs::write(scene.deployment.path("switchback.toml"), text).unwrap();
    scene
}

#[test]
fn what_init_proposes_for_a_link_a_copy_and_a_written_line_moves_traffic() {
    for (heading, line) in [
        (LINK, "ln -sfn \"upstream-$NEW.conf\" APP/active.conf"),
        ("A copy of one color's file", "cp \"APP/upstream-$NEW.conf\" APP/active.conf"),
        ("A variable in a file", "echo \"set \\$service_url http://127.0.0.1:$PORT;\" | tee APP/service-url.inc"),
        ("A generated snippet", "echo \"server 127.0.0.1:$PORT;\" > APP/active.conf"),
    ] {
        there_and_back(&proposed(heading, line));
    }
    // A file proves what was written, and `init` says to set the page that proves more.
    let scene = proposed("`sed` on the whole file", "sed -i \"s/default [a-z]*;/default $NEW;/\" APP/map.conf");
    let page = format!("{}/color", scene.proxy.url());
    there_and_back(&scene.with("router.probe_url", &page).with("router.probe_header", "X-Color"));
}

/// The script of the page in the folder of the deployment, where it was run for blue once.
fn with_script(scene: &Scene<Laid>, script: &str) {
    let folder = scene.deployment.folder();
    write_script(folder, "switch-traffic.sh", script);
    let done = Command::new("./switch-traffic.sh").arg("blue").current_dir(folder).status().unwrap();
    assert!(done.success());
}

#[test]
fn the_recipe_of_a_script_moves_traffic_whatever_the_script_keeps() {
    let mut tried = Vec::new();
    loop {
        let scene = laid(SCRIPT);
        let rows = scene.proxy.recipe.rows();
        let Some([kept, last, read]) = rows.get(tried.len()).map(Vec::as_slice) else { break };
        let script = scene.proxy.recipe.block("text");
        let known = script.lines().last().unwrap();
        assert!(known.contains(".active_color"), "{known}");
        with_script(&scene, &script.replace(known, last));
        there_and_back(&scene.with("router.read", read));
        tried.push(kept.clone());
    }
    assert_eq!(tried, ["a color", "a port", "a file to source", "JSON"]);
}

#[test]
fn a_script_that_goes_to_the_other_color_is_asked_only_where_it_has_to() {
    let scene = laid(SCRIPT);
    let script = scene.proxy.recipe.block("text");
    with_script(&scene, &script);
    let toggle =
        "#!/bin/sh\nif grep -q blue .active_color; then to=green; else to=blue; fi\nexec ./switch-traffic.sh $to\n";
    write_script(scene.deployment.folder(), "toggle.sh", toggle);
    let asked = r#"["sh", "-c", "grep -q {color} .active_color || ./toggle.sh"]"#;
    assert!(scene.proxy.recipe.section().contains(&format!("switch = {asked}")));
    let scene = scene.with("router.switch", asked);
    there_and_back(&scene);
    // The file says green, and nginx serves green: a second command is nobody's move.
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
}

#[test]
fn users_who_arrive_elsewhere_than_the_scripts_file_says_end_the_soak() {
    let scene = laid(SCRIPT);
    with_script(&scene, &scene.proxy.recipe.block("text"));
    let (scene, running) = scene.endless();
    let kept = scene.deployment.path(".active_color");
    assert_eq!(fs::read_to_string(&kept).unwrap().trim(), "green");
    let blue = scene.proxy.read("app/service-url.inc").replace(&scene.apps.addresses()[2], &scene.apps.addresses()[0]);
    fs::write(scene.proxy.path("app/service-url.inc"), blue).unwrap();
    scene.proxy.reload();
    running.wait().expect(8).says(&["the router now sends traffic to blue"]);
    assert_eq!(fs::read_to_string(&kept).unwrap().trim(), "green", "only the page told it");
}

#[test]
fn a_forced_switch_to_the_active_color_replaces_a_page() {
    let scene = laid("A generated snippet");
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let page = "server 127.0.0.1:1; # under construction\n";
    fs::write(scene.proxy.path("app/active.conf"), page).unwrap();
    scene.proxy.reload();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0).says(&["nothing was moved"]);
    assert_eq!(scene.proxy.read("app/active.conf"), page);
    scene
        .deployment
        .run(&["switch", "green", "--no-soak", "--force"])
        .expect(0)
        .says(&["the replaced content was copied to"]);
    scene.is_on("green");
    users_are_on(&scene, "green");
    // Once more there is nothing to force.
    scene.deployment.run(&["switch", "green", "--no-soak", "--force"]).expect(0).says(&["nothing was moved"]);
}

#[test]
fn a_script_that_only_writes_its_file_is_not_believed() {
    let scene = laid(SCRIPT).with("router.timeout", "2s");
    let script = scene.proxy.recipe.block("text").replace("-s reload", "-t");
    with_script(&scene, &script);
    let done = scene.deployment.run(&["switch", "green", "--no-tui", "--no-soak"]).expect(12);
    assert!(done.stdout.contains("users still reach blue"), "{done:#?}");
    users_are_on(&scene, "blue");
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
