//! The `reverse_proxy` places of Caddy's configuration. Pure. A place's path changes whenever a site is added: sites
//! with a host name nest, and Caddy sorts sites (<https://caddyserver.com/docs/api#get-configpath>).

use std::fmt;

use serde_json::Value;

/// Nesting: the standard handlers take three levels for each `handle`.
const MAX_DEPTH: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Such as `/config/apps/http/servers/srv0/routes/0/handle/0`.
    pub path: String,
    pub id: Option<String>,
    /// From the matchers on the way to it.
    pub hosts: Vec<String>,
    pub paths: Vec<String>,
    /// `None` without a list of upstreams.
    pub upstreams: Option<Vec<Value>>,
    /// Gets its upstreams elsewhere, such as from DNS.
    pub dynamic: bool,
}

impl Place {
    /// `None` if the value is not a `reverse_proxy`.
    pub fn of(path: &str, value: &Value) -> Option<Self> {
        is_proxy(value).then(|| Self {
            path: path.to_owned(),
            id: value["@id"].as_str().map(str::to_owned),
            hosts: Vec::new(),
            paths: Vec::new(),
            upstreams: value["upstreams"].as_array().cloned(),
            dynamic: !value["dynamic_upstreams"].is_null(),
        })
    }

    pub fn leads_to(&self) -> String {
        match &self.upstreams {
            Some(list) if !list.is_empty() => dials(list),
            _ if self.dynamic => "dynamic upstreams".to_owned(),
            _ => "nothing".to_owned(),
        }
    }

    /// Empty without a list.
    pub fn list(&self) -> &[Value] {
        self.upstreams.as_deref().unwrap_or_default()
    }

    /// The most stable path: that of its `@id` does not change when sites come and go.
    pub fn name(&self) -> String {
        self.id.as_ref().map_or_else(|| self.path.clone(), |id| format!("/id/{id}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        let matchers: Vec<&str> = self.hosts.iter().chain(&self.paths).map(String::as_str).collect();
        if matchers.is_empty() { Ok(()) } else { write!(f, " ({})", matchers.join(" ")) }
    }
}

fn is_proxy(value: &Value) -> bool {
    value["handler"] == "reverse_proxy"
}

pub fn dials(list: &[Value]) -> String {
    let dial = |entry: &Value| entry["dial"].as_str().unwrap_or("an upstream without `dial`").to_owned();
    let dials: Vec<String> = list.iter().map(dial).collect();
    if dials.is_empty() { "nothing".to_owned() } else { dials.join(", ") }
}

/// In order; `path` is that of `part`.
pub fn places_in(path: &str, part: &Value) -> Vec<Place> {
    let mut found = Vec::new();
    walk(part, &Way { path: path.to_owned(), hosts: Vec::new(), paths: Vec::new() }, 0, &mut found);
    found
}

#[derive(Clone)]
struct Way {
    path: String,
    hosts: Vec<String>,
    paths: Vec<String>,
}

impl Way {
    fn step(&self, name: &str) -> Self {
        Self { path: format!("{}/{name}", self.path), ..self.clone() }
    }

    fn through(mut self, route: &Value) -> Self {
        for set in route["match"].as_array().into_iter().flatten() {
            for (key, kept) in [("host", &mut self.hosts), ("path", &mut self.paths)] {
                let named = set[key].as_array().into_iter().flatten().filter_map(Value::as_str);
                kept.extend(named.map(str::to_owned));
            }
        }
        self
    }
}

fn walk(value: &Value, way: &Way, depth: usize, found: &mut Vec<Place>) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(fields) => {
            if let Some(place) = Place::of(&way.path, value) {
                found.push(Place { hosts: way.hosts.clone(), paths: way.paths.clone(), ..place });
            }
            let way = way.clone().through(value);
            // A name with a slash cannot be requested.
            for (name, field) in fields.iter().filter(|(name, _)| !name.contains('/')) {
                walk(field, &way.step(name), depth + 1, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &way.step(&index.to_string()), depth + 1, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn proxy(dials: &[&str]) -> Value {
        let upstreams: Vec<_> = dials.iter().map(|dial| json!({ "dial": dial })).collect();
        json!({ "handler": "reverse_proxy", "upstreams": upstreams })
    }

    fn site(host: &str, routes: &Value) -> Value {
        json!({ "match": [{ "host": [host] }], "handle": [{ "handler": "subroute", "routes": routes }] })
    }

    #[test]
    fn every_reverse_proxy_is_found_with_its_path_and_what_leads_there() {
        let nested = json!([
            { "match": [{ "path": ["/api/*"] }], "handle": [{ "handler": "vars" }, proxy(&["a:1", "b:2"])] },
            { "handle": [{ "@id": "shop", "handler": "reverse_proxy", "dynamic_upstreams": { "source": "a" } }] },
        ]);
        let errors = json!({ "routes": [{ "handle": [{ "handler": "reverse_proxy" }] }] });
        let server = json!({ "routes": [site("shop.test", &nested)], "errors": errors, "a/b": [proxy(&["c:3"])] });
        let config = json!({ "apps": { "http": { "servers": { "srv0": server } } } });
        let told: Vec<_> =
            places_in("/config", &config).iter().map(|place| format!("{place}: {}", place.leads_to())).collect();
        let routes = "/config/apps/http/servers/srv0/routes/0/handle/0/routes";
        assert_eq!(
            told,
            [
                format!("{routes}/0/handle/1 (shop.test /api/*): a:1, b:2"),
                "/id/shop (shop.test): dynamic upstreams".to_owned(),
                "/config/apps/http/servers/srv0/errors/routes/0/handle/0: nothing".to_owned(),
            ]
        );
    }

    #[test]
    fn what_is_no_configuration_has_no_places() {
        let mut deep = proxy(&["a:1"]);
        for _ in 0..MAX_DEPTH {
            deep = json!([[deep]]);
        }
        for config in [Value::Null, json!(7), json!("reverse_proxy"), json!([]), json!({}), deep] {
            assert_eq!(places_in("/config", &config), []);
        }
        assert_eq!(dials(&[json!({})]), "an upstream without `dial`");
    }
}
