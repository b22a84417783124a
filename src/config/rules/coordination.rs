//! Several hosts agree by an engine that is named in full.

use super::Settled;
use crate::config::draft::Draft;
use crate::config::load::Setting;
use crate::config::model::{CoordinationConfig, Engine};
use crate::config::problem::{Origin, Problem};

pub fn check(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    let CoordinationConfig { kind, endpoints, username, password, client_certificate, client_key, .. } =
        &draft.config.coordination;
    let Some(engine) = settled.sound("coordination.kind") else { return };
    if *kind == Engine::Local {
        let given = |setting: &&Setting| {
            setting.key.starts_with("coordination.") && setting.key != engine.key && setting.origin != Origin::Default
        };
        if let Some(Setting { key, origin, .. }) = settled.settings.iter().find(given) {
            warnings.push(format!("{key} ({origin}) has no effect: set coordination.kind = etcd"));
        }
        return;
    }
    if endpoints.is_empty() {
        let what = format!("coordination.kind = etcd ({}) needs it", engine.origin);
        problems.extend(settled.problem("coordination.endpoints", what));
    }
    for (one, given, other, missing) in [
        ("coordination.username", username.is_some(), "coordination.password", password.is_none()),
        ("coordination.password", password.is_some(), "coordination.username", username.is_none()),
        (
            "coordination.client_certificate",
            client_certificate.is_some(),
            "coordination.client_key",
            client_key.is_none(),
        ),
        (
            "coordination.client_key",
            client_key.is_some(),
            "coordination.client_certificate",
            client_certificate.is_none(),
        ),
    ] {
        if given && missing {
            problems.extend(settled.problem(one, format!("it is of no use without {other}")));
        }
    }
}
