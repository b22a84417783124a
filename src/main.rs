//! The `switchback` program: parse, run, exit code.

use std::process::ExitCode;

use clap::Parser as _;
use rustix::fs::Mode;

fn main() -> ExitCode {
    // Everything this program creates is for its user alone.
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
    let code = switchback::commands::main(switchback::cli::Cli::parse());
    ExitCode::from(code)
}
