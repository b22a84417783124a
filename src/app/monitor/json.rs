//! Events as JSON: written once, recorded, and told to whoever follows the run.

use axum::body::Bytes;

use crate::core::soak::Envelope;

#[derive(Default)]
pub struct Json(Vec<u8>);

impl Json {
    /// Written into a buffer that has room already, so that what is kept is no larger than it must be.
    pub fn of(&mut self, envelope: &Envelope) -> Bytes {
        self.0.clear();
        // All keys are text, so there is always a JSON form.
        let _ = serde_json::to_writer(&mut self.0, envelope);
        Bytes::copy_from_slice(&self.0)
    }
}
