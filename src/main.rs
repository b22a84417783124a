//! The `switchback` program: parse, run, exit code.
fn main() {}
