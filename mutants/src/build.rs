//! The one build of all mutants: the test programs it makes, or what the compiler says against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde::Deserialize;

/// The packages whose tests are asked: those that have mutants, and those that know them.
const ASKED: [&str; 4] = ["checkpoints", "pipeline", "fuzz", "etl"];

/// A test program.
#[derive(Debug, Clone)]
pub(crate) struct Executable {
    /// Package and target: `pipeline/lane`.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Where cargo would run it.
    pub(crate) folder: PathBuf,
}

/// What came of a build.
#[derive(Debug)]
pub(crate) enum Built {
    Executables(Vec<Executable>),
    Errors(Vec<Error>),
}

/// What the compiler says.
#[derive(Debug, Deserialize)]
pub(crate) struct Error {
    pub(crate) message: String,
    pub(crate) code: Option<Code>,
    pub(crate) spans: Vec<Span>,
    #[serde(default)]
    pub(crate) rendered: Option<String>,
    level: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Code {
    pub(crate) code: String,
}

/// A part of a file that it says it about.
#[derive(Debug, Deserialize)]
pub(crate) struct Span {
    /// From the root of the workspace.
    pub(crate) file_name: String,
    pub(crate) byte_start: usize,
    pub(crate) byte_end: usize,
    pub(crate) is_primary: bool,
}

#[derive(Deserialize)]
struct Line {
    reason: String,
    message: Option<Error>,
    manifest_path: Option<PathBuf>,
    executable: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

/// Builds the tests of the workspace at `tree` into `target`.
pub(crate) fn build(tree: &Path, target: &Path) -> anyhow::Result<Built> {
    let mut command = cargo(tree, target);
    command.args([
        "test",
        "--no-run",
        "--release",
        "--workspace",
        "--message-format=json",
    ]);
    command.args(["--lib", "--bins", "--quiet"]);
    for name in suites(tree, target)? {
        command.args(["--test", &name]);
    }
    let output = command.output().context("run cargo")?;
    let text = String::from_utf8(output.stdout).context("read what cargo says")?;
    let (mut executables, mut errors) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let Ok(line) = serde_json::from_str::<Line>(line) else {
            continue; // Not for us.
        };
        match (line.reason.as_str(), line.message) {
            ("compiler-message", Some(error)) if error.level == "error" => errors.push(error),
            ("compiler-artifact", _) => executables.extend(executable(
                tree,
                line.executable,
                line.manifest_path,
                line.target,
                line.profile,
            )),
            _ => {}
        }
    }
    if output.status.success() {
        return Ok(Built::Executables(executables));
    }
    if errors.is_empty() {
        bail!("cargo test: {}", String::from_utf8_lossy(&output.stderr))
    }
    Ok(Built::Errors(errors))
}

fn cargo(tree: &Path, target: &Path) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(tree)
        .env("CARGO_TARGET_DIR", target)
        // Between two builds little changes, and that in large crates.
        .env("CARGO_INCREMENTAL", "1")
        .stdin(Stdio::null());
    command
}

/// The names of the suites that are asked.
fn suites(tree: &Path, target: &Path) -> anyhow::Result<Vec<String>> {
    let output = cargo(tree, target)
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output();
    let output = output.context("run cargo")?;
    let metadata: Metadata = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)))?;
    let asked = metadata
        .packages
        .into_iter()
        .filter(|package| ASKED.contains(&package.name.as_str()));
    Ok(asked
        .flat_map(|package| package.targets)
        .filter(|target| target.kind.iter().any(|kind| kind == "test"))
        .map(|target| target.name)
        .collect())
}

fn executable(
    tree: &Path,
    path: Option<PathBuf>,
    manifest: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
) -> Option<Executable> {
    let (path, target, folder) = (path?, target?, manifest?.parent()?.to_owned());
    let package = match folder.strip_prefix(tree).ok()?.to_str()? {
        "" => "etl",
        inside => inside,
    };
    let asked = profile?.test && ASKED.contains(&package) && !target.kind.iter().any(|kind| kind == "bench");
    asked.then(|| Executable {
        name: format!("{package}/{}", target.name),
        path,
        folder: folder.clone(),
    })
}
