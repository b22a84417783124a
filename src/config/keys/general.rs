//! Keys outside of any section.

use super::key::{Fallback, Key};
use crate::config::kind::Kind;

pub const KEYS: &[Key] = &[
    Key {
        name: "service",
        env: Some("SWITCHBACK_SERVICE"),
        flag: Some("service"),
        help: "Name of the service; its journal and recordings lie in a folder of that name.",
        default: Fallback::Text("default"),
        kind: Kind::Service(|draft, name| draft.config.service = name),
        also: None,
        example: "checkout-api",
    },
    Key {
        name: "release",
        env: Some("SWITCHBACK_RELEASE"),
        flag: Some("release"),
        help: "Name of the release that is switched to and judged: a version, a commit, an image.",
        default: Fallback::Derived { text: "the commit that the CI names, GITHUB_SHA for one", fill: |_| None },
        kind: Kind::Word(|draft, name| draft.config.release = Some(name)),
        also: None,
        example: "v1.4.2",
    },
    Key {
        name: "state_file",
        env: Some("SWITCHBACK_STATE_FILE"),
        flag: None,
        help: "The deployment state file, shared with deploy.ts.",
        default: Fallback::Text(".deployment-state.json"),
        kind: Kind::Path(|draft, path| draft.config.state_file = path),
        also: None,
        example: "/srv/checkout/.deployment-state.json",
    },
    Key {
        name: "data_dir",
        env: Some("SWITCHBACK_DATA_DIR"),
        flag: None,
        help: "The folder of journals, recordings and logs.",
        default: Fallback::Text(".switchback"),
        kind: Kind::Path(|draft, path| draft.config.data_dir = path),
        also: None,
        example: "/var/lib/switchback",
    },
];
