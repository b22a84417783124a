//! The action for GitHub, and the workflow that uses it, run as a runner does: inputs with their defaults, expressions, the
//! variables of a step, the files for outputs and the summary.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;
use support::{Deployment, Done, Running};
use yaml_rust2::{Yaml, YamlLoader};

const ACTION: &str = ".github/actions/switchback";
const WORKFLOW: &str = "assets/ci/github-actions.yml";

type Texts = BTreeMap<String, String>;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn yaml(file: &str) -> Yaml {
    let text = fs::read_to_string(root().join(file)).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

/// The entries of a mapping, in order; none for what is absent.
fn entries(yaml: &Yaml) -> Vec<(String, &Yaml)> {
    let entries = yaml.as_hash().into_iter().flatten();
    entries.map(|(key, value)| (key.as_str().unwrap().to_owned(), value)).collect()
}

/// A text with its `${{ … }}` filled in. Only what a mapping of these names can answer is known.
fn evaluated(text: &str, known: &dyn Fn(&str) -> String) -> String {
    let mut pieces = text.split("${{");
    let mut whole = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (expression, rest) = piece.split_once("}}").unwrap();
        whole.extend([&known(expression.trim()), rest]);
    }
    whole
}

/// What a file of outputs says, by the rules of the runner.
fn outputs_of(text: &str) -> Texts {
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().map(|line| pair(line).unwrap_or_else(|| panic!("`{line}` is no output"))).collect()
}

/// A job on a runner, in the folder of a deployment.
struct Job {
    deployment: Deployment,
}

/// A step of the action that runs.
struct Step {
    running: Running,
    output: PathBuf,
    summary: PathBuf,
}

/// What a step left behind.
struct Result {
    done: Done,
    outputs: Texts,
    summary: String,
}

impl Job {
    fn of(deployment: Deployment) -> Self {
        let bin = deployment.path("bin");
        fs::create_dir(&bin).unwrap();
        symlink(deployment.command(&[]).get_program(), bin.join("switchback")).unwrap();
        Self { deployment }
    }

    /// The variables of every step, and fresh files for its outputs.
    fn shell(&self, script: &str) -> (Command, PathBuf, PathBuf) {
        let path = |name: &str| self.deployment.path(name);
        let step = path("step.sh");
        fs::write(&step, script).unwrap();
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-e", "-o", "pipefail"]).arg(step).current_dir(self.deployment.folder());
        let settled = self.deployment.command(&[]);
        command.env_clear().envs(settled.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", format!("{}:{}", path("bin").display(), std::env::var("PATH").unwrap()));
        for (name, value) in
            [("CI", "true"), ("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "ana"), ("RUNNER_OS", "Linux")]
        {
            command.env(name, value);
        }
        for name in ["GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"] {
            fs::write(path(name), "").unwrap();
            command.env(name, path(name));
        }
        (command, path("GITHUB_OUTPUT"), path("GITHUB_STEP_SUMMARY"))
    }

    /// Starts the action with these inputs.
    fn start(&self, with: &[(&str, &str)]) -> Step {
        let action = yaml(&format!("{ACTION}/action.yml"));
        let mut inputs: Texts = entries(&action["inputs"])
            .iter()
            .map(|(name, input)| (name.clone(), input["default"].as_str().unwrap_or_default().to_owned()))
            .collect();
        for (name, value) in with {
            assert!(inputs.insert((*name).to_owned(), (*value).to_owned()).is_some(), "the action has no input {name}");
        }
        let known = |expression: &str| {
            let name =
                expression.strip_prefix("inputs.").unwrap_or_else(|| panic!("{expression} is unknown in a step"));
            inputs.get(name).unwrap_or_else(|| panic!("no input {name}")).clone()
        };
        assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
        let [step] = &action["runs"]["steps"].as_vec().unwrap()[..] else {
            panic!("a second step would hide the result")
        };
        assert_eq!((step["id"].as_str(), step["shell"].as_str()), (Some("run"), Some("bash")));
        let (mut command, output, summary) = self.shell(&evaluated(step["run"].as_str().unwrap(), &known));
        command.env("GITHUB_ACTION_PATH", root().join(ACTION));
        for (name, value) in entries(&step["env"]) {
            command.env(name, evaluated(value.as_str().unwrap(), &known));
        }
        Step { running: Running::start(command), output, summary }
    }

    fn run(&self, with: &[(&str, &str)]) -> Result {
        self.start(with).wait()
    }

    /// The output `color` of the workflow's job `settle`.
    fn settle(&self) -> String {
        let workflow = yaml(WORKFLOW);
        let steps = workflow["jobs"]["settle"]["steps"].as_vec().unwrap();
        let mut all = Texts::new();
        for step in steps {
            let (command, output, _) = self.shell(step["run"].as_str().unwrap());
            Running::start(command).wait().expect(0);
            let said = outputs_of(&fs::read_to_string(output).unwrap());
            let id = step["id"].as_str().unwrap_or_default();
            all.extend(said.into_iter().map(|(name, value)| (format!("steps.{id}.outputs.{name}"), value)));
        }
        let color = workflow["jobs"]["settle"]["outputs"]["color"].as_str().unwrap();
        evaluated(color, &|expression| all[expression].clone())
    }

    /// Starts the step of the workflow that uses the action, with the color that was settled.
    fn switch(&self, settled: &str) -> Step {
        let workflow = yaml(WORKFLOW);
        let steps = workflow["jobs"]["switch"]["steps"].as_vec().unwrap().iter();
        let step = steps.clone().find(|step| step["id"].as_str() == Some("soak")).unwrap();
        assert_eq!(step["uses"].as_str().unwrap().split('@').next().unwrap(), format!("OWNER/switchback/{ACTION}"));
        let with: Vec<(String, String)> = entries(&step["with"])
            .into_iter()
            .map(|(name, value)| {
                let known = |expression: &str| {
                    assert_eq!(expression, "needs.settle.outputs.color");
                    settled.to_owned()
                };
                let value = evaluated(value.as_str().unwrap(), &known);
                // There the deployment is in this folder.
                (name, value.replace("/srv/checkout-api", self.deployment.folder().to_str().unwrap()))
            })
            .collect();
        self.start(&with.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
    }
}

impl Step {
    fn wait(self) -> Result {
        let done = self.running.wait();
        let action = yaml(&format!("{ACTION}/action.yml"));
        let written = outputs_of(&fs::read_to_string(self.output).unwrap());
        let known = |expression: &str| {
            let name = expression.strip_prefix("steps.run.outputs.").unwrap_or_else(|| panic!("{expression}"));
            written.get(name).cloned().unwrap_or_default()
        };
        let declared = entries(&action["outputs"]).into_iter();
        let outputs: Texts =
            declared.map(|(name, output)| (name, evaluated(output["value"].as_str().unwrap(), &known))).collect();
        for name in written.keys() {
            assert!(outputs.contains_key(name), "the action does not hand the output {name} on");
        }
        Result { done, outputs, summary: fs::read_to_string(self.summary).unwrap() }
    }
}

impl Result {
    #[track_caller]
    fn expect(self, code: i32, outputs: &[(&str, &str)]) -> Self {
        assert_eq!(self.done.code(), Some(code), "{:#?}", self.done);
        for (name, value) in outputs {
            assert_eq!(self.outputs[*name], *value, "{name}: {:#?} {:#?}", self.outputs, self.done);
        }
        self
    }
}

#[test]
fn a_healthy_release_is_kept_with_all_outputs_and_a_summary() {
    let job = Job::of(Deployment::fresh());
    let result = job.run(&[("color", "green"), ("args", "--release\nv7\n")]);
    let told = [("outcome", "retained"), ("active", "green"), ("exit-code", "0"), ("release", "v7"), ("next", "")];
    let result = result.expect(0, &told);
    assert!(result.outputs["reason"].contains("requests failed"), "{:?}", result.outputs);
    let recording = format!("/soaks/{}.jsonl", result.outputs["soak"]);
    assert!(result.outputs["recording"].ends_with(&recording), "{:?}", result.outputs);
    assert!(Path::new(&result.outputs["recording"]).exists());
    assert!(result.summary.starts_with("### switchback · default: retained"), "{}", result.summary);
    result.done.says(&["::notice title=switchback::retained"]);

    let status = job
        .run(&[("command", "status"), ("summary", "false")])
        .expect(0, &[("outcome", "retained"), ("active", "green")]);
    assert_eq!(status.summary, "", "it was not wanted");
    // A second run of the job is told of the same soak.
    let again = job.run(&[("color", "green"), ("args", "--release\nv7")]).expect(0, &[("outcome", "retained")]);
    assert_eq!(again.outputs["recording"], result.outputs["recording"]);
}

#[test]
fn a_release_that_is_rolled_back_fails_the_step_and_its_outputs_are_there() {
    let job = Job::of(Deployment::fresh());
    job.deployment.green.fail(50);
    let told = [("outcome", "rolled-back"), ("active", "blue"), ("exit-code", "3"), ("service", "default")];
    let result = job.run(&[("color", "green")]).expect(3, &told);
    assert!(result.outputs["reason"].starts_with("error-rate: "), "{:?}", result.outputs);
    assert!(result.summary.contains("| error rate | breached |"), "{}", result.summary);
    result.done.says(&["::error title=switchback::rolled-back"]);
    assert_eq!(job.deployment.state()["activeColor"], "blue");
}

#[test]
fn a_refused_switch_moves_nothing_and_is_told() {
    let job = Job::of(Deployment::fresh().with("health.switch_timeout", "1s"));
    job.deployment.green.set_ready(false);
    let told = [("outcome", "refused"), ("exit-code", "9"), ("active", "blue")];
    let result = job.run(&[("color", "green")]).expect(9, &told);
    assert!(result.outputs["reason"].contains("green is not ready"), "{:?}", result.outputs);
    assert!(result.summary.contains("refused"), "{}", result.summary);
}

#[test]
fn a_cancelled_job_ends_the_soak_in_order_and_has_its_outputs() {
    // The runner signals the shell of the step alone, first so and then so; at a time limit as well.
    for signals in [&[Signal::INT][..], &[Signal::INT, Signal::TERM], &[Signal::TERM]] {
        let job = Job::of(Deployment::fresh().with("soak.window", "1m"));
        let mut step = job.start(&[("color", "green")]);
        step.running.hear("soak_start");
        for signal in signals {
            step.running.signal(*signal);
            sleep(Duration::from_millis(20));
        }
        let result = step.wait().expect(5, &[("outcome", "aborted"), ("exit-code", "5"), ("active", "green")]);
        assert!(Path::new(&result.outputs["recording"]).exists(), "{:?}", result.outputs);
        assert_eq!(job.deployment.state()["soak"]["outcome"], "aborted");
    }
}

#[test]
fn what_an_input_says_is_never_run_by_a_shell_and_adds_no_output() {
    let job = Job::of(Deployment::switched());
    let touch = "$(touch pwned)`touch pwned`; touch pwned";
    for (input, value) in [
        ("command", touch),
        ("color", touch),
        ("color", "--help"),
        ("args", touch),
        ("args", "--reason=x\n--no-such-flag; touch pwned"),
        ("working-directory", touch),
        ("config", touch),
        ("binary", touch),
        ("summary", touch),
        ("command", "x\nactive=purple\n::set-output name=active::purple"),
        ("binary", "x\nactive=purple\n::warning::y"),
    ] {
        let with = if input == "color" { vec![] } else { vec![("color", "blue")] };
        let result = job.run(&[&with[..], &[(input, value)]].concat());
        let result = result.expect(2, &[("exit-code", "2"), ("outcome", "error")]);
        assert_ne!(result.outputs["active"], "purple");
        let commands = result.done.stdout.lines().filter(|line| line.starts_with("::"));
        assert!(commands.clone().all(|line| line.starts_with("::error title=switchback::")), "{:#?}", result.done);
        assert_eq!(commands.count(), 1, "{:#?}", result.done);
        assert!(!job.deployment.path("pwned").exists(), "{input}: {value}");
    }
    assert_eq!(job.deployment.state()["activeColor"], "green");
}

#[test]
fn a_program_that_cannot_start_or_dies_leaves_outputs_too() {
    let job = Job::of(Deployment::switched());
    let missing = job.run(&[("color", "green"), ("binary", "./none")]);
    let missing = missing.expect(2, &[("outcome", "error"), ("exit-code", "2")]);
    assert_eq!(
        missing.outputs["reason"],
        "cannot find the program ./none: install it before this step, or name it in the input binary"
    );
    let other = job.run(&[("command", "demo")]).expect(2, &[("outcome", "error")]);
    other.done.says(&["not a value of the input command: demo; allowed: switch, soak, status, rollback"]);
    job.run(&[("command", "soak"), ("color", "green")]).expect(2, &[("outcome", "error")]);

    // With the inputs as arguments, a line each, and nothing of the action in its environment.
    let program = job.deployment.path("program");
    fs::write(&program, "#!/bin/sh\nprintf '<%s>' \"$@\"; env | grep INPUT_\nkill -KILL $$\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let below = job.deployment.path("below");
    fs::create_dir(&below).unwrap();
    let with = [
        ("binary", "../program"),
        ("working-directory", "below"),
        ("config", "my conf.toml"),
        ("color", "green"),
        ("args", "--a b\n\n*\n$HOME"),
    ];
    let killed = job.run(&with).expect(137, &[("outcome", "error"), ("exit-code", "137")]);
    assert_eq!(
        killed.done.stdout.trim_end(),
        "<--config=my conf.toml><switch><--no-tui><--output><github><--a b><*><$HOME><--><green>"
    );
}

#[test]
fn every_input_is_handed_on_by_a_variable_and_none_is_part_of_a_script() {
    let action = yaml(&format!("{ACTION}/action.yml"));
    let script = fs::read_to_string(root().join(ACTION).join("run.sh")).unwrap();
    let step = &action["runs"]["steps"][0];
    assert!(!step["run"].as_str().unwrap().contains("${{"), "a script with a value of an input in it");
    let variables = entries(&step["env"]);
    let handed: Vec<&str> = variables.iter().map(|(_, value)| value.as_str().unwrap()).collect();
    let inputs: Vec<String> =
        entries(&action["inputs"]).iter().map(|(name, _)| format!("${{{{ inputs.{name} }}}}")).collect();
    assert_eq!(handed, inputs);
    for (name, _) in &variables {
        assert!(script.contains(name), "run.sh does not read {name}");
    }
}

#[test]
fn the_workflow_hands_the_exit_code_and_the_recording_on() {
    let job = Job::of(Deployment::fresh().with("service", "checkout-api"));
    job.deployment.green.fail(50);
    let color = job.settle();
    assert_eq!(color, "green");
    let result = job.switch(&color).wait().expect(3, &[("exit-code", "3")]);
    let id = job.deployment.state()["soak"]["id"].as_str().unwrap().to_owned();
    assert!(result.outputs["recording"].ends_with(&format!("/checkout-api/soaks/{id}.jsonl")), "{:?}", result.outputs);

    // The job that settled the color is not run again with those that failed.
    job.deployment.green.fail(0);
    job.switch(&color).wait().expect(0, &[("exit-code", "0"), ("active", "green")]);
}

#[test]
fn a_cancelled_workflow_ends_the_soak_in_order() {
    let job = Job::of(Deployment::fresh().with("soak.window", "1m"));
    let mut step = job.switch(&job.settle());
    step.running.hear("soak_start");
    step.running.signal(Signal::INT);
    step.wait().expect(5, &[("outcome", "aborted"), ("exit-code", "5")]);
}
