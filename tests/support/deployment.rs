//! A deployment in a folder of its own: blue and green, state file, journal, and the program run in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Done, Emulator, Running, Service};

/// When the deployments of these tests were switched, Unix ms.
pub const SWITCHED_AT: i64 = 1_795_476_145_183;
/// How long a file may take to show what a test waits for.
const LIMIT: Duration = Duration::from_mins(1);

/// Blue and green behind one state file. Everything is in one folder and gone with it.
pub struct Deployment {
    pub blue: Service,
    pub green: Service,
    pub settings: Vec<(&'static str, String)>,
    folder: TempDir,
}

impl Deployment {
    /// Two healthy colors and short windows; nothing was ever switched. Judged by the method that is done soonest: how
    /// a breach is found matters only to the tests that say so, with [`Self::by_evidence`].
    pub fn fresh() -> Self {
        let (blue, green) = (Service::start(), Service::start());
        let settings = [
            ("soak.window", "3s"),
            ("soak.interval", "150ms"),
            ("soak.max_extension", "0s"),
            ("soak.baseline_window", "400ms"),
            ("checks.error-rate.method", "window"),
            ("soak.verify_window", "600ms"),
            ("rollback.give_up", "3s"),
            ("health.switch_timeout", "20s"),
            ("metrics.timeout", "10s"),
            ("health.timeout", "10s"),
        ];
        let mut settings: Vec<_> = settings.map(|(key, value)| (key, value.to_owned())).into();
        settings.push(("colors.blue.instances", blue.url()));
        settings.push(("colors.green.instances", green.url()));
        Self { blue, green, settings, folder: TempDir::new().unwrap() }
    }

    /// The same, just switched from blue to green.
    pub fn switched() -> Self {
        let deployment = Self::fresh();
        deployment.write_state(&json!({ "activeColor": "green", "lastSwitch": SWITCHED_AT, "previousColor": "blue" }));
        deployment
    }

    /// Judged as by default.
    #[must_use]
    pub fn by_evidence(self) -> Self {
        self.with("checks.error-rate.method", "evidence").with("soak.window", "5s")
    }

    /// With another setting.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.settings.retain(|(known, _)| *known != key);
        self.settings.push((key, value.into()));
        self
    }

    /// Without a setting: what the configuration file says, or the default.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.settings.retain(|(known, _)| *known != key);
        self
    }

    /// Without any setting in the environment.
    #[must_use]
    pub fn unconfigured(mut self) -> Self {
        self.settings.clear();
        self
    }

    /// With a router of commands, each run by `sh` in the folder; `{color}` is filled in.
    #[must_use]
    pub fn with_commands(self, switch: &str, rollback: &str, read: &str) -> Self {
        let line =
            |script: &str| json!(["sh", "-c", format!("cd '{}'\n{script}", self.folder().display())]).to_string();
        let [switch, rollback, read] = [switch, rollback, read].map(line);
        self.with("router.kind", "command")
            .with("router.switch", switch)
            .with("router.rollback", rollback)
            .with("router.read", read)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub fn state_path(&self) -> PathBuf {
        self.path(".deployment-state.json")
    }

    pub fn state_text(&self) -> String {
        fs::read_to_string(self.state_path()).unwrap()
    }

    pub fn state(&self) -> Value {
        serde_json::from_str(&self.state_text()).unwrap()
    }

    /// Replaces the state file in one step: on a busy machine a monitor would see half of it for long.
    pub fn write_state(&self, state: &Value) {
        let new = self.path("state.new");
        fs::write(&new, serde_json::to_vec_pretty(state).unwrap()).unwrap();
        fs::rename(new, self.state_path()).unwrap();
    }

    pub fn journal_path(&self) -> PathBuf {
        self.path(".switchback/default/decisions.jsonl")
    }

    /// The decisions in the journal, oldest first. A last line that is still being written is left out.
    pub fn decisions(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.journal_path()).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The decisions without the line that tells by what requests are counted: it comes with the first pages, which may be
    /// before or after an order.
    fn made(&self) -> Vec<Value> {
        let mut made = self.decisions();
        made.retain(|decision| decision["decision"] != "observe" || decision["reason"] != "metrics");
        made
    }

    /// The words of the decisions in the journal, oldest first, without the line that tells by what requests are counted.
    pub fn kinds(&self) -> Vec<String> {
        self.made().iter().map(|decision| decision["decision"].as_str().unwrap().to_owned()).collect()
    }

    /// How often a decision is in the journal.
    pub fn count(&self, kind: &str) -> usize {
        self.kinds().iter().filter(|known| *known == kind).count()
    }

    /// The one decision of a kind.
    #[track_caller]
    pub fn decision(&self, kind: &str) -> Value {
        let mut found = self.made();
        found.retain(|decision| decision["decision"] == kind);
        assert_eq!(found.len(), 1, "{kind} is to be there once: {:#?}", self.decisions());
        found.remove(0)
    }

    /// Waits until something is true of the files.
    #[track_caller]
    pub fn wait_until(&self, what: &str, mut is_true: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + LIMIT;
        while !is_true(self) {
            assert!(Instant::now() < deadline, "not within {LIMIT:?}: {what}; the journal has {:?}", self.kinds());
            sleep(Duration::from_millis(10));
        }
    }

    /// Every file below the folder with its bytes, sorted by path. One that is gone before it is read, such as the new text of
    /// a file that is just being replaced, is none.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut folders, mut files) = (vec![self.folder().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    match fs::read(entry.path()) {
                        Ok(bytes) => files.push((entry.path(), bytes)),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{}", entry.path().display()),
                    }
                }
            }
        }
        files.sort();
        files
    }

    /// The program, to be run in the folder with the settings in its environment and nothing else of ours.
    pub fn command(&self, args: &[&str]) -> Command {
        self.settled(Command::new(program()), args)
    }

    /// The same on a terminal, as the leader of a session whose terminal that is.
    pub fn on_terminal(&self, emulator: &Emulator, args: &[&str]) -> Command {
        let mut command = Command::new("setsid");
        command.arg("--ctty").arg(program());
        let mut command = self.settled(command, args);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command.stdin(emulator.stdio()).stdout(emulator.stdio()).stderr(emulator.stdio());
        command
    }

    fn settled(&self, mut command: Command, args: &[&str]) -> Command {
        bare(&mut command, self.folder()).args(args).env("USER", "ana");
        for (key, value) in &self.settings {
            command.env(variable(key), value);
        }
        command
    }

    /// Starts the program.
    pub fn start(&self, args: &[&str]) -> Running {
        Running::start(self.command(args))
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Done {
        self.start(args).wait()
    }
}

/// To be run in a folder with nothing else in its environment than where programs are.
pub fn bare<'c>(command: &'c mut Command, folder: &Path) -> &'c mut Command {
    command.current_dir(folder).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
    // Where coverage is measured, the program has to know where its profile goes.
    if let Some(profile) = std::env::var_os("LLVM_PROFILE_FILE") {
        command.env("LLVM_PROFILE_FILE", profile);
    }
    command
}

/// The program that is tested: cargo builds it into the folder above that of the tests.
pub fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.ancestors().nth(2).unwrap().join("switchback");
    assert!(program.exists(), "{} is not built", program.display());
    program
}

/// The variable of a key, as the reference has it.
fn variable(key: &str) -> String {
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/backend/configuration.md");
    let reference = fs::read_to_string(reference).unwrap();
    let row = format!("| `{key}` | `");
    let variable = reference.lines().find_map(|line| line.strip_prefix(&row)?.split('`').next());
    variable.unwrap_or_else(|| panic!("no key of the reference: {key}")).to_owned()
}
