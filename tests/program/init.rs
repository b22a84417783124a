//! `init`: the configuration that is proposed for a project, written once, and used.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Done, Emulator, NodeService, Page, Running, Service, bare, program};
use tempfile::TempDir;

/// A project's folder.
struct Project(TempDir);

impl Project {
    fn of(files: &[(&str, &str)]) -> Self {
        let project = Self(TempDir::new().unwrap());
        for (name, text) in files {
            fs::create_dir_all(project.path(name).parent().unwrap()).unwrap();
            fs::write(project.path(name), text).unwrap();
        }
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        self.settled(Command::new(program()), args)
    }

    fn settled(&self, mut command: Command, args: &[&str]) -> Command {
        bare(&mut command, self.0.path()).args(args);
        command
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Done {
        Running::start(self.command(args)).wait()
    }

    fn written(&self) -> String {
        fs::read_to_string(self.path("switchback.toml")).unwrap()
    }

    fn is_unwritten(&self) -> bool {
        !self.path("switchback.toml").exists()
    }
}

/// A configuration file with the ports of two services.
fn ports(blue: &str, green: &str) -> String {
    format!("BLUE_URL={blue}\nGREEN_URL={green}\n")
}

/// Where nothing else of this machine listens; none where no network namespace may be made.
fn alone(project: &Project, line: &str) -> Option<Command> {
    let ways = [vec!["--net"], vec!["--user", "--map-root-user", "--net"]];
    let up = "ip link set lo up";
    let way = ways.into_iter().find(|way| {
        Command::new("unshare").args(way).args(["sh", "-c", up]).output().is_ok_and(|done| done.status.success())
    })?;
    let mut command = Command::new("unshare");
    command.args(way).args(["sh", "-c", &format!("{up}\n{line}"), "sh"]);
    Some(project.settled(command, &[program().to_str().unwrap()]))
}

#[test]
fn a_project_with_deploy_scripts_is_watched_after_one_command() {
    let (blue, green) = (NodeService::start(), NodeService::start());
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/deploy.js");
    let package = r#"{"name": "@acme/checkout-api", "scripts": {
        "deploy:switch-green": "node deploy.js switch-green", "deploy:switch-blue": "node deploy.js switch-blue",
        "deploy:rollback": "node deploy.js rollback", "deploy:status": "node deploy.js status"}}"#;
    let config = format!("module.exports = {{ blue: '{}', green: '{}' }};\n", blue.url(), green.url());
    let project = Project::of(&[
        ("package.json", package),
        ("deploy.js", &fs::read_to_string(deploy).unwrap()),
        ("deploy.config.js", &config),
        (".deployment-state.json", r#"{"activeColor": "blue", "lastSwitch": null, "previousColor": null}"#),
    ]);
    let done = project.run(&["init", "--yes"]).expect(0);
    let done = done.says(&[
        "\"deploy:green\": \"npm run deploy:switch-green && switchback soak\"",
        "ok       readiness     green",
    ]);
    done.says(&["# the name in package.json\nservice = \"checkout-api\"", "service checkout-api: all is well"]);
    let text = project.written();
    for line in [
        format!("# from deploy.config.js:1\nblue.instances = [\"{}\"]", blue.url()),
        format!("green.instances = [\"{}\"]", green.url()),
        "path = \"/health/ready\"".to_owned(),
        "counts requests in `http_requests_total` by `status_code`\npath = \"/metrics\"".to_owned(),
        "kind = \"state-file\"".to_owned(),
        "#threshold = \"500ms\"".to_owned(),
    ] {
        assert!(text.contains(&line), "no `{line}` in {text}");
    }

    green.fail(50);
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent", "deploy:switch-green"]).current_dir(project.0.path());
    Running::start(npm).wait().expect(0);
    project.run(&["soak", "--no-tui", "--window", "30s"]).expect(3).says(&["ROLLED BACK: blue is active again"]);
    assert!(fs::read_to_string(project.path(".deployment-state.json")).unwrap().contains("\"activeColor\": \"blue\""));
}

#[test]
fn a_file_that_exists_is_never_overwritten() {
    let project = Project::of(&[
        (".env", &ports("127.0.0.1:4001", "127.0.0.1:4002")),
        ("switchback.toml", "service = \"mine\"\n"),
    ]);
    project
        .run(&["init", "--yes"])
        .expect(2)
        .complains(&["exists, and is never overwritten", "next: switchback doctor"]);
    assert_eq!(project.written(), "service = \"mine\"\n");
    project.run(&["init", "--print"]).expect(0).says(&["blue.instances = [\"http://127.0.0.1:4001\"]"]);
    assert_eq!(project.written(), "service = \"mine\"\n");

    // A link that leads nowhere is a file of somebody's, too.
    fs::remove_file(project.path("switchback.toml")).unwrap();
    std::os::unix::fs::symlink("nowhere.toml", project.path("switchback.toml")).unwrap();
    project.run(&["init", "--yes"]).expect(2);
    assert!(!project.path("nowhere.toml").exists());
}

#[test]
fn nothing_is_written_without_a_terminal_or_a_yes() {
    let project = Project::of(&[(".env", &ports("127.0.0.1:4001", "127.0.0.1:4002"))]);
    project
        .run(&["init"])
        .expect(2)
        .complains(&["no terminal to ask on; nothing was written", "switchback init --yes"]);
    assert!(project.is_unwritten());
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let project = Project::of(&[(".env", &ports("127.0.0.1:4001", "127.0.0.1:4002"))]);
    let done = project.run(&[
        "--config",
        "missing/switchback.toml",
        "init",
        "--yes",
        "--blue",
        "127.0.0.1:1001",
        "--green",
        "127.0.0.1:1002",
    ]);
    done.expect(2).complains(&["cannot write", "missing/switchback.toml"]);
}

#[test]
fn instances_and_settings_can_be_given() {
    let project = Project::of(&[]);
    let args = [
        "init",
        "--yes",
        "--blue",
        "http://127.0.0.1:4001,http://127.0.0.1:4003",
        "--green",
        "127.0.0.1:4002",
        "--service",
        "till",
    ];
    project.run(&[&args[..], &["--window", "5m"]].concat()).expect(0);
    let text = project.written();
    for line in [
        "# given on the command line\nservice = \"till\"",
        "# given on the command line\nblue.instances = [\"http://127.0.0.1:4001\", \"http://127.0.0.1:4003\"]",
        "# given on the command line\nwindow = \"5m\"",
    ] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
    let project = Project::of(&[]);
    project
        .run(&["init", "--yes", "--blue", "127.0.0.1:4001"])
        .expect(2)
        .complains(&["--blue and --green belong together"]);
    project
        .run(&["init", "--yes", "--blue", "here", "--green", "there"])
        .expect(2)
        .complains(&["--blue has no URL of an instance"]);
    let secret =
        project.run(&["init", "--yes", "--blue", "http://ana:hunter2@127.0.0.1:4001", "--green", "127.0.0.1:4002"]);
    let secret = secret.expect(2).complains(&["--blue has a password", "SWITCHBACK_COLORS_BLUE_INSTANCES in .env"]);
    assert!(!format!("{secret:?}").contains("hunter2"), "{secret:?}");
    let same = project.run(&["init", "--yes", "--blue", "127.0.0.1:4001", "--green", "127.0.0.1:4001"]);
    same.expect(2).complains(&["colors.green.instances"]);
    assert!(project.is_unwritten());
}

#[test]
fn a_script_that_stops_the_previous_color_is_told_and_its_health_path_is_taken() {
    let script = "#!/bin/bash\nset -euo pipefail\nBLUE_PORT=4001\nGREEN_PORT=4002\nNEW=$1\nOLD=$2\n\
                  until curl -fs \"http://localhost:$PORT/actuator/health\"; do sleep 1; done\n\
                  ln -sfn \"upstream-$NEW.conf\" nginx/active.conf\nsudo nginx -t && sudo systemctl reload nginx\n\
                  sleep 60\ndocker stop \"app-$OLD\"\n";
    let project = Project::of(&[
        ("deploy.sh", script),
        ("nginx/upstream-blue.conf", "upstream app { server 127.0.0.1:4001; }\n"),
        ("nginx/upstream-green.conf", "upstream app { server 127.0.0.1:4002; }\n"),
    ]);
    let done = project.run(&["init", "--print"]).expect(0);
    done.says(&[
        "path = \"/actuator/health\"",
        "include_file = \"nginx/active.conf\"",
        "reload = [\"sudo\", \"-n\", \"systemctl\", \"reload\", \"nginx\"]",
    ])
    .complains(&[
        "deploy.sh:11 stops the previous color 60s after the switch (`docker stop app-$OLD`): a rollback would be held",
    ]);
    assert!(project.is_unwritten());
    project.run(&["init", "--yes"]).expect(0);
    project.run(&["doctor"]).says(&["deploy.sh:11 stops the previous color 60s after the switch"]);
}

#[test]
fn a_state_file_in_git_is_told() {
    let project = Project::of(&[
        (".env", &ports("127.0.0.1:4001", "127.0.0.1:4002")),
        (".deployment-state.json", "{\"activeColor\": \"blue\"}"),
    ]);
    let git = |args: &[&str]| Command::new("git").args(args).current_dir(project.0.path()).output().unwrap();
    git(&["init", "--quiet"]);
    drop(project.run(&["init", "--print"]).expect(0));
    git(&["add", "."]);
    project.run(&["init", "--print"]).expect(0).complains(&[".deployment-state.json is committed to git"]);
}

#[test]
fn on_a_terminal_it_asks_and_writes_what_was_agreed_to() {
    let project = Project::of(&[(".env", &ports("127.0.0.1:4001", "127.0.0.1:4002"))]);
    for (answer, written) in [("n\r", false), ("maybe\ry\r", true)] {
        let mut emulator = Emulator::new(120, 50);
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program());
        let mut command = project.settled(command, &["init"]);
        command.env("TERM", "xterm-256color").stdin(emulator.stdio()).stdout(emulator.stdio()).stderr(emulator.stdio());
        let mut child = command.spawn().unwrap();
        emulator.wait_for("[Y/n]");
        emulator.type_keys(answer);
        assert_eq!(emulator.wait_for_end(&mut child).code(), Some(0), "{}", emulator.contents());
        assert_eq!(!project.is_unwritten(), written, "{answer}");
    }
}

#[test]
fn where_nothing_tells_a_terminal_is_asked_and_nobody_else() {
    let project = Project::of(&[("notes.txt", "nothing of use")]);
    let Some(command) = alone(&project, "exec \"$1\" init --yes") else {
        eprintln!("no network namespace may be made here: not tried");
        return;
    };
    let next = "next: switchback init --blue http://127.0.0.1:3001 --green http://127.0.0.1:3002";
    Running::start(command).wait().expect(2).complains(&["no instances of blue and green found in `", next]);

    let mut emulator = Emulator::new(120, 50);
    let mut command = alone(&project, "exec setsid --ctty \"$1\" init").unwrap();
    command.env("TERM", "xterm-256color").stdin(emulator.stdio()).stdout(emulator.stdio()).stderr(emulator.stdio());
    let mut child = command.spawn().unwrap();
    emulator.wait_for("instances of blue");
    emulator.type_keys("there\r");
    emulator.wait_for("that is not a URL with a port");
    emulator.type_keys("127.0.0.1:4001, http://127.0.0.1:4003\r");
    emulator.wait_for("instances of green");
    emulator.type_keys("127.0.0.1:4002\r");
    emulator.wait_for("[Y/n]");
    emulator.type_keys("\r");
    assert_eq!(emulator.wait_for_end(&mut child).code(), Some(0), "{}", emulator.contents());
    assert!(project.written().contains("blue.instances = [\"http://127.0.0.1:4001\", \"http://127.0.0.1:4003\"]"));
}

#[test]
fn processes_that_were_started_as_a_color_are_found_by_what_they_listen_on() {
    let project = Project::of(&[]);
    let service = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node/service.js");
    // The services end with the one writer of what they read.
    let start = |color: &str| {
        let service = service.display();
        format!(
            "DEPLOY_COLOR={color} node {service} < hold > {color} 9>&- &\nuntil [ -s {color} ]; do sleep 0.1; done\n"
        )
    };
    let line = format!("mkfifo hold; exec 9<>hold\n{}{}\"$1\" init --print 9>&-", start("blue"), start("green"));
    let Some(mut command) = alone(&project, &line) else {
        eprintln!("no network namespace may be made here: not tried");
        return;
    };
    command.stderr(std::process::Stdio::piped());
    let done = Running::start(command).wait().expect(0);
    for color in ["blue", "green"] {
        let port = fs::read_to_string(project.path(color)).unwrap();
        let line = format!("{color}.instances = [\"http://127.0.0.1:{}\"]", port.trim());
        assert!(done.stdout.contains(&line), "no `{line}` in {}", done.stdout);
    }
    done.says(&["# a process that was started as green listens there and shows metrics or readiness"]);
}

#[test]
fn metrics_and_readiness_are_found_where_frameworks_have_them() {
    let (blue, green) = (Service::start(), Service::start());
    for service in [&blue, &green] {
        service.show(Page::missing());
        service.answer("/health/ready", Page::missing());
        service.answer("*", Page::missing());
        service.answer("/actuator/prometheus", Page::answer("200 OK", "text/plain", SPRING));
        service.answer("/actuator/health/readiness", Page::answer("200 OK", "application/json", "{}"));
    }
    let project = Project::of(&[(".env", &ports(&blue.url(), &green.url()))]);
    project.run(&["init", "--yes"]).expect(0);
    let text = project.written();
    for line in [
        "path = \"/actuator/prometheus\"",
        "path = \"/actuator/health/readiness\"",
        "`http_server_requests_seconds_count` by `status`",
    ] {
        assert!(text.contains(line), "no `{line}` in {text}");
    }
}

const SPRING: &str = "# TYPE http_server_requests_seconds summary\n\
                      http_server_requests_seconds_count{status=\"200\",uri=\"/\"} 20\n\
                      http_server_requests_seconds_sum{status=\"200\",uri=\"/\"} 1\n";

/// Stacks whose pages have no counter of requests with a status.
const UNCOUNTED: [&str; 6] =
    ["dropwizard", "gunicorn-statsd", "nginx-exporter", "php", "prom-client-bare", "status-class-word"];

#[test]
fn every_known_stack_is_proposed_with_its_counter_or_with_what_to_add() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/metrics/pages");
    let mut pages: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    assert!(pages.len() >= 50, "only {} pages", pages.len());
    let (blue, green) = (Service::start(), Service::start());
    let project = Project::of(&[(".env", &ports(&blue.url(), &green.url()))]);
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for service in [&blue, &green] {
            service.show(Page::answer("200 OK", "text/plain; version=0.0.4", &text));
        }
        let done = project.run(&["init", "--print"]).expect(0);
        let stack = page.file_stem().unwrap().to_str().unwrap();
        let counted = done.stdout.contains("answers there and counts requests in `");
        assert_eq!(counted, !UNCOUNTED.contains(&stack), "{stack}: {}", done.stdout);
        // What cannot be counted is told with what to do about it.
        assert!(counted || done.stderr.contains("the metrics of 127.0.0.1:"), "{stack}: {}", done.stderr);
    }
}

#[test]
fn a_script_of_the_package_is_never_redefined_by_the_hint() {
    let package = r#"{"scripts": {"deploy:switch-green": "true", "deploy:green": "./build.sh"}}"#;
    let project = Project::of(&[("package.json", package)]);
    let done =
        project.run(&["init", "--yes"]).expect(0).says(&["\"deploy:green:watched\": \"npm run deploy:switch-green"]);
    assert!(!done.stdout.contains("\"deploy:green\":"), "{}", done.stdout);
}

#[test]
fn the_file_that_the_environment_names_is_the_one_that_is_written_and_checked() {
    let project = Project::of(&[(".env", &ports("127.0.0.1:4001", "127.0.0.1:4002"))]);
    let mut command = project.command(&["init", "--yes"]);
    command.env("SWITCHBACK_CONFIG", project.path("till.toml"));
    Running::start(command).wait().expect(0).says(&["wrote `", "till.toml`", "till.toml` is valid"]);
    assert!(project.is_unwritten() && project.path("till.toml").exists());
    // What the environment sets wrongly is told, and the file stays written.
    let project = Project::of(&[(".env", &ports("127.0.0.1:4001", "127.0.0.1:4002"))]);
    let mut command = project.command(&["init", "--yes"]);
    command.env("SWITCHBACK_ROUTER_KIND", "bogus");
    Running::start(command).wait().expect(0).complains(&["router.kind"]);
    assert!(!project.is_unwritten());
}
