//! Instances that are found in a file or behind a name, and come and go while they are watched.

use std::fs;
use std::net::ToSocketAddrs as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::json;
use support::{Deployment, Page, Running, Service};

/// Writes the targets of green as Prometheus takes them.
fn targets(deployment: &Deployment, services: &[&Service]) {
    let targets: Vec<_> = services.iter().map(|service| service.url().replace("http://", "")).collect();
    let text = json!([{ "targets": targets, "labels": { "color": "green" } }]).to_string();
    fs::write(deployment.path("green.new"), text).unwrap();
    fs::rename(deployment.path("green.new"), deployment.path("green.json")).unwrap();
}

fn from_file() -> Deployment {
    let deployment = Deployment::switched().without("colors.green.instances");
    targets(&deployment, &[&deployment.green]);
    deployment.with("colors.green.instances_file", "green.json")
}

#[test]
fn instances_of_a_file_are_watched_and_one_that_joins_can_break_the_release() {
    let deployment = from_file();
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["watching green (1 instance)", "1 of 1 instances ready"]);

    let deployment = deployment.with("soak.window", "1m").with("soak.interval", "200ms");
    let joining = Service::start();
    joining.fail(100);
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    targets(&deployment, &[&deployment.green, &joining]);
    soak.hear(&format!("green: {} joined; 2 instances now", joining.url()));
    soak.wait().expect(3).says(&["error-rate breached: "]);
}

#[test]
fn an_instance_that_is_taken_out_of_the_file_is_not_asked_any_more() {
    let deployment = from_file().with("soak.window", "8s").with("soak.interval", "200ms");
    let leaving = Service::start();
    targets(&deployment, &[&deployment.green, &leaving]);
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    targets(&deployment, &[&deployment.green]);
    soak.hear(&format!("green: {} left; 1 instance now", leaving.url()));
    let asked = leaving.heads().len();
    soak.wait().expect(0).says(&["RETAINED", "1 of 1 instances ready"]);
    // One request may have been on its way.
    assert!(leaving.heads().len() <= asked + 2, "{} and then {}", asked, leaving.heads().len());
}

#[test]
fn a_file_that_breaks_during_the_soak_changes_nothing_and_is_told() {
    let deployment = from_file().with("soak.window", "6s").with("soak.interval", "200ms");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    fs::write(deployment.path("green.json"), "[{\"targets\":").unwrap();
    soak.hear("keeping the known instances of green: ");
    soak.wait().expect(0).says(&["RETAINED"]);
    // Before a run begins it is a mistake like any other.
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["is not a targets file: EOF"]);
    deployment.run(&["doctor"]).expect(2).says(&["FAILURE  instances     ", "is not a targets file: "]);
    fs::remove_file(deployment.path("green.json")).unwrap();
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["green.json` cannot be read: No such file"]);
    targets(&deployment, &[&deployment.blue]);
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["is an instance of blue and of green"]);
}

#[test]
fn a_monitor_that_goes_on_finds_the_instances_anew_or_keeps_those_it_knew() {
    let deployment = from_file().with("soak.window", "1m").with("soak.interval", "200ms");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    std::thread::sleep(Duration::from_secs(1));
    soak.signal(Signal::KILL);
    soak.wait();
    fs::write(deployment.path("green.json"), "nonsense").unwrap();
    deployment.green.fail(50);
    let done = deployment.run(&["soak", "--resume", "--no-tui"]).expect(3);
    done.complains(&["still watching the instances known before"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn a_name_is_watched_at_each_of_its_addresses() {
    let port = Service::start().url().rsplit(':').next().unwrap().parse::<u16>().unwrap();
    // 127.0.0.1, and ::1 where the machine has it.
    let mut addresses: Vec<_> = ("localhost", port).to_socket_addrs().unwrap().collect();
    addresses.sort();
    addresses.dedup();
    let services: Vec<_> = addresses.iter().map(|addr| Service::start_at(*addr)).collect();
    let deployment = Deployment::switched().with("colors.green.instances", format!("dns+http://localhost:{port}"));
    let count = if services.len() == 1 { "1 instance".to_owned() } else { format!("{} instances", services.len()) };
    let ready = format!("{0} of {0} instances ready", services.len());
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&[&format!("watching green ({count})"), &ready]);
    for service in &services {
        let heads = service.heads();
        assert!(heads.iter().any(|head| head.starts_with("GET /metrics")), "each of them is read");
        assert!(heads[0].to_ascii_lowercase().contains(&format!("\r\nhost: localhost:{port}\r\n")), "{}", heads[0]);
    }
    let unknown = deployment.with("colors.green.instances", "dns+http://no.such.name.invalid:1");
    unknown.run(&["soak", "--no-tui"]).expect(2).complains(&["`dns+http://no.such.name.invalid:1` cannot be resolved"]);
}

/// So many URLs of one service, each an instance with a connection of its own.
fn many(service: &Service, instances: usize) -> String {
    service.answer("*", Page::Unrouted { users: 40, counts_own: false });
    (0..instances).map(|at| format!("{}/{at}", service.url())).collect::<Vec<_>>().join(",")
}

#[test]
fn a_thousand_instances_of_each_color_are_watched_and_rolled_back_with_a_soft_limit_of_1_024() {
    const HARD: u64 = 20_000;
    let own = getrlimit(Resource::Nofile);
    if own.maximum.is_some_and(|most| most < HARD) {
        // Where the system allows fewer there is nothing to be raised to.
        return;
    }
    // Both ends of every connection are on this machine.
    setrlimit(Resource::Nofile, Rlimit { current: own.maximum, ..own }).unwrap();
    let deployment = Deployment::switched().by_evidence().with("soak.interval", "5s").with("soak.window", "1m");
    let (blue, green) = (many(&deployment.blue, 1_000), many(&deployment.green, 1_000));
    let deployment = deployment
        .with("colors.blue.instances", blue)
        .with("colors.green.instances", green)
        .with("metrics.timeout", "5s")
        .with("health.timeout", "5s")
        .with_commands(
            "ulimit -Sn > limit; echo {color} > route",
            "sleep 0.2; ulimit -Sn > limit; echo {color} > route",
            "cat route",
        );
    fs::write(deployment.path("route"), "green").unwrap();
    deployment.green.fail(50);
    let limited = |args: &[&str]| {
        let direct = deployment.command(args);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -Sn 1024; ulimit -Hn {HARD}; exec \"$0\" \"$@\"")]);
        command.arg(direct.get_program()).args(direct.get_args()).current_dir(deployment.folder()).env_clear();
        command.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::start(command).wait()
    };
    limited(&["soak", "--no-tui"]).expect(3).says(&["ROLLED BACK", "watching green (1000 instances)"]);
    let limit = fs::read_to_string(deployment.path("limit")).unwrap();
    assert_eq!(limit.trim(), "1024", "a command gets the limit that the program was started with");
}
