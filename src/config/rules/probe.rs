//! What `router.probe_*` have to agree on.

use reqwest::header::HeaderName;

use crate::config::draft::Draft;
use crate::config::keys::RouterDraft;
use crate::config::load::Settled;
use crate::config::model::ProbeSign;
use crate::config::parse;
use crate::config::problem::Problem;
use measure::invalid::{Invalid, Result};
use measure::wanted::Named;

/// The keys that say where in the answer the color stands.
const SIGNS: [&str; 3] = ["router.probe_header", "router.probe_json", "router.probe_metric"];
/// Those that mean nothing without the page.
const NEED_URL: [&str; 4] = ["router.probe_header", "router.probe_json", "router.probe_metric", "router.probe_host"];

/// Where in the answer the color stands; none where no key says so. An error names the key.
pub fn sign(draft: &RouterDraft) -> std::result::Result<Option<ProbeSign>, (&'static str, Invalid)> {
    if let Some(name) = &draft.probe_header {
        let valid = HeaderName::from_bytes(name.as_bytes());
        let name = valid.map_err(|_| (SIGNS[0], "not a valid name of a header".into()))?;
        return Ok(Some(ProbeSign::Header(name.to_string())));
    }
    if let Some(path) = &draft.probe_json {
        return Ok(Some(ProbeSign::Json(path.trim().to_owned())));
    }
    draft.probe_metric.as_deref().map(metric).transpose().map_err(|what| (SIGNS[2], what))
}

/// `NAME`, or `NAME{LABEL}`.
fn metric(text: &str) -> Result<ProbeSign> {
    let text = text.trim();
    let (name, label) = match text.split_once('{') {
        Some((name, rest)) => (name, Some(rest.strip_suffix('}').ok_or("`}` is missing at the end")?)),
        None => (text, None),
    };
    let plain = |named: Named| match named {
        Named::Name(name) => name,
        Named::Auto => "auto".to_owned(),
    };
    let label = label.map(|label| parse::label(label).map(plain)).transpose()?;
    Ok(ProbeSign::Metric { name: parse::metric(name).map(plain)?, label })
}

/// The page is known where anything is said of it, and its answer tells the colors apart.
pub fn check(draft: &Draft, settled: &Settled, warnings: &mut Vec<String>) -> Vec<Problem> {
    let router = &draft.router;
    let given = |name: &&str| settled.sound(name).filter(|setting| setting.value.is_some());
    let problem = |name: &str, what: &str| settled.problem(name, what).into_iter().collect::<Vec<_>>();
    if router.probe_url.is_none() {
        let without = NEED_URL.iter().find(|name| given(name).is_some());
        let without = without.filter(|_| settled.sound("router.probe_url").is_some());
        return without.map(|name| problem(name, "needs router.probe_url, the page that is asked")).unwrap_or_default();
    }
    let signs: Vec<_> = SIGNS.iter().filter_map(given).collect();
    if signs.is_empty() && SIGNS.iter().all(|name| settled.sound(name).is_some()) {
        return problem(
            "router.probe_url",
            "needs router.probe_header, router.probe_json or router.probe_metric to say where the answer names the color",
        );
    }
    if let [used, unused @ ..] = &signs[..] {
        let unused =
            unused.iter().map(|sign| format!("{} ({}) is not used: {} is given", sign.key, sign.origin, used.key));
        warnings.extend(unused);
    }
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let (blue, green) = (router.probe_blue.trim(), router.probe_green.trim());
    match sign(router) {
        Err((name, what)) => problem(name, &what),
        Ok(Some(ProbeSign::Metric { label: None, .. })) => match (number(blue), number(green)) {
            (Some(blue), Some(green)) if blue.to_bits() != green.to_bits() => Vec::new(),
            (Some(_), Some(_)) => problem("router.probe_green", "this is also what blue says"),
            (None, _) => problem("router.probe_blue", "the value of a metric is a number; for a label: NAME{LABEL}"),
            _ => problem("router.probe_green", "the value of a metric is a number; for a label: NAME{LABEL}"),
        },
        Ok(_) if blue.eq_ignore_ascii_case(green) => problem("router.probe_green", "this is also what blue says"),
        Ok(_) => Vec::new(),
    }
}
