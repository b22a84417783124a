//! The detector against recorded traces and against its executable specification.

#![allow(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod differential;
/// The example of the crate's documentation, which a test of the documentation alone would not reach.
mod example {
    include!("../examples/judge.rs");

    #[test]
    fn the_example_of_the_crate_runs() {
        main().unwrap();
    }
}
mod generator;
mod soak;
mod traces;
