mod background;

use std::os::unix::process::CommandExt as _;
use std::sync::Mutex;
use std::{env, fs};

use jiff::tz::TimeZone;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::termios::tcsetpgrp;

use super::*;
use crate::app::tui::testing::{Actor, Emulator, Terminal as _, again, ended_well, role};
use crate::app::tui::{Charset, Depth, Theme};
use crate::core::soak::testing::{HEALTHY, Harness, settings};
use crate::core::soak::{ClockOrigin, RecordingHeader};
use crate::model::{Cause, Outcome};

/// What this process does in the roles of the tests: one of them, by its name.
const STAGE: &str = "app::tui::run::tests::the_process_in_a_role";

fn header() -> RecordingHeader {
    RecordingHeader::new(settings(), Vec::new(), ClockOrigin { boot: "b".to_owned(), origin_ms: 0 })
}

/// A monitor whose soak is five seconds old. It takes every order but `keep`; an abort is the end.
#[derive(Default)]
struct Monitor(Mutex<Option<mpsc::Sender<Item>>>);

impl Link for Monitor {
    async fn follow(&self, items: mpsc::Sender<Item>) {
        let _ = items.send(Item::Header(Box::new(header()))).await;
        let mut harness = Harness::new(settings());
        harness.seconds(5, HEALTHY);
        for envelope in harness.log {
            let _ = items.send(Item::Event(Box::new(envelope))).await;
        }
        *self.0.lock().unwrap() = Some(items.clone());
        items.closed().await;
    }

    async fn act(&self, action: Action, reason: Option<String>) -> Result<(), String> {
        if action == Action::Keep {
            return Err("not that".to_owned());
        }
        let items = self.0.lock().unwrap().clone().unwrap();
        let reason = reason.unwrap_or_default();
        let ending = Ending { outcome: Outcome::Aborted, cause: Cause::Operator, reason };
        items.send(Item::Ended(ending)).await.map_err(|_| "gone".to_owned())
    }
}

fn setup() -> Setup {
    let folder = env::var_os("FOLDER").map(PathBuf::from).unwrap_or_default();
    Setup {
        ui: UiState::new(Theme::new(Depth::None), Charset::Unicode, TimeZone::UTC),
        router_kind: None,
        places: Places {
            journal: "/srv/decisions.jsonl".into(),
            recording: "/srv/soak.jsonl".into(),
            attach: Some("switchback attach".to_owned()),
        },
        after: None,
        faults: None,
        folder,
        records: Records::Elsewhere("on the machine of deploy-1".to_owned()),
    }
}

/// Runs the screen and says on the terminal how it was left.
fn show(setup: Setup) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let left = runtime.block_on(run(setup, Monitor::default()));
    let said = match left {
        Ok(left) => format!("left {:?} detached={} {:?}", left.by, left.detached(), left.outcome),
        Err(error) => format!("failed: {error}"),
    };
    // The terminal may be gone.
    let _ = writeln!(stdout(), "{said}");
    if let Some(folder) = env::var_os("FOLDER") {
        fs::write(Path::new(&folder).join("left"), said).unwrap();
    }
    // Behind the loop nothing may keep the process alive.
    std::process::exit(0);
}

#[test]
fn the_process_in_a_role() {
    match role().as_deref() {
        Some("show" | "job") => show(setup()),
        Some("colored") => {
            let mut setup = setup();
            setup.ui.theme = Theme::new(Depth::True);
            show(setup);
        }
        Some("panic") => {
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(500));
                panic!("boom");
            });
            show(setup());
        }
        Some("play") => {
            let mut harness = Harness::new(settings());
            harness.seconds(60, HEALTHY);
            let player = Player::new(header(), harness.log).with_speed(1_000);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            println!("left {:?}", runtime.block_on(replay(setup(), player)).unwrap());
        }
        Some("faults") => {
            let mut setup = setup();
            let menu = FaultMenu { items: vec!["healthy".to_owned(), "outage".to_owned()], current: None };
            let (sender, chosen) = std::sync::mpsc::channel();
            let change = Box::new(move |place| sender.send(place).unwrap());
            setup.faults = Some(Faults { menu, change });
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(setup, Monitor::default())).unwrap();
            println!("faults {:?}", chosen.try_iter().collect::<Vec<usize>>());
        }
        Some("shell") => shell(),
        Some(role) => panic!("no role is called {role}"),
        None => {}
    }
}

/// A little shell with one job in the foreground, which it lets go on as often as it stops.
#[expect(clippy::zombie_processes, reason = "waitpid waits for it, and also tells of stops")]
fn shell() {
    let job = again(STAGE, "job").process_group(0).spawn().unwrap();
    let pid = Pid::from_child(&job);
    tcsetpgrp(io::stdin(), pid).unwrap();
    // A job that is faster than the line above is stopped for touching the terminal from the background.
    loop {
        let (_, status) = waitpid(Some(pid), WaitOptions::UNTRACED).unwrap().unwrap();
        if !status.stopped() {
            assert_eq!(status.exit_status(), Some(0), "{status:?}");
            return;
        }
        println!("stopped\r");
        // Long enough for the test to look at the terminal meanwhile, on a busy machine too.
        std::thread::sleep(Duration::from_secs(2));
        kill_process(pid, Signal::CONT).unwrap();
    }
}

fn stage(role: &str) -> (Emulator, Actor) {
    let mut emulator = Emulator::new(140, 40);
    let actor = emulator.spawn(STAGE, role, &[]);
    emulator.wait_until("drawn", |emulator| emulator.in_alternate_screen() && emulator.contents().contains("WATCHING"));
    (emulator, actor)
}

fn assert_given_back(emulator: &Emulator) {
    let screen = emulator.screen.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor() && !emulator.is_raw());
}

#[test]
fn leaving_gives_the_terminal_back_and_leaves_a_summary() {
    let (mut emulator, actor) = stage("show");
    emulator.type_keys("q\r");
    assert!(ended_well(actor.end(&mut emulator)));
    assert_given_back(&emulator);
    let text = emulator.contents();
    assert!(text.contains("soak            continues; to see it again: switchback attach"), "{text}");
    assert!(text.contains("journal         /srv/decisions.jsonl"), "{text}");
    assert!(text.contains("left Operator detached=true None"), "{text}");
}

#[test]
fn an_order_reaches_the_monitor_and_its_end_stays_on_the_screen_until_the_operator_leaves() {
    let (mut emulator, actor) = stage("show");
    emulator.type_keys("Ashop\r");
    std::thread::sleep(Duration::from_millis(300));
    emulator.read_all();
    assert!(emulator.in_alternate_screen());
    // Closes the dialog, then leaves without a question.
    emulator.type_keys("\rq");
    assert!(ended_well(actor.end(&mut emulator)));
    let text = emulator.contents();
    assert!(text.contains("outcome         ABORTED"), "{text}");
    assert!(text.contains("left Operator detached=false Some"), "{text}");
}

#[test]
fn every_signal_that_ends_gives_the_terminal_back() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::INT, "SIGINT"), (Signal::HUP, "SIGHUP")] {
        let (mut emulator, actor) = stage("show");
        actor.signal(signal);
        assert!(ended_well(actor.end(&mut emulator)), "{name}");
        assert_given_back(&emulator);
        let text = emulator.contents();
        assert!(text.contains(&format!("left Signal(\"{name}\") detached=true")), "{text}");
    }
}

#[test]
fn a_closed_window_ends_the_client() {
    let folder = tempfile::tempdir().unwrap();
    let mut emulator = Emulator::new(140, 40);
    let actor = emulator.spawn(STAGE, "show", &[("FOLDER", folder.path().to_str().unwrap())]);
    emulator.wait_for("WATCHING");
    emulator.hang_up();
    assert!(ended_well(actor.end(&mut emulator)));
    let said = fs::read_to_string(folder.path().join("left")).unwrap();
    assert!(
        ["left TerminalGone detached=true None", "left Signal(\"SIGHUP\") detached=true None"].contains(&&*said),
        "{said}"
    );
}

#[test]
fn a_panic_of_any_thread_ends_the_screen_and_shows_its_message() {
    let mut emulator = Emulator::new(140, 40);
    let actor = emulator.spawn(STAGE, "panic", &[]);
    assert!(ended_well(actor.end(&mut emulator)));
    assert_given_back(&emulator);
    let text = emulator.contents();
    assert!(text.contains("boom") && text.contains("failed: the terminal was given back in a panic"), "{text}");
}

#[test]
fn control_z_gives_the_terminal_to_the_shell_and_takes_it_again() {
    let (mut emulator, actor) = stage("shell");
    emulator.type_keys("\x1a");
    emulator.wait_until("suspended", |emulator| !emulator.in_alternate_screen());
    emulator.wait_for("stopped");
    assert_given_back(&emulator);
    emulator.wait_until("back", |emulator| emulator.in_alternate_screen() && emulator.contents().contains("WATCHING"));
    assert!(emulator.is_raw());
    emulator.type_keys("q\r");
    assert!(ended_well(actor.end(&mut emulator)));
    assert_given_back(&emulator);
}

#[test]
fn control_z_without_a_shell_that_could_let_it_go_on_is_survived() {
    let (mut emulator, actor) = stage("show");
    emulator.type_keys("\x1a");
    emulator.wait_until("given back", |emulator| !emulator.in_alternate_screen());
    emulator.wait_until("back", |emulator| emulator.in_alternate_screen() && emulator.contents().contains("WATCHING"));
    emulator.type_keys("\x03\x03");
    assert!(ended_well(actor.end(&mut emulator)));
    assert!(emulator.contents().contains("left Operator detached=true"), "{}", emulator.contents());
}

#[test]
fn a_client_that_was_stopped_from_elsewhere_takes_the_terminal_again() {
    let (mut emulator, actor) = stage("show");
    actor.signal(Signal::STOP);
    // What a shell does to the terminal of a stopped job.
    emulator.cook();
    emulator.screen.process(b"\x1b[?1049l\x1b[2J");
    actor.signal(Signal::CONT);
    emulator.wait_until("back", |emulator| {
        emulator.is_raw() && emulator.in_alternate_screen() && emulator.contents().contains("WATCHING")
    });
    emulator.type_keys("qd");
    assert!(ended_well(actor.end(&mut emulator)));
}

#[test]
fn the_screen_follows_the_terminal_s_size() {
    let (mut emulator, actor) = stage("show");
    emulator.resize(100, 30);
    actor.signal(Signal::WINCH);
    emulator.bytes.clear();
    emulator
        .wait_until("drawn anew", |emulator| emulator.contents().contains("WATCHING") && emulator.bytes.len() > 100);
    emulator.type_keys("qd");
    assert!(ended_well(actor.end(&mut emulator)));
}

#[test]
fn the_screen_is_saved_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let mut emulator = Emulator::new(140, 40);
    let actor = emulator.spawn(STAGE, "show", &[("FOLDER", folder.path().to_str().unwrap())]);
    emulator.wait_until("drawn", |emulator| emulator.contents().contains("WATCHING"));
    emulator.type_keys("s\x0cqd");
    assert!(ended_well(actor.end(&mut emulator)));
    let mut files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // In front of them stands what the process has said itself.
    assert_eq!(files.len(), 3, "{files:?}");
    assert_eq!(files[1].extension().unwrap(), "svg");
    assert!(fs::read_to_string(&files[1]).unwrap().starts_with("<svg"));
    assert!(fs::read_to_string(&files[2]).unwrap().contains("WATCHING"));
}

#[test]
fn a_replay_plays_to_its_end_and_leaves_the_outcome() {
    let mut emulator = Emulator::new(140, 40);
    let actor = emulator.spawn(STAGE, "play", &[]);
    emulator.wait_for("RETAINED");
    emulator.type_keys("q");
    assert!(ended_well(actor.end(&mut emulator)));
    assert!(emulator.contents().contains("outcome         RETAINED"), "{}", emulator.contents());
}

#[test]
fn the_fault_of_the_demo_is_changed() {
    let (mut emulator, actor) = stage("faults");
    emulator.type_keys("wj\rq");
    assert!(ended_well(actor.end(&mut emulator)));
    assert!(emulator.contents().contains("faults [1]"), "{}", emulator.contents());
}

#[test]
fn a_file_that_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let files = [("txt", "screen".to_owned())];
    let said = write_files(&folder.path().join("shop-1"), &files).unwrap();
    assert!(said.starts_with("saved as ") && said.ends_with("shop-1.txt"), "{said}");
    write_files(&folder.path().join("shop-1"), &files).unwrap_err();
}

#[test]
fn a_recording_takes_no_orders() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(Recorded.act(Action::Abort, None));
    assert_eq!(refused, Err("a recording takes no orders".to_owned()));
}
