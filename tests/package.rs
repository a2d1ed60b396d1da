//! What `sam build` makes: small enough, for the processor that the stack asks for, and able to start on Amazon Linux.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::DeflateEncoder;

const FUNCTIONS: [&str; 3] = ["ApiFunction", "FanoutFunction", "IngestFunction"];

/// What a package may take zipped, in bytes.
const ZIPPED: usize = 6 * 1024 * 1024;

/// The GNU C library of Amazon Linux 2023, on which `provided.al2023` runs.
const GLIBC: (u32, u32) = (2, 34);

/// Machines, as an ELF header numbers them (System V ABI, `e_machine`).
const MACHINES: [(&str, u16); 2] = [("x86_64", 62), ("arm64", 183)];

#[test]
fn a_package_is_small() {
    for (function, bootstrap) in packages() {
        let mut zip = DeflateEncoder::new(Vec::new(), Compression::default());
        zip.write_all(&bootstrap).unwrap();
        let size = zip.finish().unwrap().len();
        assert!(size <= ZIPPED, "{function} takes {size} bytes zipped, more than {ZIPPED}");
        println!("{function}: {} bytes, {size} zipped", bootstrap.len());
    }
}

#[test]
fn a_package_asks_for_no_newer_c_library_than_lambda_has() {
    for (function, bootstrap) in packages() {
        let needed =
            versions(&bootstrap, b"GLIBC_").max().unwrap_or_else(|| panic!("{function} names no GLIBC version"));
        assert!(needed <= GLIBC, "{function} needs GLIBC {}.{}", needed.0, needed.1);
        println!("{function}: GLIBC {}.{}", needed.0, needed.1);
    }
}

#[test]
fn a_package_is_for_the_processor_that_was_asked_for() {
    let log = fs::read_to_string(built().join("../build.toml")).unwrap();
    let asked = log.lines().find_map(|line| line.strip_prefix("architecture = ")).unwrap().trim_matches('"');
    let (_, machine) = MACHINES.into_iter().find(|(name, _)| *name == asked).unwrap();
    for (function, bootstrap) in packages() {
        assert_eq!(bootstrap[..4], *b"\x7fELF", "{function}");
        assert_eq!(u16::from_le_bytes([bootstrap[18], bootstrap[19]]), machine, "{function} is not for {asked}");
    }
}

/// Each function with its program.
fn packages() -> Vec<(&'static str, Vec<u8>)> {
    let bootstrap = |function: &'static str| {
        let path = built().join(function).join("bootstrap");
        let program =
            fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `sam build` first", path.display()));
        (function, program)
    };
    FUNCTIONS.map(bootstrap).into()
}

fn built() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".aws-sam/build")
}

/// The versions named in a program as `PREFIX2.34` or `PREFIX2.2.5`: major and minor.
fn versions(program: &[u8], prefix: &'static [u8]) -> impl Iterator<Item = (u32, u32)> {
    let found = program.windows(prefix.len()).enumerate().filter(move |(_, window)| *window == prefix);
    found.filter_map(move |(at, _)| {
        let name = &program[at + prefix.len()..];
        let name = &name[..name.iter().position(|byte| *byte == 0)?];
        let mut numbers = str::from_utf8(name).ok()?.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}
