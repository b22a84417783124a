//! The npm packages: packed, installed without scripts, and run the way that Node allows.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use support::{Deployment, Done, NodeService, Running};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const PLATFORM: &str = if cfg!(target_arch = "aarch64") { "linux-arm64" } else { "linux-x64" };

/// How the launcher hands over to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// `process.execve` of Node 22.15: the process becomes the program.
    Replaced,
    /// A child of the launcher, as with every earlier Node.
    Child,
}

const WAYS: [Way; 2] = [Way::Replaced, Way::Child];

/// Both at a time: most of it is waiting for a window to pass.
fn in_both_ways(test: impl Fn(Way) + Sync) {
    std::thread::scope(|scope| {
        for way in WAYS {
            let test = &test;
            scope.spawn(move || test(way));
        }
    });
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The main package, with the scope from the one file that has it.
fn package() -> String {
    let scope = fs::read_to_string(root().join("assets/package/npm/scope")).unwrap();
    format!("@{}/switchback", scope.trim())
}

/// The folder of a Node that has `process.execve`: the one that is installed for these tests, or that of this machine.
fn node_with_execve() -> PathBuf {
    let installed = root().join(format!("tests/node/node_modules/node-{PLATFORM}/bin"));
    let node = if installed.exists() { installed.join("node") } else { "node".into() };
    let told = Command::new(&node).args(["-p", "typeof process.execve + ' ' + process.execPath"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let path = told.trim().strip_prefix("function ");
    let path = path.unwrap_or_else(|| panic!("no Node with process.execve; run: npm ci --prefix tests/node"));
    Path::new(path).parent().unwrap().to_owned()
}

/// A project with the packages in it, in a folder of its own.
struct Project {
    folder: TempDir,
}

impl Project {
    /// Packs the program and installs the packages, all of them or the main one alone.
    fn with(program: &Path, packages: &[&str]) -> Self {
        let project = Self { folder: TempDir::new().unwrap() };
        let tarballs = project.path("tarballs");
        let mut pack = Command::new(root().join("assets/package/npm/pack"));
        pack.args(["--version", VERSION, "--binary", &format!("{PLATFORM}={}", program.display()), "--out"]);
        pack.arg(&tarballs);
        let packed = Running::start(pack).wait().expect(0);
        assert_eq!(packed.stdout.lines().count(), 2, "{packed:#?}");
        fs::write(project.path("package.json"), json!({ "name": "shop", "private": true }).to_string()).unwrap();
        let wanted: Vec<&str> =
            packed.stdout.lines().filter(|file| packages.iter().any(|end| file.ends_with(end))).collect();
        assert_eq!(wanted.len(), packages.len(), "{packed:#?}");
        project.npm(&["install", "--ignore-scripts", "--offline", "--no-audit", "--no-fund"], &wanted).expect(0);
        project
    }

    fn complete(program: &Path) -> Self {
        let (main, platform) = (format!("-switchback-{VERSION}.tgz"), format!("-{PLATFORM}-{VERSION}.tgz"));
        Self::with(program, &[&main, &platform])
    }

    /// With a shell script in place of the program.
    fn of_script(script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("program");
        fs::write(&file, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        Self::complete(&file)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn npm(&self, args: &[&str], more: &[&str]) -> Done {
        let mut command = Command::new("npm");
        command.args(args).args(more).current_dir(self.folder.path()).env("npm_config_cache", self.path("cache"));
        Running::start(command).wait()
    }

    /// The variables by which this way is taken.
    fn environment(&self, way: Way) -> Vec<(&'static str, String)> {
        let path = std::env::var("PATH").unwrap();
        match way {
            Way::Replaced => vec![("PATH", format!("{}:{path}", node_with_execve().display()))],
            Way::Child => {
                let without = self.path("without.js");
                fs::write(&without, "delete process.execve;\n").unwrap();
                vec![("PATH", path), ("NODE_OPTIONS", format!("--require={}", without.display()))]
            }
        }
    }

    fn launcher(&self, way: Way, args: &[&str]) -> Command {
        let mut command = Command::new(self.path("node_modules/.bin/switchback"));
        command.args(args).current_dir(self.folder.path()).env_clear().envs(self.environment(way));
        command
    }

    /// The launcher in a deployment's folder, with its settings.
    fn deploy(&self, way: Way, deployment: &Deployment, args: &[&str]) -> Command {
        in_deployment(deployment, self.launcher(way, args))
    }

    /// Something of npm in a deployment that has this project's packages.
    fn npm_there(&self, way: Way, deployment: &Deployment, args: &[&str]) -> Done {
        let modules = deployment.path("node_modules");
        if !modules.exists() {
            std::os::unix::fs::symlink(self.path("node_modules"), &modules).unwrap();
        }
        let mut command = Command::new("npm");
        command.args(args).env_clear().envs(self.environment(way)).env("npm_config_cache", self.path("cache"));
        Running::start(in_deployment(deployment, command)).wait()
    }
}

/// The program as it is published: a third of the size, and of the time that it takes to be packed.
fn stripped(folder: &Path) -> PathBuf {
    let file = folder.join("switchback");
    let done = Command::new("strip").arg("-o").arg(&file).arg(support::program()).status();
    assert!(done.as_ref().is_ok_and(std::process::ExitStatus::success), "strip, of binutils: {done:?}");
    file
}

fn in_deployment(deployment: &Deployment, mut command: Command) -> Command {
    let settled = deployment.command(&[]);
    let settings = settled.get_envs().filter(|(name, _)| *name != "PATH");
    command.envs(settings.filter_map(|(name, value)| Some((name, value?)))).current_dir(deployment.folder());
    command
}

/// A deployment whose traffic the example's script moves, by the scripts of its `package.json`.
fn node_deployment(blue: &NodeService, green: &NodeService) -> Deployment {
    let deployment = Deployment::fresh()
        .by_evidence()
        .with("colors.blue.instances", blue.url())
        .with("colors.green.instances", green.url())
        .with("router.kind", "command")
        .with("router.switch", r#"["npm", "run", "--silent", "deploy:switch-{color}"]"#)
        .with("router.read", r#"["npm", "run", "--silent", "deploy:status"]"#);
    let example = root().join("tests/node");
    fs::copy(example.join("deploy.js"), deployment.path("deploy.js")).unwrap();
    let mut manifest: Value = serde_json::from_slice(&fs::read(example.join("package.json")).unwrap()).unwrap();
    manifest["scripts"]["release"] = json!("switchback switch --no-tui");
    fs::write(deployment.path("package.json"), manifest.to_string()).unwrap();
    deployment
}

#[test]
fn the_installed_packages_run_the_node_example_and_npm_hands_the_exit_codes_on() {
    let folder = TempDir::new().unwrap();
    let project = Project::complete(&stripped(folder.path()));
    let installed: Value = serde_json::from_slice(&fs::read(project.path("package-lock.json")).unwrap()).unwrap();
    let ours = installed["packages"].as_object().unwrap().keys().filter(|name| name.contains("switchback")).count();
    assert_eq!(ours, 2, "{installed:#}");
    in_both_ways(|way| {
        let (blue, green) = (NodeService::start(), NodeService::start());
        let deployment = node_deployment(&blue, &green);
        green.fail(50);
        let done = project.npm_there(way, &deployment, &["run", "release", "--", "green"]).expect(3);
        let done = done.says(&["error-rate breached: ", "ROLLED BACK: blue is active again"]);
        assert!(!done.stderr.contains("unknown variable"), "{done:#?}");
        assert_eq!(deployment.state()["activeColor"], "blue", "{way:?}");

        green.fail(0);
        let exec = ["exec", "--no", "--", "switchback"];
        let healthy = [&exec[..], &["switch", "green", "--no-tui"]].concat();
        project.npm_there(way, &deployment, &healthy).expect(0).says(&["RETAINED: green stays active"]);
        assert_eq!(deployment.state()["activeColor"], "green", "{way:?}");

        let wrong = [&exec[..], &["switch", "purple"]].concat();
        project.npm_there(way, &deployment, &wrong).expect(2).complains(&["purple"]);
    });
}

#[test]
fn a_launcher_that_is_asked_to_stop_ends_like_the_program_and_the_soak_is_resumed() {
    // The program itself need not be packed for that.
    let project = Project::of_script("exit 1\n");
    let start = |way, deployment: &Deployment, args: &[&str]| {
        let mut command = project.deploy(way, deployment, args);
        command.env("SWITCHBACK_BINARY", support::program());
        Running::start(command)
    };
    in_both_ways(|way| {
        let deployment = Deployment::switched().with("soak.window", "4s");
        let mut running = start(way, &deployment, &["soak", "--no-tui", "--supervised", "--output", "json"]);
        running.hear("\"progress\"");
        running.signal(Signal::TERM);
        running.wait().expect(143).complains(&["The release is UNWATCHED"]);
        let resumed = start(way, &deployment, &["soak", "--resume", "--no-tui"]).wait();
        resumed.expect(0).says(&["RETAINED: green stays active"]);
        assert_eq!(deployment.count("soak_start"), 1, "{way:?}: the same soak");

        let deployment = Deployment::fresh().with("soak.window", "1m");
        let mut running = start(way, &deployment, &["switch", "green", "--no-tui"]);
        running.hear("soak_start");
        running.signal(Signal::INT);
        running.wait().expect(5).says(&["ABORTED"]);
    });
}

/// Counts what it is sent, and ends when it is terminated.
const COUNTS: &str = "\
trap 'echo INT >> \"$1\"' INT
trap 'echo HUP >> \"$1\"' HUP
trap 'echo TERM >> \"$1\"; exit 9' TERM
echo ready
while :; do sleep 0.02; done
";

#[test]
fn a_signal_reaches_the_program_once_whether_it_was_sent_to_the_group_or_to_the_launcher_alone() {
    let project = Project::of_script(COUNTS);
    for way in WAYS {
        let heard = project.path(&format!("heard-{way:?}"));
        let so_far = || fs::read_to_string(&heard).unwrap_or_default();
        let wait_for = |wanted: &str| {
            for _ in 0..1_000 {
                if so_far() == wanted {
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            panic!("{way:?}: `{}`, not `{wanted}`", so_far());
        };
        let mut command = project.launcher(way, &[heard.to_str().unwrap()]);
        command.process_group(0);
        let mut running = Running::start(command);
        running.hear("ready");
        // The sentinel of the launcher is started before the program, and may not be what it will be yet.
        std::thread::sleep(std::time::Duration::from_millis(300));
        let group = Pid::from_raw(i32::try_from(running.pid()).unwrap()).unwrap();
        kill_process_group(group, Signal::INT).unwrap();
        wait_for("INT\n");
        // Longer than the launcher holds back what it would pass on.
        std::thread::sleep(std::time::Duration::from_millis(700));
        assert_eq!(so_far(), "INT\n", "{way:?}: a signal to the group was passed on as well");
        running.signal(Signal::INT);
        wait_for("INT\nINT\n");
        running.signal(Signal::HUP);
        wait_for("INT\nINT\nHUP\n");
        running.signal(Signal::TERM);
        running.wait().expect(9);
        assert_eq!(so_far(), "INT\nINT\nHUP\nTERM\n", "{way:?}");
    }
}

#[test]
fn exit_codes_arguments_and_a_death_by_signal_are_those_of_the_program() {
    let project = Project::of_script(
        "case $1 in [0-9]*) exit $1 ;; SIG*) kill -${1#SIG} $$ ;; *) printf '<%s>' \"$@\" ;; esac\n",
    );
    for way in WAYS {
        for code in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 143] {
            Running::start(project.launcher(way, &[&code.to_string()])).wait().expect(code);
        }
        for (name, number) in [("SIGTERM", 15), ("SIGKILL", 9), ("SIGINT", 2), ("SIGUSR1", 10)] {
            let done = Running::start(project.launcher(way, &[name])).wait();
            assert_eq!(done.status.signal(), Some(number), "{way:?}: {done:#?}");
        }
        let odd = ["--a b", "", "$HOME", "'q'", "\u{fc}"];
        let done = Running::start(project.launcher(way, &odd)).wait().expect(0);
        assert_eq!(done.stdout.trim_end(), "<--a b><><$HOME><'q'><\u{fc}>", "{way:?}");
    }
}

#[test]
fn a_program_that_is_not_there_or_cannot_start_is_told_with_what_to_do() {
    let file = TempDir::new().unwrap();
    let program = file.path().join("program");
    // An ELF file whose loader is that of another C library.
    let mut elf = fs::File::create(&program).unwrap();
    elf.write_all(b"\x7fELF\x02\x01\x01\0/lib/ld-none-x86_64.so.1\0rest").unwrap();
    drop(elf);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let main = format!("-switchback-{VERSION}.tgz");
    let alone = Project::with(&program, &[&main]);
    let whole = Project::complete(&program);
    let name = package();
    for way in WAYS {
        let done = Running::start(alone.launcher(way, &["status"])).wait().expect(2);
        done.complains(&[
            &format!("switchback: the package `{name}-{PLATFORM}` is not installed"),
            "--omit=optional",
            "nothing was done\n",
            &format!("next: npm install --include=optional {name}-{PLATFORM}@{VERSION}"),
        ]);
        let done = Running::start(whole.launcher(way, &["status"])).wait().expect(2);
        done.complains(&["its loader `/lib/ld-none-x86_64.so.1` is missing", "glibc", "next: "]);

        let mut given = alone.launcher(way, &["version"]);
        given.env("SWITCHBACK_BINARY", support::program());
        Running::start(given).wait().expect(0).says(&[&format!("switchback {VERSION}")]);
        let deployment = Deployment::switched();
        let mut given = alone.deploy(way, &deployment, &["status"]);
        given.env("SWITCHBACK_BINARY", support::program());
        let done = Running::start(given).wait().expect(0);
        assert_eq!(done.stderr, "", "the variable is the launcher's, and the program does not see it");
        let mut given = alone.launcher(way, &["version"]);
        given.env("SWITCHBACK_BINARY", file.path().join("none"));
        Running::start(given).wait().expect(2).complains(&["/none`: ENOENT", "unset SWITCHBACK_BINARY"]);

        let other = alone.path("other.js");
        fs::write(&other, "Object.defineProperty(process, 'platform', { value: 'sunos' });\n").unwrap();
        let mut elsewhere = alone.launcher(way, &["status"]);
        elsewhere.env("NODE_OPTIONS", format!("--require={}", other.display()));
        let told = Running::start(elsewhere).wait().expect(2);
        told.complains(&["no program for `sunos-", &format!("there is one for {PLATFORM}; nothing was done")]);
    }
}

#[test]
fn the_packages_fit_one_platform_each_and_bring_no_script_and_no_dependency() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let binaries = folder.path().join("binaries");
    fs::create_dir(&binaries).unwrap();
    for target in ["x86_64-unknown-linux-gnu", "darwin-arm64"] {
        fs::write(binaries.join(format!("switchback-{target}")), target).unwrap();
    }
    let mut pack = Command::new(root().join("assets/package/npm/pack"));
    pack.args(["--version", "1.2.3-rc.1", "--repository", "https://example.org/switchback", "--binaries"]);
    pack.arg(&binaries).arg("--out").arg(&out);
    let packed = Running::start(pack).wait().expect(0);
    let manifests: Vec<Value> = packed
        .stdout
        .lines()
        .map(|tarball| {
            let told = Command::new("tar").args(["-xOzf", tarball, "package/package.json"]).output().unwrap();
            serde_json::from_slice(&told.stdout).unwrap()
        })
        .collect();
    let name = package();
    let [linux, mac, main] = &manifests[..] else { panic!("{packed:#?}") };
    assert_eq!(linux["name"], format!("{name}-linux-x64"));
    assert_eq!((&linux["os"], &linux["cpu"], &linux["libc"]), (&json!(["linux"]), &json!(["x64"]), &json!(["glibc"])));
    assert_eq!((&mac["os"], &mac["cpu"], &mac["libc"]), (&json!(["darwin"]), &json!(["arm64"]), &Value::Null));
    let exactly = json!({ format!("{name}-linux-x64"): "1.2.3-rc.1", format!("{name}-darwin-arm64"): "1.2.3-rc.1" });
    assert_eq!((&main["name"], &main["optionalDependencies"]), (&json!(name), &exactly));
    assert_eq!((&main["engines"]["node"], &main["version"]), (&json!(">=18"), &json!("1.2.3-rc.1")));
    for manifest in &manifests {
        assert_eq!((&manifest["scripts"], &manifest["dependencies"]), (&Value::Null, &Value::Null), "{manifest:#}");
        assert_eq!(manifest["repository"]["url"], "https://example.org/switchback");
    }
    for (wrong, said) in [
        (&["--version", "1.2.3", "--binary", "linux-x64", "--out", "o"][..], "not a platform and a file: `linux-x64`"),
        (&["--version", "v1", "--out", "o"], "not a version: `v1`"),
        (&["--version", "1.2.3", "--out", "o"], "no program was given"),
    ] {
        let mut pack = Command::new(root().join("assets/package/npm/pack"));
        pack.args(wrong).current_dir(folder.path());
        Running::start(pack).wait().expect(2).complains(&[said]);
    }
}
