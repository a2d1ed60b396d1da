//! The seeds of random tests, and how many inputs they try.
//!
//! Every random test takes its seed from here and prints it, and a runner shows what a failed test printed. To repeat
//! the run of a test that failed:
//!
//! ```text
//! PROPTEST_RNG_SEED=17 cargo nextest run --all-features NAME
//! ```
//!
//! | variable | sets | default |
//! |---|---|---|
//! | `PROPTEST_RNG_SEED` | the seed of every random test | a random one for each test |
//! | `PROPTEST_CASES` | how many inputs a property is tried with | the property's own number |
//! | `COUNTMEIN_KILL_ROUNDS` | how often `crash` kills the program | 3 |
//!
//! The first two are proptest's own. `.ci/run` and `.ci/long` set them.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngSeed, contextualize_config};

const VARIABLE: &str = "PROPTEST_RNG_SEED";

/// The seed of this test.
pub fn seed() -> u64 {
    let seed = std::env::var(VARIABLE).map_or_else(
        |_| fastrand::u64(..),
        |seed| seed.parse().unwrap_or_else(|error| panic!("{VARIABLE}={seed}: {error}")),
    );
    println!("{VARIABLE}={seed} repeats this run");
    seed
}

/// A generator of random numbers for this test.
pub fn rng() -> fastrand::Rng {
    fastrand::Rng::with_seed(seed())
}

/// How a property is tested, with this number of inputs unless the environment sets another. A failure is repeated by
/// its seed, so nothing is written to files.
pub fn config(cases: u32) -> ProptestConfig {
    let config = contextualize_config(ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(seed()),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    println!("PROPTEST_CASES={}", config.cases);
    config
}
