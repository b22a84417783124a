//! The `switchback` program: parse, run, exit code.

use std::process::ExitCode;

use rustix::fs::Mode;

fn main() -> ExitCode {
    // Everything this program creates is for its user alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    match switchback::app::cli::try_parse_from(std::env::args_os()) {
        Ok(cli) => ExitCode::from(switchback::app::commands::main(cli)),
        Err(error) => {
            switchback::app::commands::misused(&error);
            error.exit()
        }
    }
}
