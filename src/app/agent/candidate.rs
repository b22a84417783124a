//! One file as a deployment that can be watched.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::app::inputs;
use crate::config::{Inputs, Loaded, Origin, Problems, keep_secret, load};
use crate::io::state::StateFile;
use crate::model::number::thousands;

/// Instances of one service. A file with more is likely to name more than one service.
const MAX_INSTANCES: usize = 2_000;

/// A deployment as its file configures it.
#[derive(Clone)]
pub struct Candidate {
    pub file: PathBuf,
    pub service: String,
    /// Where its links lead.
    pub state_file: PathBuf,
    pub service_dir: PathBuf,
    /// For how long after a switch a soak may begin by itself.
    pub limit: Duration,
    pub warnings: Vec<String>,
    inputs: Inputs,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("file", &self.file).field("service", &self.service).finish_non_exhaustive()
    }
}

impl Candidate {
    /// Its configuration, with these keys from a command line and secrets as their files are now.
    pub fn load(&self, flags: Vec<(String, String)>, called_from: Option<&Path>) -> Result<Loaded, Problems> {
        let mut inputs = self.inputs.clone();
        inputs.flags.extend(flags);
        if let Some(folder) = called_from {
            folder.clone_into(&mut inputs.place.called_from);
        }
        let mut loaded = load(inputs)?;
        loaded.config.control.url = None;
        keep_secret(&loaded.config);
        Ok(loaded)
    }

    /// Whether this is the same deployment in the same place, whatever else its file says.
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |of: &Self| (of.service.clone(), of.state_file.clone(), of.service_dir.clone());
        place(self) == place(other)
    }

    /// Whether everything is as in the other, also in files beside it.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let dotenv = |of: &Self| of.inputs.dotenv.as_ref().and_then(|dotenv| dotenv.bytes.clone().ok());
        self.inputs.file == other.inputs.file && dotenv(self) == dotenv(other)
    }

    /// The file, without its folder.
    pub fn name(&self) -> String {
        name(&self.file)
    }
}

/// A file, without its folder.
pub fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads a file; what is wrong with it in one line.
pub fn read(file: &Path) -> Result<Candidate, String> {
    if let Some(why) = inputs::distrust(file) {
        return Err(format!("not used, since it names commands to run: {why}"));
    }
    if fs::metadata(file).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return Err("is not a regular file".to_owned());
    }
    let inputs = inputs::from_file(file);
    let mut loaded = load(inputs.clone()).map_err(|problems| in_one_line(&problems))?;
    if let Some(problem) = loaded.misspelled.first() {
        return Err(problem.to_line());
    }
    let given = |key: &str| loaded.settings.iter().any(|set| set.key == key && set.origin != Origin::Default);
    if !given("state_file") {
        return Err("`state_file` is not set: in the folder of an agent it has no default, which several services \
                    would share. For example: state_file = \"/srv/shop/.deployment-state.json\""
            .to_owned());
    }
    let missing: Vec<String> =
        loaded.assumed().iter().map(|(color, _)| format!("`colors.{color}.instances`")).collect();
    if !missing.is_empty() {
        return Err(format!("{} not set: who is to be watched is not known", missing.join(" and ")));
    }
    let config = &loaded.config;
    let instances = config.colors.blue.len() + config.colors.green.len();
    if instances > MAX_INSTANCES {
        return Err(format!(
            "{} instances, {} are the limit of one service: split it into several, or let Prometheus count their \
             requests (`checks.error-rate.source = \"prometheus\"`) and name a few for readiness",
            thousands(instances as u64),
            thousands(MAX_INSTANCES as u64)
        ));
    }
    let state_file = StateFile::open(&config.state_file).map_err(|error| error.to_string())?.path().to_owned();
    let soak = &config.soak;
    let service_dir = config.service_dir();
    Ok(Candidate {
        file: file.to_owned(),
        service: config.service.clone(),
        state_file,
        service_dir: service_dir.canonicalize().unwrap_or(service_dir),
        limit: soak.warmup + soak.window + soak.max_extension,
        warnings: std::mem::take(&mut loaded.warnings),
        inputs,
    })
}

/// What is wrong with a configuration in one line.
pub fn in_one_line(problems: &Problems) -> String {
    problems.0.iter().map(crate::config::Problem::to_line).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode, mkfifoat};

    fn read_text(text: &str) -> Result<Candidate, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.toml");
        fs::write(&file, text).unwrap();
        read(&file)
    }

    const COLORS: &str = "[colors.blue]\ninstances = \"http://b:1\"\n[colors.green]\ninstances = \"http://g:1\"\n";

    #[test]
    fn a_file_needs_a_state_file_and_instances() {
        let why = |text: &str| read_text(text).unwrap_err();
        assert!(why(&format!("service = \"shop\"\n{COLORS}")).starts_with("`state_file` is not set"));
        let lone = "state_file = \"s.json\"\n[colors.blue]\ninstances = \"http://b:1\"\n";
        assert!(why(lone).starts_with("`colors.green.instances` not set"), "{}", why(lone));
        let typo = why(&format!("state_file = \"s.json\"\nservise = \"shop\"\n{COLORS}"));
        assert!(typo.contains("servise") && !typo.contains('\n'), "{typo}");
        let good = read_text(&format!("service = \"shop\"\nstate_file = \"s.json\"\n{COLORS}")).unwrap();
        assert_eq!((good.service.as_str(), good.name().as_str()), ("shop", "shop.toml"));
        assert!(good.state_file.is_absolute() && good.limit >= Duration::from_mins(1));
    }

    #[test]
    fn ten_thousand_instances_in_one_file_are_refused_in_words() {
        let urls: Vec<String> = (0..10_000).map(|at| format!("\"http://10.0.{}.{}:9\"", at / 250, at % 250)).collect();
        let text = format!(
            "state_file = \"s.json\"\n[colors.blue]\ninstances = \"http://b:1\"\n[colors.green]\ninstances = [{}]\n",
            urls.join(",")
        );
        let why = read_text(&text).unwrap_err();
        assert!(why.starts_with("10,001 instances, 2,000 are the limit of one service: split it"), "{why}");
    }

    #[test]
    fn nobody_waits_for_a_fifo() {
        let folder = tempfile::tempdir().unwrap();
        let (file, fifo) = (folder.path().join("shop.toml"), folder.path().join("fifo.toml"));
        mkfifoat(CWD, &fifo, Mode::RWXU).unwrap();
        assert_eq!(read(&fifo).unwrap_err(), "is not a regular file");
        let token = format!("state_file = \"s.json\"\n{COLORS}[metrics]\nbearer_token_file = \"fifo.toml\"\n");
        fs::write(&file, token).unwrap();
        let why = read(&file).unwrap_err();
        assert!(why.contains("bearer_token_file") && why.contains("not a regular file"), "{why}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_said_to_be_named_by_a_flag() {
        let folder = tempfile::tempdir().unwrap();
        let why = read(&folder.path().join("shop.toml")).unwrap_err();
        assert!(why.contains("shop.toml") && why.contains("the file cannot be read"), "{why}");
        assert!(!why.contains("flag"), "{why}");
    }

    #[test]
    fn keys_of_a_command_line_win_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.toml");
        fs::write(&file, format!("state_file = \"s.json\"\n{COLORS}[soak]\nwindow = \"5m\"\n")).unwrap();
        let candidate = read(&file).unwrap();
        assert_eq!(candidate.load(Vec::new(), None).unwrap().config.soak.window, Duration::from_mins(5));
        let flags = vec![("soak.window".to_owned(), "7m".to_owned())];
        assert_eq!(candidate.load(flags, None).unwrap().config.soak.window, Duration::from_mins(7));
    }
}
