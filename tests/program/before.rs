//! What version 0.1.0 of before the floors wrote and said: its files are read, its clients and monitors are understood.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use support::{Deployment, Running};

const SERVICE: &str = "checkout-api";

fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/before").join(name)
}

/// A request or an answer as it went over the control socket.
fn wire(name: &str) -> Vec<u8> {
    fs::read(fixtures("wire").join(name)).unwrap()
}

fn records(deployment: &Deployment) -> PathBuf {
    deployment.path(".switchback").join(SERVICE)
}

/// A deployment as that version left it.
fn left(name: &str) -> Deployment {
    let deployment = Deployment::fresh().with("service", SERVICE);
    let records = records(&deployment);
    fs::create_dir_all(records.join("soaks")).unwrap();
    fs::copy(fixtures(name).join("state.json"), deployment.state_path()).unwrap();
    fs::copy(fixtures(name).join("decisions.jsonl"), records.join("decisions.jsonl")).unwrap();
    for soak in fs::read_dir(fixtures(name).join("soaks")).unwrap() {
        let soak = soak.unwrap();
        fs::copy(soak.path(), records.join("soaks").join(soak.file_name())).unwrap();
    }
    deployment
}

#[test]
fn a_deployment_that_it_retained_is_shown_and_rolled_back() {
    let deployment = left("healthy");
    deployment.run(&["status", "--exit-code"]).expect(0).says(&[
        "active    green, release v1.4.2\n",
        "outcome   retained (auto)\n",
        "reason    0 of 3,400 requests failed (0 %) since the switch",
    ]);
    deployment.run(&["verify"]).expect(0).says(&["decisions.jsonl: intact, 5 decisions of service `checkout-api`"]);
    deployment.run(&["history"]).expect(0).says(&["blue → green with release v1.4.2", "retain "]);
    deployment.run(&["history", "soaks"]).expect(0).says(&["20261129T133040Z-4acd\n"]);
    let replayed = deployment.run(&["replay", "--no-tui"]).expect(0);
    replayed.says(&["RETAINED: green stays active"]);
    deployment.run(&["rollback"]).expect(0);
    deployment.run(&["verify"]).expect(0).says(&["intact, 7 decisions"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
}

#[test]
fn a_rollback_that_it_made_is_told_again() {
    let deployment = left("breached");
    deployment.run(&["status"]).expect(0).says(&["outcome   rolled-back (auto)\n", "recovered yes\n"]);
    deployment.run(&["verify"]).expect(0).says(&["intact, 9 decisions"]);
    deployment.run(&["replay", "--no-tui"]).expect(0).says(&["ROLLED BACK: blue is active again"]);
    // What comes next stands behind what it wrote.
    deployment.run(&["switch", "green", "--no-tui"]).expect(0);
    deployment.run(&["verify"]).expect(0).says(&["intact, "]);
    deployment.run(&["history"]).expect(0).says(&["recovered ", "retain "]);
}

#[test]
fn a_soak_that_it_recorded_becomes_a_picture() {
    let deployment = left("breached");
    deployment.run(&["replay", "--svg", "soak.svg", "--size", "80x24"]).expect(0).says(&["saved as soak.svg ("]);
    let svg = fs::read_to_string(deployment.path("soak.svg")).unwrap();
    for part in ["<title>checkout-api soak 20261129T133045Z-b73a</title>", "viewBox=\"0 0 744 480\"", "ROLLED BACK"] {
        assert!(svg.contains(part), "{part} is not in {svg}");
    }
    let replay = ["replay", "--svg"];
    deployment
        .run(&[&replay[..], &["no/such/folder/soak.svg"]].concat())
        .expect(2)
        .complains(&["cannot write `no/such"]);
    deployment.run(&[&replay[..], &["soak.svg", "--no-tui"]].concat()).expect(2);
    deployment.run(&["replay", "--size", "80x24"]).expect(2);
}

#[test]
fn a_soak_whose_monitor_was_killed_is_shown_as_unwatched_and_taken_up() {
    let deployment = left("unfinished");
    let next = "next      switchback soak --resume --service checkout-api\n";
    deployment.run(&["status"]).expect(0).says(&["watching, no monitor is running\n", next]);
    deployment.run(&["verify"]).expect(0).says(&["intact, 4 decisions"]);
    let done = deployment.run(&["soak", "--resume", "--no-tui"]);
    assert!(done.stdout.contains("  resumed         "), "{done:#?}");
    assert_eq!(deployment.run(&["status", "--json"]).json()["soak"]["phase"], "finished");
    deployment.run(&["verify"]).expect(0).says(&["intact, "]);
}

/// The status line and the body of an answer.
fn answered(deployment: &Deployment, request: &[u8]) -> (String, String) {
    let mut stream = UnixStream::connect(records(deployment).join("control.sock")).unwrap();
    stream.write_all(request).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    // Connections stay open: the answer is there once its body is.
    loop {
        let read = stream.read(&mut chunk).unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if read == 0 || length.map_or(body.contains("event: soak"), |length: usize| body.len() >= length) {
            return (head.lines().next().unwrap().to_owned(), body.to_owned());
        }
    }
}

/// The names of an object's members, and of those below `soak`.
fn members(json: &Value) -> Vec<String> {
    let names = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    names(json).into_iter().chain(names(&json["soak"]).into_iter().map(|name| format!("soak.{name}"))).collect()
}

#[test]
fn its_clients_drive_a_monitor_of_today() {
    let deployment =
        Deployment::fresh().by_evidence().with("service", SERVICE).with("soak.window", "5m").with("release", "v1.4.2");
    let mut monitor = deployment.start(&["switch", "green", "--no-tui"]);
    monitor.hear("  watching  ");
    let (status, body) = answered(&deployment, &wire("status.request"));
    assert_eq!(status, "HTTP/1.1 200 OK");
    let then = String::from_utf8(wire("status.response")).unwrap();
    let then: Value = serde_json::from_str(then.split_once("\r\n\r\n").unwrap().1).unwrap();
    let now: Value = serde_json::from_str(&body).unwrap();
    let missing: Vec<String> = members(&then).into_iter().filter(|name| !members(&now).contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {now:#}");

    let (status, stream) = answered(&deployment, &wire("events.request"));
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(stream.contains("event: header\ndata: {\"v\":1,\"recording\":\"soak\","), "{stream}");
    for order in ["pause", "resume", "extend", "abort"] {
        let (status, body) = answered(&deployment, &wire(&format!("{order}.request")));
        assert_eq!(status, "HTTP/1.1 202 Accepted", "{order}: {body}");
        assert!(serde_json::from_str::<Value>(&body).unwrap()["seq"].is_u64(), "{order}: {body}");
    }
    monitor.wait().expect(5).says(&["  pause  ", "  resume  ", "  extend  ", "ABORTED"]);
}

/// A monitor that says what one of that version said, until it is dropped with the test's process.
fn its_monitor(deployment: &Deployment) {
    let path = records(deployment).join("control.sock");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || answer(stream.unwrap()));
        }
    });
}

fn answer(mut stream: UnixStream) {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(read @ 1..) = stream.read(&mut chunk) else { return };
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let name = match head.split(' ').nth(1).unwrap() {
            "/v1/status" => "status",
            "/v1/actions" if !body.ends_with('}') => continue,
            "/v1/actions" => ["pause", "resume"].into_iter().find(|order| body.contains(order)).unwrap(),
            _ => "events",
        };
        let _ = stream.write_all(&wire(&format!("{name}.response")));
        bytes.clear();
    }
}

#[test]
fn its_monitors_are_driven_by_a_client_of_today() {
    let deployment = Deployment::switched().with("service", SERVICE);
    its_monitor(&deployment);
    deployment.run(&["status"]).expect(0).says(&[
        "state     /srv/checkout-api/.deployment-state.json\n",
        "active    green, release v1.4.2\n",
        "soak      20261129T133120Z-49a8 watching\n",
    ]);
    deployment.run(&["status", "--exit-code"]).expect(10);
    deployment.run(&["ctl", "pause", "--reason", "a look"]).expect(0).says(&["automatic rollback is paused\n"]);
    deployment.run(&["ctl", "resume"]).expect(0).says(&["automatic rollback is on again\n"]);
    let mut attached: Running = deployment.start(&["attach", "--no-tui"]);
    attached.hear("  soak_start  ");
    attached.hear("  resume  ");
    attached.signal(Signal::INT);
    attached.wait();
}
