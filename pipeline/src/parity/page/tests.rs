//! The page says what the report says, shows nothing that it was given as anything but text, and needs nothing else.

use super::super::tests::answers;
use super::super::{Answered, Metric, Report, Round, Rounds, Subject};
use proptest::prelude::*;
use std::time::Duration;

fn subject(collection: &str) -> Subject {
    Subject {
        collection: collection.to_owned(),
        table: "public.memories".to_owned(),
        column: "embedding".to_owned(),
        metric: Metric::Cosine,
        dimension: 384,
        points: 1_234_567,
        k: 2,
        questions: "stored vectors, sampled".to_owned(),
        at: "2026-11-21".to_owned(),
        bar_ms: 100.0,
        notes: vec!["A scroll is no snapshot.".to_owned()],
    }
}

fn round(way: &str, said: &[&[(&str, f64)]], milliseconds: u64) -> Round {
    let answered = |said: &&[(&str, f64)]| Answered {
        answers: answers(said.iter().copied()),
        took: Duration::from_millis(milliseconds),
    };
    Round {
        way: way.to_owned(),
        answered: said.iter().map(answered).collect(),
    }
}

fn report(collection: &str, way: &str, target: &[(&str, f64)]) -> Report {
    let whole: &[(&str, f64)] = &[("a", 0.9), ("b", 0.8)];
    let source = Rounds {
        exact: round("exact", &[whole, whole], 3),
        approximate: vec![round("as built", &[whole, whole], 2)],
    };
    let target = Rounds {
        exact: round("every row", &[whole, target], 40),
        approximate: vec![round(way, &[whole, &whole[..1]], 7)],
    };
    Report::of(subject(collection), &source, &target)
}

#[test]
fn it_says_what_was_found_and_so_does_the_text() {
    let report = report("memories", "hnsw.ef_search = 40", &[("b", 0.8), ("a", 0.8)]);
    assert!(!report.is_same());
    let (page, text) = (report.page(), report.to_string());
    for words in [
        "Exact search answers otherwise: 1 of 2 questions.",
        "a has score 0.9000000 in Qdrant and 0.8000000 in PostgreSQL",
        "1,234,567 points of 384 components",
        "hnsw.ef_search = 40",
        "0.7500",
        "A scroll is no snapshot.",
    ] {
        assert!(page.contains(words), "{words} is not in {page}");
        assert!(text.contains(words), "{words} is not in {text}");
    }
    assert!(page.contains("where embedding &lt;=&gt; $1 &lt; 0.10"), "{page}");
    assert!(text.contains("keeps to 100 ms"), "{text}");
    let data = serde_json::to_value(&report).unwrap();
    assert_eq!(data["target"][1]["recall"]["mean"], 0.75);
    assert_eq!(data["exact"]["different"], 1);
}

#[test]
fn what_is_the_same_is_said_to_be() {
    let near = 0.9 - 1e-6;
    let report = report("memories", "x", &[("a", near), ("b", 0.8)]);
    assert_eq!(
        report.verdict(),
        "Exact search answers the same, point for point: 2 of 2 questions."
    );
    assert!((report.exact.apart - 1e-6).abs() < 1e-9);
    assert!(report.page().contains("<section class=\"same\">"));
    let nothing = Rounds {
        exact: round("", &[], 0),
        approximate: Vec::new(),
    };
    assert!(!Report::of(subject("x"), &nothing, &nothing).is_same());
}

/// Tags that close as they open, as far as they are closed at all; attributes in quotes.
fn is_well_formed(page: &str) -> bool {
    let mut open = Vec::new();
    let body = page.split_once("</style>").unwrap().1;
    for piece in body.split('<').skip(1) {
        let Some((tag, text)) = piece.split_once('>') else {
            return false;
        };
        let name = tag
            .split([' ', '\n'])
            .next()
            .unwrap_or_default()
            .trim_end_matches('/');
        match name.strip_prefix('/') {
            Some("head") => {}
            Some(name) => {
                if open.pop() != Some(name) && !["html"].contains(&name) {
                    return false;
                }
            }
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
        if tag.matches('"').count() % 2 != 0 || text.contains('>') {
            return false;
        }
    }
    open.is_empty()
}

proptest! {
    #[test]
    fn no_name_breaks_out_of_the_text(name in "[<>&\"'a-z/ ü-]{0,40}", way in "[<>&\"'a-zß ]{0,40}") {
        let page = report(&format!("<script>alert(1)</script>{name}"), &way, &[("a", 0.9), ("b", 0.8)]).page();
        prop_assert!(!page.contains("<script"));
        prop_assert!(is_well_formed(&page), "{}", page);
    }

    #[test]
    fn no_figures_break_it(
        found in proptest::collection::vec(0usize..40, 1..60), times in proptest::collection::vec(0u64..100_000_000, 1..60),
        bar in 0.0f64..1e6,
    ) {
        let exact: Vec<(String, f64)> = (0..40).map(|at| (at.to_string(), 1.0 - f64::from(at) / 100.0)).collect();
        let exact = answers(exact.iter().map(|(id, score)| (id.as_str(), *score)));
        let answered = |(count, micros): (&usize, &u64)| Answered {
            answers: exact[..*count].to_vec(),
            took: Duration::from_micros(*micros),
        };
        let all: Vec<Answered> = found.iter().zip(&times).map(|(_, micros)| answered((&40, micros))).collect();
        let some: Vec<Answered> = found.iter().zip(&times).map(answered).collect();
        let rounds = Rounds {
            exact: Round { way: "exact".to_owned(), answered: all },
            approximate: vec![Round { way: "index".to_owned(), answered: some }],
        };
        let subject = Subject { k: 40, bar_ms: bar, ..subject("x") };
        let report = Report::of(subject, &rounds, &rounds);
        let page = report.page();
        prop_assert!(report.is_same());
        prop_assert!(is_well_formed(&page) && !page.contains("NaN") && !page.contains("inf"), "{}", page);
        // Nothing is drawn outside of its picture.
        for name in [" x=\"", " x1=\"", " x2=\"", " cx=\""] {
            for place in page.split(name).skip(1) {
                let value: f64 = place.split('"').next().unwrap().parse().unwrap();
                prop_assert!((0.0..=770.0).contains(&value), "{} {}", name, value);
            }
        }
    }
}

#[test]
fn it_needs_nothing_else() {
    let page = report("memories", "hnsw.ef_search = 40", &[("a", 0.9), ("b", 0.8)]).page();
    for word in ["http", "src=", "href=", "url(", "@import", "<script", "<link"] {
        assert!(!page.contains(word), "{word}");
    }
}
