//! Events that are no longer in memory, read from the recording.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::io::journal::RecordingReader;

use super::ring::Frame;

const BATCH: usize = 256;

type Reader = RecordingReader<Box<RawValue>>;

/// A recording, read at a client's pace off the async threads. Lines are sent as they stand in the file.
#[derive(Debug)]
pub(super) struct Archive {
    path: Arc<PathBuf>,
    reader: Option<Reader>,
}

#[derive(Deserialize)]
struct Place {
    seq: u64,
}

impl Archive {
    pub fn new(path: Arc<PathBuf>) -> Self {
        Self { path, reader: None }
    }

    /// The next events from `seq` on; `None` if the file has no more for now (asking again reopens it).
    pub async fn read(&mut self, seq: u64) -> Result<VecDeque<Frame>, String> {
        let (path, reader) = (Arc::clone(&self.path), self.reader.take());
        let reading = tokio::task::spawn_blocking(move || read(&path, reader, seq));
        let (reader, frames) = reading.await.map_err(|error| error.to_string())??;
        self.reader = reader;
        Ok(frames)
    }
}

fn read(path: &Path, reader: Option<Reader>, seq: u64) -> Result<(Option<Reader>, VecDeque<Frame>), String> {
    let mut reader = match reader {
        Some(reader) => reader,
        None => Reader::open::<IgnoredAny>(path).map_err(|error| error.to_string())?.1,
    };
    let mut frames = VecDeque::new();
    while let Some(line) = reader.next() {
        let line = match line {
            Ok(line) => line,
            Err(error) if frames.is_empty() => return Err(error.to_string()),
            // What stands before the damage is sent first; the next read finds it again.
            Err(_) => break,
        };
        let place: Place = serde_json::from_slice(line.get().as_bytes()).map_err(|error| error.to_string())?;
        if place.seq >= seq {
            frames.push_back(Frame { seq: place.seq, json: Bytes::copy_from_slice(line.get().as_bytes()) });
        }
        if frames.len() == BATCH {
            return Ok((Some(reader), frames));
        }
    }
    Ok((None, frames))
}
