//! Identifies a worker that holds a lease or a claim.

/// Returns a random number. No two workers get the same.
pub fn random() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    u64::from_ne_bytes(bytes)
}
