//! Digests of points: the same for the same document however it is sent, another one for every other document.

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use qdrant_client::qdrant::{
    ListValue, OrderValue, PointId, RetrievedPoint, Struct, Value, order_value, shard_key, value::Kind,
};
use transforms::qdrant::{Digest, Digester, point};

use super::arbitrary::{self, Fields, Vector, Vectors, delimited, encoded};

const KEY: u128 = 0x0123_4567_89ab_4def_8123_4567_89ab_cdef;

fn digest(body: &[u8]) -> Digest {
    Digester::new(KEY).point(body).1
}

/// The same entries in other maps, which keep them in orders of their own.
fn shuffled(fields: Fields) -> Fields {
    fields
        .into_iter()
        .map(|(key, value)| (key, turned(value)))
        .collect()
}

fn turned(value: Value) -> Value {
    let kind = value.kind.map(|kind| match kind {
        Kind::StructValue(theirs) => Kind::StructValue(Struct {
            fields: shuffled(theirs.fields),
        }),
        Kind::ListValue(list) => Kind::ListValue(ListValue {
            values: list.values.into_iter().map(turned).collect(),
        }),
        scalar => scalar,
    });
    Value { kind }
}

fn of(kind: Kind) -> Value {
    Value { kind: Some(kind) }
}

/// Everything that a value is after one change.
fn other_values(value: &Value) -> Vec<Value> {
    let text = |text: &str| Kind::StringValue(text.to_owned());
    let mut others = match value.kind.as_ref().unwrap() {
        Kind::NullValue(_) => vec![Kind::BoolValue(false), text(""), Kind::IntegerValue(0)],
        Kind::BoolValue(boolean) => vec![Kind::BoolValue(!boolean), Kind::IntegerValue(i64::from(*boolean))],
        Kind::IntegerValue(number) => vec![
            Kind::IntegerValue(number ^ 1),
            Kind::IntegerValue(number ^ i64::MIN),
            Kind::DoubleValue(*number as f64),
            text(&number.to_string()),
        ],
        Kind::DoubleValue(number) => vec![
            Kind::DoubleValue(-number),
            Kind::DoubleValue(f64::from_bits(number.to_bits() ^ 1)),
            Kind::IntegerValue(*number as i64),
        ],
        Kind::StringValue(was) => vec![
            text(&format!("{was}x")),
            text(&format!("\0{was}")),
            Kind::NullValue(0),
        ],
        Kind::ListValue(list) => other_lists(&list.values)
            .into_iter()
            .map(|values| Kind::ListValue(ListValue { values }))
            .collect(),
        Kind::StructValue(theirs) => other_fields(&theirs.fields)
            .into_iter()
            .map(|fields| Kind::StructValue(Struct { fields }))
            .collect(),
    };
    others.push(Kind::ListValue(ListValue {
        values: vec![value.clone()],
    }));
    others.push(Kind::StructValue(Struct {
        fields: [(String::new(), value.clone())].into(),
    }));
    others.into_iter().map(of).collect()
}

fn other_lists(values: &[Value]) -> Vec<Vec<Value>> {
    let mut others = vec![[values, &[of(Kind::NullValue(0))]].concat()];
    for (at, value) in values.iter().enumerate() {
        let without = [&values[..at], &values[at + 1..]].concat();
        others.push(without);
        for other in other_values(value) {
            let mut changed = values.to_vec();
            changed[at] = other;
            others.push(changed);
        }
        if values
            .get(at + 1)
            .is_some_and(|next| next.encode_to_vec() != value.encode_to_vec())
        {
            let mut swapped = values.to_vec();
            swapped.swap(at, at + 1);
            others.push(swapped);
        }
    }
    others
}

fn other_fields(fields: &Fields) -> Vec<Fields> {
    const NEW: &str = "a name that no arbitrary map has";
    let with = |key: &str, value: Option<Value>| {
        let mut changed = fields.clone();
        match value {
            Some(value) => drop(changed.insert(key.to_owned(), value)),
            None => drop(changed.remove(key)),
        }
        changed
    };
    let mut others = vec![
        with(NEW, Some(of(Kind::NullValue(0)))),
        with(NEW, Some(of(Kind::StringValue(String::new())))),
    ];
    for (key, value) in fields {
        others.push(with(key, None));
        let mut renamed = with(key, None);
        renamed.insert(NEW.to_owned(), value.clone());
        others.push(renamed);
        others.extend(
            other_values(value)
                .into_iter()
                .map(|other| with(key, Some(other))),
        );
    }
    others
}

fn other_floats(floats: &[f32]) -> Vec<Vec<f32>> {
    let changed = |at: usize, float: f32| {
        let mut changed = floats.to_vec();
        changed[at] = float;
        changed
    };
    let mut others = vec![[floats, &[0.0]].concat()];
    for (at, float) in floats.iter().enumerate() {
        others.push(changed(at, f32::from_bits(float.to_bits() ^ 1)));
        others.push(changed(at, f32::from_bits(float.to_bits() ^ 1 << 31)));
    }
    others
}

fn other_vectors(vector: &Vector) -> Vec<Vector> {
    match vector {
        Vector::Dense(floats) => other_floats(floats).into_iter().map(Vector::Dense).collect(),
        Vector::Sparse(indices, values) => {
            let values_changed = (0..values.len()).map(|at| {
                let mut values = values.clone();
                values[at] = f32::from_bits(values[at].to_bits() ^ 1);
                Vector::Sparse(indices.clone(), values)
            });
            let more = (
                [&indices[..], &[u32::MAX]].concat(),
                [&values[..], &[0.0]].concat(),
            );
            values_changed.chain([Vector::Sparse(more.0, more.1)]).collect()
        }
        Vector::Multi(rows) => {
            let mut others = vec![[&rows[..], &[vec![0.5; rows.first().map_or(1, Vec::len)]]].concat()];
            for (at, row) in rows.iter().enumerate() {
                let mut changed = rows.clone();
                changed[at][0] = f32::from_bits(row[0].to_bits() ^ 1);
                others.push(changed);
            }
            others.into_iter().map(Vector::Multi).collect()
        }
    }
}

/// The bodies of every point that is one change away.
fn others(theirs: &RetrievedPoint, vectors: &Vectors, server: arbitrary::Server) -> Vec<Vec<u8>> {
    let mut points: Vec<RetrievedPoint> = other_fields(&theirs.payload)
        .into_iter()
        .map(|payload| RetrievedPoint {
            payload,
            ..theirs.clone()
        })
        .collect();
    let id = |id: PointId| RetrievedPoint {
        id: Some(id),
        ..theirs.clone()
    };
    points.extend([
        id(77_777.into()),
        id("00000000-0000-0000-0000-000000011111".to_owned().into()),
    ]);
    let key = shard_key::Key::Keyword("another".to_owned());
    let shard_key = Some(qdrant_client::qdrant::ShardKey { key: Some(key) });
    points.push(RetrievedPoint {
        shard_key,
        ..theirs.clone()
    });
    let mut bodies: Vec<Vec<u8>> = points
        .iter()
        .map(|point| encoded(point, vectors, server))
        .collect();
    let other_vectors: Vec<Vectors> = match vectors {
        Vectors::None | Vectors::Unnamed(None) => vec![Vectors::Unnamed(Some(Vector::Dense(vec![0.0])))],
        Vectors::Unnamed(Some(vector)) => other_vectors(vector)
            .into_iter()
            .map(|vector| Vectors::Unnamed(Some(vector)))
            .chain([Vectors::Named(vec![(String::new(), vector.clone())])])
            .collect(),
        Vectors::Named(named) => {
            let mut all = vec![[&named[..], &[("new name".to_owned(), Vector::Dense(vec![1.0]))]].concat()];
            for (at, (name, vector)) in named.iter().enumerate() {
                all.push([&named[..at], &named[at + 1..]].concat());
                for other in other_vectors(vector)
                    .into_iter()
                    .map(|vector| (name.clone(), vector))
                {
                    let mut changed = named.clone();
                    changed[at] = other;
                    all.push(changed);
                }
                let mut renamed = named.clone();
                renamed[at].0 = "new name".to_owned();
                all.push(renamed);
            }
            all.into_iter().map(Vectors::Named).collect()
        }
    };
    bodies.extend(
        other_vectors
            .iter()
            .map(|vectors| encoded(theirs, vectors, server)),
    );
    bodies
}

/// What two bodies that come to the same must have in common: both are the same document, or neither is one.
fn assert_agree(one: &[u8], other: &[u8]) {
    match (point(one, "c"), point(other, "c")) {
        (Ok(one), Ok(other)) => {
            assert_eq!(one.name, other.name);
            let (one, other) = (
                transforms::Value::Map(one.fields),
                transforms::Value::Map(other.fields),
            );
            assert!(one.same(&other), "{one:?} is not {other:?}");
        }
        (Err(_), Err(_)) => {}
        (one, other) => panic!("{one:?} and {other:?}"),
    }
}

proptest! {
    #[test]
    fn the_order_of_maps_does_not_count((theirs, vectors) in arbitrary::point(), server in arbitrary::server()) {
        let body = encoded(&theirs, &vectors, server);
        let turned = RetrievedPoint { payload: shuffled(theirs.payload.clone()), ..theirs };
        let vectors = match vectors {
            Vectors::Named(named) => Vectors::Named(named.into_iter().rev().collect()),
            other => other,
        };
        prop_assert_eq!(digest(&encoded(&turned, &vectors, server)), digest(&body));
    }

    #[test]
    fn one_change_makes_another_digest((theirs, vectors) in arbitrary::point(), server in arbitrary::server()) {
        let was = digest(&encoded(&theirs, &vectors, server));
        for body in others(&theirs, &vectors, server) {
            prop_assert_ne!(digest(&body).points, was.points);
        }
    }

    #[test]
    fn whatever_the_bytes_equal_digests_are_equal_documents(
        (theirs, vectors) in arbitrary::point(), server in arbitrary::server(), at: prop::sample::Index, bit in 0..8u32,
    ) {
        let body = encoded(&theirs, &vectors, server);
        let mut broken = body.clone();
        broken[at.index(body.len())] ^= 1 << bit;
        if digest(&broken) == digest(&body) {
            assert_agree(&broken, &body);
        }
        let cut = &body[..at.index(body.len())];
        prop_assert_ne!(digest(cut).points, digest(&body).points);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200)) {
        let (id, _) = Digester::new(KEY).point(&bytes);
        prop_assert_eq!(id, transforms::qdrant::id(&bytes).ok());
    }

    #[test]
    fn the_order_of_a_name_that_comes_twice_counts(
        (theirs, _) in arbitrary::point(), one in arbitrary::value(), other in arbitrary::value(), more in 0..20usize,
    ) {
        prop_assume!(one.encode_to_vec() != other.encode_to_vec());
        let entry = |name: &str, value: &Value| {
            delimited(2, &[delimited(1, name.as_bytes()), delimited(2, &value.encode_to_vec())].concat())
        };
        let names: Vec<Vec<u8>> = (0..more).map(|at| entry(&format!("name {at}"), &other)).collect();
        let (one, other) = (entry("twice", &one), entry("twice", &other));
        let body = |parts: [&[u8]; 2]| [theirs.encode_to_vec(), names.concat(), parts.concat()].concat();
        prop_assert_ne!(digest(&body([&one, &other])), digest(&body([&other, &one])));
    }

    #[test]
    fn what_a_scroll_was_ordered_by_does_not_count((theirs, _) in arbitrary::point(), number: i64) {
        let order_value = Some(OrderValue { variant: Some(order_value::Variant::Int(number)) });
        let ordered = RetrievedPoint { order_value, ..theirs.clone() };
        prop_assert_eq!(digest(&ordered.encode_to_vec()), digest(&theirs.encode_to_vec()));
    }

    #[test]
    fn what_is_unknown_counts((theirs, _) in arbitrary::point(), bytes in vec(any::<u8>(), 0..9)) {
        let body = theirs.encode_to_vec();
        prop_assert_ne!(digest(&[body.clone(), delimited(9, &bytes)].concat()), digest(&body));
    }

    #[test]
    fn another_key_makes_other_digests((theirs, _) in arbitrary::point(), key: u64) {
        let body = theirs.encode_to_vec();
        prop_assume!(key != 0);
        prop_assert_ne!(Digester::new(KEY ^ u128::from(key)).point(&body).1.points, digest(&body).points);
    }
}
