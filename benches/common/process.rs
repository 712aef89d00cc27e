//! Processes, and what they cost: seconds of CPU and memory, as the system counts them.

use std::path::PathBuf;
use std::process::Command;

/// A program that `make bench` builds beside this one.
pub(crate) fn beside(program: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join(program)
}

/// This program in another part.
pub(crate) fn ourselves(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(part);
    command
}

/// How much there is to do, or how often, where the environment says so.
pub(crate) fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().unwrap().get()
}

/// Cores and their kind.
pub(crate) fn machine() -> String {
    let told = std::fs::read_to_string("/proc/cpuinfo").unwrap();
    let of = |key: &str| {
        let line = told.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split(": ").nth(1)).unwrap_or("?")
    };
    // Makers of virtual machines leave the name out; family and model are what is left of it.
    format!(
        "{} cores, {} (family {}, model {})",
        cores(),
        of("model name"),
        of("cpu family"),
        of("model\t")
    )
}

/// Seconds of CPU of a process, for its user and for the system, and of those it waited for; none of one that is gone.
pub(crate) fn seconds(process: u32) -> [f64; 4] {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else {
        return [0.0; 4];
    };
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    // A tick is a hundredth of a second on every Linux that Rust's standard library runs on.
    [11, 12, 13, 14].map(|at| fields[at].parse::<f64>().unwrap() / 100.0)
}

pub(crate) fn own(process: u32) -> f64 {
    seconds(process)[..2].iter().sum()
}

/// Of the processes that this one waited for.
pub(crate) fn children() -> f64 {
    seconds(std::process::id())[2..].iter().sum()
}

/// Seconds of CPU that this machine has spent on anything.
pub(crate) fn busy() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap();
    let ticks = stat.lines().next().unwrap().split_whitespace().skip(1);
    // user, nice, system, idle, waiting for a disk, interrupts hard and soft; what others stole is nobody's here.
    let ticks: Vec<f64> = ticks.take(7).map(|ticks| ticks.parse().unwrap()).collect();
    (ticks.iter().sum::<f64>() - ticks[3] - ticks[4]) / 100.0
}

/// The most memory that a process has had so far, in bytes; none of one that is gone.
pub(crate) fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0.0, |line| {
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() * 1024.0
    })
}

/// Runs a command to its end; or why that did not go well.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{command:?}: {}", said.trim())),
    }
}
