//! What is shown and told of one deployment.

use std::io::ErrorKind;
use std::sync::Arc;

use super::{Keeper, Wanted};
use crate::app::agent::rows;
use crate::app::deploy::Deployment;
use crate::app::headless::Happened;
use crate::core::view::Summary;
use crate::io::control::{Row, StatusOf};
use crate::io::journal::could_write_into;
use crate::io::state::State;

impl Keeper {
    /// A change of the file while a soak runs, which keeps the settings that it began with.
    pub(super) fn rewanted_during(&mut self, soak: &str) {
        let wanted = self.wanted.borrow_and_update().clone();
        let message = match &wanted {
            Wanted::As(candidate) => {
                (self.candidate, self.opened) = (Arc::clone(candidate), None);
                format!("{} has changed: it counts from the next soak on", candidate.name())
            }
            Wanted::Broken(why) => format!("{why}; soak {soak} keeps the settings it began with"),
            Wanted::Gone(why) => format!("{why}; soak {soak} continues to its end"),
        };
        let what = if matches!(wanted, Wanted::As(_)) { Happened::File } else { Happened::Error };
        self.tell(what, message);
        self.shared.board.note(&self.candidate.service, self.note());
    }

    /// What the row says beside everything else.
    pub(super) fn note(&self) -> Option<String> {
        match &*self.wanted.borrow() {
            Wanted::As(_) => None,
            Wanted::Broken(why) | Wanted::Gone(why) => Some(why.clone()),
        }
    }

    pub(super) fn show_idle(&mut self, deployment: &Deployment, state: &State) {
        let service = &self.candidate.service;
        let summary = match self.note().or_else(|| self.odd.clone()).or_else(|| self.unwritable.clone()) {
            Some(why) => Summary { error: Some(why.clone()), ..Summary::error(service, why) },
            None => rows::idle(service, state),
        };
        self.show(deployment, summary);
        self.cleared();
    }

    /// A folder that cannot be written to is told before traffic moves, and not only by the soak that cannot begin. A disk
    /// that is full for a moment is not: soaks cope with that.
    pub(super) fn look_at_records(&mut self) {
        let folder = &self.candidate.service_dir;
        let failed = could_write_into(folder).err().filter(|error| error.kind() != ErrorKind::StorageFull);
        let why = failed.map(|error| format!("nothing can be recorded in `{}`: {error}", folder.display()));
        if why == self.unwritable {
            return;
        }
        match &why {
            Some(why) => {
                self.shared.board.count_error();
                self.tell(Happened::Error, why.clone());
            }
            None => self.tell(Happened::Cleared, format!("`{}` can be written to", folder.display())),
        }
        // The row is shown anew.
        (self.unwritable, self.version) = (why, None);
    }

    /// Lists it before the first look, which may take time: a run that is asked for already begins after it.
    pub fn introduce(&self) {
        let summary = Summary::idle(&self.candidate.service, None);
        self.shared.board.show(Row { begin: Some(self.begin.clone()), ..Row::new(summary) });
    }

    pub(super) fn show(&self, deployment: &Deployment, summary: Summary) {
        let (status, begin) = (Some(status_of(deployment)), Some(self.begin.clone()));
        self.shared.board.show(Row { status, begin, ..Row::new(summary) });
    }

    pub(super) fn is_elsewhere(&mut self, deployment: &Deployment, who: String) {
        if !std::mem::replace(&mut self.elsewhere, true) {
            self.tell(Happened::Elsewhere, who.clone());
        }
        self.cleared();
        self.show(deployment, Summary::elsewhere(&self.candidate.service, who));
    }

    pub(super) fn failed(&mut self, why: String) {
        let service = &self.candidate.service;
        self.shared.board.show(Row { begin: Some(self.begin.clone()), ..Row::new(Summary::error(service, &why)) });
        if self.error.as_ref() != Some(&why) {
            self.shared.board.count_error();
            self.tell(Happened::Error, why.clone());
            self.error = Some(why);
        }
    }

    pub(super) fn cleared(&mut self) {
        if self.error.take().is_some() {
            self.tell(Happened::Cleared, "watched again");
        }
    }
}

/// The status as `status --json` prints it from the files.
pub(super) fn status_of(deployment: &Deployment) -> StatusOf {
    let deployment = deployment.clone();
    Arc::new(move || {
        let deployment = deployment.clone();
        Box::pin(async move { deployment.status(None).await.map_err(|error| error.to_string()) })
    })
}
