//! Rules of the house that a compiler does not keep.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates beside the binary.
const CRATES: [&str; 8] = [
    "config",
    "transforms",
    "checkpoints",
    "pipeline",
    "rehearsal",
    "simulator",
    "fuzz",
    "mutants",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file of the project, by its path from the root.
fn sources() -> Vec<PathBuf> {
    let places = CRATES.into_iter().chain(["src", "tests", "benches"]);
    let mut open: Vec<PathBuf> = places.map(PathBuf::from).collect();
    let mut files = Vec::new();
    while let Some(place) = open.pop() {
        for entry in std::fs::read_dir(root().join(&place)).unwrap() {
            let path = place.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 100, "the sources were not found");
    files
}

/// What ships of a file: everything above its tests.
fn shipped(path: &Path) -> String {
    let text = read(path);
    text.split("#[cfg(test)]").next().unwrap().to_owned()
}

/// The names in the dependency tables of a manifest; for tests, those of `[dev-dependencies]`.
fn dependencies(manifest: &str, of_tests: bool) -> Vec<String> {
    let wanted = if of_tests {
        "[dev-dependencies]"
    } else {
        "[dependencies]"
    };
    let text = read(manifest);
    let table = text
        .lines()
        .skip_while(|line| *line != wanted)
        .skip(1)
        .take_while(|line| !line.starts_with('['));
    table
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn crates_know_only_what_they_may() {
    let may: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("config/Cargo.toml", &[][..]),
        ("transforms/Cargo.toml", &["config"]),
        ("checkpoints/Cargo.toml", &["config"]),
        ("pipeline/Cargo.toml", &["config", "transforms", "checkpoints"]),
        ("rehearsal/Cargo.toml", &["simulator"]),
        ("simulator/Cargo.toml", &[]),
        (
            "fuzz/Cargo.toml",
            &["config", "transforms", "checkpoints", "pipeline"],
        ),
        ("mutants/Cargo.toml", &["rehearsal"]),
        ("Cargo.toml", &["config", "transforms", "checkpoints", "pipeline"]),
    ]);
    for (manifest, may) in may {
        for known in dependencies(manifest, false) {
            let upward = CRATES.contains(&known.as_str()) && !may.contains(&known.as_str());
            assert!(!upward, "{manifest} must not know {known}");
        }
    }
    let without_io = [
        "tokio",
        "tonic",
        "tokio-postgres",
        "rocksdb",
        "firestore",
        "metrics",
        "reqwest",
    ];
    for known in dependencies("transforms/Cargo.toml", false) {
        assert!(
            !without_io.contains(&known.as_str()),
            "transforms must stay pure, but knows {known}"
        );
    }
}

#[test]
fn transforms_bring_no_runtime_along() {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_owned());
    let tree = [
        "tree",
        "--offline",
        "--package",
        "transforms",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ];
    let output = Command::new(cargo)
        .args(tree)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(tree.starts_with("transforms "), "{tree}");
    let runtime = ["tokio ", "futures", "async-std ", "hyper "];
    let found = tree
        .lines()
        .find(|line| runtime.iter().any(|name| line.starts_with(name)));
    assert_eq!(found, None, "transforms are pure and synchronous");
}

#[test]
fn a_file_holds_one_idea_and_fits_in_a_head() {
    let mut long = Vec::new();
    for path in sources() {
        let lines = read(&path).lines().count();
        assert!(
            lines <= 450,
            "{} has {lines} lines: split it by idea",
            path.display()
        );
        if lines > 330 {
            long.push(path);
        }
    }
    assert!(long.len() <= 8, "too many long files: {long:?}");
}

#[test]
fn a_file_starts_with_its_promise() {
    for path in sources() {
        assert!(
            read(&path).starts_with("//!"),
            "{} does not say what it is",
            path.display()
        );
    }
}

#[test]
fn what_ships_does_not_panic_on_purpose_without_saying_why() {
    for path in sources().iter().filter(|path| {
        !["tests", "rehearsal", "fuzz"]
            .iter()
            .any(|place| path.starts_with(place))
    }) {
        if path
            .iter()
            .any(|part| ["tests", "tests.rs", "examples"].iter().any(|name| part == *name))
            || path.starts_with("benches")
        {
            continue;
        }
        let text = shipped(path);
        assert!(!text.contains(".unwrap()"), "{} unwraps", path.display());
        assert!(
            !text.contains("panic!(") || path.ends_with("laws.rs"),
            "{} panics",
            path.display()
        );
    }
}

#[test]
fn some_things_have_one_place() {
    let places = [
        ("backoff::", "pipeline/src/retry.rs"),
        ("\"etl_", "pipeline/src/metrics/named.rs"),
        ("rocksdb::", "checkpoints/src/rocks.rs"),
    ];
    for path in sources()
        .iter()
        .filter(|path| !path.starts_with("tests") && !path.starts_with("rehearsal"))
    {
        for (what, place) in places {
            assert!(
                !shipped(path).contains(what) || path == Path::new(place),
                "{what} belongs into {place}, not {}",
                path.display()
            );
        }
    }
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text = read("ARCHITECTURE.md");
    let invariants: Vec<&str> = text.lines().filter(|line| line.starts_with("- I")).collect();
    assert!(invariants.len() >= 15);
    for (number, line) in (1..).zip(invariants) {
        assert!(
            line.starts_with(&format!("- I{number}. ")),
            "out of order: {line}"
        );
        let (_, held) = line
            .rsplit_once(" — `")
            .unwrap_or_else(|| panic!("names no test: {line}"));
        let (file, name) = held
            .trim_end_matches('`')
            .split_once("`: `")
            .unwrap_or_else(|| panic!("names no test: {line}"));
        assert!(
            read(file).contains(&format!("fn {name}(")),
            "{file} has no {name}"
        );
    }
}

/// What `make campaign` looks for: a test of the campaign's name in a module `campaign`, and a line in README.
#[test]
fn a_campaign_is_found_by_its_name() {
    let (readme, marker) = (read("README.md"), ["Campaign::", "named(\""].concat());
    let mut found = 0;
    for path in sources() {
        let text = read(&path);
        for name in text.split(marker.as_str()).skip(1) {
            let name = name.split('"').next().unwrap();
            let whole = text.contains(&format!("#[test]\nfn {name}()"));
            let place = path.to_str().unwrap();
            let in_module = place.ends_with("/campaign.rs") || place.ends_with("/campaign/mod.rs");
            assert!(whole && in_module && place.contains("tests/"), "{place}: {name}");
            assert!(readme.contains(&format!("| `{name}` |")), "README has no {name}");
            found += 1;
        }
    }
    assert!(found > 0, "no campaign was found");
}

/// Lines of `TROUBLE.md` that begin with `next:` are words of the tool.
#[test]
fn what_trouble_says_is_what_the_tool_says() {
    let (text, is_shipped) = (read("TROUBLE.md"), |path: &&PathBuf| {
        path.starts_with("src") || path.starts_with("pipeline/src")
    });
    // A text that is broken over lines goes on where the next one begins.
    let whole = |source: &PathBuf| -> String { read(source).split("\\\n").map(str::trim_start).collect() };
    let all: Vec<String> = sources().iter().filter(is_shipped).map(whole).collect();
    let said: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("next: "))
        .collect();
    assert!(said.len() > 10);
    for words in said {
        assert!(
            all.iter().any(|source| source.contains(words)),
            "nothing says {words:?}"
        );
    }
}

#[test]
fn the_commands_the_readme_gives_exist() {
    let (readme, makefile) = (read("README.md"), read("Makefile"));
    let opening: Vec<&str> = readme
        .lines()
        .take(8)
        .filter_map(|line| line.strip_prefix("make "))
        .collect();
    assert_eq!(opening.len(), 2, "README opens with the two commands");
    for command in opening {
        let target = command.split_whitespace().next().unwrap();
        assert!(
            makefile.contains(&format!("\n{target}:")),
            "the Makefile has no {target}"
        );
    }
    assert!(read(".ci/run").contains("make test"));
}

#[test]
fn the_verbs_and_flags_the_readme_shows_exist() {
    let readme = read("README.md");
    let lines: Vec<&str> = readme.lines().filter(|line| line.starts_with("etl ")).collect();
    assert!(!lines.is_empty(), "README shows no command");
    for line in lines {
        let mut words = line.split('#').next().unwrap().split_whitespace().skip(1);
        let verb = words.next().unwrap();
        let help = Command::new(env!("CARGO_BIN_EXE_etl"))
            .args([verb, "--help"])
            .output()
            .unwrap();
        assert!(help.status.success(), "there is no {line}");
        let help = String::from_utf8_lossy(&help.stdout);
        for flag in words.filter(|word| word.starts_with("--")) {
            assert!(help.contains(flag), "etl {verb} has no {flag}");
        }
    }
}
