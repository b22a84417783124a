//! Where instances show their metrics, and how they are asked.

use super::super::draft::Draft;
use super::super::instances::twin;
use super::super::load::Settled;
use super::super::problem::Problem;
use crate::model::Color;

pub fn check(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    for color in Color::ALL {
        problems.extend(every_instance_has_its_page(draft, settled, color));
        pages_are_used(draft, settled, color, warnings);
    }
    problems.extend(pages_are_apart(draft, settled));
    problems.extend(certificate_has_its_key(draft, settled));
}

const fn keys(color: Color) -> (&'static str, &'static str) {
    match color {
        Color::Blue => ("colors.blue.metrics", "colors.blue.instances"),
        Color::Green => ("colors.green.metrics", "colors.green.instances"),
    }
}

/// Pages are matched to instances by their order, so each listed instance needs one.
fn every_instance_has_its_page(draft: &Draft, settled: &Settled, color: Color) -> Option<Problem> {
    let (instances, pages) = (draft.config.colors.of(color), draft.config.colors.metrics_of(color));
    if pages.is_empty() {
        return None;
    }
    let (key, instances_key) = keys(color);
    let listed = settled.sound(instances_key)?;
    let what = if let Some(name) = instances.iter().find(|instance| instance.is_name()) {
        format!("{name} ({}) stands for any number of instances: use metrics.port instead", listed.origin)
    } else if let Some(name) = pages.iter().find(|page| page.is_name()) {
        format!("{name} stands for any number of pages: name them one by one")
    } else if pages.len() != instances.len() {
        let count = |count: usize, what| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
        let (pages, instances) = (count(pages.len(), "URL"), count(instances.len(), "instance"));
        format!("{pages} for {instances} of {instances_key} ({}): one for each, in their order", listed.origin)
    } else {
        return None;
    };
    settled.problem(key, what)
}

/// One page of both colors could not tell them apart.
fn pages_are_apart(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let colors = &draft.config.colors;
    let twin = twin(&colors.green_metrics, &colors.blue_metrics)?;
    let blue = settled.sound("colors.blue.metrics")?;
    settled.problem("colors.green.metrics", format!("{twin} also has the metrics of blue ({})", blue.origin))
}

fn pages_are_used(draft: &Draft, settled: &Settled, color: Color, warnings: &mut Vec<String>) {
    let (key, _) = keys(color);
    let unused = !draft.config.colors.metrics_of(color).is_empty() && !draft.config.reads_pages();
    if unused && let Some(setting) = settled.sound(key) {
        warnings.push(format!("{key} ({}) has no effect: no check reads the pages of instances", setting.origin));
    }
}

fn certificate_has_its_key(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let access = &draft.config.access;
    match (&access.certificate, &access.key) {
        (Some(_), None) => settled.problem("instances.tls_certificate", "it is of no use without instances.tls_key"),
        (None, Some(_)) => settled.problem("instances.tls_key", "it is of no use without instances.tls_certificate"),
        _ => None,
    }
}
