//! What the terminal UI costs: CPU time and bytes of a frame, and the CPU time of an attached client.
//!
//! `cargo bench --bench screen -- [--frames N] [--seconds N]`
//!
//! Frames are those of a soak ten minutes old with four instances, drawn as a terminal gets them: all of it at first, then
//! once a second what changed. The client is the program itself on a real terminal, attached to a monitor that samples once
//! a second. Prints tables in Markdown.

#![expect(clippy::cast_precision_loss, reason = "counts and times are far below 2^53")]
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark stops at its first surprise")]

mod client;
mod frames;
mod soak;

use std::time::Duration;

/// Terminal sizes, columns and rows.
const SIZES: [(u16, u16); 4] = [(60, 15), (80, 24), (120, 36), (200, 50)];

fn main() {
    let (mut frames, mut seconds) = (500, 10);
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(flag) = args.next() {
        let value = args.next().and_then(|value| value.parse().ok()).expect("a flag and a number");
        match flag.as_str() {
            "--frames" => frames = value,
            "--seconds" => seconds = value,
            _ => panic!("unknown flag {flag}"),
        }
    }
    println!("### A frame\n\n| size | CPU time | bytes of the first | bytes of the next, mean | largest |");
    println!("| --- | --- | --- | --- | --- |");
    for size in SIZES {
        let cost = frames::measure(size, frames);
        println!(
            "| {}×{} | {:.2} ms | {} | {:.0} | {} |",
            size.0,
            size.1,
            cost.cpu.as_secs_f64() * 1e3,
            cost.first_bytes,
            cost.mean_bytes,
            cost.most_bytes
        );
    }
    println!("\nAttach to first frame at 120×36: {:.0} ms", client::first_frame().as_secs_f64() * 1e3);
    println!(
        "\n### An attached client at 120×36, one sample a second\n\n| | CPU | bytes a second |\n| --- | --- | --- |"
    );
    for cost in client::measure(Duration::from_secs(seconds as u64)) {
        println!("| {} | {:.2}% of a core | {:.0} |", cost.what, cost.cpu * 100.0, cost.bytes);
    }
}
