//! The Prometheus text format 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::{Display, Write as _};

#[derive(Debug, Default)]
pub struct Text {
    page: String,
    name: &'static str,
}

impl Text {
    /// Begins a metric; its samples follow. `help` is one line.
    pub fn metric(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.name = name;
        self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"))
    }

    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        let name = self.name;
        self.write(format_args!("{name}"));
        for (at, (name, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            self.write(format_args!("{before}{name}=\"{}\"", escaped(value)));
        }
        let after = if labels.is_empty() { "" } else { "}" };
        self.write(format_args!("{after} {value}\n"))
    }

    /// One sample a name: 1 for the one that holds, else 0.
    pub fn states<'a>(&mut self, label: &str, names: impl IntoIterator<Item = &'a str>, holds: &str) -> &mut Self {
        for name in names {
            self.sample(&[(label, name)], u8::from(name == holds));
        }
        self
    }

    pub fn finish(self) -> String {
        self.page
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing into a string cannot fail.
        let _ = self.page.write_fmt(text);
        self
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped_and_samples_without_labels_have_no_braces() {
        let mut text = Text::default();
        text.metric("a_total", "counter", "How many.").sample(&[("b", "x\"\\\ny"), ("c", "")], 1.5).sample(&[], 2);
        text.metric("d", "gauge", "Which.").states("e", ["f", "g"], "g");
        let want = "# HELP a_total How many.\n# TYPE a_total counter\na_total{b=\"x\\\"\\\\\\ny\",c=\"\"} 1.5\na_total 2\n\
                    # HELP d Which.\n# TYPE d gauge\nd{e=\"f\"} 0\nd{e=\"g\"} 1\n";
        assert_eq!(text.finish(), want);
    }
}
