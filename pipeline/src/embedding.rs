//! The vectors of a batch: the texts of its documents, embedded before they are packed.

use crate::embed::{Embedder, Embedding};
use crate::fault::{Fault, Part};
use crate::plan::{Lane, Plan};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use transforms::{Packer, Reason, Reject};

/// What became of one document's texts: its vectors in the order of its table's embedding columns, or why the
/// endpoint refuses one of them for good.
pub(crate) type Vectors = Result<Vec<Option<Vec<f32>>>, Reject>;

/// A text on its way: its document, its place among the document's texts, itself.
type Asked = (usize, usize, Option<String>);

/// The vectors of `documents`, one entry each; none at all where nothing of the collection is embedded.
///
/// # Errors
/// What is wrong with the endpoint, or that there is none.
pub(crate) async fn embed(
    embedder: Option<&Embedder>,
    plan: &Arc<Plan>,
    lane: &Lane,
    documents: &[Bytes],
) -> Result<Vec<Vectors>, Fault> {
    let collection = plan.collection_of(lane);
    if !collection.embeds() {
        return Ok(Vec::new());
    }
    let Some(embedder) = embedder else {
        return Err(no_endpoint());
    };
    let (count, documents) = (documents.len(), documents.to_vec());
    let (shared, lane) = (plan.clone(), lane.clone());
    let texts = tokio::task::spawn_blocking(move || texts(&shared, &lane, &documents)).await;
    let texts = texts
        .map_err(|error| Fault::permanent(Part::Source, "find the texts to embed", error.to_string()))?;
    let mut vectors: Vec<Vectors> = (0..count).map(|_| Ok(Vec::new())).collect();
    for (dimension, asked) in texts {
        let wanted: Vec<Option<String>> = asked.iter().map(|(_, _, text)| text.clone()).collect();
        let answers = embedder.vectors(&wanted, dimension).await?;
        for ((document, place, _), answer) in asked.into_iter().zip(answers) {
            put(&mut vectors[document], place, answer);
        }
    }
    Ok(vectors)
}

/// The texts of the documents, by the dimension that their column has.
fn texts(plan: &Plan, lane: &Lane, documents: &[Bytes]) -> BTreeMap<usize, Vec<Asked>> {
    let root = plan.source.root();
    let packer = Packer::new(&plan.collection_of(lane).tables, &root, false);
    let mut texts: BTreeMap<usize, Vec<Asked>> = BTreeMap::new();
    for (at, body) in documents.iter().enumerate() {
        // What cannot be decoded is put aside when it is packed.
        let Ok(document) = plan.document(lane, body) else {
            continue;
        };
        let dimensions = packer.dimensions(&document);
        for (place, (text, dimension)) in packer.texts(&document).into_iter().zip(dimensions).enumerate() {
            texts.entry(dimension).or_default().push((at, place, text));
        }
    }
    texts
}

fn put(vectors: &mut Vectors, place: usize, answer: Embedding) {
    let vector = match answer {
        Embedding::Vector(vector) => Some(vector),
        Embedding::Nothing => None,
        Embedding::Refused(why) => {
            *vectors = Err(Reject {
                reason: Reason::Embedding,
                column: None,
                detail: why,
            });
            return;
        }
    };
    if let Ok(vectors) = vectors {
        if vectors.len() <= place {
            vectors.resize(place + 1, None);
        }
        vectors[place] = vector;
    }
}

/// The fault of a mapping that embeds without an endpoint to ask.
pub(crate) fn no_endpoint() -> Fault {
    let message = "the mapping has columns that are embedded, and no endpoint is named";
    Fault::permanent(Part::Identity, "embed texts", message)
        .with_cause("no_endpoint")
        .with_remedy("name it with --embed-url and --embed-model, or take `embed` out of the mapping")
}
