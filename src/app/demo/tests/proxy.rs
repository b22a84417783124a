use std::path::PathBuf;
use std::time::Duration;

use axum::http::Method;
use tempfile::TempDir;
use tokio::time::sleep;

use super::super::faults::Faults;
use super::super::load::Load;
use super::super::proxy::{Proxy, STATUS_PATH};
use super::super::service::Service;
use super::support::{ask, counted, eventually, get, gone, refuses};
use crate::model::Color;

struct Site {
    folder: TempDir,
    proxy: Proxy,
    blue: Service,
    green: Service,
    green_faults: Faults,
}

impl Site {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let (blue_faults, green_faults) = (Faults::none(2), Faults::none(2));
        let blue = Service::start(Color::Blue, &blue_faults, 1).unwrap();
        let green = Service::start(Color::Green, &green_faults, 2).unwrap();
        let proxy = Proxy::start(folder.path().join("state.json"), blue.instances(), green.instances()).unwrap();
        Self { folder, proxy, blue, green, green_faults }
    }

    fn state_file(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    /// Writes the state file as a deployment tool does, in one piece, and waits until the proxy follows.
    async fn switch(&self, color: Color) {
        let new = self.folder.path().join("new.json");
        std::fs::write(&new, format!(r#"{{"activeColor":"{color}","lastSwitch":1795476145183}}"#)).unwrap();
        std::fs::rename(new, self.state_file()).unwrap();
        eventually("the proxy follows", || *self.proxy.active().borrow() == color).await;
    }

    async fn color(&self) -> String {
        let answer = ask(Method::GET, self.proxy.addr(), "/").await.unwrap();
        answer.headers()["x-color"].to_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switching_to_and_fro_under_load_loses_no_request() {
    let site = Site::start();
    let load = Load::start(site.proxy.addr(), 200).unwrap();
    for color in [Color::Green, Color::Blue, Color::Green, Color::Blue, Color::Green] {
        site.switch(color).await;
        sleep(Duration::from_millis(150)).await;
    }
    let totals = load.stop().await;
    assert_eq!(totals.failed, 0, "{totals}");
    assert_eq!(totals.sent, totals.blue.requests + totals.green.requests, "{totals}");
    let mut served = [0, 0];
    for (served, service) in served.iter_mut().zip([&site.blue, &site.green]) {
        for &addr in service.instances() {
            let count = counted(addr).await;
            assert!(count > 0, "an instance of an active color got no request");
            *served += count;
        }
    }
    assert_eq!(served, [totals.blue.requests, totals.green.requests]);
}

#[tokio::test]
async fn an_unreadable_state_file_keeps_the_last_color() {
    let site = Site::start();
    assert_eq!(site.color().await, "blue", "no file means blue");
    site.switch(Color::Green).await;
    assert_eq!(site.color().await, "green");
    for garbage in ["", "{\"activeColor\":", "{\"activeColor\":\"purple\"}"] {
        std::fs::write(site.state_file(), garbage).unwrap();
        sleep(Duration::from_millis(80)).await;
        assert_eq!(site.color().await, "green", "{garbage}");
    }
    std::fs::remove_file(site.state_file()).unwrap();
    sleep(Duration::from_millis(80)).await;
    assert_eq!(site.color().await, "green");
    site.switch(Color::Blue).await;
    assert_eq!(site.color().await, "blue");
}

#[tokio::test]
async fn a_dead_color_is_a_bad_gateway_and_counts_as_its_failure() {
    let site = Site::start();
    site.switch(Color::Green).await;
    site.green_faults.change(|now| now.up = false);
    for &addr in site.green.instances() {
        gone(addr).await;
    }
    let answer = ask(Method::GET, site.proxy.addr(), "/products").await.unwrap();
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["x-color"], "green");
    let (status, text) = get(site.proxy.addr(), STATUS_PATH).await;
    assert_eq!(status, 200);
    let status: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "activeColor": "green",
        "blue": {"requests": 0, "failed": 0},
        "green": {"requests": 1, "failed": 1},
    });
    assert_eq!(status, expected);
}

#[tokio::test]
async fn method_path_query_and_headers_pass_through() {
    let site = Site::start();
    let addr = site.proxy.addr();
    let paid = ask(Method::POST, addr, "/pay?amount=7").await.unwrap();
    assert_eq!(paid.status(), 200);
    assert_eq!(paid.headers()["x-version"], "1.4.2");
    assert_eq!(paid.body(), "POST /pay done by blue 1.4.2\n");
    assert_eq!(ask(Method::GET, addr, "/pay").await.unwrap().status(), 405);
    assert_eq!(ask(Method::GET, addr, "/nothing").await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_proxy_without_instances_is_a_bad_gateway() {
    let folder = TempDir::new().unwrap();
    let proxy = Proxy::start(folder.path().join("state.json"), &[], &[]).unwrap();
    assert_eq!(get(proxy.addr(), "/").await.0, 502);
    let addr = proxy.addr();
    proxy.stop().await;
    assert!(refuses(addr).await);
}
