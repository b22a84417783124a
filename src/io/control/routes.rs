//! The endpoints, and what they answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::routing::{get, post};
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::timeout;
use url::form_urlencoded;

use crate::model::Actor;

use super::caller::Caller;
use super::server::Serves;
use super::shared::SharedStatus;
use super::stream::{self, Pace};
use super::wire::{Accepted, ActionRequest, Failure};
use super::{Hub, Refused};

const MAX_BODY: usize = 16 << 10;
const MAX_REASON: usize = 500;
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// Generous, since a router is asked.
const STATUS_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Api {
    pub hub: Hub,
    pub status: SharedStatus,
    pub pace: Pace,
}

const ACTIONS: &str = "/v1/actions";

/// Whether this path takes orders to a soak, which may be signed.
pub(super) fn takes_orders(path: &str) -> bool {
    path == ACTIONS || (path.starts_with("/v1/services/") && path.ends_with("/actions"))
}

#[derive(Clone)]
pub(super) struct Cut(pub Arc<Notify>);

impl Serves for Api {
    fn router(&self, cut: Arc<Notify>) -> Router {
        Router::new()
            .route("/v1/status", get(status))
            .route("/v1/events", get(events))
            .route(ACTIONS, post(actions))
            .route("/metrics", get(metrics))
            .fallback(unknown)
            .method_not_allowed_fallback(wrong_method)
            .layer(Extension(Cut(cut)))
            .with_state(self.clone())
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn count_refused(&self) {
        self.hub.count_refused();
    }
}

pub(super) fn forbidden() -> Router {
    Router::new().fallback(async || {
        failure(StatusCode::FORBIDDEN, "the control socket is for the monitor's own user and for root")
    })
}

async fn status(State(api): State<Api>) -> Response<Body> {
    status_of(api.status).await
}

pub(super) async fn status_of(status: SharedStatus) -> Response<Body> {
    match timeout(STATUS_TIMEOUT, status.get()).await {
        Ok(Ok(report)) => json(StatusCode::OK, &report),
        Ok(Err(why)) => failure(StatusCode::SERVICE_UNAVAILABLE, &why),
        Err(_) => failure(StatusCode::SERVICE_UNAVAILABLE, "the router takes too long to say where traffic is"),
    }
}

async fn metrics(State(api): State<Api>) -> Response<Body> {
    answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", Body::from(api.hub.metrics()))
}

pub(super) async fn events(
    State(api): State<Api>,
    Extension(Cut(cut)): Extension<Cut>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let since = match since(&uri, &headers) {
        Ok(since) => since,
        Err(why) => return failure(StatusCode::BAD_REQUEST, &why),
    };
    match api.hub.subscribe_as(caller.quota(), since) {
        Ok(subscription) => {
            let body = stream::body(api.hub, subscription, api.pace, cut);
            answer(StatusCode::OK, "text/event-stream", body)
        }
        Err(error) => failure(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
    }
}

/// The first place wanted: `since`, or the one behind `Last-Event-ID`.
fn since(uri: &Uri, headers: &HeaderMap) -> Result<u64, String> {
    let mut since = None;
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if name != "since" {
            return Err(format!("`{name}` is not a known parameter: expected `since`"));
        }
        let place =
            value.parse().map_err(|_| format!("`{value}` is not a valid `since`: expected the number of an event"))?;
        since = Some(place);
    }
    let seen = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    Ok(since.or(seen.map(|seen| seen.saturating_add(1))).unwrap_or(0))
}

pub(super) async fn actions(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response<Body> {
    let service = api.hub.with_view(|view| view.machine().settings().service.clone());
    let asked = match order(request).await {
        Ok(asked) => asked,
        Err(why) => return failure(StatusCode::BAD_REQUEST, &why),
    };
    if let Some(meant) = asked.service.as_deref().filter(|meant| *meant != service) {
        tracing::warn!(?caller, meant, "refused an order for another service");
        return failure(StatusCode::CONFLICT, &format!("this is the monitor of `{service}`, not of `{meant}`"));
    }
    let ActionRequest { action, actor, reason, .. } = asked;
    let actor = caller.actor(actor);
    tracing::info!(%action, %actor, reason, "an order");
    let answered = api.hub.order(action, actor, reason).await;
    api.status.forget();
    match answered {
        Ok(seq) => json(StatusCode::ACCEPTED, &Accepted { seq }),
        Err(Refused::Rule(refusal)) => {
            json(StatusCode::CONFLICT, &Failure { error: refusal.to_string(), code: refusal.code() })
        }
        Err(refused @ Refused::Over) => failure(StatusCode::CONFLICT, &refused.to_string()),
        Err(refused @ Refused::NoAnswer) => failure(StatusCode::SERVICE_UNAVAILABLE, &refused.to_string()),
    }
}

async fn order(request: Request) -> Result<ActionRequest, String> {
    let body = whole(request.into_body()).await?;
    let asked: ActionRequest = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    may_order(asked.actor.as_ref(), asked.reason.as_ref())?;
    Ok(asked)
}

/// Whether this actor may give an order, with a text that reads well in a journal.
pub(super) fn may_order(actor: Option<&Actor>, reason: Option<&String>) -> Result<(), String> {
    let who = match actor {
        None => None,
        Some(Actor::Operator(who) | Actor::Ci(who)) => Some(who),
        Some(actor) => return Err(format!("`{actor}` may not give orders")),
    };
    for (what, text) in [("actor", who), ("reason", reason)] {
        let Some(text) = text else { continue };
        if text.chars().count() > MAX_REASON || text.chars().any(char::is_control) {
            return Err(format!("`{what}` has at most {MAX_REASON} characters, and no control characters"));
        }
    }
    Ok(())
}

pub(super) async fn whole(body: Body) -> Result<Bytes, String> {
    let body = timeout(BODY_TIMEOUT, to_bytes(body, MAX_BODY)).await;
    let body = body.map_err(|_| "the body did not arrive in time".to_owned())?;
    body.map_err(|_| format!("the body is longer than {MAX_BODY} bytes, or was cut off"))
}

async fn unknown(uri: Uri) -> Response<Body> {
    let known = "/v1/status, /v1/events, /v1/actions, /metrics";
    failure(StatusCode::NOT_FOUND, &format!("`{}` is not a known path: expected {known}", uri.path()))
}

async fn wrong_method(uri: Uri) -> Response<Body> {
    let method = if uri.path() == ACTIONS { "POST" } else { "GET" };
    failure(StatusCode::METHOD_NOT_ALLOWED, &format!("`{}` takes {method}", uri.path()))
}

pub(super) fn failure(status: StatusCode, error: &str) -> Response<Body> {
    json(status, &Failure { error: error.to_owned(), code: None })
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    // All keys are text, so there is always a JSON form.
    answer(status, "application/json", Body::from(serde_json::to_vec(value).unwrap_or_default()))
}

pub(super) fn answer(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    response
}
