//! Who is let in: a request with a token, or an order that is signed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::header::{AUTHORIZATION, CONNECTION, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode};
use axum::middleware::{self, Next};
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::limit::Limit;
use super::refusals::Refusals;
use super::renewal::Current;
use super::seats::{Rank, Seat};
use super::signed::{NotNew, SIGNATURE, Signed, SignedOrders};
use super::tokens::{Role, Tokens};
use crate::config::ControlConfig;
use crate::io::control::caller::Caller;
use crate::io::control::routes;
use crate::io::control::server::Serves;
use crate::model::SigningKey;

/// Delay before a blocked client is told so, so that a flood fills no log.
const PATIENCE: Duration = Duration::from_secs(1);
const PATH_IN_LOG: usize = 100;

pub struct Guard {
    tokens: Current<Tokens>,
    signed: Option<Arc<SignedOrders>>,
    limit: Limit,
    refusals: Refusals,
}

struct Refusal {
    status: StatusCode,
    why: String,
    retry_after: Option<Duration>,
}

impl Refusal {
    fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), retry_after: None }
    }
}

/// The endpoints behind the guard. Requests carry the client's address and seat as extensions.
pub fn guarded(endpoints: Router, guard: Arc<Guard>, of: Arc<dyn Serves>, from: SocketAddr, seat: Arc<Seat>) -> Router {
    let endpoints = endpoints.layer(middleware::from_fn_with_state((guard, of), let_in));
    endpoints.layer(Extension(from)).layer(Extension(seat))
}

async fn let_in(
    State((guard, of)): State<(Arc<Guard>, Arc<dyn Serves>)>,
    Extension(from): Extension<SocketAddr>,
    Extension(seat): Extension<Arc<Seat>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match guard.admit(request, from, &seat).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => {
            of.count_refused();
            let path: String = path.chars().take(PATH_IN_LOG).collect();
            let Refusal { status, why, .. } = &refusal;
            guard.refused(
                || tracing::warn!(%from, %method, path, status = status.as_u16(), why, "a request is refused"),
            );
            refusal.answer().await
        }
    }
}

impl Guard {
    pub fn new(tokens: Tokens, signed: Option<SignedOrders>) -> Self {
        let (tokens, signed) = (Current::new(tokens), signed.map(Arc::new));
        Self { tokens, signed, limit: Limit::default(), refusals: Refusals::default() }
    }

    /// Replaces the tokens and the signing key, if there were any.
    pub fn renew(&self, config: &ControlConfig) {
        self.tokens.set(Tokens::of(config));
        let key = config.order_secret.as_ref().and_then(|secret| SigningKey::parse(secret).ok());
        if let (Some(signed), Some(key)) = (&self.signed, key) {
            signed.renew(key);
        }
    }

    pub fn refused(&self, tell: impl FnOnce()) {
        self.refusals.note(Instant::now(), tell);
    }

    async fn admit(&self, request: Request, from: SocketAddr, seat: &Seat) -> Result<Request, Refusal> {
        let (parts, body) = request.into_parts();
        let order = routes::takes_orders(parts.uri.path()) && parts.method == Method::POST;
        let signed = self.signed.as_ref().filter(|_| order && parts.headers.contains_key(SIGNATURE));
        // A request with a token is judged by the token alone.
        let Some(signed) = signed.filter(|_| !parts.headers.contains_key(AUTHORIZATION)) else {
            let role = self.attempt(from, || self.role(&parts.headers))?;
            seat.has_shown(role.into());
            if role == Role::Viewer && !matches!(parts.method, Method::GET | Method::HEAD) {
                return Err(Refusal::new(StatusCode::FORBIDDEN, "a viewer's token may not give orders"));
            }
            return Ok(known(parts, body, Caller::Token { from: from.ip(), role }));
        };
        let body = routes::whole(body).await.map_err(|why| Refusal::new(StatusCode::BAD_REQUEST, why))?;
        let now = Timestamp::now().as_second();
        let order = self.attempt(from, || {
            signed
                .check(&parts.headers, &body, now)
                .map_err(|error| Refusal::new(StatusCode::UNAUTHORIZED, error.to_string()))
        })?;
        seat.has_shown(Rank::Operator);
        let id = order.id.clone();
        take(signed, order, now).await?;
        Ok(known(parts, Body::from(body), Caller::Signed { id, from: from.ip() }))
    }

    fn attempt<T>(&self, from: SocketAddr, look: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.limit.attempt(from.ip(), Instant::now(), look).unwrap_or_else(|wait| {
            let why = "too many failed attempts from this address: all are refused for now";
            Err(Refusal { retry_after: Some(wait), ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, why) })
        })
    }

    fn role(&self, headers: &HeaderMap) -> Result<Role, Refusal> {
        let Some(authorization) = headers.get(AUTHORIZATION) else {
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, "a token is required: `Authorization: Bearer TOKEN`"));
        };
        // RFC 9110, section 11.1: the scheme's name is case-insensitive.
        let token = authorization.as_bytes().split_at_checked(7);
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer ")).map(|(_, token)| token);
        token
            .and_then(|token| self.tokens.get().role(token))
            .ok_or_else(|| Refusal::new(StatusCode::UNAUTHORIZED, "unknown token"))
    }
}

async fn take(orders: &Arc<SignedOrders>, order: Signed, now: i64) -> Result<(), Refusal> {
    let orders = Arc::clone(orders);
    let taken = tokio::task::spawn_blocking(move || orders.take(&order, now)).await;
    taken.unwrap_or_else(|error| Err(std::io::Error::other(error).into())).map_err(|error| {
        let status = match error {
            NotNew::Again(_) => StatusCode::CONFLICT,
            NotNew::TooMany | NotNew::Forgetful(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refusal::new(status, error.to_string())
    })
}

fn known(mut parts: Parts, body: Body, caller: Caller) -> Request {
    parts.extensions.insert(caller);
    Request::from_parts(parts, body)
}

impl Refusal {
    async fn answer(self) -> Response<Body> {
        let mut answer = routes::failure(self.status, &self.why);
        let headers = answer.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
            sleep(PATIENCE).await;
        }
        answer
    }
}
