//! What programs and the steps of a job are told of a monitor on another machine.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use support::{Deployment, Running};

use crate::background::Background;
use crate::network::{Machines, watching};

/// The color, the soak and the release that an object names.
fn known(told: &Value) -> [&Value; 3] {
    ["active", "soak", "release"].map(|key| told.get(key).unwrap_or_else(|| panic!("{key} is missing: {told}")))
}

/// The soak that is watched, once it is on record.
fn soak_of(there: &Deployment) -> Value {
    there.wait_until("the soak is on record", |there| there.state()["soak"]["id"].is_string());
    there.state()["soak"]["id"].clone()
}

fn keys(told: &Value) -> BTreeSet<&str> {
    told.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn what_was_last_known_of_a_monitor_elsewhere_is_told_in_every_path() {
    let Machines { there, here, .. } = &Machines::new();
    let soak = watching(there, &["--release", "v7"]);
    let id = soak_of(there);
    let green = [&json!("green"), &id, &json!("v7")];
    let paused = here.run(&["ctl", "pause", "--json"]).expect(0).json();
    assert_eq!(known(&paused), green, "{paused}");
    let refused = here.run(&["ctl", "pause", "--json"]).expect(13).json();
    assert_eq!((known(&refused), &refused["outcome"]), (green, &json!("refused")), "{refused}");
    let mut job = here.command(&["ctl", "pause", "--output", "github"]);
    job.env("GITHUB_OUTPUT", here.path("output"));
    let told = "refused: traffic is on green according to the last report of its monitor; next: switchback status --service default";
    Running::start(job).wait().expect(13).says(&[told]);
    let outputs = fs::read_to_string(here.path("output")).unwrap();
    let wanted = format!(
        "active=green\nexit-code=13\nnext=switchback status --service default\nservice=default\nsoak={}\n",
        id.as_str().unwrap()
    );
    assert!(outputs.contains(&wanted) && outputs.ends_with("release=v7\n"), "{outputs}");

    let waiting = here.start(&["status", "--wait", "--output", "json"]);
    let mut attached = here.start(&["attach", "--output", "json"]);
    attached.hear("soak_start");
    std::thread::sleep(Duration::from_secs(2));
    soak.signal(Signal::KILL);
    soak.wait();
    let lost = attached.wait().expect(13).json_lines().pop().unwrap();
    let gone = waiting.wait().expect(13).json();
    let never = here.run(&["ctl", "pause", "--json"]).expect(13).json();
    assert_eq!((known(&gone), known(&lost), known(&never)), (green, green, [&Value::Null; 3]));
    assert_eq!(gone["next"], "on its machine: switchback status --wait --service default");
    assert_eq!(never["next"], "on its machine: switchback status --service default");
    for told in [&refused, &gone, &lost, &never] {
        assert_eq!(keys(told), keys(&paused), "{told}");
    }
}

#[test]
fn a_rollback_from_another_machine_tells_where_traffic_is_now() {
    let Machines { there, here, .. } = &Machines::new();
    let soak = watching(there, &["--release", "v7"]);
    let id = soak_of(there);
    there.wait_until("the standby is known to be ready", |there| {
        there.run(&["status", "--json"]).json()["standby"]["ready"] == true
    });
    let back = here.run(&["rollback", "--output", "json"]).expect(0).json();
    assert_eq!(known(&back), [&json!("blue"), &id, &json!("v7")], "{back}");
    soak.wait().expect(4);
}

#[test]
fn what_is_advised_is_asked_of_the_same_monitor_or_done_on_its_machine() {
    let machines = Machines::new();
    let soak = watching(&machines.there, &[]);
    let url = machines.here.settings.iter().find(|(key, _)| *key == "control.url").unwrap().1.clone();
    let here = machines.here.without("control.url");
    let waiting = here.start(&["status", "--wait", "--url", &url]);
    here.run(&["ctl", "pause", "--url", &url]).expect(0);
    let refused = here.run(&["ctl", "pause", "--url", &url, "--json"]).expect(13).json();
    let next = refused["next"].as_str().unwrap();
    assert_eq!(next, format!("switchback --url {url} status --service default"));
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    here.run(&words).expect(0).says(&["green"]);
    soak.signal(Signal::TERM);
    soak.wait().expect(5);
    waiting.wait().expect(5);

    // With the end of its run the monitor is gone, and nothing can be asked of it.
    let there = machines.there.with("soak.on_breach", "hold").with("soak.window", "4s");
    let soak = watching(&there, &[]);
    there.green.fail(50);
    let held = here.run(&["status", "--wait", "--url", &url, "--json"]).expect(11).json();
    assert_eq!(held["next"], "on its machine: switchback rollback --service default", "{held}");
    soak.wait().expect(11);
    there.run(&["rollback", "--service", "default"]).expect(0);
}

#[test]
fn a_wait_for_a_rollback_that_fails_on_another_machine_ends_with_7_while_it_is_tried_and_after_it() {
    for goes_on in [false, true] {
        let mut machines = Machines::new();
        machines.there = machines.there.with_commands("false", "false", "cat route").with("rollback.give_up", "1s");
        fs::write(machines.there.path("route"), "green\n").unwrap();
        let args = ["soak", "--release", "v7"];
        let foreground = (!goes_on).then(|| watching(&machines.there, &args[1..]));
        let background = goes_on.then(|| Background::start(&machines.there, &args));
        let id = soak_of(&machines.there);
        let waiting = machines.here.start(&["status", "--wait", "--json"]);
        std::thread::sleep(Duration::from_secs(1));
        machines.there.green.fail(50);
        let told = waiting.wait().expect(7).json();
        let is = ["/exitCode", "/activeColor", "/soak/id", "/soak/release"].map(|at| told.pointer(at).unwrap());
        assert_eq!(is, [&json!(7), &json!("green"), &id, &json!("v7")], "{told}");
        assert!(told["alarm"].as_str().unwrap().contains("BAD RELEASE STILL LIVE"), "{told}");
        assert_eq!(told["soak"]["running"], goes_on, "{told}");
        assert!(background.is_none_or(|monitor| monitor.is_alive()), "it goes on trying");
        if let Some(ended) = foreground {
            ended.wait().expect(7);
        }
    }
}
