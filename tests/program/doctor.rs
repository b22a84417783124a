//! `doctor` and `rollback --dry-run`: what would work, and what would not, without touching anything.

use std::fs;

use rustix::process::Signal;
use serde_json::json;
use support::{Authority, Deployment, Emulator, Page, Receiver, free_address};

#[test]
fn where_all_is_well_it_says_so_and_touches_nothing() {
    let deployment = Deployment::switched();
    let before = deployment.files();
    deployment.run(&["doctor"]).expect(0).says(&[
        "ok       state file    `",
        "ok       lock          free: no move of traffic is in progress\n",
        "ok       monitor       none is running: a soak can begin\n",
        "ok       journal       none yet",
        "ok       router        state-file: traffic is on the color of the state file, green\n",
        "ok       router        a move to blue would write blue into `",
        "ok       readiness     green http://127.0.0.1:",
        "`http_requests_total` by `status_code`; 0 of ",
        " are needed to clear a release at 5%\n",
        "service default: all is well\n",
    ]);
    let report = deployment.run(&["doctor", "--json"]).expect(0).json();
    assert_eq!((&report["service"], &report["ok"]), (&json!("default"), &json!(true)));
    assert_eq!(report["findings"][0], json!({ "area": "configuration", "level": "ok", "text": "valid" }));
    deployment.run(&["rollback", "--dry-run"]).expect(0).says(&[
        "dry run: nothing is moved, nothing is written\ntraffic would be moved to blue, away from green\n",
        "activeColor blue, previousColor green",
        "decisions.jsonl`: rollback, rolled_back\n",
    ]);
    assert_eq!(deployment.files(), before);
}

#[test]
fn services_that_cannot_be_watched_are_failures_with_a_next_step() {
    let deployment = Deployment::switched();
    deployment.green.set_ready(false);
    deployment.green.show(Page::answer("200 OK", "text/plain; version=0.0.4", "jobs_total 7\n"));
    deployment.blue.show(Page::answer("404 Not Found", "text/plain", "no"));
    deployment.run(&["doctor"]).expect(2).says(&[
        "FAILURE  readiness     green is not ready: ",
        "next: user traffic goes there",
        "FAILURE  metrics       green http://127.0.0.1:",
        "requests cannot be counted: no counter of requests on the page; its counters are `jobs_total`",
        "next: name the counter with checks.error-rate.requests",
        "FAILURE  metrics       blue: ",
        "answered 404: set `metrics.path`",
        "warning  traffic       no requests of green can be counted\n",
        "service default: 3 failures and 1 warning\n",
    ]);
}

#[test]
fn a_dead_standby_is_a_warning_and_a_failure_while_a_soak_depends_on_it() {
    let deployment = Deployment::switched();
    deployment.blue.set_ready(false);
    deployment.run(&["doctor"]).expect(0).says(&["warning  readiness     blue is not ready", "1 warning\n"]);
    deployment.run(&["rollback", "--dry-run"]).expect(9).complains(&["blue is not ready, nothing was moved"]);
    deployment.run(&["rollback", "--dry-run", "--force"]).expect(0).says(&["traffic would be moved to blue"]);
    deployment.write_state(&json!({
        "activeColor": "green", "lastSwitch": deployment.state()["lastSwitch"], "previousColor": "blue",
        "soak": { "id": "20261123T140211Z-3f2a", "phase": "watching" },
    }));
    deployment
        .run(&["doctor"])
        .expect(2)
        .says(&["FAILURE  readiness     blue is not ready", "next: start blue: a rollback"]);
}

#[test]
fn traffic_that_is_too_little_to_judge_is_told_with_what_would_do() {
    let deployment = Deployment::switched().with("soak.window", "3s").with("checks.error-rate.min_requests", "20000");
    let done = deployment.run(&["doctor"]).expect(0);
    done.says(&[
        "warning  traffic       ",
        "; 20,000 are needed to clear a release at 5%",
        "next: a window of 1m is enough",
    ]);
    let deployment = deployment.with("soak.window", "10m");
    deployment.run(&["doctor"]).expect(0).says(&["never hold the 20000 requests that the method `window` needs"]);
}

#[test]
fn a_router_that_went_its_own_way_or_is_gone_is_a_failure() {
    let elsewhere = Deployment::switched().with_commands("true", "true", "echo blue");
    elsewhere.run(&["doctor"]).expect(2).says(&[
        "FAILURE  router        command sends traffic to blue, the state file says green\n",
        "next: switchback switch blue --no-soak, if blue is right; switchback rollback, if green is\n",
    ]);
    let mute = Deployment::switched().with_commands("true", "true", "exit 3");
    mute.run(&["doctor"]).expect(2).says(&["FAILURE  router        command cannot be read: "]);
    let missing = Deployment::switched()
        .with("router.kind", "command")
        .with("router.switch", "[\"no-such-program\", \"{color}\"]")
        .with("router.read", "[\"echo\", \"green\"]");
    missing.run(&["doctor"]).expect(2).says(&["FAILURE  router        a move to blue would fail: ", "no-such-program"]);
    let done = missing.run(&["rollback", "--dry-run"]).expect(7);
    done.complains(&["the rollback would fail: the router command cannot be moved", "no-such-program"]);
}

#[test]
fn what_is_wrong_on_disk_is_told() {
    let deployment = Deployment::switched();
    deployment.run(&["freeze"]).expect(0);
    deployment.run(&["unfreeze"]).expect(0);
    deployment.run(&["freeze", "--reason", "drill"]).expect(0);
    let journal = fs::read_to_string(deployment.journal_path()).unwrap();
    fs::write(deployment.journal_path(), &journal[..journal.len() - 9]).unwrap();
    deployment.run(&["doctor"]).expect(0).says(&[
        "warning  journal       line 4 of `",
        "ends in the middle of it",
        "warning  freeze        automatic rollback is frozen by operator:ana@",
        "next: switchback unfreeze\n",
    ]);
    fs::write(deployment.journal_path(), journal.replace("no longer", "ever more")).unwrap();
    fs::write(deployment.state_path(), "{").unwrap();
    deployment.run(&["doctor"]).expect(2).says(&[
        "FAILURE  journal       line 3 of `",
        "next: move it away and keep it",
        "FAILURE  state file    ",
    ]);
    fs::remove_dir_all(deployment.path(".switchback")).unwrap();
    fs::write(deployment.path(".switchback"), "").unwrap();
    deployment.run(&["doctor"]).expect(2).says(&["FAILURE  folder        `", "/.switchback` is not a folder"]);
}

#[test]
fn a_monitor_that_runs_is_told_from_one_that_hangs() {
    let deployment = Deployment::switched().with("soak.window", "60s");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    deployment.run(&["doctor"]).expect(0).says(&["ok       monitor       running and answering: process "]);
    let said = "the running monitor would get the order, and end its soak\n";
    deployment.run(&["rollback", "--dry-run"]).expect(0).says(&[said, "traffic would be moved to blue"]);
    soak.signal(Signal::STOP);
    deployment.run(&["doctor"]).expect(2).says(&["is running and does not answer within 2s", "soak --resume"]);
    deployment.run(&["rollback", "--dry-run"]).expect(0).says(&["does not answer: this command would act on its own"]);
    soak.signal(Signal::CONT);
    deployment.run(&["ctl", "abort"]).expect(0);
    soak.wait().expect(5);
}

#[test]
fn on_a_terminal_it_tells_what_that_can_show() {
    let deployment = Deployment::switched();
    for (size, told) in [
        ((100, 40), "ok       terminal      100×40, 256 colors, Unicode"),
        ((50, 40), "warning  terminal      50×40 is too small for charts"),
    ] {
        let mut emulator = Emulator::new(size.0, size.1);
        let mut program = deployment.on_terminal(&emulator, &["doctor"]).spawn().unwrap();
        emulator.wait_for_end(&mut program);
        assert!(emulator.contents().replace('\n', "").contains(told), "{}", emulator.contents());
    }
}

#[test]
fn a_release_with_no_rollback_is_told() {
    let deployment = Deployment::fresh();
    deployment.run(&["switch", "green", "--no-soak", "--no-rollback"]).expect(0);
    deployment.run(&["doctor"]).expect(0).says(&["warning  rollback      the active release was switched to with"]);
    deployment.run(&["rollback", "--dry-run"]).expect(9).complains(&["--no-rollback"]);
}

#[test]
fn a_dry_run_tells_when_there_is_nothing_to_do() {
    let never = Deployment::fresh();
    never
        .run(&["rollback", "--dry-run"])
        .expect(0)
        .says(&["nothing would be moved: there is no state file `", "blue is active and was never switched to"]);
    let back = Deployment::switched();
    back.run(&["rollback"]).expect(0);
    back.run(&["rollback", "--dry-run"]).expect(0).says(&["nothing would be rolled back"]);
    let astray = Deployment::fresh().with_commands("true", "true", "echo green");
    astray.run(&["rollback", "--dry-run"]).expect(7).complains(&["the router sends traffic to green anyway"]);
}

#[test]
fn warnings_of_the_configuration_are_findings() {
    let deployment = Deployment::switched();
    let mut command = deployment.command(&["doctor", "--json"]);
    command.env("SWITCHBACK_VERSION", "3");
    let report = support::Running::start(command).wait().expect(0).json();
    assert_eq!(report["findings"][0]["level"], "warning", "{report}");
    let bad = deployment.with("soak.window", "soon");
    bad.run(&["doctor"]).expect(2).complains(&["soak.window"]);
}

#[test]
fn what_reaches_beyond_the_machine_is_looked_at() {
    const TOKEN: &str = "0f5b2c9d8e7a61430f5b2c9d8e7a6143";
    let (address, receiver) = (free_address(), Receiver::start(0));
    let guarded = |deployment: Deployment| {
        let deployment = deployment.with("control.listen", &address).with("control.viewer_token", TOKEN);
        deployment.with("control.order_secret", "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs")
    };
    let deployment = guarded(Deployment::switched()).with("notify.url", &receiver.url);
    let listening =
        format!("a monitor listens on {address} (this machine only, unencrypted): viewer's token, signed orders\n");
    let done = deployment.run(&["doctor"]).expect(0);
    let done =
        done.says(&[&format!("ok       network       {listening}"), "127.0.0.1 answers; nothing was sent to it\n"]);
    assert!(!done.stdout.contains("kanarienvogel") && !done.stdout.contains(TOKEN), "{done:#?}");
    let asked = receiver.deliveries();
    assert!(asked.len() == 1 && asked[0].method == "HEAD" && asked[0].body.is_empty(), "{asked:?}");

    let taken = std::net::TcpListener::bind(&address).unwrap();
    let deployment = deployment.with("notify.url", "http://127.0.0.1:9/kanarienvogel");
    let done = deployment.run(&["doctor"]).expect(2).says(&[
        &format!("FAILURE  network       cannot listen on {address}: "),
        "warning  webhook       127.0.0.1 refused the connection\n",
        "next: breach notifications would be lost",
    ]);
    assert!(!done.stdout.contains("kanarienvogel"), "{done:#?}");
    drop(taken);
    let deployment = deployment.with("control.tls_certificate", "/nowhere").with("control.tls_key", "/nowhere");
    deployment.run(&["doctor"]).expect(2).says(&[
        "FAILURE  network       `control.tls_certificate`: `/nowhere` cannot be read: ",
        "next: fix it: no monitor can start",
    ]);
}

#[test]
fn what_a_monitor_on_another_machine_is_asked_with_is_looked_at() {
    let deployment = Deployment::switched()
        .with("control.url", "https://127.0.0.1:9")
        .with("control.viewer_token", "0f5b2c9d8e7a61430f5b2c9d8e7a6143");
    assert!(!deployment.run(&["doctor"]).expect(0).stdout.contains("control.url"));
    Authority::new().write(deployment.folder(), "ana");
    let deployment = deployment.with("control.ca_file", "ca.pem").with("control.client_certificate", "client.pem");
    let deployment = deployment.with("control.client_key", "client.key");
    let usable = "ok       network       the certificates for control.url can be read\n";
    deployment.run(&["doctor"]).expect(0).says(&[usable]);
    let deployment = deployment.with("control.client_certificate", "/nowhere");
    deployment.run(&["doctor"]).expect(2).says(&[
        "FAILURE  network       `control.client_certificate`: `/nowhere` cannot be read: ",
        "next: fix it: attach, ctl, status and rollback cannot reach a monitor at control.url",
    ]);
}

/// A certificate with its key, valid from ten days ago until so many days from now.
fn certificate(deployment: &Deployment, name: &str, days: i32) {
    let day = |days: i32| {
        let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(i64::from(days) * 24);
        let date = at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let part = |part: i8| u8::try_from(part).unwrap();
        rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()))
    };
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (day(-10), day(days));
    fs::write(deployment.path(&format!("{name}.pem")), params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(deployment.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
}

#[test]
fn certificates_that_expire_are_told_with_their_date_before_anybody_is_turned_away() {
    let deployment = Deployment::switched()
        .with("control.listen", free_address())
        .with("control.viewer_token", "0f5b2c9d8e7a61430f5b2c9d8e7a6143")
        .with("control.tls_certificate", "server.pem")
        .with("control.tls_key", "server.key")
        .with("control.client_certificate", "client.pem")
        .with("control.client_key", "client.key")
        .with("instances.tls_certificate", "shown.pem")
        .with("instances.tls_key", "shown.key");
    let made = |days: [i32; 3]| {
        for (name, days) in ["server", "client", "shown"].into_iter().zip(days) {
            certificate(&deployment, name, days);
        }
        deployment.run(&["doctor"])
    };
    let day = |days: i64| jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    let day = |days| day(days).strftime("%Y-%m-%d 00:00 UTC").to_string();
    let file = |name: &str| deployment.path(name).canonicalize().unwrap().display().to_string();
    let well = made([90, 90, 90]).expect(0);
    for (area, key, name) in [
        ("network", "control.tls_certificate", "server.pem"),
        ("network", "control.client_certificate", "client.pem"),
        ("instances", "instances.tls_certificate", "shown.pem"),
    ] {
        let is_told = |level: &str, how: &str| format!("{level:<8} {area:<13} `{key}` ({}) {how}", file(name));
        assert!(well.stdout.contains(&is_told("ok", &format!("is valid until {}\n", day(90)))), "{well:#?}");
        let soon = made([10, 10, 10]).expect(0);
        assert!(soon.stdout.contains(&is_told("warning", &format!("expires on {} (in ", day(10)))), "{soon:#?}");
        let over = made([-3, -3, -3]).expect(2);
        assert!(over.stdout.contains(&is_told("FAILURE", &format!("expired on {}\n", day(-3)))), "{over:#?}");
    }
}

#[test]
fn files_with_secrets_that_anybody_can_open_are_told_with_what_closes_them() {
    use std::os::unix::fs::PermissionsExt as _;

    let deployment = Deployment::switched();
    let allow =
        |name: &str, mode| fs::set_permissions(deployment.path(name), fs::Permissions::from_mode(mode)).unwrap();
    fs::write(deployment.path("token"), "kanarienvogel-0123456789\n").unwrap();
    fs::write(deployment.path(".env"), "SWITCHBACK_HEALTH_BEARER_TOKEN=kanarienvogel-9876543210\n").unwrap();
    let deployment = &deployment;
    let doctor = || {
        let mut command = deployment.command(&["doctor"]);
        command.env("SWITCHBACK_METRICS_BEARER_TOKEN_FILE", deployment.path("token"));
        support::Running::start(command).wait().expect(0)
    };
    let path = |name: &str| deployment.path(name).canonicalize().unwrap().display().to_string();

    allow("token", 0o640);
    allow(".env", 0o600);
    doctor().says(&["ok       secrets       2 files with secrets: readable only by owner and group\n"]);
    allow("token", 0o644);
    allow(".env", 0o666);
    let done = doctor().says(&[
        &format!(
            "warning  secrets       any local user can read `{}`, which holds metrics.bearer_token\n",
            path("token")
        ),
        &format!("next: chmod o-rwx {}\n", path("token")),
        &format!("any local user can write `{}`, and so choose the commands that run\n", path(".env")),
    ]);
    assert!(!done.stdout.contains("kanarienvogel"), "{done:#?}");
    // What is no secret may be read by anybody, the path of one included.
    let named = format!("SWITCHBACK_SOAK_WINDOW=20s\nSWITCHBACK_HEALTH_BEARER_TOKEN_FILE={}\n", path("token"));
    fs::write(deployment.path(".env"), named).unwrap();
    allow(".env", 0o644);
    allow("token", 0o600);
    doctor().says(&["ok       secrets       1 file with secrets"]);
}

#[test]
fn hosts_that_only_a_file_names_are_told_where_they_are_sent_a_token() {
    let deployment = Deployment::switched();
    let green = deployment.green.url().replace("http://", "");
    let targets = json!([{ "targets": [green] }]).to_string();
    fs::write(deployment.path("green.json"), targets).unwrap();
    let file = deployment.path("green.json").display().to_string();
    let deployment = deployment.without("colors.green.instances").with("colors.green.instances_file", file);
    let doctor = |token: bool| {
        let mut command = deployment.command(&["doctor"]);
        if token {
            command.env("SWITCHBACK_HEALTH_BEARER_TOKEN", "kanarienvogel-0123456789");
        }
        support::Running::start(command).wait().expect(0)
    };
    doctor(true).says(&[
        "health.bearer_token is sent to every host in `",
        &format!("ok       secrets       health.bearer_token is sent to {green}, named only in a file\n"),
    ]);
    let done = doctor(false);
    assert!(!done.stdout.contains("secrets"), "{done:#?}");
}
