//! `completions`.

use std::io::{self, Write as _};

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};
use clap_complete::Shell;

use crate::app::cli;
use crate::config::{Key, keys};
use crate::model::{Action, Color};

use super::support::failure::Failure;

/// Lists the soaks that have a recording, for `replay`.
const SOAKS: &str = "switchback history soaks 2>/dev/null";

pub fn run(shell: Shell) -> Result<u8, Failure> {
    print(script(shell)?.as_bytes())
}

/// Prints completions: bash, zsh and fish ask for the recorded soaks on completion, everything else is fixed.
fn script(shell: Shell) -> Result<String, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut offered(&cli::command()), "switchback", &mut text);
    let mut text = String::from_utf8(text).map_err(Failure::internal)?;
    match shell {
        Shell::Bash => text.push_str(&bash()),
        Shell::Fish => text.push_str(&fish()),
        Shell::Zsh => text = zsh(&text),
        _ => {}
    }
    Ok(text)
}

/// The command with all visible arguments and their possible values, for the generators only.
fn offered(command: &Command) -> Command {
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set()).map(|arg| with_values(command.get_name(), arg));
    let below = command.get_subcommands().filter(|command| !command.is_hide_set()).map(offered);
    let mut offered = Command::new(command.get_name().to_owned()).args(args).subcommands(below);
    if let Some(about) = command.get_about() {
        offered = offered.about(about.clone());
    }
    if let Some(version) = command.get_version() {
        offered = offered.version(version.to_owned());
    }
    offered
}

fn with_values(command: &str, arg: &Arg) -> Arg {
    let id = arg.get_id().as_str();
    let values: Vec<&'static str> = match (command, id) {
        ("switch", "to") => Color::ALL.iter().map(|color| color.name()).collect(),
        ("ctl", "action") => Action::NAMES.to_vec(),
        (_, "log_level") => vec!["error", "warn", "info", "debug", "trace"],
        _ => keys().find(|key| key.name == id).map(Key::words).unwrap_or_default(),
    };
    // What conflicts with or needs another argument matters to the parser only.
    let mut offered = Arg::new(id.to_owned()).action(arg.get_action().clone()).value_hint(arg.get_value_hint());
    if let Some(long) = arg.get_long() {
        offered = offered.long(long.to_owned());
    }
    if let Some(short) = arg.get_short() {
        offered = offered.short(short);
    }
    if let Some(help) = arg.get_help() {
        offered = offered.help(help.clone());
    }
    if let Some(count) = arg.get_num_args() {
        offered = offered.num_args(count);
    }
    if let Some(names) = arg.get_value_names() {
        offered = offered.value_names(names.to_vec());
    }
    if !values.is_empty() {
        return offered.value_parser(PossibleValuesParser::new(values));
    }
    let known = arg.get_possible_values();
    let is_flag = known.is_empty() || !arg.get_action().takes_values();
    if is_flag { offered } else { offered.value_parser(PossibleValuesParser::new(known)) }
}

/// Adds the values of positional arguments, which the generator for fish leaves out.
fn fish() -> String {
    let colors = Color::ALL.map(Color::name).join(" ");
    let behind = [("switch", colors), ("ctl", Action::NAMES.join(" ")), ("replay", format!("({SOAKS})"))];
    let line = |(command, values): (&str, String)| {
        format!("complete -c switchback -n \"__fish_switchback_using_subcommand {command}\" -a \"{values}\"\n")
    };
    behind.map(line).concat()
}

/// Completes the soaks after `replay`, and everything else by the generated function.
fn bash() -> String {
    format!(
        r#"
_switchback_and_soaks() {{
    _switchback "$@"
    local cur="${{COMP_WORDS[COMP_CWORD]}}"
    case " ${{COMP_WORDS[*]:1:COMP_CWORD-1}} " in
        *" replay "*)
            if [[ "$cur" != -* ]]; then
                COMPREPLY+=($(compgen -W "$({SOAKS})" -- "$cur"))
            fi
            ;;
    esac
}}
complete -F _switchback_and_soaks -o bashdefault -o default switchback
"#
    )
}

/// The generated function of zsh completes a recording by a function of ours, which offers files as well.
fn zsh(text: &str) -> String {
    let line = |line: &str| {
        if line.contains("'::recording") { line.replace(":_default'", ":_switchback_soaks'") } else { line.to_owned() }
    };
    let text = text.lines().map(line).collect::<Vec<_>>().join("\n");
    let soaks = format!("_switchback_soaks() {{\n    compadd -- ${{(f)\"$({SOAKS})\"}}\n    _files\n}}\n");
    text.replacen("\n_switchback() {", &format!("\n{soaks}\n_switchback() {{"), 1) + "\n"
}

/// A reader that stops reading (`| head`) is no failure.
pub fn print(text: &[u8]) -> Result<u8, Failure> {
    match io::stdout().write_all(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::internal(error)),
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_is_offered_colors_orders_and_words_of_settings_and_no_hidden_flag() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = script(shell).unwrap();
            assert!(!script.contains("--background") && !script.contains("l background"), "{shell}");
            assert!(script.contains("threshold") && script.contains("history"), "{shell}");
        }
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell).unwrap();
            for word in ["blue green", "abort rollback pause resume extend keep", "hold keep rollback"] {
                let found = |line: &str| word.split(' ').all(|word| line.contains(word));
                assert!(
                    script.lines().any(found) || word.split(' ').all(|word| script.contains(&format!("{word}\\t"))),
                    "{shell}: {word}"
                );
            }
            assert!(script.contains(SOAKS), "{shell}");
        }
    }
}
