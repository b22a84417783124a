//! `man`: a page for the program and one for each of its commands.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::app::cli;
use crate::app::cli::{EXIT_CODES, examples};

use super::completions::print;
use super::support::failure::Failure;
use super::support::output;

/// Prints the page of a command, such as `config show`; that of the program where none is named.
pub fn page(words: &[String]) -> Result<u8, Failure> {
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let whole = whole();
    let mut command = &whole;
    for word in &words {
        let Some(found) = visible(command).find(|command| command.get_name() == *word) else {
            let known: Vec<&str> = visible(command).map(Command::get_name).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Failure::usage(format!("no manual page for `{}`; available: {known}", words.join(" "))));
        };
        command = found;
    }
    print(&roff(command, &words.join(" "))?)
}

pub fn all(folder: &Path) -> Result<u8, Failure> {
    let failed = |error| Failure::usage(format!("cannot write the pages to `{}`: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    let pages = pages()?;
    for (name, text) in &pages {
        fs::write(folder.join(name), text).map_err(failed)?;
    }
    output::line(&format!("{} pages in {}", pages.len(), folder.display()));
    Ok(0)
}

fn pages() -> Result<Vec<(String, Vec<u8>)>, Failure> {
    fn add(command: &Command, path: &str, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
        let name = Man::new(command.clone()).get_filename();
        pages.push((name, roff(command, path)?));
        for below in visible(command) {
            add(below, format!("{path} {}", below.get_name()).trim_start(), pages)?;
        }
        Ok(())
    }
    let mut pages = Vec::new();
    add(&whole(), "", &mut pages)?;
    Ok(pages)
}

/// Every command, but for `help`, which has no page.
fn whole() -> Command {
    let mut whole = cli::command().disable_help_subcommand(true);
    whole.build();
    explained(whole)
}

/// What the short help leaves out has its explanation here.
fn explained(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_short_help(false)).mut_subcommands(explained)
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set())
}

fn roff(command: &Command, path: &str) -> Result<Vec<u8>, Failure> {
    let man = Man::new(command.clone()).manual("Switchback").source(format!("switchback {}", cli::version()));
    let mut text = Vec::new();
    let sections = [Man::render_title, Man::render_name_section, Man::render_synopsis_section];
    let sections = sections.into_iter().chain([Man::render_description_section, Man::render_options_section]);
    for section in sections {
        section(&man, &mut text).map_err(Failure::internal)?;
    }
    if visible(command).next().is_some() {
        man.render_subcommands_section(&mut text).map_err(Failure::internal)?;
    }
    let mut own = Roff::new();
    show_examples(&mut own, path);
    exit_status(&mut own, path);
    own.to_writer(&mut text).map_err(Failure::internal)?;
    Ok(text)
}

fn show_examples(page: &mut Roff, path: &str) {
    let examples = examples(path);
    if examples.is_empty() {
        return;
    }
    page.control("SH", ["EXAMPLES"]);
    for (line, does) in examples {
        page.control("TP", []).text([bold(*line)]).text([roman(*does)]);
    }
}

fn exit_status(page: &mut Roff, path: &str) {
    page.control("SH", ["EXIT STATUS"]);
    if path.is_empty() {
        for (code, meaning) in EXIT_CODES {
            page.control("TP", []).text([bold(code.to_string())]).text([roman(meaning)]);
        }
    } else {
        page.text([roman("As listed in "), bold("switchback"), roman("(1).")]);
        page.control("SH", ["SEE ALSO"]);
        page.text([bold("switchback"), roman("(1)")]);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use support::Snapshots;

    use super::*;

    #[test]
    fn every_page_that_is_named_is_there_and_every_command_has_one() {
        let pages = pages().unwrap();
        let names: BTreeSet<String> = pages.iter().map(|(name, _)| name.trim_end_matches(".1").to_owned()).collect();
        for name in ["switchback", "switchback-switch", "switchback-config-show", "switchback-history-prune"] {
            assert!(names.contains(name), "{names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
        for (name, page) in &pages {
            let text = String::from_utf8(page.clone()).unwrap().replace("\\-", "-");
            for named in text.split_whitespace().filter_map(|word| word.split_once("(1)")).map(|(name, _)| name) {
                let other = named.trim_start_matches("\\fB").trim_end_matches("\\fR");
                assert!(other.is_empty() || names.contains(other), "{name} names {other}, which is nowhere");
            }
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"] {
                assert!(
                    text.contains(&format!(".SH {section}")) || text.contains(&format!(".SH \"{section}\"")),
                    "{name}: {section}"
                );
            }
            assert!(!text.contains("EXTRA") && !text.contains("--background"), "{name}");
            assert!(!text.contains("\n\n.TP"), "{name} has an option without an explanation");
        }
    }

    #[test]
    fn pages_are_the_snapshots_of_them() {
        let pages = pages().unwrap();
        let text = |page: &[u8]| String::from_utf8(page.to_owned()).unwrap().replace(&cli::version(), "VERSION");
        let settings = |page: &str| {
            let (_, rest) = page.split_once("\n.SH SETTINGS\n")?;
            Some(rest.split_once("\n.SH EXAMPLES").map_or(rest, |(settings, _)| settings).to_owned())
        };
        let of_switch = pages.iter().find(|(name, _)| name == "switchback-switch.1").unwrap();
        let of_switch = settings(&text(&of_switch.1)).unwrap();
        let snapshots = Snapshots::of("src/app/commands/man/snapshots");
        for (name, page) in &pages {
            let page = text(page);
            // They are long, and shown once.
            let page =
                if name == "switchback-switch.1" { page } else { page.replace(&of_switch, "as those of switch") };
            snapshots.assert(name.trim_end_matches(".1"), &page);
        }
        snapshots.assert_no_other();
    }

    #[test]
    fn the_page_of_the_program_explains_every_exit_code() {
        let text = String::from_utf8(roff(&whole(), "").unwrap()).unwrap();
        for (code, meaning) in EXIT_CODES {
            assert!(text.contains(&format!("\\fB{code}\\fR\n{meaning}")), "{code}: {text}");
        }
    }
}
