//! What has to hold beside every router.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use support::{Deployment, Running};
use switchback::model::Color;

use crate::apps::Apps;
use crate::users::{Connection, Users, Visit, all_on, none_lost};

/// A router under test.
pub trait Proxy {
    /// The connections of users that it may close without an answer when it is moved.
    const CLOSES: &[Connection];
    /// Where users come.
    fn url(&self) -> String;
    /// It dies.
    fn kill(&mut self);
    /// It starts again, with the configuration that it had at first: blue takes traffic.
    fn start_again(&mut self);
    /// Somebody moves traffic past Switchback.
    fn move_by_hand(&self, to: Color);
}

/// Services, a router in front of them with blue active, and a deployment that is configured by the example.
pub struct Scene<P> {
    pub apps: Apps,
    pub proxy: P,
    pub deployment: Deployment,
}

impl<P: Proxy> Scene<P> {
    /// `folder` has the example's `switchback.toml`.
    pub fn new(apps: Apps, proxy: P, folder: &Path) -> Self {
        let deployment = Deployment::fresh().without("colors.blue.instances").without("colors.green.instances");
        let deployment = deployment.with("service", "default").with("soak.window", "4s").with("soak.interval", "200ms");
        fs::copy(folder.join("switchback.toml"), deployment.path("switchback.toml")).unwrap();
        Self { apps, proxy, deployment }
    }

    /// With another setting.
    #[must_use]
    pub fn with(self, key: &'static str, value: &str) -> Self {
        Self { deployment: self.deployment.with(key, value), ..self }
    }

    pub fn users(&self) -> Users {
        let users = Users::start(&self.proxy.url());
        while users.visits().len() < 20 {
            std::thread::sleep(Duration::from_millis(10));
        }
        users
    }

    /// What router and state file show, by `status --json`.
    #[track_caller]
    pub fn is_on(&self, color: &str) {
        let status = self.deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!(
            (&status["router"]["activeColor"], &status["activeColor"]),
            (&color.into(), &color.into()),
            "{status:#}"
        );
        assert_eq!(status["router"]["inSync"], true);
    }

    /// What the router shows, before there is a state file.
    #[track_caller]
    pub fn is_on_router(&self, color: &str) {
        let status = self.deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!(status["router"]["activeColor"], color, "{status:#}");
    }

    /// A switch of a healthy release whose soak lasts until it is ended.
    pub fn endless(self) -> (Self, Running) {
        let scene = self.with("soak.window", "10m");
        let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
        running.hear("soak_start");
        (scene, running)
    }
}

/// Users see this color from now on, and only this one.
#[track_caller]
pub fn users_are_on<P: Proxy>(scene: &Scene<P>, color: &str) {
    let users = Users::start(&scene.proxy.url());
    let since = Instant::now();
    while users.visits().len() < 60 {
        std::thread::sleep(Duration::from_millis(10));
    }
    all_on(color, since, &users.stop());
}

/// There and back, seen by users, and each time confirmed.
pub fn there_and_back<P: Proxy>(scene: &Scene<P>) {
    scene.is_on_router("blue");
    scene.deployment.run(&["doctor"]).expect(0).says(&["a move to green would "]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    users_are_on(scene, "green");
    scene.deployment.run(&["rollback", "--dry-run"]).expect(0);
    scene.deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    scene.is_on("blue");
    users_are_on(scene, "blue");
    scene.deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
}

/// No request was lost, and none had to be repeated but on connections that the router may close.
#[track_caller]
fn seamless<P: Proxy>(visits: &[Visit]) {
    none_lost(visits);
    let repeated: Vec<_> = visits.iter().filter_map(|visit| visit.repeated).collect();
    let allowed = repeated.iter().all(|connection| P::CLOSES.contains(connection));
    assert!(allowed, "requests had to be repeated on these connections: {repeated:?}");
}

fn on(color: &str, visits: &[Visit]) -> usize {
    visits.iter().filter(|visit| visit.color.as_deref() == Some(color)).count()
}

/// A healthy release goes live and stays; a rollback by hand takes it back. No request is lost on either way.
pub fn a_healthy_release_is_kept_and_taken_back_by_hand<P: Proxy>(scene: &Scene<P>) {
    let users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("soak_start");
    let switched = Instant::now();
    running.wait().expect(0);
    scene.is_on("green");
    all_on("green", switched, &users.visits());
    scene
        .deployment
        .run(&["rollback", "--dry-run"])
        .expect(0)
        .says(&["traffic would be moved to blue, away from green"]);
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0).says(&["traffic is on blue"]);
    let back = Instant::now();
    scene.is_on("blue");
    std::thread::sleep(Duration::from_millis(500));
    let visits = users.stop();
    all_on("blue", back, &visits);
    seamless::<P>(&visits);
    scene.deployment.run(&["rollback"]).expect(0).says(&["nothing to roll back"]);
}

/// A bad release is rolled back by itself, no request is lost by the router's moves, and none reaches it afterwards.
pub fn a_bad_release_is_rolled_back<P: Proxy>(scene: &Scene<P>) {
    scene.apps.fail(Color::Green, 40);
    let users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("rolled_back");
    let back = Instant::now();
    running.wait().expect(3);
    scene.is_on("blue");
    std::thread::sleep(Duration::from_millis(500));
    let visits = users.stop();
    assert!(on("green", &visits) >= 20, "green was not live at all");
    all_on("blue", back, &visits);
    seamless::<P>(&visits);
    assert_eq!(scene.deployment.count("rolled_back"), 1);
}

/// The router dies while a rollback counts down, and is back before the last attempt.
pub fn a_router_that_dies_in_the_rollback_is_waited_for<P: Proxy>(scene: Scene<P>) {
    let mut scene = scene.with("soak.grace", "1s");
    scene.apps.fail(Color::Green, 40);
    let users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("breach");
    scene.proxy.kill();
    let failed = |decision: &serde_json::Value| decision["reason"] == "rollback-attempt";
    scene.deployment.wait_until("an attempt that failed", |deployment| deployment.decisions().iter().any(failed));
    scene.proxy.start_again();
    running.hear("rolled_back");
    let back = Instant::now();
    running.wait().expect(3);
    scene.is_on("blue");
    std::thread::sleep(Duration::from_millis(500));
    all_on("blue", back, &users.stop());
    assert_eq!(scene.deployment.count("rolled_back"), 1);
}

/// A router that never comes back: the loudest outcome, and what to do.
pub fn a_router_that_stays_away_is_told_loudly<P: Proxy>(scene: Scene<P>) {
    let mut scene = scene.with("soak.grace", "1s");
    scene.apps.fail(Color::Green, 40);
    let _users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("breach");
    scene.proxy.kill();
    running.wait().expect(7).says(&["ROLLBACK FAILED after ", " attempts"]);
    scene.proxy.start_again();
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
}

/// Readings of the router that showed this color, in the recording of the only soak.
fn readings(deployment: &Deployment, color: &str) -> usize {
    let folder = deployment.path(".switchback/default/soaks");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let wanted = format!(r#""event":"router_observed","epoch":1,"router":{{"Ok":"{color}"}}"#);
    fs::read_to_string(file).unwrap().lines().filter(|line| line.contains(&wanted)).count()
}

/// A router that comes back with its old configuration has moved traffic: the soak is over within two readings.
pub fn a_router_with_its_old_configuration_ends_the_soak<P: Proxy>(scene: Scene<P>) {
    let (mut scene, running) = scene.endless();
    scene.proxy.kill();
    scene.proxy.start_again();
    running.wait().expect(8).says(&["the router now sends traffic to blue"]);
    assert!(readings(&scene.deployment, "blue") <= 2);
    assert_eq!(scene.deployment.count("rollback"), 0);
    let status = scene.deployment.run(&["status"]).expect(0);
    status.says(&["out of sync: it sends traffic to blue"]);
}

/// So has somebody who moves traffic by hand.
pub fn a_move_by_hand_ends_the_soak<P: Proxy>(scene: Scene<P>) {
    let (scene, running) = scene.endless();
    scene.proxy.move_by_hand(Color::Blue);
    running.wait().expect(8).says(&["the router now sends traffic to blue"]);
    assert!(readings(&scene.deployment, "blue") <= 2);
}

/// A router that is away when a switch is to be made: nothing was moved, and the message names it.
pub fn a_switch_without_a_router_fails_and_says_so<P: Proxy>(mut scene: Scene<P>, complaint: &str) {
    scene.proxy.kill();
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains(complaint), "{done:#?}");
    assert!(!scene.deployment.state_path().exists() || scene.deployment.state()["activeColor"] == "blue");
}

macro_rules! scenes {
    ($start:path, $complaint:literal) => {
        #[test]
        fn a_healthy_release_is_kept_and_taken_back_by_hand() {
            crate::scenes::a_healthy_release_is_kept_and_taken_back_by_hand(&$start());
        }

        #[test]
        fn a_bad_release_is_rolled_back() {
            crate::scenes::a_bad_release_is_rolled_back(&$start());
        }

        #[test]
        fn a_router_that_dies_in_the_rollback_is_waited_for() {
            crate::scenes::a_router_that_dies_in_the_rollback_is_waited_for($start());
        }

        #[test]
        fn a_router_that_stays_away_is_told_loudly() {
            crate::scenes::a_router_that_stays_away_is_told_loudly($start());
        }

        #[test]
        fn a_router_with_its_old_configuration_ends_the_soak() {
            crate::scenes::a_router_with_its_old_configuration_ends_the_soak($start());
        }

        #[test]
        fn a_move_by_hand_ends_the_soak() {
            crate::scenes::a_move_by_hand_ends_the_soak($start());
        }

        #[test]
        fn a_switch_without_a_router_fails_and_says_so() {
            crate::scenes::a_switch_without_a_router_fails_and_says_so($start(), $complaint);
        }
    };
}
pub(crate) use scenes;
