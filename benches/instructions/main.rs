//! How many instructions a record takes, from the socket to a row as COPY takes it: `make instructions`.
//!
//! Ten thousand records from a seed, served by the simulator, read and packed by the pipeline itself, and counted by
//! valgrind: the difference between a run of twelve thousand and one of two thousand, so that neither start nor plan
//! count. Time tells what a machine was like; this tells what was changed. `benches/instructions.txt` keeps what it came
//! to; more than 5 % above that fails, and `ETL_BLESS=1` writes what it comes to now.
//!
//! What it depends on beside this code: the compiler, and the C library with its choice of `memcpy`. Valgrind shows it
//! the same processor wherever there is AVX2, and [`TUNED`] keeps it from instructions that count once for each byte.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../common/lanes.rs"]
mod lanes; // lanes worked as a run works them
mod measured; // what is counted

use measured::{Served, Stage};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// Records of the shorter run, and how many more the longer one has.
const FEW: u64 = 2_000;
const COUNTED: u64 = 10_000;
/// How much more than what is kept is still the same.
const SLACK: f64 = 0.05;

/// `rep movsb` is one instruction to a processor, and as many as it copies bytes to valgrind. Which sizes glibc copies by
/// it depends on the processor.
const TUNED: &str =
    "glibc.cpu.x86_rep_movsb_threshold=1073741824:glibc.cpu.x86_rep_stosb_threshold=1073741824";

type Serve = fn(u64) -> Served;
const COUNTS: [(&str, Serve, Stage); 4] = [
    ("document, read", Served::documents, Stage::Read),
    ("document, read and packed", Served::documents, Stage::Packed),
    ("point, read", Served::points, Stage::Read),
    ("point, read and packed", Served::points, Stage::Packed),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["client", stage, variable, place] => {
            let mut stages = [Stage::Read, Stage::Packed].into_iter();
            let stage = stages.find(|it| it.word() == stage).unwrap();
            println!("{}", stage.client(variable, place));
            ExitCode::SUCCESS
        }
        // `cargo test` hands on which tests are wanted.
        _ if words
            .iter()
            .any(|word| !word.starts_with("--") && !"instructions".contains(word)) =>
        {
            ExitCode::SUCCESS
        }
        _ => compare(),
    }
}

fn compare() -> ExitCode {
    if let Err(why) = Command::new("valgrind").arg("--version").output() {
        println!("\nNOT CHECKED: how many instructions a record takes, for there is no valgrind: {why}\n");
        return ExitCode::SUCCESS;
    }
    let (kept, bless) = (kept(), std::env::var_os("ETL_BLESS").is_some());
    let counts: Vec<(&str, u64)> = COUNTS
        .map(|(name, serve, stage)| (name, count(serve, stage)))
        .into();
    println!(
        "{:28} {:>12} {:>12} {:>8}",
        "instructions for a", "now", "kept", ""
    );
    let mut good = true;
    for (name, now) in &counts {
        let (told, fine) = judged(*now, kept.get(*name).copied());
        println!("{name:28} {now:>12} {told}");
        good &= fine || bless;
    }
    if bless {
        let lines = counts.iter().map(|(name, now)| format!("{name}: {now}\n"));
        std::fs::write(file(), lines.collect::<String>()).unwrap();
        println!("written to benches/instructions.txt");
    }
    match good {
        true => ExitCode::SUCCESS,
        false => {
            println!(
                "\nmore instructions than benches/instructions.txt keeps, or nothing kept: see where they went, or"
            );
            println!("say that they are worth it: ETL_BLESS=1 make instructions");
            ExitCode::FAILURE
        }
    }
}

/// What there is to say about a count, and whether it is as good as what is kept.
fn judged(now: u64, kept: Option<u64>) -> (String, bool) {
    let Some(kept) = kept else {
        return (format!("{:>12}", "nothing"), false);
    };
    let change = now as f64 / kept as f64 - 1.0;
    let more = change > SLACK;
    let word = match () {
        () if more => "  MORE",
        () if change < -SLACK => "  less: keep it, by ETL_BLESS=1 make instructions",
        () => "",
    };
    (format!("{kept:>12} {:>+7.1} %{word}", change * 100.0), !more)
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions.txt")
}

fn kept() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines
        .map(|(name, count)| (name.to_owned(), count.parse().unwrap()))
        .collect()
}

/// Instructions for each record.
fn count(serve: Serve, stage: Stage) -> u64 {
    let [few, many] = [FEW, FEW + COUNTED].map(|records| instructions(&serve(records), stage, records));
    (many - few) / COUNTED
}

/// Of a whole run, whatever its threads.
fn instructions(served: &Served, stage: Stage, records: u64) -> u64 {
    let mut command = Command::new("valgrind");
    command
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["client", stage.word()])
        .args(served.words())
        .env("GLIBC_TUNABLES", TUNED)
        .stdin(Stdio::null());
    let output = command.output().unwrap();
    let (said, told) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{command:?}: {}\n{told}", output.status);
    assert_eq!(said.trim(), records.to_string(), "all records came");
    let collected = told.lines().find_map(|line| line.split_once("Collected : "));
    collected.unwrap().1.trim().parse().unwrap()
}
