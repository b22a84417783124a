//! HAProxy as its operators keep it: servers out of order, waiting with weight 0, without an address; maintenance servers.

use switchback::model::Color;

use crate::haproxy::{Haproxy, start, start_with};
use crate::proxy::free_port;
use crate::scenes::Scene;

const ADMIN: usize = 6;
const WEIGHT: usize = 7;
const READY: &str = "0";
const MAINT: &str = "1";

fn weights(scene: &Scene<Haproxy>) -> [String; 4] {
    ["b1", "b2", "g1", "g2"].map(|server| scene.proxy.column(server, WEIGHT))
}

/// Green waits with weight 0, as many scripts have it.
fn waiting_with_weight_0() -> Scene<Haproxy> {
    start_with(|example| example.with(" disabled", " weight 0"))
}

#[test]
fn a_server_that_was_in_maintenance_stays_there_and_is_named() {
    for away in ["auto", "maint", "weight"] {
        let scene = start().with("router.away", away);
        scene.proxy.command("set server checkout-api/b2 state maint");
        let told = "haproxy server b2 of blue is in maintenance while blue serves: a move does not change it";
        scene.deployment.run(&["doctor"]).says(&[told]);
        scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
        scene.is_on("green");
        let named = "b2 stays in maintenance, as it was left while its color served";
        scene.deployment.run(&["rollback", "--dry-run"]).expect(0).says(&[named]);
        scene.deployment.run(&["rollback"]).expect(0).says(&[named]);
        assert!(scene.deployment.decision("rolled_back")["message"].as_str().unwrap().contains(named));
        scene.is_on("blue");
        assert_eq!(
            (scene.proxy.column("b1", ADMIN).as_str(), scene.proxy.column("b2", ADMIN).as_str()),
            (READY, MAINT)
        );
    }
}

#[test]
fn an_automatic_rollback_leaves_a_server_in_maintenance_and_says_so() {
    let scene = start();
    scene.proxy.command("set server checkout-api/b1 state maint");
    scene.apps.fail(Color::Green, 40);
    let _users = scene.users();
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(3);
    assert!(done.stdout.contains("b1 stays in maintenance, as it was left"), "{done:#?}");
    scene.is_on("blue");
    assert_eq!(scene.proxy.column("b1", ADMIN), MAINT);
}

#[test]
fn a_color_that_somebody_parked_as_a_whole_comes_back() {
    let scene = start();
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    for server in ["b1", "b2"] {
        scene.proxy.command(&format!("set server checkout-api/{server} state maint"));
    }
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    assert_eq!(["b1", "b2"].map(|server| scene.proxy.column(server, ADMIN)), [READY; 2]);
}

#[test]
fn servers_that_wait_with_weight_0_serve_and_go_back_to_it() {
    let scene = waiting_with_weight_0();
    let done = scene.deployment.run(&["doctor"]);
    let foreseen =
        "a move to green would set g1, g2 to weight 1 (g1 with weight 0, g2 with weight 0), then b1, b2 to weight 0";
    done.says(&["haproxy sends traffic to blue", foreseen]);
    crate::scenes::a_healthy_release_is_kept_and_taken_back_by_hand(&scene);
    assert_eq!(weights(&scene), ["1", "1", "0", "0"]);
    assert_eq!(scene.proxy.column("b1", ADMIN), READY);
}

#[test]
fn weights_that_an_operator_set_are_the_ones_that_come_back() {
    let scene = waiting_with_weight_0();
    for (server, weight) in [("b1", 30), ("b2", 70)] {
        scene.proxy.command(&format!("set server checkout-api/{server} weight {weight}"));
    }
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    assert_eq!(weights(&scene), ["0", "0", "70", "70"]);
    scene.deployment.run(&["rollback"]).expect(0);
    assert_eq!(weights(&scene), ["30", "70", "0", "0"]);
}

#[test]
fn servers_that_cannot_come_up_go_back_to_weight_0() {
    let scene = start_with(|example| example.with(" disabled", " weight 0").with("GET /health/ready", "GET /nothing"));
    let scene = scene.with("router.timeout", "1s");
    scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert_eq!(weights(&scene), ["1", "1", "0", "0"]);
    scene.is_on("blue");
}

#[test]
fn a_balance_that_takes_no_weights_is_told_and_nothing_is_moved() {
    let scene = start_with(|example| {
        example.with(" disabled", " weight 0").with("option httpchk", "balance static-rr\n    option httpchk")
    });
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(done.stdout.contains("Backend is using a static LB algorithm"), "{done:#?}");
    assert!(done.stdout.contains("nothing was moved"), "{done:#?}");
    assert_eq!(weights(&scene), ["1", "1", "0", "0"]);
}

#[test]
fn a_server_without_an_address_is_told_and_not_waited_for() {
    let scene = start_with(|example| {
        let server = example.server("g2");
        example.with(&server, "server g2 0.0.0.0:0 disabled")
    });
    scene.deployment.run(&["doctor"]).says(&["haproxy server g2 of green is without an address"]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    let message = scene.deployment.decision("switch")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("without an address, so not waited for: g2"), "{message}");
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    // A color of which no server has one cannot take traffic.
    let scene = scene.with("router.green", "g2");
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    assert!(
        done.stdout.contains("has no server of green that could be brought in: g2 without an address"),
        "{done:#?}"
    );
    scene.is_on("blue");
}

fn with_a_maintenance_server() -> Scene<Haproxy> {
    start_with(|example| {
        let server = example.server("g2");
        let sorry = server.replace("g2", "sorry");
        example.with(&server, format!("{server}\n    {sorry}"))
    })
}

/// All of both colors out, and another server in their place.
fn maintain(scene: &Scene<Haproxy>) {
    for server in ["b1", "b2", "g1", "g2"] {
        scene.proxy.command(&format!("set server checkout-api/{server} state maint"));
    }
    scene.proxy.command("set server checkout-api/sorry state ready");
}

#[test]
fn a_maintenance_server_in_place_of_both_colors_is_left_alone() {
    let scene = with_a_maintenance_server();
    maintain(&scene);
    let foreign = "`HAProxy backend checkout-api` holds `sorry ";
    let done = scene.deployment.run(&["switch", "green", "--no-tui"]).expect(12);
    for part in
        [foreign, "nothing was moved", "set server checkout-api/g1 state ready", "switchback switch green --force"]
    {
        assert!(done.stdout.contains(part), "`{part}`: {done:#?}");
    }
    assert_eq!(["b1", "g1", "sorry"].map(|server| scene.proxy.column(server, ADMIN)), [MAINT, "5", "4"]);
    scene.deployment.run(&["doctor"]).expect(2).says(&[foreign]);
    // Who says --force gets what was ordered, with a word about the server that still serves beside it.
    let done = scene.deployment.run(&["switch", "green", "--no-soak", "--force"]).expect(0);
    assert!(done.stdout.contains("sorry still takes traffic as well"), "{done:#?}");
    scene.is_on("green");
}

#[test]
fn a_rollback_is_held_while_a_maintenance_server_serves() {
    let scene = with_a_maintenance_server().with("soak.window", "6s").with("soak.grace", "1s");
    scene.apps.fail(Color::Green, 40);
    let _users = scene.users();
    let mut running = scene.deployment.start(&["switch", "green", "--no-tui"]);
    running.hear("breach");
    maintain(&scene);
    running.wait().expect(11).says(&["backend checkout-api` holds `sorry "]);
    assert_eq!(scene.deployment.count("rolled_back"), 0);
    assert_eq!(scene.proxy.column("b1", ADMIN), MAINT);
    let dry = scene.deployment.run(&["rollback", "--dry-run"]).code();
    assert_eq!(dry, scene.deployment.run(&["rollback"]).code());
    assert_ne!(dry, Some(0));
}

#[test]
fn a_dry_run_knows_that_the_servers_are_down() {
    let scene = start().with("router.timeout", "1s");
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    for server in ["b1", "b2"] {
        scene.proxy.call_down(server);
    }
    let told = "too few servers of blue are up: b1 DOWN, b2 DOWN";
    scene.deployment.run(&["rollback", "--dry-run"]).expect(7).complains(&[told]);
    scene.deployment.run(&["rollback"]).expect(7);
    scene.is_on("green");
    // One of two is enough for users who wait.
    scene.proxy.command("set server checkout-api/b1 health up");
    scene.deployment.run(&["rollback", "--dry-run"]).expect(0);
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
}

#[test]
fn servers_whose_checks_are_off_and_servers_that_start_slowly_are_up() {
    let scene = start_with(|example| example.with("rise 1 fall 3", "rise 1 fall 3 slowstart 60s"));
    let scene = scene.with("router.timeout", "3s");
    scene.proxy.command("disable health checkout-api/g1");
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
}

#[test]
fn traffic_on_both_colors_is_brought_to_the_one_that_was_ordered() {
    for (order, color) in [(&["switch", "green", "--no-soak"][..], "green"), (&["rollback"], "blue")] {
        let scene = start();
        scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
        for server in ["b1", "b2"] {
            scene.proxy.command(&format!("set server checkout-api/{server} state ready"));
        }
        if color == "green" {
            scene.deployment.run(&["rollback"]).expect(0);
            for server in ["g1", "g2"] {
                scene.proxy.command(&format!("set server checkout-api/{server} state ready"));
            }
        }
        scene.deployment.run(order).expect(0);
        scene.is_on(color);
    }
}

#[test]
fn the_runtime_api_may_listen_on_tcp_and_a_color_may_have_one_server_or_three() {
    let port = free_port();
    let scene = start_with(|example| {
        let bind = format!("stats socket ipv4@127.0.0.1:{port} level admin\n    # A reload");
        example.with("# A reload", bind)
    });
    let scene = scene.with("router.socket", &format!("tcp://127.0.0.1:{port}"));
    let scene = scene.with("router.blue", "b1").with("router.green", "g1,g2,b2");
    scene.proxy.command("set server checkout-api/b2 state maint");
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    assert_eq!(["b1", "b2", "g1", "g2"].map(|server| scene.proxy.column(server, ADMIN)), ["8", "0", "4", "4"]);
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    assert_eq!(["b1", "b2", "g1", "g2"].map(|server| scene.proxy.column(server, ADMIN)), ["0", "8", "12", "12"]);
}

#[test]
fn servers_that_wait_as_backup_take_no_traffic() {
    let scene = start_with(|example| example.with(" disabled", " backup"));
    let shows = |color: &str| {
        let status = scene.deployment.run(&["status", "--json"]).expect(0).json();
        assert_eq!(status["router"]["activeColor"], color, "{status:#}");
    };
    shows("blue");
    scene.deployment.run(&["doctor"]).says(&["haproxy sends traffic to blue"]);
    scene.deployment.run(&["switch", "green", "--no-soak"]).expect(0);
    scene.is_on("green");
    scene.deployment.run(&["rollback"]).expect(0);
    scene.is_on("blue");
    // A backup serves once nobody else is up.
    for server in ["g1", "g2"] {
        scene.proxy.command(&format!("set server checkout-api/{server} state ready"));
    }
    shows("blue");
    for server in ["b1", "b2"] {
        scene.proxy.call_down(server);
    }
    shows("green");
}
