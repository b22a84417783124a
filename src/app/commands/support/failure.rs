//! A command that could not do its work.

use std::fmt::Display;

use crate::app::called::quoted;
use crate::app::monitor::OpenError;
use crate::config::Problems;
use crate::io::state::{Holder, LockError, StateError};

#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    pub message: String,
}

impl Failure {
    pub fn new(code: u8, message: impl Display) -> Self {
        Self { code, message: message.to_string() }
    }

    pub fn usage(message: impl Display) -> Self {
        Self::new(2, message)
    }

    pub fn internal(message: impl Display) -> Self {
        Self::new(1, message)
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::usage(problems)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::usage(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error.exit_code() {
            // The next step is to follow the running monitor, if it can be found.
            10 => Self::new(10, format!("{error}\nnext: {}", follow(&error))),
            code => Self::new(code, error),
        }
    }
}

fn follow(error: &OpenError) -> String {
    if matches!(error, OpenError::Lead(_)) {
        return "switchback doctor".to_owned();
    }
    let OpenError::Lock(LockError::Busy { holder: Some(Holder { service, folder, .. }), .. }) = error else {
        return "switchback attach".to_owned();
    };
    let here = std::env::current_dir().is_ok_and(|here| here.as_os_str() == folder.as_str());
    let there = if here { String::new() } else { format!("-C {} ", quoted(folder)) };
    format!("switchback {there}attach --service {service}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(folder: &str) -> Failure {
        let holder = Holder { pid: 1, service: "shop".to_owned(), folder: folder.to_owned(), since: String::new() };
        let (what, path) = ("another monitor is running", "state.json.monitor".into());
        OpenError::from(LockError::Busy { what, path, holder: Some(holder) }).into()
    }

    #[test]
    fn whoever_finds_a_monitor_at_work_is_told_how_to_follow_it() {
        let next = |failure: &Failure| failure.message.rsplit('\n').next().unwrap_or_default().to_owned();
        let here = std::env::current_dir().unwrap();
        assert_eq!(next(&busy(here.to_str().unwrap())), "next: switchback attach --service shop");
        assert_eq!(next(&busy("/srv/my shop")), "next: switchback -C '/srv/my shop' attach --service shop");
        let unknown = LockError::Busy { what: "another monitor is running", path: "x".into(), holder: None };
        let failure = Failure::from(OpenError::from(unknown));
        assert_eq!((failure.code, next(&failure).as_str()), (10, "next: switchback attach"));
    }
}
