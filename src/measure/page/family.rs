//! Which samples of a page count something.

use crate::exposition::Text;

#[derive(Debug, Default)]
pub struct Family {
    name: Vec<u8>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    Counter,
    /// Histogram or summary: `_count` counts.
    Distribution,
    /// Gauge or the like: nothing counts.
    Other,
    #[default]
    None,
}

impl Family {
    pub fn clear(&mut self) {
        self.name.clear();
        self.kind = Kind::None;
    }

    pub fn declare(&mut self, name: Text<'_>, kind: &[u8]) {
        self.name.clear();
        self.name.extend_from_slice(name.raw());
        self.kind = match kind {
            b"counter" => Kind::Counter,
            b"histogram" | b"summary" => Kind::Distribution,
            _ => Kind::Other,
        };
    }

    pub fn counts(&self, name: &[u8]) -> bool {
        const NO_COUNTS: [&[u8]; 5] = [b"_bucket", b"_sum", b"_created", b"_info", b"_max"];
        if self.kind != Kind::None
            && let Some(suffix) = name.strip_prefix(self.name.as_slice())
        {
            match suffix {
                b"" | b"_total" => return self.kind == Kind::Counter,
                b"_count" => return self.kind == Kind::Distribution,
                _ => {}
            }
        }
        !NO_COUNTS.iter().any(|suffix| name.ends_with(suffix))
    }

    pub fn is_quantile(&self, name: &[u8]) -> bool {
        self.kind == Kind::Distribution && self.name == name
    }

    /// Possible sample names of the family's counter, if it has one.
    pub fn counters(name: Text<'_>, kind: &[u8]) -> Vec<String> {
        let name = name.to_string();
        match kind {
            b"counter" if name.ends_with("_total") => vec![name],
            b"counter" => vec![format!("{name}_total"), name],
            b"histogram" | b"summary" => vec![format!("{name}_count")],
            _ => Vec::new(),
        }
    }
}
