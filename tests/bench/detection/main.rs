//! Simulates soaks and compares detectors: how often each rolls back a healthy release, and how long it takes to notice a
//! bad one. All rules see the very same soaks.
//!
//! `cargo bench --bench detection -- [--runs N] [--seed N] [--only TEXT] [--svg FILE] [--strict]`
//!
//! Prints tables in Markdown and, for the evidence, the targets; the limits on rates of 0.1% need 20,000 runs. With
//! `--strict` it ends with code 1 when a target is missed.

#![expect(clippy::cast_precision_loss, reason = "simulated counts are far below 2^53")]
#![expect(clippy::expect_used, reason = "a benchmark stops at its first surprise")]

mod plot;
mod report;
mod rules;
mod scenarios;
mod simulate;

use std::process::ExitCode;

use report::Summary;
use rules::Rule;
use scenarios::Scenario;
use simulate::Fate;

/// The scenario that is plotted.
const PLOTTED: &str = "10% from mid-window on, 50 requests/s";

/// What the command line asks for.
struct Options {
    /// Runs of a healthy release; a bad one has a tenth of that.
    runs: usize,
    seed: u64,
    /// Only scenarios whose name contains this.
    only: String,
    /// Where to write the plot.
    svg: Option<String>,
    strict: bool,
}

impl Options {
    fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { runs: 2000, seed: 1, only: String::new(), svg: None, strict: false };
        while let Some(flag) = args.next() {
            // Cargo adds this one.
            if flag == "--bench" {
                continue;
            }
            if flag == "--strict" {
                options.strict = true;
                continue;
            }
            let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
            match flag.as_str() {
                "--runs" => options.runs = value.parse().map_err(|_| format!("--runs {value} is no number"))?,
                "--seed" => options.seed = value.parse().map_err(|_| format!("--seed {value} is no number"))?,
                "--only" => options.only = value,
                "--svg" => options.svg = Some(value),
                _ => return Err(format!("unknown flag {flag}")),
            }
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    let options = match Options::from_args(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let simulated: Vec<_> = scenarios::all()
        .into_iter()
        .filter(|scenario| scenario.name.contains(&options.only))
        .map(|scenario| {
            let runs = (options.runs * scenario.per_mille / 1000).max(1);
            let fates = simulate::run(&scenario, runs, options.seed);
            (scenario, fates)
        })
        .collect();
    println!(
        "{} runs a scenario of a healthy release, a tenth of that of a bad one; seed {}.",
        options.runs, options.seed
    );
    print_table("False rollbacks (upper 95% limit)", &simulated, Scenario::is_healthy);
    print_table(
        "Delays: median, 95th percentile, failed requests, multiple of the information floor",
        &simulated,
        |scenario| !scenario.is_healthy(),
    );
    let missed = print_targets(&simulated);
    if let Some(file) = options.svg
        && let Some((scenario, fates)) = simulated.iter().find(|(scenario, _)| scenario.name == PLOTTED)
    {
        let title = format!("Share of bad releases rolled back: {}", scenario.name);
        std::fs::write(&file, plot::svg(&title, fates)).expect("the plot can be written");
    }
    if missed && options.strict { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn print_table(title: &str, simulated: &[(Scenario, Vec<Vec<Fate>>)], shown: impl Fn(&Scenario) -> bool) {
    report::head(title);
    for (scenario, fates) in simulated.iter().filter(|(scenario, _)| shown(scenario)) {
        report::row(scenario, &fates.iter().map(|fates| Summary::of(fates)).collect::<Vec<_>>());
    }
}

/// Prints the targets; whether one is missed.
fn print_targets(simulated: &[(Scenario, Vec<Vec<Fate>>)]) -> bool {
    println!("\n### Targets of the evidence\n\n| | | |\n| --- | --- | --- |");
    let evidence = Rule::ALL.iter().position(|rule| *rule == Rule::Evidence).expect("it is compared");
    let reached = simulated.iter().map(|(scenario, fates)| report::target(scenario, &Summary::of(&fates[evidence])));
    reached.filter(|reached| !reached).count() > 0
}
