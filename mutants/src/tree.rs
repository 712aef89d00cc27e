//! A copy of the project that has the mutants in it. A file is written only where it says something else than before,
//! so that what did not change is not built again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::list::Mutant;
use crate::rewrite;

/// What asks which mutant is alive.
const CHOSEN: &str = include_str!("chosen.rs");

/// What files say, by their paths from the root.
type Files = BTreeMap<String, Vec<u8>>;

/// Mutants that are not in the copy, with the reason.
type Unplaced = Vec<(u32, &'static str)>;

/// The project as it is, and the copy.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    copy: PathBuf,
}

/// The copy with mutants in it.
#[derive(Debug)]
pub(crate) struct Mutated {
    /// The same for two copies that say the same, but for what no test reads.
    pub(crate) mark: String,
    pub(crate) unplaced: Vec<(u32, &'static str)>,
}

impl Tree {
    pub(crate) fn new(root: &Path, copy: &Path) -> Tree {
        Tree {
            root: root.to_owned(),
            copy: copy.to_owned(),
        }
    }

    pub(crate) fn copy(&self) -> &Path {
        &self.copy
    }

    /// What the sources of `mutants` say, which they are, and how they are put in: what compiles of them hangs on little
    /// else.
    pub(crate) fn mark_of(&self, mutants: &[Mutant]) -> anyhow::Result<String> {
        let mut sha = Sha256::new();
        sha.update(include_str!("find.rs"));
        sha.update(include_str!("rewrite.rs"));
        let files: BTreeSet<&str> = mutants.iter().map(|mutant| mutant.file.as_str()).collect();
        for file in files {
            sha.update(read(&self.root.join(file))?);
        }
        for mutant in mutants {
            sha.update(&mutant.key);
        }
        Ok(short(sha))
    }

    /// Makes the copy what the project is now, with `mutants` in it.
    pub(crate) fn write(&self, mutants: &[&Mutant]) -> anyhow::Result<Mutated> {
        let (mut changed, unplaced) = self.changed(mutants)?;
        let mut sha = Sha256::new();
        let tracked = self.tracked()?;
        for name in &tracked {
            let (from, to) = (self.root.join(name), self.copy.join(name));
            let Ok(original) = fs::read(&from) else {
                continue; // It is tracked, and removed.
            };
            let content = changed.remove(name).unwrap_or(original);
            if is_tested(name) {
                sha.update(name);
                sha.update(&content);
            }
            put(&to, &content)?;
            let permissions = fs::metadata(&from).context("look at a file")?.permissions();
            fs::set_permissions(&to, permissions).context("copy permissions")?;
        }
        for (name, content) in &changed {
            sha.update(content);
            put(&self.copy.join(name), content)?;
        }
        let kept = tracked.iter().chain(changed.keys());
        let kept: BTreeSet<PathBuf> = kept.map(|name| self.copy.join(name)).collect();
        remove_all_but(&self.copy, &kept)?;
        Ok(Mutated {
            mark: short(sha),
            unplaced,
        })
    }

    /// The files that are different from the project's.
    fn changed(&self, mutants: &[&Mutant]) -> anyhow::Result<(Files, Unplaced)> {
        let (mut changed, mut unplaced) = (Files::new(), Unplaced::new());
        let mut by_file: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in mutants {
            by_file.entry(&mutant.file).or_default().push(mutant);
        }
        for (file, mutants) in by_file {
            let text = read(&self.root.join(file))?;
            let rewritten = rewrite::rewrite(&text, &mutants).with_context(|| format!("rewrite {file}"))?;
            unplaced.extend(rewritten.unplaced);
            changed.insert(file.to_owned(), rewritten.text.into_bytes());
            let Some((folder, _)) = file.split_once("/src/") else {
                bail!("{file} is in no crate")
            };
            changed.insert(format!("{folder}/src/mutant.rs"), CHOSEN.as_bytes().to_vec());
            let story = format!("{folder}/src/lib.rs");
            let text = match changed.get(&story) {
                Some(text) => String::from_utf8_lossy(text).into_owned(),
                None => read(&self.root.join(&story))?,
            };
            if !text.ends_with("\nmod mutant;\n") {
                changed.insert(story, format!("{text}\nmod mutant;\n").into_bytes());
            }
        }
        Ok((changed, unplaced))
    }

    /// The paths that git tracks.
    fn tracked(&self) -> anyhow::Result<Vec<String>> {
        let output = Command::new("git")
            .args(["ls-files", "-z"])
            .current_dir(&self.root)
            .output();
        let output = output.context("run git")?;
        if !output.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr))
        }
        let names = String::from_utf8(output.stdout).context("read paths")?;
        Ok(names
            .split('\0')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    }
}

/// Whether what it says can make a difference to a test: words about the project do not, and neither does this crate.
fn is_tested(name: &str) -> bool {
    !name.ends_with(".md") && !name.starts_with("mutants/") && name != "Makefile" && !name.starts_with('.')
}

/// What tells a file from what it was or will be.
pub(crate) fn mark_of_file(path: &Path) -> anyhow::Result<String> {
    let mut sha = Sha256::new();
    sha.update(read(path)?);
    Ok(short(sha))
}

fn short(sha: Sha256) -> String {
    let digest = sha.finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn put(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("write {}", path.display()))
}

fn remove_all_but(folder: &Path, kept: &BTreeSet<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let entry = entry.context("read a folder")?;
        let path = entry.path();
        if entry.file_type().context("look at a file")?.is_dir() {
            remove_all_but(&path, kept)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("remove {}", path.display()))?;
        }
    }
    Ok(())
}
