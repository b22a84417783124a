//! What a soak of many instances costs: CPU a scrape, resident memory, and bytes of the recording, beside Prometheus on the same
//! targets where it is installed.
//!
//! `cargo bench --bench fleet -- [--instances N] [--seconds N]`
//!
//! The instances are this process, on ports of the loopback interface; each serves the page of `support::exposition`.

#![expect(clippy::expect_used, reason = "a benchmark stops at its first surprise")]
#![expect(clippy::cast_precision_loss, reason = "the numbers are far below 2^53")]

mod measured;
mod targets;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use measured::Process;

/// What comes before it is measured: readers decide what counts, connections are made.
const SETTLED: Duration = Duration::from_secs(12);

fn argument(name: &str, otherwise: u64) -> u64 {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == name).and_then(|at| arguments.get(at + 1));
    given.map_or(otherwise, |given| given.parse().expect("a number"))
}

fn soak(folder: &Path, ports: &[u16], seconds: u64) -> Child {
    let urls: Vec<String> = ports.iter().map(|port| format!("\"http://127.0.0.1:{port}\"")).collect();
    let (standby, watched) = urls.split_first().expect("there is one more");
    let config = format!(
        "service = \"shop\"\n[colors.blue]\ninstances = [{standby}]\n[colors.green]\ninstances = [{}]\n[soak]\nwindow = \"{}s\"\n\
         interval = \"1s\"\n[checks.error-rate]\nthreshold = \"20%\"\n[checks.latency]\nthreshold = \"500ms\"\n\
         [router]\nkind = \"state-file\"\n",
        watched.join(", "),
        seconds + 60
    );
    fs::write(folder.join("switchback.toml"), config).expect("a file");
    let state = "{\"activeColor\":\"green\",\"previousColor\":\"blue\",\"lastSwitch\":null}";
    fs::write(folder.join(".deployment-state.json"), state).expect("a file");
    let mut program = Command::new(env!("CARGO_BIN_EXE_switchback"));
    program.args(["soak", "--no-tui"]).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    program.spawn().expect("the program starts")
}

fn prometheus(folder: &Path, ports: &[u16]) -> Option<Child> {
    let targets: Vec<String> = ports.iter().skip(1).map(|port| format!("\"127.0.0.1:{port}\"")).collect();
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: shop\n  static_configs:\n  - targets: [{}]\n",
        targets.join(", ")
    );
    fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let mut program = Command::new("prometheus");
    program.args(["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--web.listen-address=127.0.0.1:0"]);
    program.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

/// Of all recordings of the service.
fn recorded(folder: &Path) -> u64 {
    let soaks = fs::read_dir(folder.join(".switchback/shop/soaks")).into_iter().flatten().flatten();
    soaks.filter_map(|soak| soak.metadata().ok()).map(|soak| soak.len()).sum()
}

fn main() {
    let (instances, seconds) = (argument("--instances", 200), argument("--seconds", 60));
    let ports = targets::serve(instances + 1);
    let folder = tempfile::tempdir().expect("a folder");
    let mut children = vec![("switchback", soak(folder.path(), &ports, seconds))];
    children.extend(prometheus(folder.path(), &ports).map(|child| ("prometheus", child)));
    sleep(SETTLED);
    let now = || -> Vec<Process> { children.iter().map(|(_, child)| Process::now(child.id())).collect() };
    let (before, bytes) = (now(), recorded(folder.path()));
    sleep(Duration::from_secs(seconds));
    let (after, bytes) = (now(), recorded(folder.path()) - bytes);
    println!("{instances} instances at 1s for {seconds}s, a page of {} bytes", support::exposition::quiet(0).len());
    let scrapes = (instances * seconds) as f64;
    for (((name, _), before), after) in children.iter().zip(before).zip(after) {
        let ms = after.cpu.saturating_sub(before.cpu).as_secs_f64() * 1_000.0 / scrapes;
        println!("| {name} | {ms:.3} ms a scrape | {:.1} MB resident |", after.resident as f64 / 1e6);
    }
    println!("recording: {} bytes a second, {:.1} MB an hour", bytes / seconds, (bytes * 3_600 / seconds) as f64 / 1e6);
    for (_, child) in &mut children {
        child.kill().expect("it runs");
        child.wait().expect("it ends");
    }
}
