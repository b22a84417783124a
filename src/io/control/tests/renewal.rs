//! Certificates and secrets that are replaced while a monitor listens.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::harness::{places, until};
use super::network::{Door, OPERATOR, VIEWER, bearer, certificate, signed_with};
use crate::config::scrub;

const NEW: &str = "7a1e94c05db3f8267a1e94c05db3f826";
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW_SECRET: &str = "whsec_a2FuYXJpZW52b2dlbC1rYW5hcmllbnZvZ2Vs";

async fn code(door: &Door, token: &str) -> u16 {
    door.ask("GET", "/v1/status", &bearer(token), "").await.0
}

/// Puts another file in the place of this one.
fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

#[tokio::test]
async fn the_next_request_needs_the_new_token_and_what_is_of_no_use_changes_nothing() {
    let door = Door::open_with(|control, folder| {
        let file = folder.join("operator");
        std::fs::write(&file, OPERATOR).unwrap();
        control.secret_files.insert("control.operator_token", file);
    })
    .await;
    let file = door.folder.path().join("operator");
    assert_eq!(code(&door, OPERATOR).await, 200);
    for useless in ["hunter2", "", VIEWER, "two words of a token that is long enough"] {
        replace(&file, useless);
        sleep(Duration::from_millis(1_200)).await;
        assert_eq!((code(&door, OPERATOR).await, code(&door, VIEWER).await), (200, 200), "{useless}");
    }
    replace(&file, &format!("{NEW}\n"));
    until("the old token is refused", async || code(&door, OPERATOR).await == 401).await;
    assert_eq!((code(&door, NEW).await, code(&door, VIEWER).await), (200, 200));
    assert_eq!(scrub(NEW), "***", "new secrets are masked as well");
    std::fs::remove_file(&file).unwrap();
    sleep(Duration::from_millis(1_200)).await;
    assert_eq!(code(&door, NEW).await, 200);
}

#[tokio::test]
async fn whoever_follows_the_events_with_a_token_that_was_withdrawn_is_cut_off() {
    let mut door = Door::open_with(|control, folder| {
        let file = folder.join("viewer");
        std::fs::write(&file, VIEWER).unwrap();
        control.secret_files.insert("control.viewer_token", file);
    })
    .await;
    door.harness.publish(0..20);
    let mut viewer = door.client("http", None, Some(VIEWER)).events(1).await.unwrap();
    let mut operator = door.client("http", Some(OPERATOR), None).events(1).await.unwrap();
    assert_eq!((places(&mut viewer, 20).await.len(), places(&mut operator, 20).await.len()), (20, 20));
    replace(&door.folder.path().join("viewer"), NEW);
    timeout(Duration::from_secs(20), viewer.next()).await.unwrap().unwrap_err();
    door.harness.publish(20..30);
    assert_eq!(places(&mut operator, 10).await.len(), 10, "the others go on");
}

#[tokio::test]
async fn an_order_is_signed_with_the_new_secret_and_an_id_stays_known() {
    let mut door = Door::open_with(|control, folder| {
        let file = folder.join("secret");
        std::fs::write(&file, SECRET).unwrap();
        control.secret_files.insert("control.order_secret", file);
    })
    .await;
    let _taken = door.take_orders();
    let body = r#"{"action":"pause"}"#;
    let order =
        async |id: &str, secret: &str| door.ask("POST", "/v1/actions", &signed_with(secret, id, 0, body), body).await.0;
    assert_eq!(order("msg_1", SECRET).await, 202);
    replace(&door.folder.path().join("secret"), NEW_SECRET);
    let mut id = 1;
    until("the old secret is worth nothing", async || {
        id += 1;
        order(&format!("msg_{id}"), SECRET).await == 401
    })
    .await;
    assert_eq!((order("msg_1", NEW_SECRET).await, order("msg_new", NEW_SECRET).await), (409, 202));
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_old_ones_go_on() {
    let mut door = Door::open_with(|control, folder| {
        // As Kubernetes mounts them: symlinks to a folder that is itself a symlink.
        for (version, name) in [("v1", "tls"), ("v2", "tls")] {
            std::fs::create_dir(folder.join(version)).unwrap();
            certificate(&folder.join(version), name);
        }
        symlink("v1", folder.join("..data")).unwrap();
        symlink("..data/tls.pem", folder.join("tls.pem")).unwrap();
        symlink("..data/tls.key", folder.join("tls.key")).unwrap();
        (control.certificate, control.key) = (Some(folder.join("tls.pem")), Some(folder.join("tls.key")));
    })
    .await;
    let folder = door.folder.path().to_owned();
    door.harness.publish(0..20);
    door.config.control.ca_file = Some(folder.join("v1/tls.pem"));
    let old = door.client("https", Some(OPERATOR), None);
    let mut following = old.events(1).await.unwrap();
    assert_eq!(places(&mut following, 20).await.len(), 20);
    door.config.control.ca_file = Some(folder.join("v2/tls.pem"));
    let new = door.client("https", Some(OPERATOR), None);
    new.status().await.unwrap_err();

    symlink("v2", folder.join("new")).unwrap();
    std::fs::rename(folder.join("new"), folder.join("..data")).unwrap();
    until("the new certificate is shown", async || new.status().await.is_ok()).await;
    old.status().await.unwrap_err();
    door.harness.publish(20..30);
    assert_eq!(places(&mut following, 10).await.len(), 10);

    // A key that belongs to another certificate, half a file, none.
    std::fs::copy(folder.join("v1/tls.key"), folder.join("v2/tls.key")).unwrap();
    sleep(Duration::from_millis(1_200)).await;
    new.status().await.unwrap();
    std::fs::write(folder.join("v2/tls.key"), "-----BEGIN PRIVATE KEY-----\nMIG").unwrap();
    std::fs::remove_file(folder.join("..data")).unwrap();
    sleep(Duration::from_millis(1_200)).await;
    new.status().await.unwrap();
}
