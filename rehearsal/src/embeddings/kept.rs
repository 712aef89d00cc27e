//! Vectors that were computed once are kept in the cache folder: a few thousand take the model a minute.
//! A vector is found by its text and by how it is computed, so a change of either computes it anew.
//! The file is replaced as a whole, and one that is damaged is made again.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use super::{ARITHMETIC, DIMENSION, Endpoint, MODEL, components};

/// Texts asked for at a time.
const BATCH: usize = 64;

type Name = [u8; 32];

/// The vectors of `texts`, in order. The model is started only where one is not known yet.
pub async fn vectors(texts: &[&str]) -> anyhow::Result<Vec<Vec<f32>>> {
    let file = file()?;
    let mut known = read(&file);
    let mut missing: Vec<&str> = texts.to_vec();
    missing.retain(|text| !known.contains_key(&name(text)));
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        let endpoint = Endpoint::start().await?;
        for batch in missing.chunks(BATCH) {
            let found = endpoint.embed(batch).await?;
            known.extend(batch.iter().map(|text| name(text)).zip(found));
        }
        write(&file, &known)?;
    }
    let vector = |text: &&str| known.get(&name(text)).cloned().context("a vector is missing");
    texts.iter().map(vector).collect()
}

fn name(text: &str) -> Name {
    Sha256::digest(text).into()
}

/// One file for each way to compute.
fn file() -> anyhow::Result<PathBuf> {
    let way = Sha256::digest(ARITHMETIC);
    let way: String = way.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    Ok(crate::parts::cache()?.join(format!("vectors-{MODEL}-{way}")))
}

/// Names and vectors, one after the other.
fn read(file: &Path) -> HashMap<Name, Vec<f32>> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let (records, _) = bytes.as_chunks::<{ 32 + 4 * DIMENSION }>();
    let record = |record: &[u8; 32 + 4 * DIMENSION]| {
        let (name, vector) = record.split_first_chunk::<32>()?;
        Some((*name, components(vector)))
    };
    records.iter().filter_map(record).collect()
}

fn write(file: &Path, known: &HashMap<Name, Vec<f32>>) -> anyhow::Result<()> {
    let folder = file.parent().context("the cache folder has no parent")?;
    std::fs::create_dir_all(folder).context("create the cache folder")?;
    let mut new = tempfile::NamedTempFile::new_in(folder).context("keep vectors")?;
    let mut bytes = Vec::with_capacity(known.len() * (32 + 4 * DIMENSION));
    for (name, vector) in known {
        ensure!(
            vector.len() == DIMENSION,
            "a vector of {} components",
            vector.len()
        );
        bytes.extend_from_slice(name);
        bytes.extend(vector.iter().flat_map(|component| component.to_le_bytes()));
    }
    new.write_all(&bytes).context("keep vectors")?;
    new.persist(file).context("keep vectors")?;
    Ok(())
}
