//! What a run prints: the same events as lines for people, JSON lines, and annotations.

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::{Deployment, Page};
use switchback::app::headless::{Form, JobFiles, Output, Printer, Width};
use switchback::app::monitor::{Begin, OnSignal, run};

use crate::watch::{meanwhile, opened};

/// Collects what is printed.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a soak and prints it in a form.
async fn printed(deployment: &Deployment, output: Output, terminal: Option<Width>) -> String {
    let opened = Box::pin(opened(deployment, Begin::Soak)).await;
    let paper = Paper::default();
    let form = Form {
        output,
        terminal,
        places: opened.places.clone(),
        job: JobFiles { summary: Some(deployment.path("summary.md")), output: None },
        quiet: None,
    };
    let printer = Printer::start(form, Box::new(paper.clone()));
    Box::pin(run(opened, OnSignal::Abort, Some(printer.observer()))).await;
    tokio::task::spawn_blocking(move || printer.finish()).await.unwrap();
    paper.text()
}

#[track_caller]
fn has_all(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_a_line_on_every_change_and_the_outcome_last() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    let text = printed(&deployment, Output::Human, None).await;
    has_all(
        &text,
        &[
            "  soak_start      watching green (1 instance) for 3s: error rate at most 5%",
            "  watching        ",
            "  breach          error-rate breached: ",
            "  rollback        rolling back from green to blue: ",
            "  rolled_back     traffic is back on blue",
            "  recovered       ",
            "\noutcome         ROLLED BACK: blue is active again (cause auto, exit code 3)\n",
            "\nreason          error-rate: ",
            "\nrequests        ",
            &format!("\njournal         {}\n", deployment.journal_path().display()),
            "\nrecording       ",
        ],
    );
    assert!(!text.contains('\u{1b}'), "no escape sequence without a terminal: {text}");
    assert!(!deployment.path("summary.md").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn people_get_a_line_of_progress_every_ten_seconds() {
    let deployment = Deployment::switched().with("soak.window", "11s").with("soak.interval", "500ms");
    let text = printed(&deployment, Output::Human, None).await;
    let progress: Vec<_> = text.lines().filter(|line| line.contains("  watching  ")).collect();
    assert_eq!(progress.len(), 2, "at the start and after 10s: {text}");
    has_all(progress[1], &["(limit 5%)", "1 of 1 ready", "healthy so far", " left"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_a_progress_bar_that_is_gone_at_the_end() {
    let deployment = Deployment::switched();
    let text = printed(&deployment, Output::Human, Some(|| 60)).await;
    let bars: Vec<_> = text.split("\r\u{1b}[K").skip(1).collect();
    assert!(bars.len() > 10, "it moves with every tick: {text:?}");
    assert!(bars[0].starts_with("────────────────────"), "{:?}", bars[0]);
    assert!(bars[bars.len() - 2].starts_with("━━━━━━━━━━"), "{:?}", bars[bars.len() - 2]);
    for bar in &bars[..bars.len() - 1] {
        let line = bar.lines().next().unwrap_or_default();
        assert!(line.chars().count() < 60, "a full line would wrap: {line:?}");
    }
    has_all(bars[bars.len() - 1], &["outcome         RETAINED: green stays active (cause auto, exit code 0)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_object_a_line_and_the_outcome_comes_last() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    let text = printed(&deployment, Output::Json, None).await;
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        assert!(line["ts"].as_str().unwrap().ends_with('Z') && line["type"].is_string(), "{line}");
    }
    let of_type = |kind: &str| lines.iter().filter(|line| line["type"] == kind).collect::<Vec<_>>();
    let decisions: Vec<_> = of_type("decision").iter().map(|line| line["decision"].as_str().unwrap()).collect();
    let journaled = deployment.decisions();
    let journaled: Vec<_> = journaled.iter().map(|line| line["decision"].as_str().unwrap()).collect();
    assert_eq!(decisions, journaled, "the journal's decisions in their order");
    let phases: Vec<_> = of_type("phase").iter().map(|line| line["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["watching", "rolling-back", "verifying", "finished"]);
    let checks = &of_type("progress")[0]["checks"];
    assert_eq!((&checks[0]["check"], &checks[1]["check"]), (&"error-rate".into(), &"readiness".into()), "{checks}");

    let outcome = lines.last().unwrap();
    assert_eq!(of_type("outcome"), [outcome]);
    assert_eq!((&outcome["outcome"], &outcome["exitCode"]), (&"rolled-back".into(), &3.into()), "{outcome}");
    assert_eq!((&outcome["cause"], &outcome["verdict"]), (&"auto".into(), &"breached".into()), "{outcome}");
    assert_eq!((&outcome["recovered"], &outcome["troubles"]), (&true.into(), &serde_json::json!([])), "{outcome}");
    assert_eq!(outcome["journal"], deployment.journal_path().display().to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn github_gets_annotations_and_a_job_summary() {
    let deployment = Deployment::switched();
    deployment.green.fail(50);
    let text = printed(&deployment, Output::Github, None).await;
    has_all(
        &text,
        &[
            "\n::warning title=switchback::error-rate breached: ",
            "\n::error title=switchback::rolled-back: blue is active again; error-rate: ",
            "%25",
            "outcome         ROLLED BACK",
        ],
    );
    let summary = fs::read_to_string(deployment.path("summary.md")).unwrap();
    has_all(
        &summary,
        &[
            "### switchback · default: rolled-back\n",
            "| outcome | ROLLED BACK: blue is active again",
            "| journal | ",
            "\n| error rate | breached | ",
            "\n| readiness | healthy | 0% | 50% |  |  |\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn github_is_told_of_a_healthy_end_and_of_a_summary_that_cannot_be_written() {
    let deployment = Deployment::switched();
    fs::create_dir(deployment.path("summary.md")).unwrap();
    let text = printed(&deployment, Output::Github, None).await;
    has_all(&text, &["\n::notice title=switchback::retained: ", "\n::warning title=switchback::the job summary "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_the_records_is_told_in_every_form() {
    for output in [Output::Human, Output::Json] {
        let deployment = Arc::new(Deployment::switched().with("soak.window", "1m"));
        let breaking = meanwhile(
            &deployment,
            "begun",
            |deployment| deployment.count("soak_start") == 1,
            |deployment| {
                fs::rename(deployment.journal_path(), deployment.path("journal-so-far")).unwrap();
                fs::create_dir(deployment.journal_path()).unwrap();
                deployment.green.fail(50);
            },
        );
        let text = printed(&deployment, output, None).await;
        breaking.await.unwrap();
        let journal = deployment.journal_path().display().to_string();
        if output == Output::Json {
            let outcome: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            assert_eq!(outcome["outcome"], "rolled-back");
            assert!(outcome["troubles"][0].as_str().unwrap().contains(&journal), "{outcome}");
            has_all(&text, &["\"type\":\"trouble\""]);
        } else {
            has_all(&text, &["\ntrouble         ", "outcome         ROLLED BACK"]);
            let trouble = text.lines().find(|line| line.starts_with("trouble")).unwrap();
            assert!(trouble.contains(&journal), "{trouble}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blind_run_shows_for_how_long() {
    let deployment = Deployment::switched().with("soak.window", "5s").with("soak.on_inconclusive", "keep");
    deployment.green.show(Page::answer("404 Not Found", "text/plain", "no such page"));
    let text = printed(&deployment, Output::Github, None).await;
    has_all(&text, &["  blind           ", "::warning title=switchback::the error rate is not known for "]);
    has_all(&text, &["INCONCLUSIVE: green stays active, unproven (cause policy, exit code 0)"]);
}
