//! What two keys have to agree on. A rule is silent about keys whose own value was refused: one mistake, one problem.

use super::draft::{Draft, RouterWord};
use super::duration::format_duration;
use super::instances::same_place;
use super::keys::keys;
use super::load::{Setting, Settled};
use super::problem::{Origin, Problem};

/// The longest path of a Unix socket, in bytes: `sun_path` of unix(7) holds 108 with the NUL at its end.
const LONGEST_SOCKET: usize = 107;

/// Checks every rule.
pub fn check(draft: &Draft, settled: &Settled, problems: &mut Vec<Problem>, warnings: &mut Vec<String>) {
    problems.extend(interval_fits_window(draft, settled));
    problems.extend(colors_are_apart(draft, settled));
    problems.extend(something_is_required(draft, settled));
    problems.extend(command_router_has_a_command(draft, settled));
    commands_have_a_command_router(draft, settled, problems, warnings);
    problems.extend(socket_has_room(draft, settled));
}

fn interval_fits_window(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let most = draft.config.soak.window / 4;
    if draft.config.soak.interval <= most {
        return None;
    }
    let window = settled.sound("soak.window")?;
    let (window, origin) = (format_duration(draft.config.soak.window), &window.origin);
    let what = format!("this is more than a quarter of soak.window = {window} ({origin})");
    let problem = settled.problem("soak.interval", what)?;
    Some(Problem { allowed: Some(format!("100ms..{}", format_duration(most))), ..problem })
}

/// With nothing required every soak would end `retained`, unseen.
fn something_is_required(draft: &Draft, settled: &Settled) -> Option<Problem> {
    if draft.config.error_rate.required || draft.config.readiness.required {
        return None;
    }
    settled.problem("checks.readiness.required", "no check is required, so nothing could stop a bad release")
}

fn colors_are_apart(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let colors = &draft.config.colors;
    let twin = colors.green.iter().find(|green| colors.blue.iter().any(|blue| same_place(blue, green)))?;
    let blue = settled.sound("colors.blue.instances")?;
    let what = format!("{twin} is also an instance of blue ({})", blue.origin);
    settled.problem("colors.green.instances", what)
}

fn command_router_has_a_command(draft: &Draft, settled: &Settled) -> Option<Problem> {
    if draft.router.kind != RouterWord::Command || !draft.router.switch.is_empty() {
        return None;
    }
    let kind = settled.sound("router.kind")?;
    settled.problem("router.switch", format!("router.kind = command ({}) needs a command", kind.origin))
}

/// A command without `router.kind = command` would never run. Where the kind was simply forgotten, that is a problem:
/// the state file alone would be written and traffic would not move. Where another kind was chosen, perhaps to
/// overrule the file for one run, it is only worth a warning.
fn commands_have_a_command_router(
    draft: &Draft,
    settled: &Settled,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<String>,
) {
    let Some(kind) = settled.sound("router.kind").filter(|_| draft.router.kind != RouterWord::Command) else {
        return;
    };
    for name in ["router.switch", "router.rollback", "router.read"] {
        let Some(command) = settled.sound(name).filter(|setting| setting.value.is_some()) else {
            continue;
        };
        if kind.origin == Origin::Default {
            let what = "router.kind is not given, so this command would never run: set router.kind = command";
            problems.extend(settled.problem(name, what));
        } else {
            let value = kind.value.as_deref().unwrap_or_default();
            let (origin, kind_origin) = (&command.origin, &kind.origin);
            warnings.push(format!("{name} ({origin}) is not used with router.kind = {value} ({kind_origin})"));
        }
    }
}

/// The path may be long although nobody gave it: by default it lies in the data folder, that in the working directory.
fn socket_has_room(draft: &Draft, settled: &Settled) -> Option<Problem> {
    let length = draft.config.control_socket.as_os_str().len();
    if length <= LONGEST_SOCKET {
        return None;
    }
    let what = format!(
        "this path is {length} bytes long, and a Unix socket takes {LONGEST_SOCKET} at most: set control.socket to a \
         shorter one"
    );
    settled.problem("control.socket", what)
}

impl Settled {
    /// The setting of a key, unless what was given for it was refused.
    fn sound(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == name && !self.refused.contains(&setting.key))
    }

    /// A problem with a key whose value is valid by itself.
    fn problem(&self, name: &str, what: impl Into<String>) -> Option<Problem> {
        let setting = self.sound(name)?;
        let key = keys().find(|key| key.name == name)?;
        let problem = Problem::of(key, setting.origin.clone(), setting.value.as_deref().unwrap_or_default(), what);
        Some(if setting.value.is_some() { problem } else { Problem { given: None, ..problem } })
    }
}
