//! Every reader of somebody else's bytes, fed with a corpus and with what mutations make of it: none may panic. The same
//! entries are fuzz targets in `tests/fuzz/`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what it expects by failing")]

mod entries;
mod growth;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Mutations of each file of a corpus; `SWITCHBACK_FUZZ_ROUNDS` asks for more.
const ROUNDS: u64 = 1_000;
/// No input is longer.
const MAX: usize = 64 << 10;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Bytes that mean something to some reader.
const TOKENS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\n",
    b"\r\n",
    b"\0",
    b",",
    b":",
    b"=",
    b"#",
    b" ",
    b"NaN",
    b"+Inf",
    b"-1",
    b"1e308",
    b"18446744073709551615",
    b"null",
    b"\xff\xfe",
    b"{{color}}",
    b"le=\"+Inf\"",
    b"\xf0\x9f\x94\xa5",
];

/// One to eight changes: bytes changed, put in, taken out, repeated, or spliced with another file.
fn mutate(bytes: &[u8], others: &[Vec<u8>], rng: &mut StdRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..=8) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..=64)).min(bytes.len());
        match rng.random_range(0..7) {
            0 if at < bytes.len() => bytes[at] = rng.random(),
            1 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            2 => drop(bytes.splice(at..at, TOKENS[rng.random_range(0..TOKENS.len())].iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let part = bytes[at..end].repeat(rng.random_range(1..20));
                bytes.splice(at..at, part);
            }
            5 => bytes.truncate(at),
            _ => {
                let other = &others[rng.random_range(0..others.len())];
                let from = rng.random_range(0..=other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
        }
    }
    bytes.truncate(MAX);
    bytes
}

fn feed(name: &str) {
    let (_, entry) = entries::ALL.iter().find(|(known, _)| *known == name).unwrap();
    let rounds = std::env::var("SWITCHBACK_FUZZ_ROUNDS").map_or(ROUNDS, |text| text.parse().unwrap());
    let files = corpus(name);
    assert!(files.len() >= 2, "the corpus of {name} has too few files");
    let mut rng = StdRng::seed_from_u64(4_711);
    entry(b"");
    for file in &files {
        entry(file);
        for _ in 0..rounds {
            let input = mutate(file, &files, &mut rng);
            if catch_unwind(AssertUnwindSafe(|| entry(&input))).is_err() {
                let kept = std::env::temp_dir().join(format!("fuzz-{name}"));
                fs::write(&kept, &input).unwrap();
                panic!("{name} does not cope with {}", kept.display());
            }
        }
    }
}

macro_rules! readers {
    ($($name:ident)*) => {
        $(
            mod $name {
                #[test]
                fn copes_with_anything() {
                    super::feed(stringify!($name));
                }

                #[test]
                fn takes_time_and_memory_in_proportion() {
                    super::growth::check(stringify!($name), &super::corpus(stringify!($name)));
                }
            }
        )*

        #[test]
        fn every_entry_is_fed_here_and_has_a_fuzz_target() {
            let fed = [$(stringify!($name)),*];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/fuzz_targets");
            for (name, _) in entries::ALL {
                assert!(fed.contains(&name) && folder.join(format!("{name}.rs")).exists(), "{name}");
            }
        }
    };
}

readers!(exposition state_file journal recording config action prometheus haproxy trace);
