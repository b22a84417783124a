//! The value of one metric, or of one of its labels, on a page.

use measure::exposition::{Exposition, Fault, Format, Page, Sample, Text};

/// The label's text on the first sample that is not 0, or the first value. `None` if there is none, or no metrics page.
pub fn metric_value(body: &[u8], name: &str, label: Option<&str>) -> Option<String> {
    let mut wanted = Wanted { name, label, found: None };
    let mut page = Exposition::default();
    page.begin(Format::Text);
    page.push(body, &mut wanted).ok()?;
    page.finish(true, &mut wanted).ok()?;
    wanted.found
}

struct Wanted<'a> {
    name: &'a str,
    label: Option<&'a str>,
    found: Option<String>,
}

impl Page for Wanted<'_> {
    fn family(&mut self, _: Text<'_>, _: &[u8]) {}

    fn sample(&mut self, sample: &Sample<'_>) -> Result<(), Fault> {
        if self.found.is_some() || !sample.name.is(self.name) {
            return Ok(());
        }
        let mut labeled = None;
        let value = sample.read(|name, value| {
            if self.label.is_some_and(|label| name.is(label)) {
                labeled = Some(value.to_owned_text());
            }
        })?;
        self.found = match self.label {
            None => Some(value.to_string()),
            // An info metric is 1 for what holds, and may be 0 otherwise.
            Some(_) if value == 0.0 => None,
            Some(_) => labeled,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &[u8] = b"# TYPE build_info gauge\nbuild_info{version=\"2\",color=\"blue\"} 0\n\
        build_info{version=\"3\",color=\"gr\\\"een\"} 1\nslot 2\n# EOF\n";

    #[test]
    fn a_label_is_that_of_the_first_sample_that_is_not_0() {
        assert_eq!(metric_value(PAGE, "build_info", Some("color")).as_deref(), Some("gr\"een"));
        assert_eq!(metric_value(PAGE, "build_info", Some("colour")), None);
        assert_eq!(metric_value(PAGE, "slot", Some("color")), None);
    }

    #[test]
    fn without_a_label_it_is_the_value() {
        assert_eq!(metric_value(PAGE, "slot", None).as_deref(), Some("2"));
        assert_eq!(metric_value(PAGE, "build_info", None).as_deref(), Some("0"));
        assert_eq!(metric_value(PAGE, "slots", None), None);
    }

    #[test]
    fn what_is_no_metrics_page_has_no_value() {
        for page in [&b"<html>slot 2</html>\n"[..], b"{\"slot\":2}\n", b""] {
            assert_eq!(metric_value(page, "slot", None), None);
        }
    }
}
