use std::process::ExitCode;

fn main() -> ExitCode {
    countmein::cli::main(std::env::args_os())
}
