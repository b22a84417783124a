//! Router `caddy`: moves and reads a `reverse_proxy`'s upstreams by the admin API <https://caddyserver.com/docs/api>.
//! A change applies as a whole: a new server listens before the old one stops (`SO_REUSEPORT`).
//!
//! | file | holds |
//! | --- | --- |
//! | `admin` | Caddy's admin API: one request, one answer (<https://caddyserver.com/docs/api>) |
//! | `error` | what can go wrong with Caddy |
//! | `find` | finds the service's `reverse_proxy` |
//! | `places` | the `reverse_proxy` places of Caddy's configuration |

mod admin;
mod error;
mod find;
mod places;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Moved, Remark, Replace, Router, RouterError, RouterFuture, Written};
use crate::config::{CaddyConfig, same_listener};
use crate::model::Color;

use admin::AdminApi;
pub(crate) use error::CaddyError;
use find::{Elsewhere, Found, Located, Matchers};
use places::{Place, dials, places_in};

/// Whether Linux keeps pending connections of a closing listener: <https://docs.kernel.org/networking/ip-sysctl.html>.
const MIGRATES: &str = "/proc/sys/net/ipv4/tcp_migrate_req";
/// A move restarts if somebody else changed the configuration at the same moment.
const TRIES: u32 = 5;
const CONFIG: &str = "/config/";
/// Key in the record of what was written.
const TARGET: &str = "caddy";

#[derive(Clone, Debug)]
pub struct CaddyRouter {
    api: AdminApi,
    config: CaddyConfig,
    limit: Duration,
    written: Written,
    /// Requests that lead to our `reverse_proxy`, once known.
    matchers: Arc<Mutex<Option<Matchers>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeadsTo {
    Color(Color),
    Both,
    Elsewhere,
}

impl CaddyRouter {
    pub fn new(config: CaddyConfig, limit: Duration, written: Written) -> Self {
        Self { api: AdminApi::new(config.admin.clone()), config, limit, written, matchers: Arc::default() }
    }

    fn dials(&self, color: Color) -> &[String] {
        color.pick(&self.config.blue, &self.config.green)
    }

    /// The color whose own addresses these are, or for which they were written last.
    fn leads_to(&self, list: &[Value]) -> LeadsTo {
        let of = |entry: &Value| {
            let dial = entry["dial"].as_str()?;
            [Color::Blue, Color::Green]
                .into_iter()
                .find(|color| self.dials(*color).iter().any(|own| same_listener(own, dial)))
        };
        let colors: Option<Vec<Color>> = list.iter().map(of).collect();
        match colors.as_deref() {
            Some([first, rest @ ..]) if rest.iter().all(|color| color == first) => LeadsTo::Color(*first),
            Some([_, ..]) => LeadsTo::Both,
            _ => match self.written.color_of(TARGET, content(list).as_bytes()).filter(|_| !list.is_empty()) {
                Some(color) => LeadsTo::Color(color),
                None => LeadsTo::Elsewhere,
            },
        }
    }

    async fn go(&self, to: Color, replace: Replace) -> Result<Moved, RouterError> {
        for _ in 0..TRIES {
            let (found, kept) = match self.locate().await.map_err(|error| RouterError::from(error).unread())? {
                Located::Ours(found) => (found, None),
                Located::Foreign(foreign) if replace == Replace::Ours => return Err(foreign.error.into()),
                Located::Foreign(foreign) => {
                    let Elsewhere { replaceable, nothing, .. } = *foreign;
                    let found = replaceable.ok_or_else(|| RouterError::from(nothing).unread())?;
                    let kept = self.written.keep("caddy.json", json!(found.list).to_string().as_bytes());
                    let url = self.api.url(&found.upstreams).to_string();
                    let kept = kept.map_err(|source| RouterError::from(CaddyError::Keep { url, source }).unread())?;
                    (found, Some(kept))
                }
            };
            if let Some(output) = self.write(&found, to).await? {
                let notes = found.note().into_iter().chain(self.left_on(to.other(), &found).await).collect();
                return Ok(Moved { output: Some(output), kept, notes });
            }
        }
        let url = self.api.url(self.config.upstream_path.as_deref().unwrap_or(CONFIG)).to_string();
        Err(RouterError::from(CaddyError::Changed { url }).unread())
    }

    /// Writes a color's upstreams, and says so; `None` if somebody changed the configuration since it was read.
    async fn write(&self, found: &Found, to: Color) -> Result<Option<String>, CaddyError> {
        let (url, wanted) = (self.api.url(&found.upstreams), self.dials(to));
        let there = |dial: &String| found.list.iter().any(|entry| entry["dial"] == dial.as_str());
        if found.list.len() == wanted.len() && wanted.iter().all(there) {
            return Ok(Some(format!("upstreams of {url}: {} already", wanted.join(", "))));
        }
        let list = entries(&found.list, wanted);
        if let Err(error) = self.written.note(TARGET, to, content(&list).as_bytes()) {
            tracing::warn!(%error, "what is written into Caddy cannot be recorded");
        }
        let method = if found.exists { Method::PATCH } else { Method::PUT };
        if !self.api.write(method, &found.upstreams, &json!(list), found.etag.as_ref()).await? {
            return Ok(None);
        }
        Ok(Some(format!("upstreams of {url}: {} (before: {})", wanted.join(", "), dials(&found.list))))
    }

    /// Other places that still lead to the previous color: by configuration they are not the service's own.
    async fn left_on(&self, color: Color, moved: &Found) -> Option<String> {
        let places = self.others(moved).await.unwrap_or_default();
        let left = places.iter().filter(|place| self.leads_to(place.list()) == LeadsTo::Color(color));
        let left: Vec<String> = left.map(Place::to_string).collect();
        (!left.is_empty()).then(|| format!("not moved, still on {color}: {}", left.join(", ")))
    }

    async fn others(&self, moved: &Found) -> Result<Vec<Place>, CaddyError> {
        let mut places = self.api.get(CONFIG).await?.map(|part| places_in("/config", &part.value)).unwrap_or_default();
        places.retain(|place| !moved.is(place));
        Ok(places)
    }

    async fn look(&self) -> Result<Color, RouterError> {
        match self.locate().await? {
            Located::Foreign(foreign) => Err(foreign.error.into()),
            Located::Ours(found) => match self.leads_to(&found.list) {
                LeadsTo::Color(color) => Ok(color),
                LeadsTo::Both => {
                    let url = self.api.url(&found.upstreams).to_string();
                    Err(CaddyError::Both { dials: dials(&found.list), url }.into())
                }
                LeadsTo::Elsewhere => Err(self.foreign(&found.upstreams, "no upstreams", &[]).into()),
            },
        }
    }

    async fn try_out(&self, to: Color, replace: Replace) -> Result<Vec<String>, RouterError> {
        let found = match self.locate().await.map_err(|error| RouterError::from(error).unread())? {
            Located::Ours(found) => found,
            Located::Foreign(foreign) if replace == Replace::Ours => return Err(foreign.error.into()),
            Located::Foreign(foreign) => {
                let Elsewhere { replaceable, nothing, .. } = *foreign;
                replaceable.ok_or(nothing)?
            }
        };
        let (url, now) = (self.api.url(&found.upstreams), dials(&found.list));
        let method = if found.exists { Method::PATCH } else { Method::PUT };
        let mut lines = vec![format!("{method} {url} to {} (now: {now})", self.dials(to).join(", "))];
        lines.extend(found.note());
        if std::fs::read_to_string(MIGRATES).is_ok_and(|setting| setting.trim() == "0") {
            let remedy = "`sysctl -w net.ipv4.tcp_migrate_req=1` where Caddy runs keeps them";
            lines.push(format!("connections that are being made at that moment may be reset; {remedy}"));
        }
        Ok(lines)
    }

    /// Giving up a change leaves traffic on either color.
    async fn within<T>(&self, work: impl Future<Output = Result<T, RouterError>>) -> Result<T, RouterError> {
        tokio::time::timeout(self.limit, work).await.unwrap_or_else(|_| {
            let url = self.api.url(self.config.upstream_path.as_deref().unwrap_or(CONFIG)).to_string();
            Err(CaddyError::Timeout { url, limit: self.limit }.into())
        })
    }
}

/// The new upstreams, with the other fields of the first old one, such as `max_requests`.
fn entries(old: &[Value], dials: &[String]) -> Vec<Value> {
    let kept = old.first().and_then(Value::as_object).cloned().unwrap_or_default();
    let entry = |dial: &String| {
        let mut entry = kept.clone();
        entry.insert("dial".to_owned(), json!(dial));
        Value::Object(entry)
    };
    dials.iter().map(entry).collect()
}

/// The recorded form of upstreams: their addresses alone.
fn content(list: &[Value]) -> String {
    let mut dials: Vec<&str> = list.iter().filter_map(|entry| entry["dial"].as_str()).collect();
    dials.sort_unstable();
    dials.join("\n")
}

impl Router for CaddyRouter {
    fn kind(&self) -> &'static str {
        "caddy"
    }

    fn reads_state_file(&self) -> bool {
        false
    }

    fn switch(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.within(self.go(to, replace)))
    }

    fn rollback(&self, to: Color, replace: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(self.within(self.go(to, replace)))
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(self.within(self.look()))
    }

    fn try_out(&self, to: Color, replace: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(self.within(self.try_out(to, replace)))
    }

    fn remarks(&self) -> RouterFuture<'_, Vec<Remark>> {
        Box::pin(self.within(self.list_places()))
    }
}
