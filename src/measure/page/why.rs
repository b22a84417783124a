//! Why the requests of a page cannot be counted, and what to set.

use super::candidate::{Candidate, Presence};
use super::catalog::Catalog;
use super::metric_inventory::MetricInventory;
use super::names::Tier;
use super::wanted::Wanted;
use crate::wanted::Named;

/// Counters that are not users'.
const SHOWN: usize = 3;

/// `None` if a counter is declared and merely has no samples yet.
pub fn why_none(wanted: &Wanted, catalog: &Catalog, inventory: &MetricInventory) -> Option<String> {
    let sampled = || catalog.candidates.iter().filter(|one| one.is_there());
    if let Named::Name(name) = &wanted.requests {
        return match sampled().min_by_key(|one| one.standing) {
            Some(found) => Some(of_candidate(wanted, found)),
            None if !catalog.declared.is_empty() => None,
            None => Some(format!(
                "`{name}` (checks.error-rate.requests) is not on the page; {}",
                its_counters(inventory, name)
            )),
        };
    }
    // Counters with a meaningful label come first.
    let told = |one: &&Candidate| (one.standing.tier, one.slots.is_empty(), one.standing.order);
    if let Some(found) = sampled().filter(|one| one.standing.tier <= Tier::Unlikely).min_by_key(told) {
        return Some(match inventory.by_name().as_slice() {
            names @ [_, ..] if found.slots.is_empty() => in_names(names),
            _ => of_candidate(wanted, found),
        });
    }
    if !catalog.declared.is_empty() {
        return None;
    }
    let foreign: Vec<String> = sampled()
        .filter_map(|one| match one.standing.tier {
            Tier::Never(why) if one.best_slot().is_some() => Some(format!("`{}` ({})", one.name, why.describe())),
            _ => None,
        })
        .collect();
    Some(match (inventory.by_name().as_slice(), foreign.as_slice()) {
        (names @ [_, ..], _) => in_names(names),
        (_, []) => format!(
            "no counter of requests on the page; {}; add one with a label for the status, such as \
             `http_requests_total{{status=\"200\"}}`, or name yours with checks.error-rate.requests",
            its_counters(inventory, "http_requests_total")
        ),
        (_, foreign) => format!(
            "no counter on the page counts users' requests, only {}; if one is, name it with \
             checks.error-rate.requests",
            foreign.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ")
        ),
    })
}

fn its_counters(inventory: &MetricInventory, name: &str) -> String {
    inventory
        .nearest(name)
        .map_or_else(|| "it has no counters".to_owned(), |counters| format!("its counters are {counters}"))
}

/// Clients that count each status by its own name have no label to choose.
fn in_names(names: &[&str]) -> String {
    format!(
        "the status is in the names of its counters (`{}`), and only a label can be read; add a counter with a label for the \
         status, or let Prometheus scrape the page and judge by a query (checks.NAME.query)",
        names.join("`, `")
    )
}

fn of_candidate(wanted: &Wanted, candidate: &Candidate) -> String {
    let name = &candidate.name;
    if candidate.now < Presence::Ours && !wanted.filter.is_empty() {
        return format!(
            "no series of `{name}` matches checks.error-rate.match ({}); {}",
            wanted.filter,
            labels(candidate)
        );
    }
    let unclear = candidate.slots.iter().find(|slot| !slot.unclear().is_empty());
    if let Some(slot) = unclear {
        let failures = slot.strange.iter().find(|value| speaks_of_failure(value)).map_or("error", String::as_str);
        return format!(
            "the label `{}` of `{name}` holds no HTTP status but `{}`; say which of its values are failures, such as \
             checks.error-rate.errors = \"{failures}\", or name another label with checks.error-rate.status_label",
            slot.name,
            slot.unclear().join("`, `"),
        );
    }
    let label = match &wanted.status_label {
        Named::Name(label) => format!("no label `{label}` (checks.error-rate.status_label) with an HTTP status"),
        Named::Auto => "no label with an HTTP status".to_owned(),
    };
    let next = match (&wanted.status_label, candidate.labels.names().next()) {
        (Named::Auto, None) => {
            "so it does not show failures; add a label for the status, or count where the status is known: in the \
             service itself, or by a query to Prometheus (checks.NAME.query)"
        }
        _ => "name the label with checks.error-rate.status_label, or another counter with checks.error-rate.requests",
    };
    format!("`{name}` has {label}; {}; {next}", labels(candidate))
}

fn speaks_of_failure(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    ["err", "fail", "fault", "ko", "bad"].iter().any(|word| value.contains(word))
}

fn labels(candidate: &Candidate) -> String {
    let names: Vec<String> = candidate.labels.names().take(8).collect();
    if names.is_empty() { "it has no labels".to_owned() } else { format!("its labels are `{}`", names.join("`, `")) }
}
