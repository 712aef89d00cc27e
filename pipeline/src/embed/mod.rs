//! Embedding at load: texts of documents become vectors, and no text is paid for twice.
//!
//! What the cache knows is not asked for, and a text that occurs often is asked for once. The rest goes to the
//! [`endpoint`] in requests of a few texts each, so many at a time and so many a minute over all lanes; [`asking`]
//! tries again what may get better and finds the text that a request is refused for. A vector is in the cache before
//! anybody sees it, so whatever ends the process, the next one asks only for what is missing.

mod answer;
mod asking;
mod endpoint;
mod refusal;
mod tls;

use crate::fault::{Fault, Part};
use crate::metrics;
use crate::retry::Policy;
use asking::Asking;
use checkpoints::{Digest, VectorCache};
use endpoint::Endpoint;
use futures::StreamExt;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What became of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Embedding {
    /// Its vector, of the dimension that was asked for; every component is finite.
    Vector(Vec<f32>),
    /// There was no text, or nothing but blanks.
    Nothing,
    /// The endpoint refuses this text for good, with the reason.
    Refused(String),
}

/// The way to an endpoint, shared by all lanes. Clones share limits and cache.
#[derive(Debug, Clone)]
pub struct Embedder(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    asking: Asking,
    cache: Arc<dyn VectorCache>,
    /// Requests under way at the same time.
    concurrency: usize,
    max_characters: Option<usize>,
    /// A digest of what decides every vector: the model, and the components it is asked for.
    model: Sha256,
}

impl Embedder {
    /// The way to the endpoint that `embed` names, through `cache`. Connects to nothing yet.
    ///
    /// # Errors
    /// A permanent fault when the address cannot be understood.
    pub fn new(embed: &config::Embed, cache: Arc<dyn VectorCache>, policy: Policy) -> Result<Self, Fault> {
        metrics::embedding_begins();
        Ok(Embedder(Arc::new(Parts {
            asking: Asking::new(Endpoint::new(embed)?, embed, policy),
            cache,
            concurrency: embed.concurrency.get(),
            max_characters: embed.max_characters.map(usize::from),
            model: model(embed),
        })))
    }

    /// Asks once for the vector of a harmless text, and says how many components it has. Nothing is tried again, so
    /// that an operator who mistyped something is told at once; `columns` are the dimensions that must fit.
    pub async fn greet(&self, columns: &[usize]) -> Result<usize, Fault> {
        let dimension = self.0.asking.greet().await?;
        match columns.iter().find(|column| **column != dimension) {
            Some(column) => Err(self.0.asking.endpoint().wrong_dimension(dimension, *column)),
            None => Ok(dimension),
        }
    }

    /// As many texts as keep all requests busy: handing in more at once only takes more memory.
    pub fn portion(&self) -> usize {
        self.0.asking.batch() * self.0.concurrency
    }

    /// What becomes of each of `texts`, in their order, for a column of `dimension` components.
    ///
    /// Dropping the future lets go: what was answered is kept, the rest is asked for the next time. Vectors take
    /// four bytes a component, so a caller bounds memory by the number of texts it hands in: see [`Embedder::portion`].
    ///
    /// # Errors
    /// What is wrong with the endpoint and not with a text: transient faults have been tried again and are final.
    pub async fn vectors(&self, texts: &[Option<String>], dimension: usize) -> Result<Vec<Embedding>, Fault> {
        let wanted = Wanted::of(texts, self.0.max_characters);
        let keys: Vec<Digest> = wanted.texts.iter().map(|text| self.digest(text)).collect();
        let known = self.recall(keys.clone()).await?.into_iter();
        // What another model of this name once left behind is as good as missing.
        let mut known: Vec<Option<Vec<f32>>> = known
            .map(|vector| vector.filter(|vector| vector.len() == dimension))
            .collect();
        let missing: Vec<(Digest, &str)> = (known.iter().zip(keys.iter().zip(&wanted.texts)))
            .filter(|(known, _)| known.is_none())
            .map(|(_, (key, text))| (*key, *text))
            .collect();
        metrics::embedding_wanted(wanted.texts.len(), wanted.texts.len() - missing.len());
        let mut asked = self.ask(&missing, dimension).await?.into_iter();
        // As many were asked for as were not known.
        let told: Vec<Embedding> = known
            .iter_mut()
            .filter_map(|known| known.take().map(Embedding::Vector).or_else(|| asked.next()))
            .collect();
        let of = |place: &Option<usize>| place.map_or(Embedding::Nothing, |place| told[place].clone());
        Ok(wanted.places.iter().map(of).collect())
    }

    /// Asks for all of `texts`. After a fault nothing more is asked, but what is under way is waited for: it is paid.
    async fn ask(&self, texts: &[(Digest, &str)], dimension: usize) -> Result<Vec<Embedding>, Fault> {
        let failed = AtomicBool::new(false);
        // Nothing is asked before it is polled.
        let requests: Vec<_> = texts
            .chunks(self.0.asking.batch())
            .map(|texts| self.ask_unless(&failed, texts, dimension))
            .collect();
        let requests = futures::stream::iter(requests).buffered(self.0.concurrency);
        let answers: Vec<Result<Vec<Embedding>, Fault>> = requests.collect().await;
        let mut told = Vec::with_capacity(texts.len());
        for answer in answers {
            told.extend(answer?);
        }
        Ok(told)
    }

    async fn ask_unless(
        &self,
        failed: &AtomicBool,
        texts: &[(Digest, &str)],
        dimension: usize,
    ) -> Result<Vec<Embedding>, Fault> {
        if failed.load(Ordering::Relaxed) {
            return Ok(Vec::new());
        }
        let answered = self.ask_some(texts, dimension).await;
        failed.fetch_or(answered.is_err(), Ordering::Relaxed);
        answered
    }

    /// Asks for the texts of one request, and keeps each vector before it is handed out.
    async fn ask_some(&self, texts: &[(Digest, &str)], dimension: usize) -> Result<Vec<Embedding>, Fault> {
        let mut told = vec![Embedding::Nothing; texts.len()];
        let mut open = self.0.asking.begin(texts.iter().map(|(_, text)| *text).collect());
        while let Some(answered) = open.next().await? {
            let (mut kept, mut refused) = (Vec::with_capacity(answered.len()), 0);
            for (place, embedding) in answered {
                if let Embedding::Vector(vector) = &embedding {
                    kept.push((texts[place].0, vector.clone()));
                }
                refused += u64::from(matches!(embedding, Embedding::Refused(_)));
                told[place] = embedding;
            }
            metrics::embedding_refused(refused);
            let wrong = (kept.iter().map(|(_, vector)| vector.len())).find(|found| *found != dimension);
            self.keep(kept).await?;
            if let Some(found) = wrong {
                return Err(self.0.asking.endpoint().wrong_dimension(found, dimension));
            }
        }
        Ok(told)
    }

    fn digest(&self, text: &str) -> Digest {
        self.0.model.clone().chain_update(text).finalize().into()
    }

    async fn recall(&self, keys: Vec<Digest>) -> Result<Vec<Option<Vec<f32>>>, Fault> {
        let cache = self.0.cache.clone();
        let recalled = tokio::task::spawn_blocking(move || cache.recall(&keys)).await;
        Ok(recalled.map_err(|error| died(&error))??)
    }

    async fn keep(&self, vectors: Vec<(Digest, Vec<f32>)>) -> Result<(), Fault> {
        let cache = self.0.cache.clone();
        let kept = tokio::task::spawn_blocking(move || cache.keep(&vectors)).await;
        Ok(kept.map_err(|error| died(&error))??)
    }
}

fn died(error: &tokio::task::JoinError) -> Fault {
    Fault::permanent(
        Part::Checkpoints,
        "look into the cache of vectors",
        error.to_string(),
    )
}

/// The address decides nothing: the same model behind another one gives the same vectors.
fn model(embed: &config::Embed) -> Sha256 {
    let dimensions = embed.dimensions.map_or(0, u32::from);
    Sha256::new()
        .chain_update((embed.model.len() as u64).to_be_bytes())
        .chain_update(&embed.model)
        .chain_update(dimensions.to_be_bytes())
}

/// The different texts among those handed in.
struct Wanted<'t> {
    texts: Vec<&'t str>,
    /// For each that was handed in its place in `texts`; nothing where there is no text.
    places: Vec<Option<usize>>,
}

impl<'t> Wanted<'t> {
    fn of(given: &'t [Option<String>], max_characters: Option<usize>) -> Self {
        let (mut texts, mut known) = (Vec::new(), HashMap::new());
        let places = given.iter().map(|text| {
            let text = cut(text.as_deref()?, max_characters);
            (!text.trim().is_empty()).then(|| {
                *known.entry(text).or_insert_with(|| {
                    texts.push(text);
                    texts.len() - 1
                })
            })
        });
        let places = places.collect();
        Wanted { texts, places }
    }
}

fn cut(text: &str, max_characters: Option<usize>) -> &str {
    let end = max_characters.and_then(|most| text.char_indices().nth(most));
    end.map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_text_has_a_place_among_the_different_ones(
            texts in proptest::collection::vec(proptest::option::of("[ab\n ]{0,3}"), 0..20),
            most in proptest::option::of(1usize..3),
        ) {
            let wanted = Wanted::of(&texts, most);
            prop_assert_eq!(wanted.places.len(), texts.len());
            for (text, place) in texts.iter().zip(&wanted.places) {
                let cut: Option<String> = text.as_ref().map(|text| text.chars().take(most.unwrap_or(9)).collect());
                let there = cut.filter(|text| !text.trim().is_empty());
                prop_assert_eq!(place.map(|place| wanted.texts[place]), there.as_deref());
            }
            let different: std::collections::HashSet<_> = wanted.texts.iter().collect();
            prop_assert_eq!(different.len(), wanted.texts.len());
        }

        #[test]
        fn a_cut_text_is_a_beginning_of_so_many_characters(text in any::<String>(), most in 1usize..9) {
            let cut = cut(&text, Some(most));
            prop_assert!(text.starts_with(cut));
            prop_assert_eq!(cut.chars().count(), text.chars().count().min(most));
        }
    }
}
