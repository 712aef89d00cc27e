//! What is read of Qdrant's JSON is what gRPC would have sent.

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn forms() -> Forms {
    Forms::from([
        ("".to_owned(), Form::Dense),
        ("rows".to_owned(), Form::Multi),
        ("words".to_owned(), Form::Sparse),
    ])
}

fn read(points: &str) -> proto::RetrievedPoint {
    let body =
        format!(r#"{{"time":0.1,"result":{{"next_page_offset":null,"points":[{points}]}},"status":"ok"}}"#);
    page(body.as_bytes(), &forms()).unwrap().points.remove(0).1
}

fn unnamed(point: proto::RetrievedPoint) -> Vec<f32> {
    match point.vectors.unwrap().vectors_options.unwrap() {
        VectorsOptions::Vector(vector) => match vector.vector.unwrap() {
            Vector::Dense(dense) => dense.data,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

proptest! {
    #[test]
    fn every_component_comes_bit_by_bit(bits in proptest::collection::vec(any::<u32>(), 0..50)) {
        let row: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
        let text = serde_json::to_string(&row).unwrap();
        let came = unnamed(read(&format!(r#"{{"id":1,"payload":{{}},"vector":{text}}}"#)));
        prop_assert_eq!(came.len(), row.len());
        for (came, sent) in came.into_iter().zip(row) {
            prop_assert!(came.to_bits() == sent.to_bits() || came.is_nan() && !sent.is_finite());
        }
    }

    #[test]
    fn no_answer_makes_it_panic(body in "\\PC{0,60}|[{}\\[\\]\":,a-z0-9]{0,60}") {
        let _ = page(body.as_bytes(), &forms());
    }
}

/// A decimal number beside the middle of two numbers of 32 bits, which 64 bits put into the middle.
#[test]
fn a_component_is_not_rounded_twice() {
    let text = "1.00000017881393432617187499";
    assert_ne!(text.parse::<f64>().unwrap() as f32, text.parse::<f32>().unwrap());
    let came = unnamed(read(&format!(r#"{{"id":1,"vector":[{text}]}}"#)));
    assert_eq!(came, [text.parse::<f32>().unwrap()]);
}

#[test]
fn a_point_is_what_grpc_would_have_sent() {
    let uuid = "00000000-0000-0000-0000-00000000000a";
    let text = json!({
        "id": uuid, "shard_key": 7, "order_value": 3,
        "payload": {"n": null, "i": -5, "d": 1.0, "u": u64::MAX, "l": [true, {"a": "b"}], "e": {}},
        "vector": {"rows": [[1.0, null], []], "words": {"indices": [4, 9], "values": [0.5, 0.0]}},
    });
    let point = read(&text.to_string());
    assert_eq!(point.id, Some(uuid.to_owned().into()));
    assert_eq!(point.shard_key, Some(7.into()));
    let kind = |key: &str| point.payload[key].kind.clone().unwrap();
    assert_eq!(
        (kind("i"), kind("d")),
        (Kind::IntegerValue(-5), Kind::DoubleValue(1.0))
    );
    assert_eq!(kind("u"), Kind::DoubleValue(u64::MAX as f64));
    assert!(matches!(kind("n"), Kind::NullValue(_)) && matches!(kind("l"), Kind::ListValue(_)));
    let Some(VectorsOptions::Vectors(named)) = point.vectors.unwrap().vectors_options else {
        panic!("they have names")
    };
    let Some(Vector::Sparse(words)) = named.vectors["words"].vector.clone() else {
        panic!("words are sparse")
    };
    assert_eq!((words.indices, words.values), (vec![4, 9], vec![0.5, 0.0]));
    let Some(Vector::MultiDense(rows)) = named.vectors["rows"].vector.clone() else {
        panic!("there are several")
    };
    assert!(rows.vectors[0].data[1].is_nan() && rows.vectors[1].data.is_empty());
}

#[test]
fn a_missing_unnamed_vector_is_no_named_one() {
    let vectors = |text: &str, forms: &Forms| {
        let body = format!(r#"{{"result":{{"points":[{{"id":1,"vector":{text}}}]}}}}"#);
        let page = page(body.as_bytes(), forms).unwrap();
        page.points[0].1.vectors.clone().unwrap().vectors_options
    };
    assert_eq!(vectors("{}", &forms()), None);
    let named = Forms::from([("rows".to_owned(), Form::Multi)]);
    assert!(matches!(vectors("{}", &named), Some(VectorsOptions::Vectors(_))));
}

#[test]
fn what_is_no_page_is_refused() {
    for body in [
        "",
        "{}",
        r#"{"result":null}"#,
        r#"{"result":{"points":[{}]}}"#,
        r#"{"result":{"points":[{"id":-1}]}}"#,
        r#"{"result":{"points":[{"id":"1"}]}}"#,
        r#"{"result":{}}"#,
        r#"{"result":{"poi"#,
    ] {
        assert!(page(body.as_bytes(), &forms()).is_err(), "{body}");
    }
}
