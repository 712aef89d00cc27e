//! Seeds that failed once, in the source tree beside their campaign: `tests/campaign/NAME.seeds` of its crate.
//! A line holds a seed and a size. Where the tree cannot be written, that is said, and the campaign goes on.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file of one campaign.
#[derive(Debug)]
pub(super) struct Kept {
    file: PathBuf,
    name: &'static str,
}

impl Kept {
    /// The file of the campaign `name` that `source` speaks of, a path from the root of the workspace.
    pub(super) fn beside(source: &Path, name: &'static str) -> Kept {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let source = here.parent().unwrap_or(here).join(source);
        let is_crate = |folder: &&Path| folder.join("Cargo.toml").exists();
        let folder = source.ancestors().find(is_crate).unwrap_or(here);
        Kept::at(folder.join("tests/campaign"), name)
    }

    /// The file of the campaign `name` in `folder`.
    pub(super) fn at(folder: PathBuf, name: &'static str) -> Kept {
        let file = folder.join(format!("{name}.seeds"));
        Kept { file, name }
    }

    /// The seeds that failed, with their sizes.
    ///
    /// # Panics
    /// When a line is not understood: a seed that is not played proves nothing.
    pub(super) fn seeds(&self) -> Vec<(u64, usize)> {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| self.read(line)).collect()
    }

    fn read(&self, line: &str) -> (u64, usize) {
        let numbers = line.split_once(' ');
        let numbers = numbers.and_then(|(seed, size)| Some((seed.parse().ok()?, size.parse().ok()?)));
        match numbers {
            Some(numbers) => numbers,
            None => panic!("{}: neither seed nor remark: {line:?}", self.file.display()),
        }
    }

    /// Keeps a seed, unless it is kept already.
    pub(super) fn keep(&self, seed: u64, size: usize) {
        if self.seeds().contains(&(seed, size)) {
            return;
        }
        match self.append(seed, size) {
            Ok(()) => eprintln!("campaign {}: kept in {}", self.name, self.file.display()),
            Err(error) => eprintln!(
                "campaign {}: THE SEED {seed} OF SIZE {size} COULD NOT BE KEPT in {}: {error}",
                self.name,
                self.file.display()
            ),
        }
    }

    fn append(&self, seed: u64, size: usize) -> std::io::Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)?;
        let remark = match file.metadata()?.len() {
            0 => format!(
                "# Seeds and sizes of cases that the campaign {} failed once; they are played first.\n",
                self.name
            ),
            _ => String::new(),
        };
        file.write_all(format!("{remark}{seed} {size}\n").as_bytes())
    }
}
