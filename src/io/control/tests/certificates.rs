//! Clients that need a certificate.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::harness::until;
use super::network::{Door, OPERATOR, bound, certificate, listening};
use crate::config::ControlConfig;
use crate::io::control::{Client, ClientError, check_tls};

/// An authority of clients, whose certificate lies in a file.
struct Authority {
    file: PathBuf,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { file, issuer }
    }

    /// A client's certificate and key, in files.
    fn client(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        self.client_until(folder, name, 4096)
    }

    /// The same, of use until this year begins.
    fn client_until(&self, folder: &Path, name: &str, year: i32) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let made = params.signed_by(&key, &self.issuer).unwrap();
        let files = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&files.0, made.pem()).unwrap();
        std::fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }
}

fn with_tls(control: &mut ControlConfig, folder: &Path) {
    let (certificate, key) = certificate(folder, "tls");
    control.ca_file = Some(certificate.clone());
    (control.certificate, control.key) = (Some(certificate), Some(key));
}

fn showing(door: &mut Door, files: Option<(PathBuf, PathBuf)>) -> Client {
    let (certificate, key) = files.unzip();
    (door.config.control.client_certificate, door.config.control.client_key) = (certificate, key);
    door.client("https", Some(OPERATOR), None)
}

#[tokio::test]
async fn a_client_needs_a_certificate_of_the_authority_and_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new(folder.path(), "ours"), Authority::new(folder.path(), "theirs"));
    let file = ours.file.clone();
    let mut door = Door::open_with(|control, folder| {
        with_tls(control, folder);
        control.client_ca_file = Some(file);
    })
    .await;
    let ana = ours.client(folder.path(), "ana");
    let eve = theirs.client(folder.path(), "eve");
    let late = ours.client_until(folder.path(), "late", 2020);
    let client = showing(&mut door, Some(ana.clone()));
    assert_eq!(client.status().await.unwrap()["activeColor"], "green");
    client.events(1).await.unwrap();
    let guessing = door.client("https", Some("an-outsider-s-guess-of-a-token"), None);
    assert!(matches!(guessing.status().await, Err(ClientError::Forbidden(_))), "a certificate is no token");

    let port = door.address.port();
    for (files, told) in [
        (None, "requires a client certificate: set `control.client_certificate` and `control.client_key`"),
        (Some(late), "does not accept the client certificate: `control.client_certificate` has to be signed by"),
        (Some(eve), "does not accept the client certificate: `control.client_certificate` has to be signed by"),
    ] {
        let client = showing(&mut door, files);
        // What is said must not depend on whether the request or the refusal is sent first.
        for _ in 0..20 {
            let error = client.status().await.unwrap_err().to_string();
            assert!(error.starts_with(&format!("https://localhost:{port}/ {told}")), "{error}");
        }
    }
    // A request that was not sent before the refusal came is sent again, and refused again.
    let refused = || {
        let page = door.harness.hub.metrics();
        let line = page.lines().find_map(|line| line.strip_prefix("switchback_control_refused_total "));
        line.unwrap().parse::<u64>().unwrap()
    };
    until("all are counted", async || refused() >= 61).await;

    let missing = (folder.path().join("none.pem"), ana.1.clone());
    let error = showing(&mut door, Some(missing)).status().await.unwrap_err().to_string();
    assert!(error.starts_with("`control.client_certificate`: `") && error.contains("cannot be read"), "{error}");
    let other = (ana.0.clone(), folder.path().join("eve.key"));
    let error = showing(&mut door, Some(other)).status().await.unwrap_err().to_string();
    assert!(error.starts_with("`control.client_key`: `") && error.contains("does not belong"), "{error}");

    // An authority that is replaced takes its clients with it.
    std::fs::copy(&theirs.file, &ours.file).unwrap();
    let client = showing(&mut door, Some(ana));
    until("the authorities are read again", async || client.status().await.is_err()).await;
    assert!(matches!(client.status().await, Err(ClientError::Certificate { shown: true, .. })));
}

#[tokio::test]
async fn authorities_that_are_of_no_use_are_told_before_anything_begins() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut control = listening().await.control;
    with_tls(&mut control, folder.path());
    std::fs::write(path("empty"), "").unwrap();
    let odd = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    std::fs::write(path("odd"), odd).unwrap();
    for (name, told) in
        [("none", "cannot be read: "), ("empty", "holds no certificate"), ("odd", "cannot be used: "), ("tls.pem", "")]
    {
        control.client_ca_file = Some(path(name));
        let (checked, opened) = (check_tls(&control), bound(&control, folder.path()).await.map(drop));
        if told.is_empty() {
            // A certificate that is its own authority is one.
            assert!(checked.is_ok() && opened.is_ok());
            continue;
        }
        let error = opened.unwrap_err().to_string();
        let expected = format!("`control.client_ca_file`: `{}` {told}", path(name).display());
        assert!(error.starts_with(&expected), "{error}");
        assert_eq!(checked.unwrap_err().to_string(), error);
    }
}
