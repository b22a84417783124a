//! A monitor in the background, and who talks to it from outside.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use support::{Deployment, Running};

/// The monitor of a deployment that runs in the background; dropped, it is killed.
pub struct Background(i32);

impl Background {
    /// Starts it with these words, to which `--detach` is added.
    #[track_caller]
    pub fn start(deployment: &Deployment, args: &[&str]) -> Self {
        let words = [args, &["--detach"]].concat();
        let said = deployment.run(&words).expect(0).stdout;
        let pid = said.split("(process ").nth(1).and_then(|rest| rest.split(',').next());
        Self(pid.and_then(|pid| pid.parse().ok()).unwrap_or_else(|| panic!("no process is named: {said}")))
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.0).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub fn is_alive(&self) -> bool {
        support::is_alive(self.pid().as_raw_pid().unsigned_abs())
    }

    #[track_caller]
    pub fn wait_until_gone(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while self.is_alive() {
            assert!(Instant::now() < deadline, "process {} is still there", self.0);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = kill_process(self.pid(), Signal::KILL);
    }
}

/// A soak in the background that lasts until it is ended.
fn endless() -> (Deployment, Background) {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let monitor = Background::start(&deployment, &["soak"]);
    (deployment, monitor)
}

fn socket(deployment: &Deployment) -> PathBuf {
    deployment.path(".switchback/default/control.sock")
}

#[test]
fn a_detached_switch_goes_on_by_itself_to_its_end() {
    let deployment = Deployment::fresh();
    let monitor = Background::start(&deployment, &["switch", "green"]);
    assert!(monitor.is_alive() && socket(&deployment).exists());
    monitor.wait_until_gone();
    assert_eq!(deployment.state()["soak"]["outcome"], "retained");
    assert!(!socket(&deployment).exists(), "the socket goes with its monitor");
}

#[test]
fn a_detached_monitor_is_in_a_session_of_its_own_and_says_how_to_attach() {
    let (deployment, monitor) = endless();
    let session = rustix::process::getsid(Some(monitor.pid())).unwrap();
    assert_eq!(session, monitor.pid());
    deployment.run(&["soak", "--detach"]).expect(10).complains(&["another monitor is running"]);
    assert!(monitor.is_alive());
}

#[test]
fn what_keeps_a_background_monitor_from_starting_is_told_to_whoever_started_it() {
    let fresh = Deployment::fresh();
    fresh.run(&["soak", "--detach"]).expect(2).complains(&["nothing to watch"]);
    let switched = Deployment::switched();
    switched.run(&["switch", "green", "--no-soak", "--detach"]).expect(0).says(&["green is already active"]);
    switched.run(&["switch", "green", "--detach"]).expect(6).says(&["green is live for ", "was not judged"]);
}

#[test]
fn attached_from_two_places_both_see_the_same_end_and_have_its_code() {
    let deployment = Deployment::switched().with("soak.window", "4s");
    let monitor = Background::start(&deployment, &["soak"]);
    let both = [(); 2].map(|()| deployment.start(&["attach"]));
    for mut attached in both {
        attached.hear("soak_start");
        attached.wait().expect(0).says(&["RETAINED: green stays active", "recording"]);
    }
    monitor.wait_until_gone();
    deployment.run(&["attach"]).expect(13).complains(&["no monitor is running for service `default`"]);
}

#[test]
fn whoever_leaves_an_attached_soak_leaves_it_running() {
    let (deployment, monitor) = endless();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut attached = deployment.start(&["attach", "--output", "json"]);
        attached.hear("soak_start");
        attached.signal(signal);
        attached.wait().expect(0).complains(&["the soak continues in the background", "switchback attach"]);
    }
    let mut killed = deployment.start(&["attach"]);
    killed.hear("soak_start");
    killed.signal(Signal::KILL);
    killed.wait();
    assert!(monitor.is_alive());
}

#[test]
fn orders_take_effect_are_journaled_with_actor_and_reason_and_answered() {
    let (deployment, monitor) = endless();
    let refused = |action: &[&str], why: &str| {
        let words = [&["ctl"], action].concat();
        deployment.run(&words).expect(13).complains(&["refused: ", why]);
    };
    refused(&["resume"], "automatic rollback is on");
    deployment.run(&["ctl", "pause", "--reason", "load test"]).expect(0).says(&["automatic rollback is paused"]);
    let paused = deployment.decision("pause");
    assert_eq!(paused["reason"], "load test");
    assert!(paused["actor"].as_str().unwrap().starts_with("operator:ana@"), "{paused}");
    refused(&["pause"], "paused already");
    deployment.run(&["ctl", "extend", "5m"]).expect(0).says(&["extended by 5m"]);
    let status = deployment.run(&["status", "--json"]).expect(0).json();
    assert_eq!((&status["soak"]["phase"], &status["soak"]["running"]), (&"watching".into(), &true.into()));
    deployment.run(&["ctl", "resume"]).expect(0);
    deployment.run(&["ctl", "keep", "--reason", "seen enough"]).expect(0);
    monitor.wait_until_gone();
    assert_eq!(deployment.state()["soak"]["outcome"], "retained");
    assert_eq!(deployment.state()["soak"]["cause"], "operator");
    deployment.run(&["ctl", "abort"]).expect(13).complains(&["no monitor is running"]);
}

#[test]
fn an_aborted_soak_ends_with_5_for_whoever_is_attached() {
    let (deployment, monitor) = endless();
    let mut attached = deployment.start(&["attach"]);
    attached.hear("soak_start");
    deployment.run(&["ctl", "abort"]).expect(0);
    attached.wait().expect(5).says(&["ABORTED"]);
    monitor.wait_until_gone();
}

#[test]
fn a_forced_rollback_moves_traffic_and_the_order_waits_for_it() {
    let (deployment, monitor) = endless();
    let done = deployment.run(&["ctl", "rollback", "--reason", "checkout fails"]).expect(0);
    done.says(&["rolling back from green to blue by order of operator:ana@", "traffic is back on blue"]);
    assert_eq!(deployment.state()["activeColor"], "blue");
    assert_eq!(deployment.decision("rollback")["reason"], "checkout fails");
    monitor.wait_until_gone();
    assert_eq!(deployment.state()["soak"]["cause"], "operator");
}

#[test]
fn the_command_rollback_asks_the_monitor_so_that_the_soak_ends_rolled_back() {
    let (deployment, monitor) = endless();
    let mut attached = deployment.start(&["attach"]);
    attached.hear("soak_start");
    deployment.run(&["rollback", "--reason", "by hand"]).expect(0).says(&["traffic is back on blue"]);
    attached.wait().expect(4).says(&["ROLLED BACK: blue is active again"]);
    monitor.wait_until_gone();
    assert_eq!(deployment.count("superseded"), 0);
    deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
}

#[test]
fn a_monitor_that_stands_still_does_not_keep_rollback_from_its_work() {
    let (deployment, monitor) = endless();
    // A process that is stopped while it writes keeps the file's lock, so it is stopped while it cannot write.
    deployment.wait_until("the soak is shown", |deployment| deployment.state_text().contains("watching"));
    let locks = [deployment.path(".deployment-state.json.lock"), deployment.journal_path()].map(|path| {
        let file = fs::File::open(path).unwrap();
        file.lock().unwrap();
        file
    });
    monitor.signal(Signal::STOP);
    drop(locks);
    deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    monitor.signal(Signal::CONT);
    monitor.wait_until_gone();
    assert_eq!((deployment.count("rolled_back"), &deployment.state()["activeColor"]), (1, &"blue".into()));
}

#[test]
fn a_dead_standby_refuses_a_forced_rollback_without_force() {
    let (deployment, _monitor) = endless();
    deployment.blue.set_ready(false);
    deployment.wait_until("the standby is known to be down", |deployment| {
        deployment.run(&["status", "--json"]).json()["standby"]["ready"] == false
    });
    deployment.run(&["ctl", "rollback"]).expect(13).complains(&["blue is DOWN"]);
    deployment.run(&["rollback"]).expect(9).complains(&["blue is DOWN"]);
    deployment.run(&["ctl", "rollback", "--force"]).expect(0).says(&["traffic is back on blue"]);
}

#[test]
fn a_detached_monitor_that_is_asked_to_stop_saves_the_soak_and_another_goes_on() {
    let (deployment, monitor) = endless();
    let mut attached = deployment.start(&["attach"]);
    attached.hear("soak_start");
    deployment.run(&["ctl", "extend", "1m"]).expect(0);
    monitor.signal(Signal::TERM);
    monitor.wait_until_gone();
    let before = deployment.state();
    attached.wait().expect(143).complains(&["saved the soak. The release is UNWATCHED", "soak --resume"]);
    let status = deployment.run(&["status"]).expect(0);
    status.says(&["no monitor is running"]);
    let again = Background::start(&deployment, &["soak", "--resume"]);
    deployment.wait_until("the soak goes on", |deployment| deployment.count("resumed") == 1);
    let resumed = deployment.decision("resumed");
    assert_eq!((&resumed["soak"], &resumed["actor"]), (&before["soak"]["id"], &"resume".into()));
    deployment.wait_until("shown", |deployment| deployment.state_text().contains("watching"));
    assert_eq!(deployment.state()["soak"]["endsAt"], before["soak"]["endsAt"]);
    deployment.run(&["ctl", "keep"]).expect(0);
    again.wait_until_gone();
    assert_eq!(deployment.count("soak_start"), 1);
}

#[test]
fn under_a_supervisor_sigterm_saves_and_sigint_aborts() {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let mut saved = deployment.start(&["soak", "--no-tui", "--supervised"]);
    saved.hear("soak_start");
    saved.signal(Signal::TERM);
    saved.wait().expect(143).complains(&["state saved. The release is UNWATCHED"]);
    let mut aborted = deployment.start(&["soak", "--resume", "--no-tui", "--supervised"]);
    aborted.hear("resumed");
    aborted.signal(Signal::INT);
    aborted.wait().expect(5).says(&["ABORTED"]);
    // The unit starts it again and again: it tells the outcome, and does not watch an aborted soak anew.
    deployment.run(&["soak", "--resume", "--no-tui", "--supervised"]).expect(5).says(&["has ended: aborted"]);
}

#[test]
fn status_with_watch_shows_every_change_until_it_is_interrupted() {
    let (deployment, monitor) = endless();
    let mut watching = deployment.start(&["status", "--watch", "--json"]);
    watching.hear(r#""phase":"watching""#);
    deployment.run(&["ctl", "abort"]).expect(0);
    watching.hear(r#""outcome":"aborted""#);
    watching.signal(Signal::INT);
    watching.wait().expect(0);
    monitor.wait_until_gone();
}

#[test]
fn of_monitors_started_at_the_same_instant_one_runs() {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let all = [(); 4].map(|()| deployment.start(&["soak", "--detach"]));
    let codes = all.map(|running| running.wait().code().unwrap());
    let count = |wanted| codes.iter().filter(|code| **code == wanted).count();
    assert_eq!((count(0), count(10)), (1, 3), "{codes:?}");
    deployment.run(&["ctl", "abort"]).expect(0);
    assert_eq!(deployment.count("soak_start"), 1);
}

#[test]
fn a_socket_that_cannot_be_had_keeps_a_watch_from_beginning_before_anything_moves() {
    let deployment = Deployment::fresh();
    let shared = deployment.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).unwrap();
    let file = deployment.path("file");
    fs::write(&file, "mine").unwrap();
    let long = deployment.path(&"x".repeat(120));
    for (socket, why) in [
        (shared.join("control.sock"), "can be written to by others: run `chmod go-w"),
        (file.clone(), "is a file, not a socket"),
        (long, "at most 107 bytes"),
    ] {
        let mut command = deployment.command(&["switch", "green", "--no-tui"]);
        command.env("SWITCHBACK_CONTROL_SOCKET", &socket);
        Running::start(command).wait().expect(2).complains(&[why]);
    }
    assert_eq!((fs::read_to_string(file).unwrap().as_str(), deployment.kinds().len()), ("mine", 0));
    assert!(!deployment.state_path().exists());
}

#[test]
fn another_user_gets_nothing_from_the_socket() {
    let (deployment, _monitor) = endless();
    if !rustix::process::geteuid().is_root() {
        // Only root can be somebody else; that a peer of another number is refused is tested beside the server.
        return;
    }
    // The folder lets nobody in, so it is opened for this once: what is left is the socket's own bits.
    for path in [deployment.folder().to_owned(), deployment.path(".switchback"), deployment.path(".switchback/default")]
    {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let ask = |socket: &std::path::Path| {
        let script = "import os,socket,sys\nos.setuid(65534)\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n\
                      s.sendall(b'GET /v1/status HTTP/1.0\\r\\n\\r\\n')\nprint(s.recv(9999).decode())";
        let done = std::process::Command::new("python3").args(["-c", script]).arg(socket).output().unwrap();
        String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
    };
    let refused = ask(&socket(&deployment));
    assert!(refused.contains("PermissionError"), "{refused}");
    fs::set_permissions(socket(&deployment), fs::Permissions::from_mode(0o666)).unwrap();
    let refused = ask(&socket(&deployment));
    assert!(refused.contains("403 Forbidden"), "{refused}");
}
