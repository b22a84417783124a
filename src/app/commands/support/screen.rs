//! The terminal UI as this process can show it.

use std::ffi::OsString;
use std::io::{IsTerminal as _, stdin, stdout};
use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::app::cli::Common;
use crate::app::deploy::Deployment;
use crate::app::tui::{
    After, Charset, CharsetEnv, ColorEnv, Departure, Depth, GroundEnv, Left, Places, Records, Setup, TerminalError,
    Theme, UiState,
};
use crate::config::{Config, ControlConfig, keys};
use crate::io::journal::Journal;

use super::failure::Failure;
use super::{detach, output};

pub fn is_possible() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    stdin().is_terminal() && stdout().is_terminal() && !dumb
}

/// The colors and glyphs to draw with, as flags and environment say.
pub fn look(common: &Common) -> (Depth, Charset) {
    let var = |name| std::env::var(name).ok();
    let (no_color, clicolor_force) = (var("NO_COLOR"), var("CLICOLOR_FORCE"));
    let (colorterm, term) = (var("COLORTERM"), var("TERM"));
    let (lc_all, lc_ctype, lang) = (var("LC_ALL"), var("LC_CTYPE"), var("LANG"));
    let color = ColorEnv {
        no_color: no_color.as_deref(),
        clicolor_force: clicolor_force.as_deref(),
        colorterm: colorterm.as_deref(),
        term: term.as_deref(),
    };
    let charset = CharsetEnv {
        lc_all: lc_all.as_deref(),
        lc_ctype: lc_ctype.as_deref(),
        lang: lang.as_deref(),
        term: term.as_deref(),
    };
    (color.depth(common.color), charset.charset(common.charset))
}

/// The theme: of what is chosen wherever things are configured, and of the terminal's background as the environment tells it.
pub fn theme(config: Option<&Config>, depth: Depth) -> Theme {
    let var = |name| std::env::var(name).ok();
    let (colorfgbg, term) = (var("COLORFGBG"), var("TERM"));
    let environment = GroundEnv { colorfgbg: colorfgbg.as_deref(), term: term.as_deref() };
    let (ground, told) = environment.ground();
    let choice = config.map(|config| config.terminal.theme).unwrap_or_default();
    Theme::new(depth).with_choice(choice).on(ground, told)
}

pub fn setup(config: &Config, common: &Common, read_only: bool) -> Setup {
    let (depth, charset) = look(common);
    let mut ui = UiState::new(theme(Some(config), depth), charset, TimeZone::system());
    let ControlConfig { url, operator_token, .. } = &config.control;
    // A viewer's token orders nothing.
    ui.read_only = read_only || (url.is_some() && operator_token.is_none());
    let folder = config.service_dir();
    let attach = Some(match url {
        Some(url) => format!("switchback attach --url {url}"),
        None => format!("switchback attach --service {}", config.service),
    });
    let (journal, recording) = match elsewhere(config) {
        Some(place) => (place.clone(), place),
        None => (Journal::new(&folder, &config.service).path().to_owned(), folder.join("soaks")),
    };
    let router = Deployment::open(config).ok().filter(|_| url.is_none());
    Setup {
        ui,
        router_kind: router.map(|deployment| deployment.router().kind().to_owned()),
        places: Places { journal, recording, attach },
        after: url.is_none().then(|| after(common)),
        faults: None,
        // Not among the files of the deployment, which may be under version control.
        folder: if url.is_none() { folder.join("screens") } else { std::env::current_dir().unwrap_or_default() },
        records: match elsewhere(config) {
            Some(place) => Records::Elsewhere(place.display().to_string()),
            None => Records::Here { folder, service: config.service.clone() },
        },
    }
}

/// The arguments that name this deployment to another process.
fn after(common: &Common) -> After {
    let config = common.config.as_ref().map(|file| {
        let mut word = OsString::from("--config=");
        word.push(file);
        word
    });
    let flag = |name: &str| keys().find(|key| key.name == name).and_then(|key| key.flag);
    let settings = common.settings.0.iter();
    let settings = settings.filter_map(|(name, value)| Some(format!("--{}={value}", flag(name)?).into()));
    After { place: config.into_iter().chain(settings).collect() }
}

/// Where the records are of a monitor on another machine, in words: its folders are not known here.
pub fn elsewhere(config: &Config) -> Option<PathBuf> {
    config.control.url.as_ref().map(|url| format!("on the machine of {}", url.host_port()).into())
}

/// The exit code of a screen: the outcome's, or 0 if it was detached.
pub fn left(left: Result<Left, TerminalError>, service: &str) -> Result<u8, Failure> {
    let left = left.map_err(Failure::internal)?;
    if let Some(ending) = &left.outcome {
        return Ok(ending.exit_code());
    }
    if let Some(why) = &left.stopped {
        output::error(&detach::stopped(why, service));
        return Ok(143);
    }
    if left.by == Departure::TerminalGone {
        tracing::warn!("the terminal is gone; the soak continues");
    }
    Ok(0)
}
