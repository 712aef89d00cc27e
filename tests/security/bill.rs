//! What the binary is made of, written down: `make sbom` names every package that is compiled into it, as cargo sees it, and
//! holds each to the checksum of Cargo.lock.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn said(program: &str, arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Name and version of every package that cargo compiles for `etl`, which `cargo tree` tells by ways of its own.
fn compiled() -> BTreeSet<(String, String)> {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_owned());
    let tree = said(
        &cargo,
        &[
            "tree",
            "--offline",
            "--locked",
            "--package",
            "etl",
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ],
    );
    let name = |line: &str| {
        let mut words = line.split(' ');
        Some((
            words.next()?.to_owned(),
            words.next()?.trim_start_matches('v').to_owned(),
        ))
    };
    tree.lines().filter_map(name).collect()
}

#[test]
fn the_bill_names_every_package_that_is_compiled_into_the_binary() {
    let text = said("deploy/sbom", &[]);
    assert_eq!(
        text,
        said("deploy/sbom", &[]),
        "the same sources give the same bill"
    );
    let bill: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&bill["bomFormat"], &bill["specVersion"]),
        (&"CycloneDX".into(), &"1.5".into())
    );
    let libraries = bill["components"].as_array().unwrap();
    let of = |library: &Value, key: &str| library[key].as_str().unwrap().to_owned();
    let mut named: BTreeSet<(String, String)> = libraries
        .iter()
        .map(|library| (of(library, "name"), of(library, "version")))
        .collect();
    named.insert(("etl".to_owned(), of(&bill["metadata"]["component"], "version")));
    let compiled = compiled();
    assert!(compiled.len() > 200, "{} packages", compiled.len());
    let missing: Vec<_> = compiled.difference(&named).collect();
    assert!(missing.is_empty(), "compiled and not named: {missing:?}");

    let ours = ["config", "transforms", "checkpoints", "pipeline"];
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    for library in libraries {
        let (name, version) = (of(library, "name"), of(library, "version"));
        assert_eq!(of(library, "purl"), format!("pkg:cargo/{name}@{version}"));
        assert!(
            !library["licenses"][0]["expression"].as_str().unwrap().is_empty(),
            "{name} has no licence"
        );
        if !ours.contains(&name.as_str()) {
            let checksum = library["hashes"][0]["content"].as_str().unwrap();
            let entry = format!("name = \"{name}\"\nversion = \"{version}\"\nsource = ");
            let (_, entry) = lock
                .split_once(&entry)
                .unwrap_or_else(|| panic!("Cargo.lock has no {name} {version}"));
            assert_eq!(
                entry.lines().nth(1).unwrap(),
                format!("checksum = \"{checksum}\""),
                "{name}"
            );
        }
    }
    // Whoever is needed is named.
    let refs: BTreeSet<&str> = bill["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["ref"].as_str().unwrap())
        .collect();
    for each in bill["dependencies"].as_array().unwrap() {
        for other in each["dependsOn"].as_array().unwrap() {
            assert!(refs.contains(other.as_str().unwrap()), "{other}");
        }
    }
    assert_eq!(refs.len(), libraries.len() + 1);
}
