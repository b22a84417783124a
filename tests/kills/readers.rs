//! Clients that stop reading.

use std::io::Write as _;
use std::os::unix::net::UnixStream;

use rustix::process::Signal;
use support::Deployment;

use crate::background::{Background, Started};

#[test]
#[ignore = "slow: asked for with --run-ignored"]
fn clients_that_stop_reading_neither_slow_the_watch_nor_keep_it_from_its_end() {
    let deployment = Deployment::switched().with("soak.window", "20s").with("soak.interval", "100ms");
    let Started::Running(monitor) = Background::start(&deployment, &["soak"]) else { panic!("nothing runs") };
    let mut stopped = deployment.start(&["attach", "--output", "json"]);
    stopped.hear("soak_start");
    stopped.signal(Signal::STOP);
    let deaf: Vec<UnixStream> = (0..20)
        .map(|_| {
            let mut stream = UnixStream::connect(deployment.path(".switchback/default/control.sock")).unwrap();
            stream.write_all(b"GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
            stream
        })
        .collect();
    monitor.wait(|| false);
    drop(deaf);
    stopped.signal(Signal::KILL);
    let state = deployment.state();
    assert_eq!(state["soak"]["outcome"], "retained", "{state}");
    assert_eq!(deployment.count("observe"), 0, "nothing stood still: {:?}", deployment.decisions());
    let id = state["soak"]["id"].as_str().unwrap();
    let recording = std::fs::read_to_string(deployment.path(&format!(".switchback/default/soaks/{id}.jsonl"))).unwrap();
    let ticks = recording.lines().filter(|line| line.contains(r#""event":"tick""#)).count();
    assert!(ticks > 100, "{ticks} ticks in 20s");
}
