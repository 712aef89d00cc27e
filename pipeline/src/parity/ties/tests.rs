//! The comparison against the definition it stands for: is there any way in which rounding explains both answers?

use super::super::tests::answers;
use super::*;
use proptest::prelude::*;

/// Whole numbers as scores, of which two may differ by one.
const ONE: Tolerance = Tolerance {
    absolute: 1.0,
    relative: 0.0,
};

type Said = Vec<(usize, i32)>;

/// A true score, the other side's error, and two numbers that decide what comes first of what is equal.
type Scored = (i32, i32, u8, u8);

fn named(said: &[(usize, i32)]) -> Vec<Answer> {
    said.iter()
        .map(|(id, score)| Answer {
            id: id.to_string(),
            score: f64::from(*score),
        })
        .collect()
}

fn is_same(k: usize, source: &[(usize, i32)], target: &[(usize, i32)]) -> bool {
    let likeness = compare(Metric::Dot, &ONE, k, &named(source), &named(target));
    !matches!(likeness, Likeness::Different(_))
}

/// Every way to score the same points on both sides, at most one apart, is tried: is there one of which both answers
/// are the `k` nearest?
fn is_explained(k: usize, source: &Said, target: &Said) -> bool {
    let mut points: Vec<usize> = source.iter().chain(target).map(|(id, _)| *id).collect();
    points.sort_unstable();
    points.dedup();
    let is_answer = |scores: &[i32], said: &Said| {
        let score = |id: usize| scores[points.iter().position(|point| *point == id).unwrap()];
        let rest = points
            .iter()
            .filter(|point| said.iter().all(|(id, _)| id != *point));
        let last = said.iter().map(|(id, _)| score(*id)).min();
        said.len() == k.min(points.len())
            && said.iter().all(|(id, told)| score(*id) == *told)
            && said
                .windows(2)
                .all(|pair| score(pair[0].0) >= score(pair[1].0) && pair[0].0 != pair[1].0)
            && rest
                .into_iter()
                .all(|point| last.is_none_or(|last| score(*point) <= last))
    };
    let ways = |said: &Said, other: &Said| -> Vec<Vec<i32>> {
        let mut ways = vec![Vec::new()];
        for point in &points {
            let told = |said: &Said| said.iter().find(|(id, _)| id == point).map(|(_, score)| *score);
            // What a side does not name it may score as it likes, within one of what the other says.
            let choices: Vec<i32> = match (told(said), told(other)) {
                (Some(score), _) => vec![score],
                (None, Some(score)) => vec![score - 1, score, score + 1],
                (None, None) => unreachable!("a point that nobody named"),
            };
            ways = ways
                .into_iter()
                .flat_map(|way| choices.iter().map(move |choice| [&way[..], &[*choice]].concat()))
                .collect();
        }
        ways
    };
    let (of_source, of_target) = (ways(source, target), ways(target, source));
    of_source.iter().any(|one| {
        is_answer(one, source)
            && of_target.iter().any(|other| {
                is_answer(other, target) && one.iter().zip(other).all(|(one, other)| (one - other).abs() <= 1)
            })
    })
}

/// An answer of up to three of five points, mostly in order.
fn said() -> impl Strategy<Value = Said> {
    let places = proptest::sample::subsequence(vec![0usize, 1, 2, 3, 4], 0..=3).prop_shuffle();
    (
        places,
        proptest::collection::vec(0i32..4, 3),
        proptest::bool::weighted(0.9),
    )
        .prop_map(|(ids, mut scores, ordered)| {
            if ordered {
                scores.sort_unstable_by(|one, other| other.cmp(one));
            }
            ids.into_iter().zip(scores).collect()
        })
}

/// A collection, scored by each side with an error of its own, and asked for the `k` nearest.
fn asked() -> impl Strategy<Value = (usize, Said, Said)> {
    let points = proptest::collection::vec((0i32..6, 0i32..=1, any::<u8>(), any::<u8>()), 1..12);
    (points, 1usize..8).prop_map(|(points, k)| {
        let nearest = |of: fn(&Scored) -> (i32, u8)| {
            let mut all: Vec<(usize, i32, u8)> = (0..)
                .zip(&points)
                .map(|(id, point)| (id, of(point).0, of(point).1))
                .collect();
            // Whatever comes first of what is equal: chance.
            all.sort_by_key(|(_, score, chance)| (-score, *chance));
            all.truncate(k);
            all.into_iter()
                .map(|(id, score, _)| (id, score))
                .collect::<Said>()
        };
        (
            k,
            nearest(|point| (point.0, point.2)),
            nearest(|point| (point.0 + point.1, point.3)),
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn the_same_means_that_rounding_explains_it(k in 1usize..=3, source in said(), target in said()) {
        let (mut source, mut target) = (source, target);
        source.truncate(k);
        target.truncate(k);
        prop_assert_eq!(is_same(k, &source, &target), is_explained(k, &source, &target), "{:?} {:?}", source, target);
    }

    #[test]
    fn two_honest_answers_are_the_same((k, source, target) in asked()) {
        prop_assert!(is_same(k, &source, &target), "{:?} {:?}", source, target);
        prop_assert!(is_same(k, &target, &source));
    }

    #[test]
    fn a_point_that_is_left_out_is_seen((k, source, target) in asked(), at in any::<prop::sample::Index>()) {
        let mut broken = target.clone();
        broken.remove(at.index(target.len()));
        prop_assert!(!is_same(k, &source, &broken));
        // Replaced by one that is farther than the last place can be, it is seen too.
        broken.push((99, source.last().unwrap().1 - 2));
        prop_assert!(!is_same(k, &source, &broken), "{:?} {:?}", source, broken);
    }

    #[test]
    fn a_score_that_is_off_is_seen((k, source, target) in asked(), at in any::<prop::sample::Index>(), by in 3i32..9) {
        let mut broken = target.clone();
        let place = at.index(target.len());
        broken[place].1 += by;
        prop_assert!(!is_same(k, &source, &broken));
    }
}

#[test]
fn what_is_told_is_what_is_wrong() {
    let told = |source: &[(usize, i32)], target: &[(usize, i32)]| match compare(
        Metric::Dot,
        &ONE,
        2,
        &named(source),
        &named(target),
    ) {
        Likeness::Different(differences) => differences,
        same => panic!("{same:?}"),
    };
    let missing = |side, id: &str, score| Difference::Missing {
        side,
        id: id.to_owned(),
        score,
    };
    assert_eq!(
        told(&[(1, 9), (2, 7)], &[(1, 9), (3, 4)]),
        [missing(Side::Target, "2", 7.0)]
    );
    assert_eq!(
        told(&[(1, 9), (2, 7)], &[(1, 9)])[0],
        Difference::Length { source: 2, target: 1 }
    );
    assert_eq!(
        told(&[(1, 9), (1, 9)], &[(1, 9), (2, 9)])[0],
        Difference::Twice {
            side: Side::Source,
            id: "1".to_owned()
        }
    );
    assert_eq!(
        told(&[(1, 8), (2, 9)], &[(2, 9), (1, 8)]),
        [Difference::Unordered {
            side: Side::Source,
            id: "2".to_owned()
        }]
    );
    assert_eq!(
        told(&[(1, 9), (2, 7)], &[(1, 9), (2, 5)]),
        [Difference::Score {
            id: "2".to_owned(),
            source: 7.0,
            target: 5.0
        }]
    );
}

#[test]
fn a_collection_smaller_than_asked_for_is_answered_whole_or_not_at_all() {
    // Both are as near as each other, but neither answer was cut off.
    assert!(!is_same(3, &[(1, 5), (2, 4)], &[(1, 5), (3, 4)]));
    assert!(is_same(2, &[(1, 5), (2, 4)], &[(1, 5), (3, 4)]));
    assert!(is_same(3, &[], &[]));
}

#[test]
fn where_smaller_is_nearer_order_is_the_other_way_round() {
    let tolerance = Tolerance::of(Metric::Euclid, 384);
    let near = answers([("a", 0.1), ("b", 0.2)]);
    let far = answers([("b", 0.2), ("a", 0.1)]);
    let of = |one: &[Answer], other: &[Answer]| compare(Metric::Euclid, &tolerance, 2, one, other);
    assert_eq!(of(&near, &near), Likeness::Identical);
    assert!(matches!(of(&near, &far), Likeness::Different(_)));
}

#[test]
fn what_is_no_number_is_no_other_score() {
    let tolerance = Tolerance::of(Metric::Cosine, 384);
    let of = |one: f64, other: f64| {
        compare(
            Metric::Cosine,
            &tolerance,
            1,
            &answers([("zero", one)]),
            &answers([("zero", other)]),
        )
    };
    assert!(matches!(of(0.0, f64::NAN), Likeness::Different(_)));
    assert_eq!(of(f64::NAN, f64::NAN), Likeness::Identical);
}

proptest! {
    /// Sums in any order stay within the tolerance; twice the bound on one side would be seen.
    #[test]
    fn no_order_of_adding_leaves_the_tolerance(
        products in proptest::collection::vec((-1.0f32..1.0, -1.0f32..1.0), 1..600), width in 1usize..16,
    ) {
        let length = |of: fn(&(f32, f32)) -> f32| products.iter().map(|pair| f64::from(of(pair)).powi(2)).sum::<f64>().sqrt() as f32;
        let (one, other) = (length(|pair| pair.0), length(|pair| pair.1));
        prop_assume!(one > 0.1 && other > 0.1);
        let unit: Vec<f32> = products.iter().map(|(a, b)| (a / one) * (b / other)).collect();
        let forward: f32 = unit.iter().fold(0.0, |sum, product| sum + product);
        let mut lanes = vec![0.0f32; width];
        for (at, product) in unit.iter().enumerate() {
            lanes[at % width] += product;
        }
        let lanes: f32 = lanes.iter().rev().fold(0.0, |sum, lane| sum + lane);
        let tolerance = Tolerance::of(Metric::Cosine, unit.len());
        prop_assert!(tolerance.equal(f64::from(forward), f64::from(lanes)), "{} {}", forward, lanes);
    }
}
