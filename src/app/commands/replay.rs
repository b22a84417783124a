//! `replay`: a recording through the same screens, as a picture of them that moves, or as the lines it was.

use std::fs;
use std::io::stdout;
use std::path::{Path, PathBuf};

use crate::app::cli::{Common, Replay};
use crate::app::headless::{Form, JobFiles, Lines, Output, Places};
use crate::app::tui;
use crate::app::tui::{
    Camera, Charset, CharsetChoice, ColorChoice, Depth, Palette, Player, Recorded, Setup, Theme, film, to_animated_svg,
};
use crate::config::Config;
use crate::core::soak::{Envelope, RecordingHeader};
use crate::core::view::View;
use crate::io::journal::{Journal, SoakId, recording_path, recordings};
use crate::model::number::size;

use super::support::failure::Failure;
use super::support::{context, output, place, screen};

pub async fn run(common: &Common, replay: &Replay) -> Result<u8, Failure> {
    let loaded = context::loaded(common, place::has_records)?;
    let path = find(&loaded.config, replay.recording.as_deref())?;
    let Recorded { header, events } = Recorded::read(&path).map_err(Failure::usage)?;
    if let Some(file) = &replay.svg {
        return paint(&loaded.config, common, replay, file, (header, &events));
    }
    if replay.no_tui || replay.output != Output::Human || !screen::is_possible() {
        return print(&loaded.config, replay.output, path, header, events).await;
    }
    let mut setup = screen::setup(&loaded.config, common, true);
    setup.places.recording = path;
    let player = Player::new(header, events).with_speed(replay.speed.unwrap_or(1));
    tui::replay(setup, player).await.map_err(Failure::internal)?;
    Ok(0)
}

/// A file, a soak of this service, or its newest recording.
fn find(config: &Config, wanted: Option<&str>) -> Result<PathBuf, Failure> {
    let folder = config.service_dir();
    let Some(wanted) = wanted else {
        let newest = recordings(&folder).map_err(Failure::usage)?.pop();
        let none = || Failure::usage(format!("no recording in `{}`", folder.join("soaks").display()));
        return newest.map(|id| recording_path(&folder, &id)).ok_or_else(none);
    };
    if Path::new(wanted).exists() {
        return Ok(PathBuf::from(wanted));
    }
    let id: SoakId =
        wanted.parse().map_err(|error| Failure::usage(format!("`{wanted}` is not a file or a soak ID: {error}")))?;
    Ok(recording_path(&folder, &id))
}

/// A picture is for others: it depends on no terminal, only on what is asked for.
fn paint(
    config: &Config,
    common: &Common,
    replay: &Replay,
    file: &Path,
    (header, events): (RecordingHeader, &[Envelope]),
) -> Result<u8, Failure> {
    let depth = if common.color == ColorChoice::Never { Depth::None } else { Depth::True };
    let charset = if common.charset == CharsetChoice::Ascii { Charset::Ascii } else { Charset::Unicode };
    let Setup { mut ui, router_kind, .. } = screen::setup(config, common, true);
    (ui.theme, ui.charset, ui.read_only) = (Theme::new(depth).with_choice(config.terminal.theme), charset, false);
    let palette = Palette::from(ui.theme.ground());
    let title = format!("{} soak {}", header.settings.service, header.settings.soak);
    let camera = Camera { ui, router_kind, size: replay.size, speed: replay.speed };
    let svg = to_animated_svg(&film(camera, header.settings, events), &title, palette);
    fs::write(file, &svg).map_err(|error| Failure::usage(format!("cannot write `{}`: {error}", file.display())))?;
    output::line(&format!("saved as {} ({})", file.display(), size(u64::try_from(svg.len()).unwrap_or(u64::MAX))));
    Ok(0)
}

async fn print(
    config: &Config,
    output: Output,
    recording: PathBuf,
    header: RecordingHeader,
    events: Vec<Envelope>,
) -> Result<u8, Failure> {
    let journal = Journal::new(&config.service_dir(), &config.service).path().to_owned();
    let form =
        Form { output, terminal: None, places: Places { journal, recording }, job: JobFiles::default(), quiet: None };
    let printed = tokio::task::spawn_blocking(move || {
        let (mut view, mut lines) = (View::new(header.settings), Lines::new(form, Box::new(stdout())));
        for envelope in &events {
            let news = view.apply(envelope);
            // Waits for the reader of stdout, until that is gone.
            if lines.tell(&view, &news).is_err() {
                return;
            }
        }
        let _ = lines.end();
    });
    printed.await.map_err(Failure::internal)?;
    Ok(0)
}
