//! Router failures that last until a person changes something: foreign content, denied access, a read-only file system,
//! a missing command, a configuration that does not fit. Lack of space, no connection and timeouts may pass.

use std::io::ErrorKind;

use reqwest::StatusCode;

use super::RouterError;
use super::caddy::CaddyError;
use super::command::CommandError;
use super::haproxy::{HaproxyError, RuntimeError};
use super::nginx::{IncludeError, NginxError, PlaceError, WorkersError};
use super::process::ProcessError;
use crate::io::state::is_lasting;

/// Shell exit codes: may not run (126), not found (127); POSIX, "Exit Status for Commands".
const NOT_RUN: [i32; 2] = [126, 127];

impl RouterError {
    /// Whether a person must act, as retrying does not help.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::StateFile(error) => error.is_lasting(),
            Self::Command(error) => command(error),
            Self::Haproxy(error) => haproxy(error),
            Self::Nginx(error) => nginx(error),
            Self::Caddy(error) => caddy(error),
            Self::Foreign(_) => true,
            Self::Unread(error) | Self::PutBack(error) => error.is_lasting(),
        }
    }
}

fn process(error: &ProcessError) -> bool {
    match error {
        ProcessError::NoProgram(_) | ProcessError::Empty => true,
        // A path that leads nowhere counts like a name that is not found.
        ProcessError::Start(error) => error.kind() == ErrorKind::NotFound || is_lasting(error),
        ProcessError::Wait(error) => is_lasting(error),
        ProcessError::Exit { code, .. } => NOT_RUN.contains(code),
        ProcessError::Signal { .. } | ProcessError::Timeout { .. } => false,
    }
}

fn command(error: &CommandError) -> bool {
    match error {
        CommandError::Failed { source, .. } => process(source),
        CommandError::FailedScript { .. } | CommandError::NoScript { .. } => true,
        CommandError::NoColor { .. } | CommandError::Ambiguous { .. } => false,
    }
}

fn haproxy(error: &HaproxyError) -> bool {
    match error {
        HaproxyError::Runtime(RuntimeError::Reach { source, .. }) | HaproxyError::Keep { source, .. } => {
            is_lasting(source)
        }
        HaproxyError::Runtime(RuntimeError::Refused { answer, .. }) => answer.contains("Permission denied"),
        HaproxyError::NoServer { .. } | HaproxyError::Level { .. } => true,
        HaproxyError::Runtime(RuntimeError::Timeout { .. } | RuntimeError::TooLong { .. })
        | HaproxyError::Answer { .. }
        | HaproxyError::NotUp { .. }
        | HaproxyError::NoServers { .. }
        | HaproxyError::Down { .. }
        | HaproxyError::Both { .. }
        | HaproxyError::Neither { .. } => false,
    }
}

fn nginx(error: &NginxError) -> bool {
    match error {
        NginxError::Include(error) | NginxError::Reread { source: error, .. } => include(error),
        NginxError::Workers(WorkersError::PidFile { source, .. }) => is_lasting(source),
        NginxError::Test { source, .. } | NginxError::Broken { source, .. } | NginxError::Reload { source, .. } => {
            process(source)
        }
        NginxError::Workers(WorkersError::NoRight { .. }) => true,
        NginxError::Workers(WorkersError::NoMaster { .. } | WorkersError::NoWorkers { .. })
        | NginxError::Effect { .. }
        | NginxError::Changed { .. }
        | NginxError::NotReloaded { .. }
        | NginxError::Stale { .. } => false,
    }
}

fn include(error: &IncludeError) -> bool {
    match error {
        IncludeError::Io { source, .. } => is_lasting(source),
        IncludeError::Place(error) => match &**error {
            PlaceError::Io { source, .. } => is_lasting(source),
            PlaceError::NoSibling { .. } | PlaceError::Several { .. } => true,
        },
        IncludeError::Mixed { .. } => true,
        IncludeError::Empty { .. } | IncludeError::Torn { .. } => false,
    }
}

fn caddy(error: &CaddyError) -> bool {
    match error {
        CaddyError::Refused { status, .. } => matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        CaddyError::NoUpstreams { .. } => true,
        CaddyError::Keep { source, .. } => is_lasting(source),
        CaddyError::Client(_)
        | CaddyError::NoAnswer { .. }
        | CaddyError::Timeout { .. }
        | CaddyError::Answer { .. }
        | CaddyError::Changed { .. }
        | CaddyError::Both { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failed(source: ProcessError) -> RouterError {
        CommandError::Failed { command: "move green".into(), source }.into()
    }

    fn exit(code: i32) -> RouterError {
        failed(ProcessError::Exit { code, output: String::new() })
    }

    fn system(kind: ErrorKind) -> RouterError {
        failed(ProcessError::Start(kind.into()))
    }

    #[test]
    fn what_a_person_has_to_change_and_what_may_pass_are_told_apart() {
        let lasting = [
            exit(126),
            exit(127),
            failed(ProcessError::NoProgram("move".into())),
            system(ErrorKind::NotFound),
            system(ErrorKind::PermissionDenied),
            system(ErrorKind::ReadOnlyFilesystem),
            exit(127).unread(),
            HaproxyError::Level { address: "/run/h".into(), level: "user".into() }.into(),
            HaproxyError::from(RuntimeError::Refused { command: "x".into(), answer: "Permission denied\n".into() })
                .into(),
        ];
        let passing = [
            exit(1),
            exit(255),
            system(ErrorKind::StorageFull),
            system(ErrorKind::ConnectionRefused),
            failed(ProcessError::Timeout { limit: Duration::from_secs(1), output: String::new() }),
            exit(1).unread(),
            HaproxyError::from(RuntimeError::Timeout { command: "x".into(), limit: Duration::from_secs(1) }).into(),
            HaproxyError::from(RuntimeError::Reach {
                address: "/run/h".into(),
                source: ErrorKind::ConnectionRefused.into(),
            })
            .into(),
        ];
        for error in lasting {
            assert!(error.is_lasting(), "{error}");
        }
        for error in passing {
            assert!(!error.is_lasting(), "{error}");
        }
    }
}
