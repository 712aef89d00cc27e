//! The hand-written walker against the generated decoder.

use proptest::collection::vec;
use proptest::prelude::*;
use prost::Message;
use qdrant_client::qdrant::{RetrievedPoint, ScrollResponse};
use transforms::qdrant::{PointId, id, page, point};

use super::arbitrary::{self, Server, Vector, Vectors, delimited, encoded};
use super::reference::assert_agree;

/// The generated conversion divides by the number of rows.
fn is_read_by_theirs(vectors: &Vectors, server: Server) -> bool {
    let empty = |vector: &Vector| matches!(vector, Vector::Multi(rows) if rows.is_empty());
    server == Server::ByKind
        || match vectors {
            Vectors::Unnamed(Some(vector)) => !empty(vector),
            Vectors::Named(named) => !named.iter().any(|(_, vector)| empty(vector)),
            _ => true,
        }
}

proptest! {
    #[test]
    fn our_walker_and_prost_agree_on_every_point((theirs, vectors) in arbitrary::point(), server in arbitrary::server()) {
        let body = encoded(&theirs, &vectors, server);
        let ours = point(&body, "c").unwrap();
        prop_assert_eq!(id(&body).unwrap().to_string(), ours.name[9..].split('@').next().unwrap());
        if is_read_by_theirs(&vectors, server) {
            assert_agree(ours, RetrievedPoint::decode(body.as_slice()).unwrap());
        }
    }

    #[test]
    fn every_generation_of_servers_says_the_same((theirs, vectors) in arbitrary::point()) {
        let [packed, unpacked, by_kind] =
            [Server::Packed, Server::Unpacked, Server::ByKind].map(|server| encoded(&theirs, &vectors, server));
        let decoded = [&packed, &unpacked, &by_kind].map(|body| point(body, "c").unwrap());
        for other in &decoded[1..] {
            prop_assert_eq!(&decoded[0].name, &other.name);
            let [one, other] = [&decoded[0], other].map(|document| transforms::Value::Map(document.fields.clone()));
            prop_assert!(one.same(&other), "{:?} is not {:?}", one, other);
        }
    }

    #[test]
    fn points_with_other_shard_keys_have_other_names((a, _) in arbitrary::point(), (b, _) in arbitrary::point()) {
        let b = RetrievedPoint { id: a.id.clone(), ..b };
        let [one, other] = [&a, &b].map(|theirs| point(&theirs.encode_to_vec(), "c").unwrap().name.into_owned());
        prop_assert_eq!(one == other, a.shard_key == b.shard_key);
        prop_assert!(!one[9..].contains(['/', '\0']));
    }

    #[test]
    fn pages_are_read_as_prost_reads_them(
        points in vec((arbitrary::point(), arbitrary::server()), 0..4), next in any::<Option<u64>>(), time: f64
    ) {
        let bodies: Vec<Vec<u8>> = points.iter().map(|((point, vectors), server)| encoded(point, vectors, *server)).collect();
        let head = ScrollResponse { next_page_offset: next.map(Into::into), time, ..Default::default() };
        let body = [head.encode_to_vec(), bodies.iter().flat_map(|body| delimited(2, body)).collect()].concat();
        let ours = page(&body).unwrap();
        prop_assert_eq!(ours.next, next.map(PointId::Number));
        let found: Vec<&[u8]> = ours.points.into_iter().map(|range| &body[range]).collect();
        prop_assert_eq!(found, bodies);
        prop_assert_eq!(ScrollResponse::decode(body.as_slice()).unwrap().result.len(), points.len());
    }

    #[test]
    fn no_bytes_make_it_panic(body in vec(any::<u8>(), 0..200)) {
        let _ = (point(&body, "c"), id(&body), page(&body));
    }

    #[test]
    fn damaged_points_are_refused_or_read_as_prost_reads_them(
        (theirs, vectors) in arbitrary::point(), server in arbitrary::server(),
        damage in vec((any::<usize>(), any::<u8>()), 1..4), cut in 0usize..10, bit: bool
    ) {
        let mut body = encoded(&theirs, &vectors, server);
        for (at, byte) in damage {
            let at = at % body.len();
            body[at] = if bit { body[at] ^ 1 << (byte % 8) } else { byte };
        }
        body.truncate(body.len() - if cut < 3 { cut } else { 0 });
        let _ = (id(&body), page(&body));
        let theirs = RetrievedPoint::decode(body.as_slice());
        if let (Ok(ours), Ok(theirs)) = (point(&body, "c"), theirs) {
            // Of other lengths is what prost merged, packed or dropped: not damage but another point.
            let canonical = theirs.encoded_len() == body.len();
            if canonical && server == Server::ByKind {
                assert_agree(ours, theirs);
            }
        }
    }

    #[test]
    fn fields_of_later_versions_are_skipped(
        (theirs, vectors) in arbitrary::point(), server in arbitrary::server(), front: bool, number in 7u32..104
    ) {
        use prost::encoding::{WireType, encode_key};
        let key = |wire| { let mut key = Vec::new(); encode_key(number, wire, &mut key); key };
        let unknown = [
            key(WireType::Varint), vec![0xff, 1],
            key(WireType::SixtyFourBit), vec![1; 8],
            key(WireType::LengthDelimited), vec![2, 7, 7],
            key(WireType::StartGroup), key(WireType::Varint), vec![9], key(WireType::EndGroup),
            key(WireType::ThirtyTwoBit), vec![1; 4],
        ].concat();
        let body = encoded(&theirs, &vectors, server);
        let plain = point(&body, "c").unwrap();
        let more = if front { [unknown, body.clone()].concat() } else { [body.clone(), unknown].concat() };
        let other = point(&more, "c").unwrap();
        prop_assert!(transforms::Value::Map(plain.fields).same(&transforms::Value::Map(other.fields)));
        prop_assert_eq!(plain.name, other.name);
    }
}

#[test]
fn what_is_no_point_is_refused() {
    let id = delimited(1, &[0x08, 7]);
    let with = |more: Vec<u8>| [id.clone(), more].concat();
    let vector = |content: &[u8]| with(delimited(4, &delimited(1, content)));
    assert!(point(&with(Vec::new()), "c").is_ok());
    for (body, what) in [
        (Vec::new(), "without an id"),
        (delimited(1, &[]), "neither a number nor a UUID"),
        (delimited(1, &delimited(2, b"no uuid")), "no UUID"),
        (with(delimited(2, &delimited(1, b"key"))), "a key without a value"),
        (
            with(delimited(2, &delimited(2, &[]))),
            "no type that payloads are known to hold",
        ),
        (with(delimited(5, &[])), "shard key"),
        (
            with(delimited(
                5,
                &[0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
            )),
            "beyond 63 bits",
        ),
        (vector(&delimited(1, &[1, 2, 3])), "a float cut off"),
        (vector(&delimited(102, &delimited(2, &[5]))), "one value an index"),
        (vector(&[0x18, 2]), "not of one length"),
        (
            vector(&[delimited(1, &[0; 12]), vec![0x18, 2]].concat()),
            "not of one length",
        ),
        (
            vector(&[delimited(1, &[0; 12]), vec![0x18, 0]].concat()),
            "not of one length",
        ),
        (
            vector(&delimited(2, &delimited(1, &[0xff, 0xff, 0xff, 0xff, 0x1f]))),
            "beyond 32 bits",
        ),
        (
            vector(&delimited(104, &[])),
            "kind that points are not known to have",
        ),
        (
            with(delimited(4, &delimited(2, &delimited(1, &delimited(1, b"v"))))),
            "a name without a vector",
        ),
    ] {
        let refused = point(&body, "c").unwrap_err().to_string();
        assert!(refused.contains(what), "{refused} does not say {what}");
    }
}

#[test]
fn values_nest_a_hundred_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let value = (1..depth).fold(vec![0x28, 1], |inner, _| delimited(7, &delimited(1, &inner)));
        let entry = [delimited(1, b"k"), delimited(2, &value)].concat();
        [delimited(1, &[0x08, 7]), delimited(2, &entry)].concat()
    };
    assert!(point(&nested(100), "c").is_ok());
    assert!(
        point(&nested(101), "c")
            .unwrap_err()
            .to_string()
            .contains("nested")
    );
    assert!(point(&nested(3_000), "c").is_err());
}
