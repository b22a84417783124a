//! The endpoints of an agent.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::routing::{get, post};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

use crate::core::soak::RefusalCode;
use crate::io::control::caller::Caller;
use crate::io::control::routes::{self, Api, Cut, answer, failure, json, whole};
use crate::io::control::server::Serves;
use crate::io::control::stream::Pace;
use crate::io::control::wire::Failure;

use super::begin::{BeginRequest, NotBegun};
use super::board::{Board, Ordered};
use super::stream;

/// Until a run has begun.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(80);

/// The endpoints of all services.
#[derive(Clone)]
pub(in crate::io::control) struct Services {
    pub board: Board,
    pub pace: Pace,
}

impl Serves for Services {
    fn router(&self, cut: Arc<Notify>) -> Router {
        Router::new()
            .route("/v1/services", get(services))
            .route("/v1/services/events", get(changes))
            .route("/v1/services/{name}/status", get(status))
            .route("/v1/services/{name}/events", get(events))
            .route("/v1/services/{name}/actions", post(actions))
            .route("/v1/services/{name}/begin", post(begin))
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
        self.board.count_refused();
    }
}

async fn services(State(all): State<Services>) -> Response<Body> {
    json(StatusCode::OK, &all.board.list(&all.board.look()))
}

async fn changes(State(all): State<Services>, Extension(Cut(cut)): Extension<Cut>) -> Response<Body> {
    answer(StatusCode::OK, "text/event-stream", stream::body(all.board, all.pace, cut))
}

async fn metrics(State(all): State<Services>) -> Response<Body> {
    answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", Body::from(all.board.metrics()))
}

async fn status(State(all): State<Services>, Path(name): Path<String>) -> Response<Body> {
    match all.board.find(&name) {
        None => no_service(&name),
        Some((_, Some(status))) => routes::status_of(status).await,
        Some((_, None)) => {
            let why = all.board.summary(&name).and_then(|row| row.error);
            failure(
                StatusCode::SERVICE_UNAVAILABLE,
                &why.unwrap_or_else(|| format!("`{name}` has not been looked at yet: ask again")),
            )
        }
    }
}

async fn events(
    State(all): State<Services>,
    Path(name): Path<String>,
    cut: Extension<Cut>,
    caller: Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    match soak(&all, &name) {
        Ok(api) => routes::events(State(api), cut, caller, uri, headers).await,
        Err(refused) => refused,
    }
}

async fn actions(
    State(all): State<Services>,
    Path(name): Path<String>,
    caller: Extension<Caller>,
    request: Request,
) -> Response<Body> {
    match soak(&all, &name) {
        Ok(api) => routes::actions(State(api), caller, request).await,
        Err(refused) => refused,
    }
}

/// The endpoints of the soak of a service, or why there are none.
#[expect(clippy::result_large_err, reason = "it is the answer")]
fn soak(all: &Services, name: &str) -> Result<Api, Response<Body>> {
    match all.board.find(name) {
        None => Err(no_service(name)),
        Some((Some(hub), Some(status))) => Ok(Api { hub, status, pace: all.pace }),
        Some(_) => {
            let told = Failure { error: format!("no soak runs for `{name}`"), code: Some(RefusalCode::NoSoak) };
            Err(json(StatusCode::CONFLICT, &told))
        }
    }
}

async fn begin(
    State(all): State<Services>,
    Path(name): Path<String>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response<Body> {
    let refused = |status, error: String| json(status, &NotBegun { error, exit_code: 2, told: Vec::new() });
    let wish: BeginRequest = match whole(request.into_body()).await {
        Err(why) => return refused(StatusCode::BAD_REQUEST, why),
        Ok(body) => match serde_json::from_slice(&body) {
            Err(error) => return refused(StatusCode::BAD_REQUEST, error.to_string()),
            Ok(wish) => wish,
        },
    };
    if let Err(why) = routes::may_order(wish.actor.as_ref(), wish.release.as_ref()) {
        return refused(StatusCode::BAD_REQUEST, why);
    }
    if !matches!(caller, Caller::Local(_)) && (!wish.settings.is_empty() || wish.folder.is_some()) {
        // Some keys name commands.
        return refused(StatusCode::FORBIDDEN, "over the network only a release can be named, no settings".to_owned());
    }
    let Some(beginner) = all.board.beginner(&name) else {
        let why = all.board.summary(&name).map_or_else(
            || format!("this agent has no service `{name}`"),
            |row| row.error.unwrap_or_else(|| format!("`{name}` cannot be watched")),
        );
        return refused(StatusCode::CONFLICT, why);
    };
    let actor = caller.actor(wish.actor.clone());
    tracing::info!(service = name, what = ?wish.what, %actor, "a run is to begin");
    let (answer, answered) = oneshot::channel();
    let begun = async {
        beginner.send(Ordered { wish, actor, answer }).await.ok()?;
        answered.await.ok()
    };
    match timeout(BEGIN_TIMEOUT, begun).await {
        Ok(Some(Ok(begun))) => json(StatusCode::OK, &begun),
        Ok(Some(Err(not_begun))) => json(StatusCode::CONFLICT, &not_begun),
        Ok(None) => refused(StatusCode::SERVICE_UNAVAILABLE, "the agent is about to end".to_owned()),
        Err(_) => {
            refused(StatusCode::SERVICE_UNAVAILABLE, "it takes too long to begin: see `switchback status`".to_owned())
        }
    }
}

fn no_service(name: &str) -> Response<Body> {
    failure(StatusCode::NOT_FOUND, &format!("this agent has no service `{name}`"))
}

async fn unknown(uri: Uri) -> Response<Body> {
    let known = "/v1/services, /v1/services/events, /v1/services/NAME/status, …/events, …/actions, …/begin, /metrics";
    failure(StatusCode::NOT_FOUND, &format!("`{}` is not a known path: expected {known}", uri.path()))
}

async fn wrong_method(uri: Uri) -> Response<Body> {
    let orders = ["/actions", "/begin"].iter().any(|end| uri.path().ends_with(end));
    let method = if orders { "POST" } else { "GET" };
    failure(StatusCode::METHOD_NOT_ALLOWED, &format!("`{}` takes {method}", uri.path()))
}
