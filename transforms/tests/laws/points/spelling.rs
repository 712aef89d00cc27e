//! Vectors in tagged JSON, and points as Qdrant's REST API writes them.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value as Json;
use transforms::json::{self, Owned};
use transforms::{Floats, Rebuilt, Sparse, Value};

fn floats() -> impl Strategy<Value = Vec<f32>> {
    vec(
        prop_oneof![
            any::<u32>().prop_map(f32::from_bits),
            -1.0..1.0f32,
            Just(0.0),
            Just(-0.0)
        ],
        0..6,
    )
}

proptest! {
    #[test]
    fn every_component_is_read_back_bit_by_bit(floats in floats(), start in 0u32..u32::MAX - 10) {
        let indices: Vec<u32> = (start..).take(floats.len()).collect();
        let values: Floats<'_> = floats.iter().copied().collect();
        let sparse = Sparse::new(indices, values.clone()).unwrap();
        for value in [Value::Floats(values), Value::Sparse(Box::new(sparse))] {
            let text = json::text(&value, "points");
            let back = json::read(&text, "points").unwrap();
            prop_assert_eq!(back.view(), value.clone(), "{}", text);
            // As `jsonb` gives it back: numbers written out, without exponents.
            let parsed: Json = serde_json::from_str(&text).unwrap();
            let back = json::read(&parsed.to_string(), "points").unwrap();
            prop_assert_eq!(back.view(), value);
        }
    }

    #[test]
    fn a_point_in_rest_form_has_the_same_components(floats in floats(), number: u64) {
        let fields = vec![("vector".to_owned(), Owned::Floats(floats.iter().copied().collect()))];
        let point = Rebuilt { path: format!("c/{number}@eu"), created: None, updated: None, fields };
        let read: Json = serde_json::from_str(&json::point(&point)).unwrap();
        prop_assert_eq!(read["id"].as_u64(), Some(number));
        let components = read["vector"].as_array().unwrap();
        prop_assert_eq!(components.len(), floats.len());
        for (read, float) in components.iter().zip(floats) {
            match float.is_finite() {
                true => prop_assert_eq!(read.as_f64().unwrap() as f32, float),
                false => prop_assert!(read.is_null()),
            }
        }
    }
}

#[test]
fn a_point_is_written_as_the_api_writes_it() {
    let dense = |components: &[f32]| Owned::Floats(components.iter().copied().collect());
    let sparse = Sparse::new(vec![1, u32::MAX], [0.5, -1.0].into_iter().collect()).unwrap();
    let point = Rebuilt {
        path: "c/01234567-89ab-cdef-0123-456789abcdef".into(),
        created: None,
        updated: None,
        fields: vec![
            (
                "payload".into(),
                Owned::Map(vec![
                    ("é\"".into(), Owned::Double(1.0)),
                    (
                        "n".into(),
                        Owned::Array(vec![Owned::Null, Owned::Integer(-1), Owned::Map(vec![])]),
                    ),
                ]),
            ),
            ("shard_key".into(), Owned::Integer(5)),
            (
                "vector".into(),
                Owned::Map(vec![
                    (
                        "multi".into(),
                        Owned::Array(vec![dense(&[0.1, 1e-7]), dense(&[2.0, f32::NAN])]),
                    ),
                    ("sparse".into(), Owned::Sparse(Box::new(sparse))),
                ]),
            ),
        ],
    };
    let expected = r#"{"id":"01234567-89ab-cdef-0123-456789abcdef","payload":{"é\"":1.0,"n":[null,-1,{}]},"shard_key":5,"vector":{"multi":[[0.1,1e-7],[2.0,null]],"sparse":{"indices":[1,4294967295],"values":[0.5,-1.0]}}}"#;
    assert_eq!(json::point(&point), expected);
}
