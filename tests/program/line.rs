//! The command line itself: help, version, manual, completions, who is at the keyboard, and the records of the past.

use std::fs;
use std::process::Command;

use serde_json::json;
use support::{Deployment, Page, Running};

/// The user of this process by the kernel.
fn user() -> String {
    let id = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

/// Runs the program with other variables; without those that are empty.
fn with(deployment: &Deployment, variables: &[(&str, &str)], args: &[&str]) -> support::Done {
    let mut command = deployment.command(args);
    for (name, value) in variables {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    Running::start(command).wait()
}

#[test]
fn who_somebody_is_comes_from_the_kernel_and_what_they_say_stands_beside_it() {
    let deployment = Deployment::fresh();
    let (user, host) = (user(), rustix::system::uname().nodename().to_string_lossy().into_owned());
    for (variables, actor) in [
        (&[("USER", "")][..], format!("operator:{user}@{host}")),
        (&[("USER", user.as_str())], format!("operator:{user}@{host}")),
        (&[("USER", "eve.the.first")], format!("operator:eve.the.first@{host} (user {user})")),
        (&[("USER", user.as_str()), ("SUDO_USER", "eve")], format!("operator:eve@{host} (user {user})")),
        (&[("USER", "eve@elsewhere (user root)")], format!("operator:{user}@{host}")),
    ] {
        with(&deployment, variables, &["freeze"]).expect(0);
        with(&deployment, variables, &["unfreeze"]).expect(0);
        let decisions = deployment.decisions();
        assert_eq!(decisions.last().unwrap()["actor"], json!(actor), "{variables:?}");
    }
}

#[test]
fn history_tells_local_time_and_names_who_it_was_once() {
    let deployment = Deployment::switched();
    deployment.run(&["rollback", "--reason", "drill"]).expect(0);
    let told = with(&deployment, &[("TZ", "IST-5:30")], &["history"]).expect(0).stdout;
    for (line, decision) in told.lines().zip(deployment.decisions()) {
        let (at, _) = line.split_once(' ').unwrap();
        assert!(at.ends_with("+05:30"), "{line}");
        let [at, written] = [at, decision["ts"].as_str().unwrap()].map(|at| at.parse::<jiff::Timestamp>().unwrap());
        assert_eq!(at, written, "{line}");
        assert_eq!(line.matches("operator:").count(), 1, "{line}");
    }
    assert_eq!(told.lines().count(), 2, "{told}");
}

#[test]
fn where_nothing_was_decided_history_and_verify_say_so() {
    let deployment = Deployment::switched();
    for args in [&["history"][..], &["history", "--json"]] {
        let done = deployment.run(args).expect(0);
        assert_eq!(done.stdout, "");
        done.complains(&["no decisions yet for service `default`: the journal `", "does not exist"]);
    }
    let verify =
        deployment.run(&["verify"]).expect(2).complains(&["there is nothing to verify", "next: switchback status"]);
    assert!(!verify.stderr.contains("os error"), "{verify:#?}");
    deployment.run(&["verify", "gone.jsonl"]).expect(2).complains(&["the file `gone.jsonl` does not exist"]);
    deployment.run(&["rollback"]).expect(0);
    assert_eq!(deployment.run(&["history"]).expect(0).stderr, "");
}

#[test]
fn status_shows_nobody_64_hex_digits_who_did_not_ask_for_them() {
    let deployment = Deployment::switched();
    deployment.run(&["soak", "--no-tui"]).expect(0);
    let is_hash = |text: &str| {
        let words = text.split(|c: char| !c.is_ascii_hexdigit());
        words.into_iter().any(|word| word.len() >= 40)
    };
    let text = deployment.run(&["status"]).expect(0).stdout;
    assert!(!is_hash(&text) && text.contains("\njournal   "), "{text}");
    assert!(is_hash(&deployment.run(&["status", "--json"]).expect(0).stdout));
}

#[test]
fn whoever_finds_another_monitor_is_told_how_to_follow_it() {
    let deployment = Deployment::switched().with("soak.window", "10m");
    let mut soak = deployment.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    let refused = deployment.run(&["soak", "--no-tui"]).expect(10);
    let next = refused.stderr.lines().find_map(|line| line.strip_prefix("next: switchback ")).unwrap();
    let words: Vec<&str> = next.split(' ').chain(["--no-tui"]).collect();
    assert_eq!(words, ["attach", "--service", "default", "--no-tui"], "{refused:#?}");
    let mut attached = deployment.start(&words);
    attached.hear("soak_start");
    deployment.run(&["ctl", "abort"]).expect(0);
    attached.wait().expect(5);
    soak.wait().expect(5);
}

#[test]
fn a_backtest_skips_what_it_cannot_use_and_takes_the_truth_from_outcomes() {
    let deployment = Deployment::switched();
    deployment.run(&["soak", "--no-tui"]).expect(0).says(&["RETAINED"]);
    let endless = deployment.with("soak.window", "10m");
    let mut soak = endless.start(&["soak", "--no-tui"]);
    soak.hear("soak_start");
    let ticked = |deployment: &Deployment| {
        let files = deployment.files();
        let newest = files.iter().rfind(|(path, _)| path.to_string_lossy().contains("/soaks/")).unwrap();
        String::from_utf8_lossy(&newest.1).matches("\"tick\"").count() > 3
    };
    endless.wait_until("a few ticks", ticked);
    endless.run(&["ctl", "rollback", "--reason", "carts are empty"]).expect(0);
    soak.wait().expect(4);
    let ids = endless.run(&["history", "soaks"]).expect(0).stdout;
    let ids: Vec<&str> = ids.lines().collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    let soaks = ids.iter().map(|id| format!(".switchback/default/soaks/{id}.jsonl")).collect::<Vec<_>>();
    let header = fs::read_to_string(endless.path(&soaks[0])).unwrap().lines().next().unwrap().to_owned();
    fs::write(endless.path("unticked.jsonl"), format!("{header}\n")).unwrap();
    fs::write(endless.path("empty.jsonl"), "").unwrap();
    fs::write(endless.path("damaged.jsonl"), format!("{header}\nbroken\n{header}\n")).unwrap();
    fs::create_dir(endless.path("folder.jsonl")).unwrap();
    let bad = ["unticked.jsonl", "empty.jsonl", "damaged.jsonl", "folder.jsonl"];
    let args = [&["backtest", "--json"][..], &bad, &[&soaks[0], &soaks[1]]].concat();
    let done = endless.run(&args).expect(0);
    let truths: Vec<_> = done.json_lines().iter().map(|line| line["truth"].clone()).collect();
    assert_eq!(truths, ["good", "bad"], "{done:#?}");
    for file in bad {
        assert_eq!(done.stderr.matches(&format!("skipped `{file}`: ")).count(), 1, "{done:#?}");
    }
    assert_eq!(done.stderr.lines().count(), bad.len(), "a line each: {done:#?}");
    let table = endless.run(&["backtest", &soaks[0], &soaks[1]]).expect(0).stdout;
    assert!(table.contains(&format!("{} (bad)", soaks[1])), "{table}");
    let good = ["backtest", "--good", &soaks[1], "--json"];
    assert_eq!(endless.run(&good).expect(0).json_lines()[0]["truth"], "good");
    endless
        .run(&["backtest", "unticked.jsonl"])
        .expect(2)
        .complains(&["skipped `unticked.jsonl`", "no trace can be judged"]);
    endless.run(&["backtest", &soaks[0], "mistyped.jsonl"]).expect(2).complains(&["`mistyped.jsonl` does not exist"]);
}

#[test]
fn bash_completes_colors_orders_values_and_the_soaks_that_were_recorded() {
    let deployment = Deployment::switched();
    deployment.run(&["soak", "--no-tui"]).expect(0);
    let id = deployment.run(&["history", "soaks"]).expect(0).stdout.trim().to_owned();
    let bin = deployment.path("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_switchback"), bin.join("switchback")).unwrap();
    fs::write(deployment.path("completions"), deployment.run(&["completions", "bash"]).expect(0).stdout).unwrap();
    let complete = |words: &str| {
        let script = format!(
            "PATH={}:$PATH; source ./completions; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             function=$(complete -p switchback | sed 's/.*-F \\([^ ]*\\).*/\\1/')\n\
             $function switchback \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \" ${{COMPREPLY[*]}} \"",
            bin.display()
        );
        let mut command = deployment.command(&[]);
        let variables: Vec<_> =
            command.get_envs().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect();
        command = Command::new("bash");
        command.args(["-c", &script]).current_dir(deployment.folder()).env_clear().envs(variables);
        Running::start(command).wait().expect(0).stdout
    };
    for (words, offered, not) in [
        ("switchback switch ''", &["blue", "green", "--detach"][..], &["--background"][..]),
        ("switchback switch gr", &["green"], &["blue"]),
        ("switchback ctl ''", &["abort", "rollback", "pause", "resume", "extend", "keep"], &[]),
        ("switchback soak --on-breach ''", &["rollback", "hold"], &["--detach"]),
        ("switchback replay ''", &[id.as_str(), "--speed"], &[]),
        ("switchback ''", &["switch", "version", "help"], &[]),
    ] {
        let completed = complete(words);
        for word in offered {
            assert!(completed.contains(&format!(" {word} ")), "{words}: {word} is not in {completed}");
        }
        for word in not {
            assert!(!completed.contains(&format!(" {word} ")), "{words}: {word} is in {completed}");
        }
    }
}

#[test]
fn help_version_and_manual_are_there_under_every_name_that_people_try() {
    let deployment = Deployment::fresh();
    let version = deployment.run(&["version"]).expect(0).stdout;
    assert_eq!(deployment.run(&["--version"]).expect(0).stdout, version);
    assert!(version.starts_with(&format!("switchback {} (commit ", env!("CARGO_PKG_VERSION"))), "{version}");
    let in_a_repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(".git").exists();
    assert_eq!(version.contains("commit unknown"), !in_a_repository, "{version}");
    let help =
        deployment.run(&["help"]).expect(0).says(&["Deploy:", "Running soak:", "Examples:", "Exit codes:"]).stdout;
    assert_eq!(deployment.run(&["--help"]).expect(0).stdout, help);
    deployment.run(&["help", "switch"]).expect(0).says(&["--window", "Settings:", "Global options:", "Examples:"]);
    deployment.run(&["help", "sitwch"]).expect(2);
    deployment.run(&["man"]).expect(0).says(&[".SH \"EXIT STATUS\"", "switchback\\-switch(1)"]);
    deployment.run(&["man", "config", "show"]).expect(0).says(&["switchback\\-config\\-show"]);
    deployment.run(&["man", "sitwch"]).expect(2).complains(&["no manual page for `sitwch`", "switch-green"]);
    deployment.run(&["man", "--all", "pages"]).expect(0).says(&["pages in pages"]);
    for name in ["switchback.1", "switchback-switch.1", "switchback-history-prune.1", "switchback-version.1"] {
        assert!(deployment.path("pages").join(name).exists(), "{name}");
    }
}

#[test]
fn who_does_not_say_whether_they_are_ready_is_beyond_no_limit() {
    let deployment = Deployment::switched();
    deployment.green.answer("/health/ready", Page::answer("429 Too Many Requests", "text/plain", ""));
    let told = deployment.run(&["soak", "--no-tui"]).expect(6).stdout;
    let line = told.lines().find(|line| line.contains(" of 1 ready")).unwrap();
    assert!(line.contains("0 of 1 ready, not known yet") && !told.contains("above the limit"), "{told}");
}
