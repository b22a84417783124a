//! Time and memory of the readers as their input grows: in proportion to it, whatever it looks like.

use std::fs;
use std::time::Duration;

use support::thread_time;

use super::{TOKENS, entries};

/// Bytes of the smaller input; the larger one is four times as long.
const SMALL: usize = 16 << 10;
const FACTOR: usize = 4;
/// Four times the input may take so many times the processor time. In proportion that is 4, with the square 16.
const MAX: u32 = 9;
/// Differences that are not looked at: a page fault here, a table that doubles there.
const NOISE: Duration = Duration::from_millis(2);
/// Measurements of one input, of which the best counts. One is enough where all is well. A machine that lets others run, or
/// gives pages slowly, spoils several in a row; what grows with the square is beyond the limit in all of them.
const TRIES: usize = 40;
/// The most memory that this process may ever have had, in KiB: 500 times the largest input, and what a process has anyway.
const MAX_MEMORY: u64 = 48 << 10;

/// An input of about so many bytes.
type Shape = Box<dyn Fn(usize) -> Vec<u8>>;

/// The part of this number of something that is different everywhere.
type Piece = fn(usize) -> String;

/// Feeds inputs of every shape, each at two lengths. The memory is right in a process of its own, which nextest gives.
pub fn check(name: &str, files: &[Vec<u8>]) {
    let (_, entry) = entries::ALL.iter().find(|(known, _)| *known == name).unwrap();
    let mut worst = (0.0, String::new());
    for (shape, of) in shapes(files) {
        let (small, large) = (of(SMALL), of(SMALL * FACTOR));
        let (mut short, mut long) = (Duration::MAX, Duration::MAX);
        for _ in 0..TRIES {
            short = short.min(time(*entry, &small));
            long = long.min(time(*entry, &large));
            if long <= short * MAX + NOISE {
                break;
            }
        }
        assert!(
            long <= short * MAX + NOISE,
            "{name}, {shape}: {short:?} for {} bytes and {long:?} for {}",
            small.len(),
            large.len()
        );
        let ratio = long.as_secs_f64() / (short + NOISE).as_secs_f64();
        if ratio > worst.0 {
            worst = (ratio, format!("{shape}: {short:?}, {long:?}"));
        }
    }
    let peak = peak_kib();
    println!("{name}: {} KiB at most; most time for the longer input: {}", peak, worst.1);
    assert!(peak < MAX_MEMORY, "{name}: {peak} KiB at the peak");
}

/// Files one after the other; a token over and over, alone and behind (half of) a file; and things that are all different.
fn shapes(files: &[Vec<u8>]) -> Vec<(String, Shape)> {
    let mut shapes: Vec<(String, Shape)> = Vec::new();
    let mut heads = vec![("nothing".to_owned(), Vec::new())];
    for (number, file) in files.iter().enumerate() {
        let whole = file.clone();
        shapes.push((format!("file {number} over and over"), Box::new(move |length| fill(&[], &whole, length))));
        heads.push((format!("file {number}"), file.clone()));
        heads.push((format!("half of file {number}"), file[..file.len() / 2].to_vec()));
    }
    for (behind, head) in heads {
        for token in TOKENS {
            let (head, what) = (head.clone(), token.escape_ascii());
            let of = move |length| fill(&head, token, length);
            shapes.push((format!("`{what}` over and over behind {behind}"), Box::new(of)));
        }
    }
    let different: [(&str, Piece); 8] = [
        ("keys of TOML", |i| format!("k{i} = {i}\n")),
        ("tables of TOML", |i| format!("[t{i}]\n")),
        ("tables in tables", |i| format!("[[t.u{i}]]\nk.l{i} = 1\n")),
        ("members of JSON", |i| format!("{}\"k{i}\":{i}", if i == 0 { '{' } else { ',' })),
        ("series", |i| format!("http_requests_total{{path=\"/{i}\",status_code=\"{}\"}} {i}\n", 100 + i % 500)),
        ("metrics", |i| format!("# TYPE m{i} counter\nm{i} {i}\n")),
        ("labels", |i| if i == 0 { "http_requests_total{a=\"1\"".to_owned() } else { format!(",l{i}=\"{i}\"") }),
        ("columns and rows", |i| format!("{i},{i},{}\n", "1,".repeat(i % 30))),
    ];
    for (what, piece) in different {
        let of = move |length| {
            let mut bytes = Vec::new();
            for i in 0.. {
                bytes.extend_from_slice(piece(i).as_bytes());
                if bytes.len() >= length {
                    break;
                }
            }
            bytes
        };
        shapes.push((format!("different {what}"), Box::new(of)));
    }
    shapes
}

fn fill(head: &[u8], token: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = head.to_vec();
    while bytes.len() < length {
        bytes.extend_from_slice(token);
    }
    bytes
}

/// Processor time that reading takes.
fn time(entry: entries::Read, input: &[u8]) -> Duration {
    let begun = thread_time();
    entry(input);
    thread_time().saturating_sub(begun)
}

/// The most memory that this process ever had.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}
