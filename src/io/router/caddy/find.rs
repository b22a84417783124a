//! Finds the service's `reverse_proxy`: by its configured path where that still leads there, else by its upstreams.

use reqwest::header::HeaderValue;
use serde_json::Value;

use super::error::CaddyError;
use super::places::{Place, dials, places_in};
use super::{CONFIG, CaddyRouter, LeadsTo};
use crate::config::same_listener;
use crate::io::router::{Foreign, Remark, RouterError};
use crate::model::Color;

const MAX_NAMED: usize = 8;

/// Hosts and paths of the requests that lead to a place.
pub type Matchers = (Vec<String>, Vec<String>);

#[derive(Debug)]
pub struct Found {
    pub upstreams: String,
    pub list: Vec<Value>,
    pub exists: bool,
    pub etag: Option<HeaderValue>,
    /// The place, and what is at the configured path instead, if it was found by its upstreams.
    pub by_content: Option<(String, Option<String>)>,
}

pub enum Located {
    Ours(Found),
    Foreign(Box<Elsewhere>),
}

pub struct Elsewhere {
    pub error: Foreign,
    /// What a forced move replaces; `None` if nothing can be.
    pub replaceable: Option<Found>,
    pub nothing: CaddyError,
}

enum Named {
    /// Leads to a color; the way to it if that is known.
    Ours(Found, Option<Place>),
    /// A `reverse_proxy` without upstreams.
    Empty(Found),
    Missing,
    /// Something else, in words; with its upstreams if it has some.
    Other(String, Option<Found>),
}

impl Found {
    pub fn is(&self, place: &Place) -> bool {
        let own = self.upstreams.trim_end_matches("/upstreams");
        own == place.path || place.id.as_ref().is_some_and(|id| own == format!("/id/{id}"))
    }

    /// How it was found, if not by the configured path.
    pub fn note(&self) -> Option<String> {
        let (place, instead) = self.by_content.as_ref()?;
        let instead = instead.as_ref()?;
        Some(format!("router.upstream_path leads to {instead} now; the service was found by its upstreams at {place}"))
    }
}

impl CaddyRouter {
    pub(super) async fn locate(&self) -> Result<Located, CaddyError> {
        let Some(path) = &self.config.upstream_path else { return self.search(None).await };
        match self.named(path.trim_end_matches('/')).await? {
            Named::Ours(found, Some(place)) if !self.is_by_id() => match self.known_matchers() {
                Some(known) if !same(&known, &place) => self.search(Some(Named::Ours(found, Some(place)))).await,
                Some(_) => Ok(Located::Ours(found)),
                None => {
                    self.know(&place);
                    Ok(Located::Ours(found))
                }
            },
            Named::Ours(found, _) => Ok(Located::Ours(found)),
            // The `@id` marks it as the service's own, whatever became of it.
            Named::Other(what, found) if self.is_by_id() => Ok(self.elsewhere(&what, &[], found)),
            named => self.search(Some(named)).await,
        }
    }

    fn is_ours(&self, place: &Place) -> bool {
        self.leads_to(place.list()) != LeadsTo::Elsewhere
    }

    /// What is at the configured path, with the matchers of its whole route if readable.
    async fn named(&self, path: &str) -> Result<Named, CaddyError> {
        let route = route_of(path).unwrap_or(path);
        let (part, within) = match self.api.get(route).await {
            Err(CaddyError::Refused { .. }) if route != path => (self.api.get(path).await?, ""),
            answer => (answer?, &path[route.len()..]),
        };
        let Some(part) = part else { return Ok(Named::Missing) };
        let value = part.value.pointer(within).unwrap_or(&Value::Null);
        let found = |upstreams: String, list: Option<Vec<Value>>| Found {
            upstreams,
            exists: list.is_some(),
            list: list.unwrap_or_default(),
            etag: part.etag.clone(),
            by_content: None,
        };
        let of_proxy = Place::of(path, value).map(|place| place.dynamic);
        let (found, dynamic) = match (value, value["upstreams"].as_array()) {
            (Value::Null, _) => return Ok(Named::Missing),
            (Value::Array(list), _) => (found(path.to_owned(), Some(list.clone())), false),
            (_, Some(list)) => (found(format!("{path}/upstreams"), Some(list.clone())), of_proxy == Some(true)),
            (value, None) => match of_proxy {
                Some(dynamic) => (found(format!("{path}/upstreams"), None), dynamic),
                None => return Ok(Named::Other(described(value), None)),
            },
        };
        Ok(match self.leads_to(&found.list) {
            LeadsTo::Color(_) | LeadsTo::Both => {
                let place = places_in(route, &part.value).into_iter().find(|place| found.is(place));
                Named::Ours(found, place.filter(|_| !within.is_empty()))
            }
            LeadsTo::Elsewhere if dynamic => Named::Other("dynamic upstreams".to_owned(), Some(found)),
            LeadsTo::Elsewhere if found.list.is_empty() && found.upstreams.ends_with("/upstreams") => {
                Named::Empty(found)
            }
            LeadsTo::Elsewhere => Named::Other(dials(&found.list), Some(found)),
        })
    }

    /// By upstreams: exactly one `reverse_proxy` must lead to a color, with the same requests as before.
    async fn search(&self, named: Option<Named>) -> Result<Located, CaddyError> {
        let part = match self.api.get(CONFIG).await {
            Ok(part) => part,
            // A user with limited access sees at least the configured part.
            Err(CaddyError::Refused { .. }) if named.is_some() => None,
            Err(error) => return Err(error),
        };
        let all = part.as_ref().map(|part| places_in("/config", &part.value)).unwrap_or_default();
        let mut ours: Vec<&Place> = all.iter().filter(|place| self.is_ours(place)).collect();
        if let Some(known) = self.known_matchers() {
            ours = like(&known, ours);
        }
        let (what, replaceable) = match named {
            None => ("no reverse_proxy that leads to blue or green".to_owned(), None),
            Some(Named::Missing) => ("nothing".to_owned(), None),
            Some(Named::Other(what, found)) => (what, found),
            Some(Named::Ours(found, Some(place))) => (format!("another site, {place}"), Some(found)),
            Some(Named::Empty(found) | Named::Ours(found, None)) if ours.len() != 1 => return Ok(Located::Ours(found)),
            Some(Named::Empty(_) | Named::Ours(..)) => ("no upstreams".to_owned(), None),
        };
        let [place] = ours[..] else {
            return Ok(self.elsewhere(&what, &ours, replaceable));
        };
        self.know(place);
        let mut found = by_content(place, part.and_then(|part| part.etag));
        let configured = self.config.upstream_path.as_deref().map(|path| path.trim_end_matches("/upstreams"));
        if let Some((_, instead)) = &mut found.by_content {
            *instead = configured.filter(|path| *path != place.path).map(|_| what);
        }
        Ok(Located::Ours(found))
    }

    fn elsewhere(&self, what: &str, ours: &[&Place], replaceable: Option<Found>) -> Located {
        let path = self.config.upstream_path.as_deref().unwrap_or(CONFIG);
        let nothing = CaddyError::NoUpstreams { url: self.api.url(path).to_string(), found: what.to_owned() };
        let error = if ours.is_empty() {
            self.foreign(path, what, replaceable.as_ref().map_or(&[], |found| &found.list))
        } else {
            let listed = ours.iter().take(MAX_NAMED).map(|place| format!("{place} leads to {}", place.leads_to()));
            self.foreign(CONFIG, &listed.collect::<Vec<_>>().join("; "), &[]).unclear()
        };
        Located::Foreign(Box::new(Elsewhere { error, replaceable, nothing }))
    }

    pub(super) fn foreign(&self, path: &str, what: &str, list: &[Value]) -> Foreign {
        let place = format!("Caddy {}", self.api.url(path));
        // An extra instance among a color's own makes it neither color's.
        let dials = || list.iter().filter_map(|entry| entry["dial"].as_str());
        let added: Vec<&str> = dials().filter(|dial| !self.is_dial(dial)).collect();
        let added = if added.is_empty() || added.len() == list.len() {
            String::new()
        } else {
            format!("; or name {} in router.blue or router.green, if it is one of theirs", added.join(", "))
        };
        Foreign::new(place, what.as_bytes(), |color| {
            let to = self.dials(color).join(", ");
            format!(
                "let Caddy send the service's users to {to}, and name that reverse_proxy in router.upstream_path{added}"
            )
        })
    }

    fn is_dial(&self, dial: &str) -> bool {
        [Color::Blue, Color::Green].into_iter().flat_map(|color| self.dials(color)).any(|own| same_listener(own, dial))
    }

    fn is_by_id(&self) -> bool {
        self.config.upstream_path.as_ref().is_some_and(|path| path.starts_with("/id/"))
    }

    fn known_matchers(&self) -> Option<Matchers> {
        self.matchers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn know(&self, place: &Place) {
        let matchers = Some((place.hosts.clone(), place.paths.clone()));
        *self.matchers.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = matchers;
    }

    /// For `doctor`: every `reverse_proxy`, where it leads, and which one is moved.
    pub(super) async fn list_places(&self) -> Result<Vec<Remark>, RouterError> {
        let Some(part) = self.api.get(CONFIG).await? else { return Ok(Vec::new()) };
        let all = places_in("/config", &part.value);
        let located = self.locate().await?;
        let moved = match &located {
            Located::Ours(found) => Some(found),
            Located::Foreign(_) => None,
        };
        let mut remarks: Vec<Remark> = all.iter().map(|place| self.remark(place, moved)).collect();
        if let Some(found) = moved
            && let Some((place, Some(instead))) = &found.by_content
        {
            let path = all.iter().find(|place| found.is(place)).map(Place::name).unwrap_or_default();
            let text =
                format!("router.upstream_path leads to {instead}; the service was found by its upstreams at {place}");
            remarks.push(Remark::warning(text, format!("router.upstream_path = \"{path}\"")));
        }
        Ok(remarks)
    }

    fn remark(&self, place: &Place, moved: Option<&Found>) -> Remark {
        let leads_to = match self.leads_to(place.list()) {
            LeadsTo::Color(color) => format!("{} ({color})", place.leads_to()),
            LeadsTo::Both => format!("{} (blue and green)", place.leads_to()),
            LeadsTo::Elsewhere => place.leads_to(),
        };
        let is_moved = moved.is_some_and(|found| found.is(place));
        let text = format!(
            "caddy reverse_proxy {place} leads to {leads_to}{}",
            if is_moved { ", moved by Switchback" } else { "" }
        );
        match self.leads_to(place.list()) {
            LeadsTo::Color(Color::Blue | Color::Green) | LeadsTo::Both if moved.is_some() && !is_moved => {
                Remark::warning(
                    format!("{text}; a move leaves it as it is"),
                    "if users come that way: let one reverse_proxy serve both",
                )
            }
            _ => Remark::ok(text),
        }
    }
}

fn by_content(place: &Place, etag: Option<HeaderValue>) -> Found {
    Found {
        upstreams: format!("{}/upstreams", place.path),
        list: place.list().to_vec(),
        exists: true,
        etag,
        by_content: Some((place.to_string(), None)),
    }
}

/// The first part of a path, up to `/routes/N`.
fn route_of(path: &str) -> Option<&str> {
    let start = path.find("/routes/")? + "/routes/".len();
    let end = path[start..].find('/')? + start;
    path.starts_with("/config/").then(|| &path[..end])
}

fn same(known: &Matchers, place: &Place) -> bool {
    (&place.hosts, &place.paths) == (&known.0, &known.1)
}

/// Places with the same requests, else with some of them: host names come and go.
fn like<'a>(known: &Matchers, places: Vec<&'a Place>) -> Vec<&'a Place> {
    let akin = |place: &Place| place.hosts.iter().any(|host| known.0.contains(host));
    let any_same = places.iter().any(|place| same(known, place));
    places.into_iter().filter(|place| if any_same { same(known, place) } else { akin(place) }).collect()
}

fn described(value: &Value) -> String {
    match value {
        Value::Object(object) => match object.get("handler").and_then(Value::as_str) {
            Some(handler) => format!("a handler {handler}"),
            None => "an object that is not a reverse_proxy".to_owned(),
        },
        Value::Array(_) => "a list without upstreams".to_owned(),
        _ => "neither an object nor a list".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_lies_in_the_first_of_its_routes() {
        for (path, route) in [
            ("/config/apps/http/servers/srv0/routes/0/handle/0", Some("/config/apps/http/servers/srv0/routes/0")),
            (
                "/config/apps/http/servers/a/routes/12/handle/0/routes/3/handle/1",
                Some("/config/apps/http/servers/a/routes/12"),
            ),
            ("/config/apps/http/servers/srv0/routes/0", None),
            ("/id/shop", None),
            ("/id/site/routes/0/handle/0", None),
            ("/config/", None),
        ] {
            assert_eq!(route_of(path), route, "{path}");
        }
    }

    #[test]
    fn the_same_requests_are_known_by_hosts_and_paths_and_a_renamed_site_by_a_name_it_kept() {
        let place = |hosts: &[&str], path: &str| Place {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            paths: vec![path.to_owned()],
            ..Place::of("/p", &json!({ "handler": "reverse_proxy" })).unwrap()
        };
        let all = [place(&["a", "b"], "/"), place(&["a"], "/"), place(&["a", "b"], "/api/*"), place(&["c"], "/")];
        let found = |hosts: &[&str], path: &str| {
            let known = place(hosts, path);
            like(&(known.hosts, known.paths), all.iter().collect()).len()
        };
        assert_eq!(found(&["a", "b"], "/"), 1);
        assert_eq!(found(&["b", "x"], "/x"), 2);
        assert_eq!(found(&["c", "x"], "/"), 1);
        assert_eq!(found(&["x"], "/"), 0);
    }
}
