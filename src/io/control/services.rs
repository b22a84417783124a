//! All services that an agent watches, as a client reads them.

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use tokio::time::timeout;

use crate::core::view::Summary;
use crate::io::http;

use super::client::failed;
use super::events::{SILENCE, parse};
use super::sse::{Message, Parser};
use super::{Client, ClientError};

const PATH: &str = "/v1/services/events";
/// In bytes, of a list of thousands of services with all their reasons.
const MAX_LIST: usize = 32 << 20;

#[derive(Debug, PartialEq)]
pub enum ServiceItem {
    /// All of them; always first, and perhaps again.
    All {
        /// As the agent calls its machine.
        host: Option<String>,
        services: Vec<Summary>,
    },
    One(Box<Summary>),
    /// It is not watched any more.
    Gone(String),
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    host: Option<String>,
    services: Vec<Summary>,
}

#[derive(Deserialize)]
struct Gone {
    service: String,
}

#[derive(Debug)]
pub struct Services {
    response: Response,
    parser: Parser,
}

impl Client {
    /// Follows all services of an agent; none where a monitor of one service answers.
    pub async fn services(&self) -> Result<Option<Services>, ClientError> {
        let response = self.stream(PATH).await?;
        match response.status() {
            StatusCode::OK => Ok(Some(Services { response, parser: Parser::with_max(MAX_LIST) })),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(failed(response).await),
        }
    }
}

impl Services {
    /// The next change. An agent that is silent for too long is dead: it sends a comment every few seconds. Cancel-safe.
    pub async fn next(&mut self) -> Result<ServiceItem, ClientError> {
        loop {
            let message = self.parser.next().map_err(|error| ClientError::Protocol(error.to_string()))?;
            if let Some(message) = message {
                if let Some(item) = item(&message)? {
                    return Ok(item);
                }
                continue;
            }
            let chunk = timeout(SILENCE, self.response.chunk()).await.map_err(|_| ClientError::Timeout)?;
            match chunk.map_err(|error| ClientError::Io(http::root(&error)))? {
                Some(chunk) => self.parser.push(&chunk),
                None => return Err(ClientError::Io("the stream ended".to_owned())),
            }
        }
    }
}

/// `None` for a message that a later version added.
fn item(message: &Message) -> Result<Option<ServiceItem>, ClientError> {
    Ok(Some(match message.event.as_str() {
        "services" => {
            let List { host, services } = parse(message)?;
            ServiceItem::All { host, services }
        }
        "service" => ServiceItem::One(parse(message)?),
        "gone" => ServiceItem::Gone(parse::<Gone>(message)?.service),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(event: &str, data: &str) -> Result<Option<ServiceItem>, ClientError> {
        item(&Message { event: event.to_owned(), data: data.to_owned() })
    }

    #[test]
    fn changes_are_told_apart_and_what_is_unknown_is_left_out() {
        let shop = Summary::idle("shop", None);
        let all = ServiceItem::All { host: Some("deploy-1".to_owned()), services: vec![shop.clone()] };
        let list = r#"{"host":"deploy-1","services":[{"service":"shop","state":"idle"}],"more":1}"#;
        assert_eq!(read("services", list).unwrap(), Some(all));
        let one = Some(ServiceItem::One(Box::new(shop)));
        assert_eq!(read("service", r#"{"service":"shop","state":"idle","later":true}"#).unwrap(), one);
        assert_eq!(read("gone", r#"{"service":"shop"}"#).unwrap(), Some(ServiceItem::Gone("shop".to_owned())));
        assert_eq!(read("weather", "{}").unwrap(), None);
        assert!(read("service", "{}").unwrap_err().to_string().contains("event `service`"));
    }
}
