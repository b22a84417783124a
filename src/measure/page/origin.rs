//! Whose requests a series counts, as its labels say.

use super::labels::{Labels, Use, is_grpc_tool, is_outbound, worst};
use crate::exposition::Text;
use crate::matchers::{LabelFilter, Matching};
use crate::routes::{Routes, Whose};

#[derive(Debug)]
pub struct Origin {
    /// Where the next label probably is among the known ones.
    near: usize,
    of_route: Option<Whose>,
    matching: Matching,
    is_outbound: bool,
}

impl Origin {
    pub fn begin() -> Self {
        Self { near: 0, of_route: None, matching: LabelFilter::begin(), is_outbound: false }
    }

    /// Returns a label's place within its metric, and its use.
    pub fn see(
        &mut self,
        labels: &mut Labels,
        filter: &LabelFilter,
        label: Text<'_>,
        value: Text<'_>,
    ) -> Option<(usize, Use)> {
        filter.see(&mut self.matching, |name| label.is(name), || value.resolved());
        let place = labels.place(label, self.near)?;
        self.near = place + 1;
        Some((place, labels.good_for(place)))
    }

    pub fn note(&mut self, good_for: Use, routes: &Routes, filter: &LabelFilter, label: Text<'_>, value: Text<'_>) {
        match good_for {
            Use::Route => self.of_route = worst(self.of_route, Some(routes.whose(value.raw()))),
            Use::Service if is_grpc_tool(value) => self.of_route = Some(Whose::LeftOut),
            Use::Direction => self.is_outbound |= is_outbound(value) && !filter.is_about(|name| label.is(name)),
            _ => {}
        }
    }

    /// Whether the series is this service's. `leniently` ignores required labels that it lacks.
    pub fn is_ours(&self, filter: &LabelFilter, leniently: bool) -> bool {
        !self.is_outbound && filter.lets_in(self.matching, leniently)
    }

    /// By route; `None` without one.
    pub const fn of_route(&self) -> Option<Whose> {
        self.of_route
    }
}
