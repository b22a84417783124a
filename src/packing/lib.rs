//! Many lines of a recording in one: what differs from the lines before, at the cost of how much it surprises.
//!
//! A packed line is JSON like the others and holds, beside its data, the templates and texts that it is the first to use. Unpacked,
//! the lines are the same byte for byte, so everything that reads a recording reads it as if it had never been packed.
//!
//! | file | holds |
//! | --- | --- |
//! | `coder` | bits, written so that likely ones cost little |
//! | `text` | bytes as text of JSON |
//! | `number` | whole numbers, written as what their field is like |
//! | `track` | what a number is expected to be |
//! | `template` | a line, taken apart into what lines have in common and what differs |
//! | `model` | what is known of the lines so far |

mod coder;
mod model;
mod number;
mod template;
#[cfg(test)]
mod tests;
mod text;
mod track;

use flate2::Crc;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use coder::{Decoder, Encoder};
use model::Model;
use text::{from_text, to_text};

/// Longer lines are not written, and not read. In bytes, without the newline.
pub const MAX_LINE: usize = 1 << 20;
/// Version of the packing; a reader refuses others.
const VERSION: u32 = 1;
/// The first bytes of a packed line: no other line of a recording begins with this key.
const PREFIX: &[u8] = br#"{"packed":"#;
/// So many lines are packed into one at most, and so many bytes of them: a reader has to hold them.
pub const MAX_LINES: usize = 4_096;
const MAX_UNPACKED: usize = 16 << 20;

#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    #[serde(rename = "packed")]
    version: u32,
    /// How many lines they are.
    lines: usize,
    /// Whether nothing that was learned from packed lines before is used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fresh: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    templates: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    texts: Vec<Box<RawValue>>,
    /// CRC-32 of the lines, each with its newline.
    crc: u32,
    data: String,
}

/// Packs lines. It depends on what it packed before, unless it is made anew.
#[derive(Debug, Default)]
pub struct Packer(Option<Box<Model>>);

impl Packer {
    /// One line for these, without its newline; `None` if they are too many, or would not be smaller.
    pub fn pack(&mut self, lines: &[impl AsRef<[u8]>]) -> Option<Vec<u8>> {
        let packed = self.try_to_pack(&lines.iter().map(AsRef::as_ref).collect::<Vec<_>>());
        if packed.is_none() {
            self.0 = None;
        }
        packed
    }

    // Compiled here, for speed; a caller's copy would be compiled for size as the caller is.
    #[inline(never)]
    fn try_to_pack(&mut self, lines: &[&[u8]]) -> Option<Vec<u8>> {
        let (count, bytes) = (lines.len(), lines.iter().map(|line| line.len() + 1).sum::<usize>());
        if count > MAX_LINES || bytes > MAX_UNPACKED {
            return None;
        }
        let known = self.0.take().filter(|model| !model.is_full());
        let fresh = known.is_none();
        let mut model = known.unwrap_or_else(|| Box::new(Model::new()));
        let (before, mut encoder, mut crc) = (model.counts(), Encoder::new(), Crc::new());
        for &line in lines {
            model.write(&mut encoder, std::str::from_utf8(line).ok()?);
            update(&mut crc, line);
        }
        let (templates, texts) = model.news(before);
        let texts = texts.iter().map(|text| RawValue::from_string(text.clone()).ok());
        let packed = Packed {
            version: VERSION,
            lines: count,
            fresh,
            templates: templates.map(str::to_owned).collect(),
            texts: texts.collect::<Option<_>>()?,
            crc: crc.sum(),
            data: to_text(&encoder.finish()),
        };
        let line = serde_json::to_vec(&packed).ok()?;
        self.0 = Some(model);
        (line.len() < bytes && line.len() <= MAX_LINE).then_some(line)
    }
}

/// Unpacks what a [`Packer`] packed, in its order.
#[derive(Debug, Default)]
pub struct Unpacker(Option<Box<Model>>);

impl Unpacker {
    /// The lines of a packed one; `None` if it is not packed.
    pub fn unpack(&mut self, line: &[u8]) -> Option<Result<Vec<Vec<u8>>, String>> {
        line.starts_with(PREFIX).then(|| self.read(line))
    }

    fn read(&mut self, line: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        let packed: Packed = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        if packed.version != VERSION {
            return Err(format!("it is packed as version {}, this program reads version {VERSION}", packed.version));
        }
        if packed.lines > MAX_LINES {
            return Err(format!("it holds {} lines, at most {MAX_LINES} are allowed", packed.lines));
        }
        let known = self.0.take().filter(|_| !packed.fresh);
        let mut model = if packed.fresh {
            Box::new(Model::new())
        } else {
            known.ok_or("the packed line in front of it is missing")?
        };
        for template in &packed.templates {
            model.learn_template(template);
        }
        for text in &packed.texts {
            model.learn_text(text.get());
        }
        let data = from_text(&packed.data).ok_or("its data is damaged")?;
        let (mut decoder, mut crc) = (Decoder::new(&data), Crc::new());
        let (mut lines, mut bytes) = (Vec::with_capacity(packed.lines), 0);
        for _ in 0..packed.lines {
            let line = model.read(&mut decoder).map_err(|error| error.to_string())?;
            bytes += line.len() + 1;
            if line.len() > MAX_LINE || bytes > MAX_UNPACKED {
                return Err(format!("it unpacks to more than {MAX_UNPACKED} bytes"));
            }
            update(&mut crc, line.as_bytes());
            lines.push(line.into_bytes());
        }
        if crc.sum() != packed.crc {
            return Err("its checksum is wrong".to_owned());
        }
        self.0 = Some(model);
        Ok(lines)
    }
}

fn update(crc: &mut Crc, line: &[u8]) {
    crc.update(line);
    crc.update(b"\n");
}
