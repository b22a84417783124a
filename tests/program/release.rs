//! The release that is judged, where only the pages of its instances name it.

use std::fs;

use serde_json::json;
use support::{Deployment, Page, Receiver, Service};

const FOUR: &str = "shop_build_info{version=\"1.4.2\"} 1\n";
const FIVE: &str = "shop_build_info{version=\"1.5.0\"} 1\n";
const SWITCH: [&str; 3] = ["switch", "green", "--no-tui"];

#[test]
fn a_build_info_names_the_release_everywhere_where_nobody_does() {
    let receiver = Receiver::start(0);
    let deployment = Deployment::fresh().with("notify.url", &receiver.url);
    deployment.green.show(Page::Built(FOUR));
    let done = deployment.run(&SWITCH).expect(0);
    let done = done.says(&["blue → green with release 1.4.2 by ", "watching green, release 1.4.2 (1 instance)"]);
    done.says(&["\nrelease         1.4.2\n"]);
    let state = deployment.state();
    assert_eq!((&state["soak"]["builds"], &state["soak"]["release"]), (&json!(["1.4.2"]), &json!(null)));
    assert_eq!(state["transition"]["release"], json!(null), "nobody named it");
    for kind in ["switch", "soak_start", "retain"] {
        assert_eq!(deployment.decision(kind)["release"], "1.4.2", "{kind}");
    }
    deployment.run(&["status"]).expect(0).says(&["active    green, release 1.4.2\n", "release   1.4.2\n"]);
    assert_eq!(deployment.run(&["status", "--json"]).expect(0).json()["release"], "1.4.2");
    let told = receiver.deliveries();
    assert!(told.len() == 2 && told.iter().all(|told| told.json()["data"]["release"] == "1.4.2"), "{told:#?}");
    assert!(told[1].json()["text"].as_str().unwrap().ends_with(" (release 1.4.2)"));

    let replayed = deployment.run(&["replay", "--no-tui"]).expect(0);
    replayed.says(&["watching green, release 1.4.2 (1 instance)", "\nrelease         1.4.2\n"]);
}

#[test]
fn a_soak_of_what_is_live_tells_the_release_with_its_first_sample() {
    let deployment = Deployment::switched();
    deployment.green.show(Page::Built(FOUR));
    let lines = deployment.run(&["soak", "--output", "json"]).expect(0).json_lines();
    let told = lines.iter().find(|line| line["reason"] == "release").unwrap();
    assert_eq!(told["message"], "green runs release 1.4.2, by its metrics page");
    assert_eq!(lines.last().unwrap()["release"], "1.4.2");
}

#[test]
fn a_job_that_is_run_again_is_not_refused_for_what_a_page_calls_the_release() {
    let deployment = Deployment::fresh().with("soak.max_extension", "2m");
    deployment.green.show(Page::Built(FOUR));
    deployment.run(&SWITCH).expect(0);
    // Another job names it by its commit: nobody knows whether that is the same.
    deployment.run(&["switch", "green", "--no-tui", "--release", "4f2a"]).expect(0).says(&["has ended: retained"]);
    let output = fs::File::create(deployment.path("output")).map(|_| deployment.path("output")).unwrap();
    let mut again = deployment.command(&["switch", "green", "--output", "github"]);
    again.env("GITHUB_OUTPUT", &output);
    support::Running::start(again).wait().expect(0);
    assert!(fs::read_to_string(output).unwrap().contains("release=1.4.2\n"));
}

#[test]
fn instances_that_run_different_releases_are_told_and_name_none() {
    let second = Service::start();
    second.show(Page::Built(FIVE));
    let deployment = Deployment::fresh();
    let both = format!("{},{}", deployment.green.url(), second.url());
    let deployment = deployment.with("colors.green.instances", &both);
    deployment.green.show(Page::Built(FOUR));
    let differ = "instances of green run different releases: 1.4.2 and 1.5.0. Is the deploy to green finished?";
    let done = deployment.run(&SWITCH).expect(0).says(&[differ, "RETAINED: green stays active"]);
    assert!(!done.stdout.contains("with release"), "{}", done.stdout);
    deployment.run(&["status"]).expect(0).says(&["instances run different releases: 1.4.2 and 1.5.0\n"]);
    assert_eq!(deployment.run(&["status", "--json"]).expect(0).json()["release"], json!(null));
}

#[test]
fn doctor_names_the_release_of_each_color() {
    let deployment = Deployment::fresh();
    deployment.green.show(Page::Built(FOUR));
    let told = deployment.run(&["doctor"]).stdout;
    let line = |color: &str| told.lines().find(|line| line.contains("metrics") && line.contains(color)).unwrap();
    assert!(line("green http").ends_with("; release 1.4.2"), "{told}");
    assert!(!line("blue http").contains("release"), "{told}");
}
