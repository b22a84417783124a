use std::os::unix::process::CommandExt as _;
use std::thread::sleep;

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::layout::Position;
use rustix::process::{Pid, WaitOptions, waitpid};
use rustix::time::{ClockId, clock_gettime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use super::*;
use crate::app::tui::guard::Guard;
use crate::app::tui::mouse::Deed;
use crate::app::tui::testing;
use crate::app::tui::testing::{Emulator, Terminal as _, ended_well, role};

const KEYS: &str = "app::tui::input::tests::keys_and_pasted_text_arrive_and_a_hang_up_ends_it";
const SHELL: &str = "app::tui::input::tests::keys_of_another_job_are_left_to_it";
const HALF: &str = "app::tui::input::tests::a_hang_up_in_the_middle_of_a_key_is_noticed";
const RESIZED: &str = "app::tui::input::tests::the_first_key_after_a_resize_arrives";
const BURST: &str = "app::tui::input::tests::all_of_a_long_burst_arrives_and_costs_no_cpu_afterward";

fn ahead<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Milliseconds of CPU time that this process uses in a third of a second.
fn cpu_ms() -> i64 {
    let used = || clock_gettime(ClockId::ProcessCPUTime);
    let before = used();
    sleep(Duration::from_millis(333));
    let after = used();
    (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1_000_000
}

#[test]
fn keys_and_pasted_text_arrive_and_a_hang_up_ends_it() {
    if role().is_some() {
        ahead(async {
            // The end of the session's leader is not what is asked for here.
            let _hang_ups = signal(SignalKind::hangup()).unwrap();
            let tty = Arc::new(Tty::of_process().unwrap());
            let guard = Guard::take(Arc::clone(&tty)).unwrap();
            let mut keyboard = Keyboard::start(&tty).unwrap();
            guard.show(b"ready").unwrap();
            let key = |code, modifiers| Some(Input::Key(KeyEvent::new(code, modifiers)));
            assert_eq!(keyboard.next().await, key(KeyCode::Char('R'), KeyModifiers::SHIFT));
            assert_eq!(keyboard.next().await, key(KeyCode::Down, KeyModifiers::NONE));
            assert_eq!(keyboard.next().await, key(KeyCode::Char('c'), KeyModifiers::CONTROL));
            assert_eq!(keyboard.next().await, Some(Input::Paste("q\nR y".to_owned())));
            let pointer = Pointer { deed: Deed::Click, at: Position { x: 4, y: 2 } };
            assert_eq!(keyboard.next().await, Some(Input::Mouse(pointer)));
            // Until the reader waits again: in the middle of a read a hang-up makes crossterm spin.
            sleep(Duration::from_millis(200));
            guard.show(b" all there").unwrap();
            assert_eq!(keyboard.next().await, Some(Input::Gone));
            assert!(cpu_ms() < 100, "it spins");
        });
        std::process::exit(0);
    }
    let mut emulator = Emulator::new(80, 24);
    let actor = emulator.spawn(KEYS, "keys", &[]);
    emulator.wait_for("ready");
    emulator.type_keys("R\x1b[B\x03\x1b[200~q\nR y\x1b[201~\x1b[<35;9;9M\x1b[<0;5;3M\x1b[<0;5;3m");
    emulator.wait_for("all there");
    emulator.hang_up();
    let status = actor.end(&mut emulator);
    assert!(ended_well(status), "{status}");
}

#[test]
fn the_first_key_after_a_resize_arrives() {
    if role().is_some() {
        let tty = Arc::new(Tty::of_process().unwrap());
        let guard = Guard::take(Arc::clone(&tty)).unwrap();
        let mut keyboard = Keyboard::start(&tty).unwrap();
        guard.show(b"ready").unwrap();
        ahead(async {
            for key in "abc".chars() {
                let came = timeout(Duration::from_secs(5), keyboard.next()).await.unwrap();
                assert_eq!(came, Some(Input::Key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE))));
                guard.show(format!(" had {key}").as_bytes()).unwrap();
            }
        });
        return;
    }
    let mut emulator = Emulator::new(80, 24);
    let actor = emulator.spawn(RESIZED, "resized", &[]);
    emulator.wait_for("ready");
    for (key, rows) in [("a", 24), ("b", 30), ("c", 20)] {
        emulator.resize(80, rows);
        emulator.type_keys(key);
        // After the last one the program gives its screen back.
        if key != "c" {
            emulator.wait_for(&format!("had {key}"));
        }
    }
    let status = actor.end(&mut emulator);
    assert!(ended_well(status), "{status}:\n{}", emulator.contents());
}

#[test]
fn all_of_a_long_burst_arrives_and_costs_no_cpu_afterward() {
    if role().is_some() {
        let tty = Arc::new(Tty::of_process().unwrap());
        let guard = Guard::take(Arc::clone(&tty)).unwrap();
        let mut keyboard = Keyboard::start(&tty).unwrap();
        guard.show(b"ready").unwrap();
        ahead(async {
            let mut came = 0;
            while timeout(Duration::from_millis(300), keyboard.next()).await.is_ok() {
                came += 1;
            }
            assert_eq!(came, 3000);
            let used = cpu_ms();
            assert!(used < 100, "it spins: {used} ms");
        });
        return;
    }
    let mut emulator = Emulator::new(80, 24);
    let actor = emulator.spawn(BURST, "burst", &[]);
    emulator.wait_for("ready");
    emulator.type_keys(&"x".repeat(3000));
    let status = actor.end(&mut emulator);
    assert!(ended_well(status), "{status}:\n{}", emulator.contents());
}

#[test]
fn a_hang_up_in_the_middle_of_a_key_is_noticed() {
    if role().is_some() {
        ahead(async {
            let _hang_ups = signal(SignalKind::hangup()).unwrap();
            let tty = Arc::new(Tty::of_process().unwrap());
            let guard = Guard::take(Arc::clone(&tty)).unwrap();
            let mut keyboard = Keyboard::start(&tty).unwrap();
            guard.show(b"ready").unwrap();
            assert!(matches!(keyboard.next().await, Some(Input::Key(_))));
            guard.show(b" one key").unwrap();
            assert_eq!(keyboard.next().await, Some(Input::Gone));
        });
        std::process::exit(0);
    }
    let mut emulator = Emulator::new(80, 24);
    let actor = emulator.spawn(HALF, "half", &[]);
    emulator.wait_for("ready");
    emulator.type_keys("x");
    emulator.wait_for("one key");
    // Crossterm now waits for the rest of it.
    emulator.type_keys("\x1b[");
    sleep(Duration::from_millis(200));
    emulator.hang_up();
    let status = actor.end(&mut emulator);
    assert!(ended_well(status), "{status}");
}

#[test]
fn a_reader_that_is_told_to_end_ends() {
    let emulator = Emulator::new(80, 24);
    let Keyboard { mut inputs, _told: told } = Keyboard::start(&emulator.tty()).unwrap();
    drop(told);
    assert_eq!(ahead(inputs.recv()), None);
}

#[test]
fn a_hang_up_is_told_and_then_nothing_more_comes() {
    let mut emulator = Emulator::new(80, 24);
    let mut keyboard = Keyboard::start(&emulator.tty()).unwrap();
    emulator.hang_up();
    assert_eq!(ahead(keyboard.next()), Some(Input::Gone));
    assert_eq!(ahead(keyboard.next()), Some(Input::Gone), "once by each thread");
    assert_eq!(ahead(keyboard.next()), None);
}

#[test]
fn keys_of_another_job_are_left_to_it() {
    match role().as_deref() {
        // In the background: reading would stop this process.
        Some("job") => {
            let _keyboard = Keyboard::start(&Arc::new(Tty::of_process().unwrap())).unwrap();
            println!("ready");
            sleep(Duration::from_millis(500));
            std::process::exit(0);
        }
        Some(_) => {
            let mut job = testing::again(SHELL, "job").process_group(0).spawn().unwrap();
            let (_, status) = waitpid(Some(Pid::from_child(&job)), WaitOptions::UNTRACED).unwrap().unwrap();
            let _ = (job.kill(), job.wait());
            assert_eq!(status.exit_status(), Some(0), "{status:?}");
        }
        None => {
            let mut emulator = Emulator::new(80, 24);
            let actor = emulator.spawn(SHELL, "shell", &[]);
            emulator.wait_for("ready");
            emulator.type_keys("ls\n");
            let status = actor.end(&mut emulator);
            assert!(ended_well(status), "{status}:\n{}", emulator.contents());
        }
    }
}
