//! etcd, from version 3.4, by its [JSON gateway](https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/): bytes are base64, and
//! whole numbers are text.

mod answer;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::AUTHORIZATION;
use reqwest::{Client, Response};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use answer::{Failed, NOT_FOUND, UNAUTHENTICATED, after, decoded, int, strange};

use super::engine::{Engine, EngineError, Guard, Health, LEADER, Lease, MEMBERS, NOW, Record, Write, Written};
use super::told::brief;
use crate::config::{CoordinationConfig, InstanceUrl};
use crate::io::http;
use crate::io::http::NoAnswer;
use crate::io::source::Later;

/// In bytes: the recording of a long soak comes in many answers, each of at most [`PAGE`] records.
const MAX_ANSWER: usize = 16 << 20;
/// Records in one answer.
const PAGE: usize = 200;

/// The records of one service in etcd.
#[derive(Debug)]
pub struct Etcd {
    client: Client,
    endpoints: Vec<InstanceUrl>,
    /// The endpoint that answered last.
    answering: AtomicUsize,
    /// `PREFIX/SERVICE/`.
    prefix: String,
    config: CoordinationConfig,
    /// What the last authentication gave.
    pass: Mutex<Option<String>>,
}

impl Etcd {
    pub fn new(config: &CoordinationConfig, service: &str) -> Result<Self, EngineError> {
        let wrong = |what: String| EngineError::Denied(what);
        let mut client = http::client().connect_timeout(config.ttl / 3).tls_certs_only([]);
        if config.endpoints.iter().any(|url| url.exact().scheme() == "https") {
            client = http::client().connect_timeout(config.ttl / 3);
            if let Some(path) = &config.ca_file {
                let found = http::authorities(path)
                    .map_err(|why| wrong(format!("`coordination.ca_file`: `{}` {why}", path.display())))?;
                client = client.tls_certs_only(found);
            }
            if let Some((certificate, key)) = config.client_certificate.as_ref().zip(config.client_key.as_ref()) {
                let identity = http::identity(certificate, key)
                    .map_err(|(path, why)| wrong(format!("`[coordination]`: `{}` {why}", path.display())))?;
                client = client.identity(identity);
            }
        }
        Ok(Self {
            client: client.build().map_err(|error| wrong(http::root(&error)))?,
            endpoints: config.endpoints.clone(),
            answering: AtomicUsize::new(0),
            prefix: format!("{}/{service}/", config.prefix.trim_end_matches('/')),
            config: config.clone(),
            pass: Mutex::new(None),
        })
    }

    /// A key of etcd, in base64.
    fn key(&self, name: &str) -> String {
        STANDARD.encode(format!("{}{name}", self.prefix))
    }

    /// The name that comes after all that begin with `prefix`.
    fn end(&self, prefix: &str) -> String {
        STANDARD.encode(after(&format!("{}{prefix}", self.prefix)))
    }

    fn record(&self, kv: &Value) -> Option<Record> {
        let text = String::from_utf8(decoded(&kv["key"])).ok()?;
        Some(Record {
            name: text.strip_prefix(&self.prefix)?.to_owned(),
            value: decoded(&kv["value"]),
            created: int(&kv["create_revision"]),
            changed: int(&kv["mod_revision"]),
            lease: int(&kv["lease"]),
        })
    }

    fn guard(&self, guard: &Guard) -> Value {
        let equal = |name, target, field: &str, revision: i64| json!({ "key": self.key(name), "target": target, "result": "EQUAL", field: revision.to_string() });
        let leads = |token| equal(LEADER, "CREATE", "create_revision", token);
        let unchanged = |name, changed| equal(name, "MOD", "mod_revision", changed);
        match guard {
            Guard::None => json!([]),
            Guard::NoLeader => json!([leads(0)]),
            Guard::Leads(token) => json!([leads(*token)]),
            Guard::Unchanged(name, changed) => json!([unchanged(name, *changed)]),
            Guard::LeadsOver(token, name, changed) => json!([leads(*token), unchanged(name, *changed)]),
        }
    }

    fn operation(&self, write: &Write) -> Value {
        match write {
            Write::Put { name, value, lease } => json!({ "request_put": {
                "key": self.key(name), "value": STANDARD.encode(value), "lease": lease.unwrap_or(0).to_string(),
            }}),
            Write::Remove { from, to } => {
                json!({ "request_delete_range": { "key": self.key(from), "range_end": self.key(to) } })
            }
        }
    }

    /// Asks the endpoint that answered last, then the others.
    async fn ask(&self, path: &str, body: &Value) -> Result<Value, EngineError> {
        self.call(path, body).await.map_err(|failed| failed.error)
    }

    async fn call(&self, path: &str, body: &Value) -> Result<Value, Failed> {
        let first = self.answering.load(Ordering::Relaxed);
        let mut last = None;
        for at in (0..self.endpoints.len()).map(|more| (first + more) % self.endpoints.len()) {
            match self.call_at(&self.endpoints[at], path, body).await {
                Err(failed) if matches!(failed.error, EngineError::OutOfReach(_)) => last = Some(failed),
                settled => {
                    self.answering.store(at, Ordering::Relaxed);
                    return settled;
                }
            }
        }
        Err(last.unwrap_or_else(|| Failed::new(EngineError::OutOfReach("no endpoint is known".to_owned()), 0)))
    }

    /// With a pass, where there is a password; a pass that has expired is renewed once.
    async fn call_at(&self, endpoint: &InstanceUrl, path: &str, body: &Value) -> Result<Value, Failed> {
        if self.config.password.is_none() {
            return self.post(endpoint, path, body, None).await;
        }
        let known = self.pass().clone();
        if let Some(pass) = known {
            match self.post(endpoint, path, body, Some(&pass)).await {
                Err(Failed { code: UNAUTHENTICATED, .. }) => {}
                settled => return settled,
            }
        }
        let pass = self.authenticate(endpoint).await?;
        self.post(endpoint, path, body, Some(&pass)).await
    }

    async fn authenticate(&self, endpoint: &InstanceUrl) -> Result<String, Failed> {
        let CoordinationConfig { username, password, .. } = &self.config;
        let password = password.as_ref().map_or("", |password| password.expose_secret());
        let body = json!({ "name": username, "password": password });
        let answer = self.post(endpoint, "auth/authenticate", &body, None).await?;
        let pass = answer["token"].as_str().unwrap_or_default().to_owned();
        *self.pass() = Some(pass.clone());
        Ok(pass)
    }

    fn pass(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.pass.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn post(
        &self,
        endpoint: &InstanceUrl,
        path: &str,
        body: &Value,
        pass: Option<&str>,
    ) -> Result<Value, Failed> {
        let limit = self.config.ttl / 3;
        let late = || Failed::new(EngineError::OutOfReach(format!("{endpoint} takes longer than {}", brief(limit))), 0);
        timeout(limit, async {
            let answer = self.send(endpoint, path, body, pass).await?;
            let status = answer.status();
            let cut = |why: String| Failed::new(EngineError::OutOfReach(format!("{endpoint}: {why}")), 0);
            let read = http::body(answer, MAX_ANSWER).await.map_err(|error| cut(http::root(&error)))?;
            let read = read.ok_or_else(|| Failed::new(EngineError::Unexpected("too long an answer".to_owned()), 0))?;
            let answer: Value = serde_json::from_slice(&read).map_err(|_| strange(endpoint, status))?;
            if status.is_success() { Ok(answer) } else { Err(Failed::told(&answer, endpoint, status)) }
        })
        .await
        .unwrap_or_else(|_| Err(late()))
    }

    async fn send(
        &self,
        endpoint: &InstanceUrl,
        path: &str,
        body: &Value,
        pass: Option<&str>,
    ) -> Result<Response, Failed> {
        let url = endpoint.join(&format!("/v3/{path}"));
        let mut request = self.client.post(url.clone()).body(body.to_string());
        if let Some(pass) = pass {
            request = request.header(AUTHORIZATION, pass);
        }
        request.send().await.map_err(|error| {
            Failed::new(EngineError::OutOfReach(format!("{endpoint} {}", NoAnswer::because(&url, error))), 0)
        })
    }

    async fn read_all(&self, prefix: &str) -> Result<Vec<Record>, EngineError> {
        let (mut from, end) = (self.key(prefix), self.end(prefix));
        let (mut records, mut as_of) = (Vec::new(), 0);
        loop {
            // What comes after the first page is read as it was then.
            let body = json!({ "key": from, "range_end": end, "limit": PAGE, "revision": as_of.to_string() });
            let answer = self.ask("kv/range", &body).await?;
            as_of = if as_of == 0 { int(&answer["header"]["revision"]) } else { as_of };
            let kvs = answer["kvs"].as_array().cloned().unwrap_or_default();
            let Some(last) = kvs.last() else { return Ok(records) };
            let mut next = decoded(&last["key"]);
            next.push(0);
            from = STANDARD.encode(next);
            records.extend(kvs.iter().filter_map(|kv| self.record(kv)));
            if answer["more"] != true {
                return Ok(records);
            }
        }
    }

    /// Of all services below `coordination.prefix`: who leads, and who stands by.
    pub async fn members_of_all(config: &CoordinationConfig) -> Result<Vec<Record>, EngineError> {
        let prefix = format!("{}/", config.prefix.trim_end_matches('/'));
        let all = Self { prefix, ..Self::new(config, "")? };
        let body = json!({ "key": all.key(""), "range_end": all.end(""), "keys_only": true });
        let answer = all.ask("kv/range", &body).await?;
        let names = answer["kvs"].as_array().into_iter().flatten().filter_map(|kv| all.record(kv)).map(|kv| kv.name);
        let is_member = |name: &String| [LEADER, MEMBERS].iter().any(|now| name.contains(&format!("/{now}")));
        let mut names: Vec<String> = names.filter(is_member).collect();
        names.sort_unstable();
        names.dedup();
        let mut members = Vec::new();
        for name in names {
            members.extend(all.read_all(&name).await?);
        }
        Ok(members)
    }

    /// Ends with the first message that tells of a change, or of the end of the watch.
    async fn watch(&self, after: i64) -> Option<()> {
        let at = self.answering.load(Ordering::Relaxed) % self.endpoints.len().max(1);
        let create = json!({
            "key": self.key(NOW), "range_end": self.end(NOW), "start_revision": (after + 1).to_string(),
        });
        let pass = self.pass().clone();
        let body = json!({ "create_request": create });
        let mut stream = self.send(self.endpoints.get(at)?, "watch", &body, pass.as_deref()).await.ok()?;
        let mut seen = Vec::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            seen.extend_from_slice(&chunk);
            let text = String::from_utf8_lossy(&seen);
            if text.contains("\"events\"") || text.contains("\"canceled\"") {
                return Some(());
            }
        }
        None
    }
}

impl Engine for Etcd {
    fn health(&self) -> Later<'_, Result<Health, EngineError>> {
        Box::pin(async move {
            let status = self.ask("maintenance/status", &json!({})).await?;
            let alarms = self.ask("maintenance/alarm", &json!({ "action": "GET" })).await?;
            let alarms = alarms["alarms"].as_array().cloned().unwrap_or_default();
            Ok(Health {
                version: status["version"].as_str().unwrap_or("of an unknown version").to_owned(),
                used: u64::try_from(int(&status["dbSize"])).unwrap_or(0),
                full: alarms.iter().any(|alarm| alarm["alarm"] == "NOSPACE"),
            })
        })
    }

    fn grant(&self, ttl: Duration) -> Later<'_, Result<Lease, EngineError>> {
        Box::pin(async move {
            let answer = self.ask("lease/grant", &json!({ "TTL": ttl.as_secs().max(1).to_string() })).await?;
            let granted = u64::try_from(int(&answer["TTL"])).unwrap_or(0);
            Ok(Lease { id: int(&answer["ID"]), granted: Duration::from_secs(granted) })
        })
    }

    fn keep_alive(&self, lease: i64) -> Later<'_, Result<Option<Duration>, EngineError>> {
        Box::pin(async move {
            let answer = self.ask("lease/keepalive", &json!({ "ID": lease.to_string() })).await?;
            let left = u64::try_from(int(&answer["result"]["TTL"])).unwrap_or(0);
            Ok((left > 0).then(|| Duration::from_secs(left)))
        })
    }

    fn renewed(&self, lease: i64) -> Later<'_, Result<Option<Duration>, EngineError>> {
        Box::pin(async move {
            let answer = self.ask("lease/timetolive", &json!({ "ID": lease.to_string() })).await?;
            let (granted, left) = (int(&answer["grantedTTL"]), int(&answer["TTL"]));
            let ago = u64::try_from(granted.saturating_sub(left)).unwrap_or(0);
            // -1 is what is left of one that has ended.
            Ok((granted > 0 && left >= 0).then(|| Duration::from_secs(ago)))
        })
    }

    fn revoke(&self, lease: i64) -> Later<'_, Result<(), EngineError>> {
        Box::pin(async move {
            match self.call("lease/revoke", &json!({ "ID": lease.to_string() })).await {
                Ok(_) | Err(Failed { code: NOT_FOUND, .. }) => Ok(()),
                Err(failed) => Err(failed.error),
            }
        })
    }

    fn read(&self, prefix: &str) -> Later<'_, Result<Vec<Record>, EngineError>> {
        let prefix = prefix.to_owned();
        Box::pin(async move { self.read_all(&prefix).await })
    }

    fn write(&self, guard: Guard, writes: Vec<Write>) -> Later<'_, Result<Written, EngineError>> {
        Box::pin(async move {
            let operations: Vec<Value> = writes.iter().map(|write| self.operation(write)).collect();
            let body = json!({ "compare": self.guard(&guard), "success": operations });
            match self.call("kv/txn", &body).await {
                Ok(answer) if answer["succeeded"] == true => Ok(Written::At(int(&answer["header"]["revision"]))),
                // A lease that has ended takes no records.
                Ok(_) | Err(Failed { code: NOT_FOUND, .. }) => Ok(Written::Refused),
                Err(failed) => Err(failed.error),
            }
        })
    }

    fn change(&self, after: i64, most: Duration) -> Later<'_, ()> {
        Box::pin(async move {
            let seen = async {
                if self.watch(after).await.is_none() {
                    // It could not be watched, so that the caller looks again in a while.
                    tokio::time::sleep(most).await;
                }
            };
            let _ = timeout(most, seen).await;
        })
    }
}
