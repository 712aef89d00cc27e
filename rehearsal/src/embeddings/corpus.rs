//! Short texts with a meaning, made from a few words of each topic in sentences that people write about it.
//! Text `n` of a topic is always the same, and no two are alike; topics are what a person would tell apart at a glance.
//! Real enough for a model to sort, and nobody's property.

use std::sync::LazyLock;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// A text, where it belongs, and its vector.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Counted from 1.
    pub id: u64,
    /// What it says.
    pub text: String,
    /// What it is about.
    pub topic: &'static str,
    /// What the model makes of it: 384 components of length one.
    pub vector: Vec<f32>,
}

/// Something that is said, and the same said with other words.
pub const PARAPHRASES: [(&str, &str); 10] = [
    ("A cat sleeps on the sofa.", "A kitten is napping on the couch."),
    (
        "The stock market fell sharply today.",
        "Share prices dropped a lot this morning.",
    ),
    (
        "How do I reset my password?",
        "I forgot my login credentials and want new ones.",
    ),
    (
        "The train to the coast was cancelled because of snow.",
        "Winter weather stopped the rail service to the seaside.",
    ),
    (
        "She plays the violin in an orchestra.",
        "A woman performs on a string instrument with a symphony.",
    ),
    (
        "Our invoice was paid twice by mistake.",
        "We accidentally settled the same bill two times.",
    ),
    (
        "The doctor advised him to drink more water.",
        "His physician said he should stay better hydrated.",
    ),
    (
        "A volcano erupted on the island last night.",
        "Lava burst out of a mountain on the isle yesterday evening.",
    ),
    (
        "The children built a tree house in the garden.",
        "Kids made a hut up in a tree behind the house.",
    ),
    (
        "My phone's battery does not last a day.",
        "The charge of my mobile runs out before evening.",
    ),
];

/// The names of the topics.
pub fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|topic| topic.name)
}

/// `count` texts with their topics, as many of each topic as of any other, give or take one; 72,072 at most.
pub fn texts(count: usize) -> Vec<(&'static str, String)> {
    // One of each topic after the other, so that a part of the corpus is about everything too.
    let mut all: Vec<_> = TOPICS.iter().map(|topic| (topic.name, topic.texts())).collect();
    let round = || -> Vec<_> {
        let next = all.iter_mut().map(|(name, texts)| Some((*name, texts.next()?)));
        next.flatten().collect()
    };
    let rounds = std::iter::repeat_with(round).take_while(|round| !round.is_empty());
    rounds.flatten().take(count).collect()
}

/// `count` points: texts and their vectors, from the cache folder or from the model.
pub async fn points(count: usize) -> anyhow::Result<Vec<Point>> {
    let texts = texts(count);
    let said: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let vectors = super::vectors(&said).await?;
    let point = |(id, ((topic, text), vector))| Point {
        id,
        text,
        topic,
        vector,
    };
    Ok((1..).zip(texts.into_iter().zip(vectors)).map(point).collect())
}

/// Points as lines of JSON, one a line.
pub fn write(points: &[Point], mut to: impl std::io::Write) -> anyhow::Result<()> {
    for point in points {
        serde_json::to_writer(&mut to, point).context("write a point")?;
        to.write_all(b"\n").context("write a point")?;
    }
    Ok(())
}

/// Sentences with places for words. The lengths of the lists have no common divisor.
#[derive(Debug, Deserialize)]
struct Topic {
    name: &'static str,
    sentences: [&'static str; 6],
    who: [&'static str; 11],
    what: [&'static str; 13],
    which: [&'static str; 7],
}

static TOPICS: LazyLock<Vec<Topic>> = LazyLock::new(|| {
    let text = include_str!("../../embeddings/topics.json");
    serde_json::from_str(text).expect("the file is part of this program, and a test reads it")
});

impl Topic {
    /// All its texts, each once.
    fn texts(&self) -> impl Iterator<Item = String> {
        let combinations = self.sentences.len() * self.who.len() * self.what.len() * self.which.len();
        (0..combinations).map(|number| self.text(number))
    }

    /// Counting through all lists at once meets every combination, for want of a common divisor.
    fn text(&self, number: usize) -> String {
        let sentence = self.sentences[number % self.sentences.len()];
        sentence
            .replace("WHO", self.who[number % self.who.len()])
            .replace("WHAT", self.what[number % self.what.len()])
            .replace("WHICH", self.which[number % self.which.len()])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn texts_differ_and_are_spread_over_the_topics() {
        for count in [0, 1, 13, 5_000, 72_072] {
            let texts = texts(count);
            assert_eq!(texts.len(), count);
            let different: BTreeSet<&String> = texts.iter().map(|(_, text)| text).collect();
            assert_eq!(different.len(), count);
            for name in topics() {
                let of_it = texts.iter().filter(|(topic, _)| *topic == name).count();
                assert!(
                    of_it.abs_diff(count / TOPICS.len()) <= 1,
                    "{of_it} of {count}: {name}"
                );
            }
        }
        assert_eq!(texts(5_000)[..100], texts(100)[..]);
    }

    #[test]
    fn every_place_is_filled() {
        for (_, text) in texts(5_000) {
            let places = ["WHO", "WHAT", "WHICH"];
            assert!(!places.iter().any(|place| text.contains(place)), "{text}");
        }
    }
}
