//! Caddy's admin API (<https://caddyserver.com/docs/api>).

use http_body_util::BodyExt as _;
use reqwest::header::{CONTENT_TYPE, ETAG, HOST, HeaderValue, IF_MATCH};
use reqwest::{Body, Method, Response, StatusCode};
use serde_json::Value;
use url::Url;

use super::error::CaddyError;
use crate::config::{AdminUrl, scrub};
use crate::io::http;
use crate::io::http::{Login, NoAnswer};

/// In bytes: a configuration of many thousand sites.
const MAX: usize = 32 << 20;
/// Characters of a non-JSON answer.
const QUOTED: usize = 300;

#[derive(Debug)]
pub struct Part {
    pub value: Value,
    /// Writes require this version. It names its own path, so it also guards what lies below or beside.
    pub etag: Option<HeaderValue>,
}

#[derive(Clone, Debug)]
pub struct AdminApi {
    admin: AdminUrl,
}

impl AdminApi {
    pub const fn new(admin: AdminUrl) -> Self {
        Self { admin }
    }

    pub fn url(&self, path: &str) -> Url {
        self.admin.base.join(path)
    }

    /// `None` if there is no such path.
    pub async fn get(&self, path: &str) -> Result<Option<Part>, CaddyError> {
        let url = self.url(path);
        let response = match self.ask(Method::GET, &url, None).await {
            Ok(response) => response,
            // A path that leads nowhere, or an unknown `@id`.
            Err(CaddyError::Refused { status: StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND, .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let header = response.headers().get(ETAG).cloned();
        let (bytes, trailer) = read(response)
            .await
            .map_err(|error| CaddyError::NoAnswer { url: url.to_string(), why: NoAnswer::because(&url, error) })?;
        let answer = |reason| CaddyError::Answer { url: url.to_string(), reason };
        if bytes.len() > MAX {
            return Err(answer(format!("more than {MAX} bytes")));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| answer(format!("what is not JSON ({error})")))?;
        // Before version 2.7 it is a trailer.
        Ok(Some(Part { value, etag: header.or(trailer) }))
    }

    /// PATCH replaces upstreams, PUT creates them; `false` if somebody changed the configuration since it was read.
    pub async fn write(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        etag: Option<&HeaderValue>,
    ) -> Result<bool, CaddyError> {
        match self.ask(method, &self.url(path), Some((body, etag))).await {
            Ok(_) => Ok(true),
            Err(CaddyError::Refused { status: StatusCode::PRECONDITION_FAILED, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &self,
        method: Method,
        url: &Url,
        change: Option<(&Value, Option<&HeaderValue>)>,
    ) -> Result<Response, CaddyError> {
        let mut builder = http::client();
        if let Some(socket) = &self.admin.socket {
            builder = builder.unix_socket(socket.clone());
        }
        if url.scheme() == "http" {
            // Needed if the machine has no root certificates.
            builder = builder.tls_certs_only([]);
        }
        let mut request = builder.build().map_err(CaddyError::Client)?.request(method.clone(), url.clone());
        if self.admin.socket.is_some() {
            // Behind a Unix socket Caddy expects no host.
            request = request.header(HOST, "");
        }
        if let Some(login) = Login::of(&self.admin.base) {
            request = login.sign(request);
        }
        if let Some((body, etag)) = change {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
            if let Some(etag) = etag {
                request = request.header(IF_MATCH, etag.clone());
            }
        }
        let no_answer = |error| CaddyError::NoAnswer { url: url.to_string(), why: NoAnswer::because(url, error) };
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let answer = said(&read(response).await.map(|(body, _)| body).unwrap_or_default());
        Err(CaddyError::Refused { method, url: url.to_string(), status, answer })
    }
}

fn said(body: &[u8]) -> String {
    let json = serde_json::from_slice::<Value>(body).ok().and_then(|value| Some(value["error"].as_str()?.to_owned()));
    let text = json.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    scrub(&text).chars().filter(|c| !c.is_control()).take(QUOTED).collect::<String>().trim().to_owned()
}

/// The answer up to the limit, and the version in its trailer.
async fn read(response: Response) -> Result<(Vec<u8>, Option<HeaderValue>), reqwest::Error> {
    let mut body = Body::from(response);
    let (mut bytes, mut etag) = (Vec::new(), None);
    while let Some(frame) = body.frame().await {
        match frame?.into_data() {
            Ok(data) => bytes.extend_from_slice(&data),
            Err(frame) => etag = frame.into_trailers().ok().and_then(|trailers| trailers.get(ETAG).cloned()),
        }
        if bytes.len() > MAX {
            break;
        }
    }
    Ok((bytes, etag))
}
