//! The expiry of certificates that this deployment presents, with their authorities; not of those that it only trusts.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::finding::Finding;
use crate::config::Config;
use crate::io::http::{Validity, validities};

/// How long before its expiry a certificate is reported.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

struct Shown<'a> {
    area: &'static str,
    key: &'static str,
    path: &'a Path,
    /// What happens once it has expired.
    without: &'static str,
}

pub fn look(config: &Config) -> Vec<Finding> {
    let control = &config.control;
    let listens = control.listen.and(control.certificate.as_deref());
    let shown = [
        (
            "network",
            "control.tls_certificate",
            listens,
            "attach, ctl, status and rollback reject the monitor at its URL",
        ),
        (
            "network",
            "control.client_certificate",
            control.client_certificate.as_deref(),
            "the monitor at control.url rejects this client",
        ),
        (
            "instances",
            "instances.tls_certificate",
            config.access.certificate.as_deref(),
            "instances that require it reject the monitor",
        ),
    ];
    let shown =
        shown.into_iter().filter_map(|(area, key, path, without)| Some(Shown { area, key, path: path?, without }));
    shown.filter_map(|shown| shown.finding(Timestamp::now())).collect()
}

impl Shown<'_> {
    /// Unreadable files are reported by their readers.
    fn finding(&self, now: Timestamp) -> Option<Finding> {
        let chain = validities(self.path).ok()?;
        let (own, authorities) = chain.split_first()?;
        Some(self.of_its_own(*own, authorities.iter().map(|one| one.until).min(), now))
    }

    fn of_its_own(&self, own: Validity, authorities: Option<Timestamp>, now: Timestamp) -> Finding {
        let Self { area, key, path, without } = self;
        let named = format!("`{key}` ({})", path.display());
        let renew = format!("renew it: once it has expired, {without}");
        if own.until < now {
            let text = format!("{named} expired on {}", day(own.until));
            return Finding::failure(area, text, renew);
        }
        if own.from > now {
            let text = format!("{named} is not valid before {}", day(own.from));
            return Finding::failure(area, text, "install one that is valid now, or correct the clock of this machine");
        }
        let left = own.until.duration_since(now);
        if left <= SOON {
            return Finding::warning(area, format!("{named} expires on {} ({})", day(own.until), in_days(left)), renew);
        }
        if let Some(until) = authorities.filter(|until| until.duration_since(now) <= SOON) {
            let how = if until < now { "expired" } else { "expires" };
            let text = format!("{named}: an authority certificate in it {how} on {}", day(until));
            return Finding::warning(area, text, "replace it with the current chain of the authority");
        }
        Finding::ok(area, format!("{named} is valid until {}", day(own.until)))
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn in_days(left: SignedDuration) -> String {
    match left.as_hours() / 24 {
        0 => "in less than a day".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    fn told(from_days: i64, until_days: i64, authority_days: Option<i64>) -> (Level, String) {
        let now: Timestamp = "2026-11-29T08:00:00Z".parse().unwrap();
        let at = |days: i64| now + SignedDuration::from_hours(days * 24);
        let shown = Shown {
            area: "network",
            key: "control.tls_certificate",
            path: Path::new("tls.pem"),
            without: "no client can connect",
        };
        let own = Validity { from: at(from_days), until: at(until_days) };
        let finding = shown.of_its_own(own, authority_days.map(at), now);
        assert_eq!(finding.next.is_some(), finding.level != Level::Ok);
        (finding.level, finding.text.replace("`control.tls_certificate` (tls.pem)", "it"))
    }

    #[test]
    fn a_certificate_is_warned_of_two_weeks_before_its_end_and_fails_after_it() {
        for (from, until, authority, level, text) in [
            (-300, 90, None, Level::Ok, "it is valid until 2027-02-27 08:00 UTC"),
            (-300, 15, Some(90), Level::Ok, "it is valid until 2026-12-14 08:00 UTC"),
            (-300, 14, None, Level::Warning, "it expires on 2026-12-13 08:00 UTC (in 14 days)"),
            (-300, 1, None, Level::Warning, "it expires on 2026-11-30 08:00 UTC (in 1 day)"),
            (-300, 0, None, Level::Warning, "it expires on 2026-11-29 08:00 UTC (in less than a day)"),
            (-300, -1, None, Level::Failure, "it expired on 2026-11-28 08:00 UTC"),
            (2, 90, None, Level::Failure, "it is not valid before 2026-12-01 08:00 UTC"),
            (-300, 90, Some(3), Level::Warning, "it: an authority certificate in it expires on 2026-12-02 08:00 UTC"),
            (-300, 90, Some(-3), Level::Warning, "it: an authority certificate in it expired on 2026-11-26 08:00 UTC"),
        ] {
            assert_eq!(told(from, until, authority), (level, text.to_owned()));
        }
    }
}
