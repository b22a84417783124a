//! A monitor that is asked and given orders from another machine.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use support::{Authority, Deployment, Emulator, Running, free_address};
use switchback::model::SigningKey;

const OPERATOR: &str = "0f5b2c9d8e7a61430f5b2c9d8e7a6143";
const VIEWER: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SIGNING: &str = "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs";

/// A deployment whose monitor listens on a free port, over TLS, and the machine from which it is asked.
pub struct Machines {
    pub there: Deployment,
    pub here: Deployment,
    address: String,
}

impl Machines {
    pub fn new() -> Self {
        let (address, folder) = (free_address(), tempfile::TempDir::new().unwrap().keep());
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let paths: [PathBuf; 2] = [folder.join("tls.pem"), folder.join("tls.key")];
        std::fs::write(&paths[0], made.cert.pem()).unwrap();
        std::fs::write(&paths[1], made.signing_key.serialize_pem()).unwrap();
        let [certificate, key] = paths.map(|path| path.display().to_string());
        let there = Deployment::switched()
            .with("soak.window", "10m")
            .with("control.listen", &address)
            .with("control.tls_certificate", &certificate)
            .with("control.tls_key", key)
            .with("control.operator_token", OPERATOR)
            .with("control.viewer_token", VIEWER)
            .with("control.order_secret", SIGNING);
        let here = Deployment::fresh()
            .with("control.url", format!("https://{address}"))
            .with("control.ca_file", certificate)
            .with("control.operator_token", OPERATOR);
        Self { there, here, address }
    }

    /// The log of the monitor.
    fn log(&self) -> String {
        let logs = self.there.files().into_iter().filter(|(path, _)| path.to_string_lossy().contains("/log/"));
        logs.map(|(_, bytes)| String::from_utf8_lossy(&bytes).into_owned()).collect()
    }
}

pub fn watching(deployment: &Deployment, args: &[&str]) -> Running {
    let mut soak = deployment.start(&[&["soak", "--no-tui"], args].concat());
    soak.hear("soak_start");
    soak
}

#[test]
fn a_soak_is_followed_and_rolled_back_from_another_machine() {
    let machines = Machines::new();
    let Machines { there, here, .. } = &machines;
    let soak = watching(there, &[]);
    assert_eq!(here.run(&["status", "--json"]).expect(0).json()["activeColor"], "green");
    let mut attached = here.start(&["attach", "--no-tui"]);
    attached.hear("soak_start");
    let astray = here.run(&["rollback", "--service", "another"]).expect(13);
    assert!(astray.stderr.contains("refused: this is the monitor of `default`, not of `another`"), "{astray:#?}");
    here.run(&["rollback", "--reason", "it is slow"]).expect(0).says(&["traffic is back on blue"]);
    let records = attached.wait().expect(4).stdout;
    assert!(records.contains("journal         on the machine of 127.0.0.1:"), "{records}");
    soak.wait().expect(4);
    let order = there.decision("rollback");
    let actor = order["actor"].as_str().unwrap();
    assert!(actor.starts_with("operator:ana@") && actor.ends_with(" (token, 127.0.0.1)"), "{order}");
    assert_eq!(order["reason"], "it is slow");
    assert_eq!(there.state()["activeColor"], "blue");
    assert!(!here.state_path().exists(), "nothing is done here");

    let gone = here.run(&["status"]).expect(13);
    assert!(gone.stderr.contains("refused the connection"), "{gone:#?}");
    for args in [&["rollback"][..], &["attach", "--no-tui"], &["ctl", "abort"]] {
        here.run(args).expect(13).complains(&["no monitor answers: https://127.0.0.1:"]);
    }
}

#[test]
fn a_monitor_that_is_out_of_reach_may_watch_all_the_same() {
    let Machines { there, here, .. } = &Machines::new();
    let soak = watching(there, &[]);
    let mut attached = here.start(&["attach", "--no-tui"]);
    attached.hear("soak_start");
    soak.signal(Signal::KILL);
    let told = attached.wait().expect(13).stderr;
    assert!(told.contains("cannot be reached") && told.contains("It may still be watching"), "{told}");
}

#[test]
fn a_viewer_s_screen_offers_no_orders() {
    let mut machines = Machines::new();
    let soak = watching(&machines.there, &[]);
    machines.here = machines.here.without("control.operator_token").with("control.viewer_token", VIEWER);
    let mut emulator = Emulator::new(110, 30);
    let mut screen = machines.here.on_terminal(&emulator, &["attach"]).spawn().unwrap();
    emulator.wait_until("the soak, read-only", |emulator| {
        emulator.contents().contains("WATCHING") && emulator.contents().contains("READ-ONLY")
    });
    assert!(!emulator.contents().contains("abort"), "{}", emulator.contents());
    emulator.type_keys("q");
    assert_eq!(emulator.wait_for_end(&mut screen).code(), Some(0));
    let left = emulator.contents().replace('\n', "");
    assert!(left.contains(&format!("switchback attach --url https://{}", machines.address)), "{left}");
    soak.signal(Signal::INT);
    soak.wait().expect(5);
}

#[test]
fn what_is_refused_is_in_the_log_and_the_tokens_are_not() {
    let mut machines = Machines::new();
    let soak = watching(&machines.there, &[]);
    machines.here = machines.here.without("control.operator_token").with("control.viewer_token", VIEWER);
    machines.here.run(&["status"]).expect(0).says(&["green"]);
    machines.here.run(&["ctl", "abort"]).expect(13).complains(&["a viewer's token may not give orders"]);
    machines.here = machines.here.with("control.viewer_token", "ffffffffffffffff0123456789abcdef");
    for args in [&["status"][..], &["attach", "--no-tui"], &["ctl", "abort"]] {
        machines.here.run(args).expect(13).complains(&["unknown token"]);
    }
    let mut clear = TcpStream::connect(&machines.address).unwrap();
    clear.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // An alert, or the connection is reset because not all of the request was read.
    let _ = clear.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains("switchback_"));
    soak.signal(Signal::TERM);
    soak.wait().expect(5);
    let log = machines.log();
    for (refused, times) in [
        ("a viewer's token may not give orders", 1),
        ("unknown token", 3),
        ("a client is refused: no secure connection", 1),
    ] {
        assert_eq!(log.matches(refused).count(), times, "{refused}: {log}");
    }
    assert!(log.contains(r#""from":"127.0.0.1:"#) && log.contains(r#""status":401"#), "{log}");
    for token in [OPERATOR, VIEWER, "ffffffffffffffff0123456789abcdef", SIGNING] {
        assert!(!log.contains(token), "{token}");
    }
}

/// The code and the body of the answer to a signed order, over a connection in the clear.
fn order(address: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let length = body.len();
    let head = format!("POST /v1/actions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
    stream.write_all(format!("{head}{headers}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn signed(id: &str, body: &str) -> String {
    let at = jiff::Timestamp::now().as_second();
    let signature = SigningKey::parse(&SIGNING.into()).unwrap().sign(id, at, body);
    format!("webhook-id: {id}\r\nwebhook-timestamp: {at}\r\nwebhook-signature: {signature}\r\n")
}

#[test]
fn a_signed_order_is_carried_out_once_even_if_the_monitor_is_another_one_by_then() {
    let address = free_address();
    let deployment = Deployment::switched().with("soak.window", "10m").with("control.listen", &address);
    let deployment = deployment.with("control.order_secret", SIGNING);
    let soak = watching(&deployment, &[]);
    let extend = r#"{"action":"extend 1m","actor":"operator:ci@runner"}"#;
    let headers = signed("msg_1", extend);
    let (code, told) = order(&address, &headers, extend);
    assert_eq!(code, 202, "{told}");
    soak.signal(Signal::KILL);
    soak.wait();
    let resumed = deployment.start(&["soak", "--resume", "--no-tui"]);
    deployment.wait_until("the soak goes on", |deployment| deployment.count("resumed") == 1);
    let (code, told) = order(&address, &headers, extend);
    assert_eq!((code, told.as_str()), (409, r#"{"error":"order `msg_1` was already received (replay rejected)"}"#));
    deployment.wait_until("the standby is known to be ready", |deployment| {
        deployment.run(&["status", "--json"]).json()["standby"]["ready"] == true
    });
    let rollback = r#"{"action":"rollback","actor":"operator:ci@runner","service":"default"}"#;
    let (code, told) = order(&address, &signed("msg_2", rollback), rollback);
    assert_eq!(code, 202, "{told}");
    resumed.wait().expect(4);
    assert_eq!(deployment.decision("rollback")["actor"], "operator:ci@runner (signed msg_2, 127.0.0.1)");
    assert_eq!(deployment.count("extend"), 1);
}

#[test]
fn a_watch_that_is_gone_on_with_does_without_the_network_if_need_be() {
    let address = free_address();
    let deployment = Deployment::switched().with("control.listen", &address).with("control.viewer_token", VIEWER);
    let soak = watching(&deployment, &[]);
    soak.signal(Signal::KILL);
    soak.wait();
    let taken = std::net::TcpListener::bind(&address).unwrap();
    let resumed = deployment.run(&["soak", "--resume", "--no-tui"]).expect(0);
    assert!(resumed.stderr.contains("clients cannot attach over the network"), "{resumed:#?}");
    drop(taken);
    let taken = std::net::TcpListener::bind(&address).unwrap();
    deployment.run(&["soak", "--no-tui"]).expect(2).complains(&["cannot listen on `control.listen`"]);
    drop(taken);
}

#[test]
fn what_is_done_on_this_machine_takes_no_url() {
    let deployment = Deployment::switched();
    for command in ["switch", "soak", "doctor"] {
        let args = [command, "--url", "http://127.0.0.1:9"];
        let mut command = deployment.command(&args);
        command.env("SWITCHBACK_CONTROL_VIEWER_TOKEN", VIEWER);
        let done = Running::start(command).wait().expect(2);
        done.complains(&["`--url` works only with attach, ctl, status and rollback"]);
    }
    let elsewhere = Machines::new().here;
    let done = elsewhere.run(&["rollback", "--dry-run"]).expect(2);
    assert!(done.stderr.contains("state file and router are on the machine of https://127.0.0.1:"), "{done:#?}");
}

#[test]
fn many_who_ask_for_the_status_at_once_are_few_questions_to_the_router() {
    let address = free_address();
    // A slow one: whoever asks while it is asked waits for that answer.
    let read = "echo asked >> asked; sleep 1.2; echo green";
    let deployment = Deployment::switched().with_commands("true", "true", read);
    let deployment = deployment.with("soak.window", "10m").with("control.listen", &address);
    let deployment = deployment.with("control.viewer_token", VIEWER);
    let soak = watching(&deployment, &[]);
    let asked = || std::fs::read_to_string(deployment.path("asked")).unwrap_or_default().lines().count();
    let before = asked();
    let request = format!("GET /v1/status HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {VIEWER}\r\n");
    // Over a few connections: no address has more than 32.
    let ask = |address: String, request: String| {
        let mut stream = TcpStream::connect(address).unwrap();
        let last = format!("{request}connection: close\r\n\r\n");
        stream.write_all(format!("{}{last}", format!("{request}\r\n").repeat(9)).as_bytes()).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        answers.matches("HTTP/1.1 200 OK").count()
    };
    let everybody: Vec<_> = (0..20)
        .map(|_| {
            let (address, request) = (address.clone(), request.clone());
            std::thread::spawn(move || ask(address, request))
        })
        .collect();
    let answered: usize = everybody.into_iter().map(|one| one.join().unwrap()).sum();
    assert_eq!(answered, 200);
    // The watch asks as well, once a second.
    assert!(asked() - before < 60, "{} questions for 200 answers", asked() - before);
    drop(soak);
}

#[test]
fn a_script_waits_for_the_end_of_a_soak_on_another_machine() {
    let mut machines = Machines::new();
    machines.there = machines.there.with("soak.window", "4s");
    let soak = watching(&machines.there, &["--release", "v7"]);
    let status = machines.here.run(&["status", "--wait", "--json"]).expect(0).json();
    soak.wait().expect(0);
    let told = ["/soak/outcome", "/soak/running", "/activeColor", "/release", "/exitCode"].map(|at| status.pointer(at));
    let told = told.map(|value| value.unwrap().to_string()).join(" ");
    assert_eq!(told, r#""retained" false "green" "v7" 0"#);

    machines.there = machines.there.with("soak.window", "10m");
    let soak = watching(&machines.there, &[]);
    let summary = machines.here.path("summary.md");
    let mut command = machines.here.command(&["status", "--wait", "--output", "github"]);
    command.env("GITHUB_STEP_SUMMARY", &summary);
    let waiting = Running::start(command);
    std::thread::sleep(Duration::from_secs(1));
    machines.there.green.fail(50);
    let done = waiting.wait().expect(3).says(&["active    blue\n", "outcome   rolled-back (auto)\n", "::error "]);
    assert!(!done.stdout.contains("switched  never"), "{}", done.stdout);
    assert!(std::fs::read_to_string(summary).unwrap().contains("rolled-back"));
    soak.wait().expect(3);
}

#[test]
fn a_wait_goes_on_with_the_monitor_that_takes_the_place_of_a_dead_one() {
    let mut machines = Machines::new();
    machines.there = machines.there.with("soak.window", "12s");
    let soak = watching(&machines.there, &[]);
    let waiting = machines.here.start(&["status", "--wait"]);
    std::thread::sleep(Duration::from_secs(2));
    soak.signal(Signal::KILL);
    soak.wait();
    std::thread::sleep(Duration::from_secs(2));
    let resumed = machines.there.start(&["soak", "--resume", "--no-tui"]);
    let done = waiting.wait().expect(0).says(&["outcome   retained (auto)\n"]);
    done.complains(&["retrying for 20s", "the monitor answers again"]);
    resumed.wait().expect(0);
}

#[test]
fn a_wait_ends_where_the_monitor_is_gone_for_good_and_at_once_where_it_lets_nobody_in() {
    let mut machines = Machines::new();
    let soak = watching(&machines.there, &[]);
    let waiting = machines.here.start(&["status", "--wait"]);
    let interrupted = machines.here.start(&["status", "--wait"]);
    std::thread::sleep(Duration::from_secs(2));
    interrupted.signal(Signal::INT);
    interrupted.wait().expect(10).says(&["watching"]).complains(&["nothing is decided yet"]);
    machines.here = machines.here.with("control.operator_token", "ffffffffffffffff0123456789abcdef");
    machines.here.run(&["status", "--wait"]).expect(13).complains(&["unknown token"]);
    soak.signal(Signal::KILL);
    soak.wait();
    let next = "next: on its machine: switchback status --wait --service default";
    waiting.wait().expect(13).complains(&["cannot be reached", "It may still be watching, or may have ended", next]);
    machines.here.run(&["status", "--wait"]).expect(13).complains(&["no monitor answers: https://127.0.0.1:"]);
}

#[test]
fn a_wait_is_about_one_soak_and_tells_of_a_monitor_that_was_stopped() {
    let mut machines = Machines::new();
    let soak = watching(&machines.there, &[]);
    let waiting = machines.here.start(&["status", "--wait"]);
    std::thread::sleep(Duration::from_secs(2));
    soak.signal(Signal::KILL);
    soak.wait();
    machines.there.run(&["rollback"]).expect(0);
    machines.there = machines.there.with("control.operator_token", OPERATOR);
    let another = machines.there.start(&["switch", "green", "--supervised", "--no-tui"]);
    waiting.wait().expect(8).complains(&["another one has started since"]);
    let waiting = machines.here.start(&["status", "--wait"]);
    std::thread::sleep(Duration::from_secs(2));
    another.signal(Signal::TERM);
    another.wait().expect(143);
    let told = ["was stopped by SIGTERM", "the release is UNWATCHED", "switchback soak --resume --service default"];
    waiting.wait().expect(13).complains(&told);
}

#[test]
fn a_token_that_is_replaced_in_its_file_counts_for_the_running_monitor_and_a_weak_one_does_not() {
    const NEW: &str = "7a1e94c05db3f8267a1e94c05db3f826";
    let mut machines = Machines::new();
    let file = machines.there.path("operator.token");
    std::fs::write(&file, OPERATOR).unwrap();
    machines.there = machines.there.without("control.operator_token");
    let mut command = machines.there.command(&["soak", "--no-tui"]);
    command.env("SWITCHBACK_CONTROL_OPERATOR_TOKEN_FILE", &file);
    let mut soak = Running::start(command);
    soak.hear("soak_start");
    machines.here.run(&["status"]).expect(0);
    std::fs::write(&file, "hunter2-hunter2").unwrap();
    machines.there.wait_until("the warning", |_| machines.log().contains("the change was not applied"));
    machines.here.run(&["status"]).expect(0);

    std::fs::write(&file, NEW).unwrap();
    machines.there.wait_until("the new token", |_| machines.log().contains("reloaded, in force"));
    let refused = machines.here.run(&["ctl", "extend", "1m"]).expect(13);
    assert!(refused.stderr.contains("unknown token"), "{refused:#?}");
    machines.here = machines.here.with("control.operator_token", NEW);
    machines.here.run(&["ctl", "extend", "1m"]).expect(0);
    soak.signal(Signal::INT);
    soak.wait().expect(5);
    let log = machines.log();
    assert_eq!((log.matches("was not applied").count(), log.matches("reloaded, in force").count()), (1, 1), "{log}");
    for token in [OPERATOR, NEW, "hunter2"] {
        assert!(!log.contains(token), "{log}");
    }
}

#[test]
fn who_has_no_certificate_of_the_authority_is_told_so_and_who_has_one_rolls_back() {
    let machines = Machines::new();
    let Machines { there, here, .. } = machines;
    let folder = there.path("clients");
    std::fs::create_dir(&folder).unwrap();
    Authority::new().write(&folder, "ana");
    let file = |name: &str| folder.join(name).display().to_string();
    let there = there.with("control.client_ca_file", file("ca.pem"));
    there.run(&["doctor"]).says(&["(TLS with client certificates): operator's token"]);
    let soak = watching(&there, &[]);
    let told = "requires a client certificate: set `control.client_certificate` and `control.client_key`";
    for args in [&["status"][..], &["attach", "--no-tui"], &["ctl", "abort"], &["rollback"]] {
        here.run(args).expect(13).complains(&[told]);
    }
    let here = here.with("control.client_certificate", file("client.pem"));
    here.run(&["status"])
        .expect(2)
        .complains(&["control.client_key: client certificate and private key are needed together"]);
    let here = here.with("control.client_key", file("client.key"));
    here.run(&["status"]).expect(0).says(&["green"]);
    here.run(&["rollback", "--reason", "it is slow"]).expect(0).says(&["traffic is back on blue"]);
    soak.wait().expect(4);
    here.with("control.client_key", "/nowhere")
        .run(&["ctl", "abort"])
        .expect(13)
        .complains(&["`control.client_key`: `/nowhere`"]);
}
