//! The events of a run, as a client reads them.

use std::time::Duration;

use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::core::soak::{Envelope, RecordingHeader};
use crate::io::http;

use super::sse::{self, Message, Parser};
use super::wire::Dropped;
use super::{ClientError, StreamEnd};

/// A monitor that is silent for this long is dead: it sends a keep-alive at least every 5s.
pub(super) const SILENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub enum StreamItem {
    /// Always first.
    Header(Box<RecordingHeader>),
    Event(Box<Envelope>),
    Dropped(String),
    End(StreamEnd),
}

#[derive(Debug)]
pub struct Events {
    response: Response,
    parser: Parser,
    silence: Duration,
}

impl Events {
    pub(super) fn new(response: Response) -> Self {
        Self { response, parser: Parser::default(), silence: SILENCE }
    }

    #[cfg(test)]
    pub(super) fn with_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Nothing follows [`StreamItem::Dropped`], [`StreamItem::End`] or an error. Cancel-safe.
    pub async fn next(&mut self) -> Result<StreamItem, ClientError> {
        loop {
            let message = self.parser.next().map_err(|error| ClientError::Protocol(error.to_string()))?;
            if let Some(item) = message.map(|message| item(&message)).transpose()?.flatten() {
                return Ok(item);
            }
            let chunk = timeout(self.silence, self.response.chunk()).await.map_err(|_| ClientError::Timeout)?;
            match chunk.map_err(|error| ClientError::Io(http::root(&error)))? {
                Some(chunk) => self.parser.push(&chunk),
                None => return Err(ClientError::Io("the stream ended in the middle".to_owned())),
            }
        }
    }
}

/// `None` for a message that a later server version added.
fn item(message: &Message) -> Result<Option<StreamItem>, ClientError> {
    Ok(Some(match message.event.as_str() {
        sse::HEADER => StreamItem::Header(parse(message)?),
        sse::SOAK => StreamItem::Event(parse(message)?),
        sse::DROPPED => StreamItem::Dropped(parse::<Dropped>(message)?.reason),
        sse::END => StreamItem::End(parse(message)?),
        _ => return Ok(None),
    }))
}

pub(super) fn parse<T: DeserializeOwned>(message: &Message) -> Result<T, ClientError> {
    let Message { event, data } = message;
    serde_json::from_slice(data.as_bytes()).map_err(|error| ClientError::Protocol(format!("event `{event}`: {error}")))
}
