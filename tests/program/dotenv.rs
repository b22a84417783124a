//! A `.env` that is the application's as well: whatever stands in it, an emergency rollback is not refused.

use std::fs;

use rustix::fs::{CWD, Mode, mkfifoat};
use support::Deployment;

/// The window that the recovery is watched for comes from `.env`: what is ours in it is still read.
fn switched_with(dotenv: impl AsRef<[u8]>) -> Deployment {
    let deployment = Deployment::switched().without("soak.verify_window");
    fs::write(deployment.path(".env"), dotenv).unwrap();
    deployment
}

#[test]
fn lines_of_others_refuse_neither_rollback_nor_status() {
    const OURS: &str = "export SWITCHBACK_SOAK_VERIFY_WINDOW='700ms' # short\n";
    for text in [
        "name: shop\nports:\n  - \"3000:3000\"\nsecret: 'it''s\n",
        "#!/bin/sh\nset -euo pipefail\n. ./common.sh\nload() {\n  export TOKEN=$(cat /run/token)\n}\nload\n",
        "PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----\nMIIE\"quoted\"Q\n-----END PRIVATE KEY-----\"\n",
        "RELEASE_NOTES='first deploy with\nSWITCHBACK_SOAK_VERIFY_WINDOW=nonsense\nthen without'\n",
        "MOTTO=\"never closed\n\n[section]\nkey value\n",
        "\u{feff}A=1\r\nB C\r\n",
        "MY SWITCHBACK_SOAK_VERIFY_WINDOW=nonsense\n",
    ] {
        let deployment = switched_with(format!("{text}{OURS}"));
        deployment.run(&["status", "--json"]).expect(0);
        let shown = deployment.run(&["config", "show"]).expect(0).stdout;
        let line = shown.lines().find(|line| line.starts_with("soak.verify_window")).unwrap();
        assert!(line.contains("700ms") && line.contains(".env:"), "{text}: {line}");
        deployment.run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    }
}

#[test]
fn bytes_of_any_kind_refuse_no_rollback() {
    let everything: Vec<u8> = (0..=u8::MAX).collect();
    for bytes in [b"CITY=K\xf6ln\nNAME='\xff\xfe\n".to_vec(), everything, vec![0; 5_000], vec![b'x'; 2 << 20]] {
        switched_with(bytes).run(&["rollback"]).expect(0).says(&["rolled back: traffic is on blue"]);
    }
}

#[test]
fn a_dotenv_that_is_no_file_is_told_and_refuses_no_rollback() {
    let deployment = Deployment::switched();
    mkfifoat(CWD, deployment.path(".env"), Mode::RWXU).unwrap();
    let done = deployment.run(&["rollback"]).expect(0);
    done.complains(&["warning: .env cannot be read (not a regular file)"]);

    let deployment = Deployment::switched();
    fs::create_dir(deployment.path(".env")).unwrap();
    assert_eq!(deployment.run(&["rollback"]).expect(0).stderr, "");
}

#[test]
fn a_line_of_ours_that_cannot_be_read_is_an_error_with_its_number() {
    let deployment = switched_with("PORT: 3000\nSWITCHBACK_SOAK_VERIFY_WINDOW: 1s\n");
    let done = deployment.run(&["rollback"]).expect(2);
    done.complains(&[".env: expected NAME=VALUE", "from     .env:2"]);
    assert_eq!(deployment.state()["activeColor"], "green");
}
