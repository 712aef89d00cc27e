//! A point of Qdrant, or a page of them: read as the reference decoder reads it; told by its rows, or rejected with a
//! reason; and coming to the same digest in whatever order its maps are sent.
//! The first byte says under which mapping.

use prost::Message;
use qdrant_client::qdrant::RetrievedPoint;
use transforms::mapping::Table;
use transforms::qdrant::{self, Digester};
use transforms::{Packer, Row, Tuples, Unpacker, Value, relations};

use crate::mappings::documents::Sample;
use crate::mappings::{Choices, neighbours};
use crate::rebuilt::rows;

#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/filled.rs"]
mod filled;
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/judge.rs"]
mod judge;
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/mappings.rs"]
mod mappings;
#[allow(dead_code)]
#[path = "../../../transforms/tests/laws/points/reference.rs"]
mod reference;
mod wire;

const DIGESTER: u128 = 0x0123_4567_89ab_4def_8123_4567_89ab_cdef;

/// See the module.
pub fn law(data: &[u8]) {
    let Some((mapping, body)) = data.split_first() else {
        return;
    };
    if let Ok(page) = qdrant::page(body) {
        assert!(page.points.iter().all(|range| body.get(range.clone()).is_some()));
    }
    let digester = Digester::new(DIGESTER);
    let (id, digest) = digester.point(body);
    assert_eq!(id, qdrant::id(body).ok());
    assert_eq!(digest.count, 1);
    let theirs = RetrievedPoint::decode(body);
    let Ok(ours) = qdrant::point(body, "c") else {
        return;
    };
    if let Ok(theirs) = &theirs {
        let [one, other] = [false, true].map(|backward| wire::encoded(theirs, backward));
        // What is no point, now that prost has merged and dropped, comes to what its bytes are.
        if let Ok(point) = qdrant::point(&one, "c") {
            assert_eq!(digester.point(&one), digester.point(&other), "{theirs:?}");
            if digester.point(&one).1 == digest {
                assert_eq!(point.name, ours.name);
                let [one, other] = [&point, &ours].map(|point| Value::Map(point.fields.clone()));
                assert!(one.same(&other), "{one:?} is not {other:?}");
            }
        }
    }
    if let Ok(theirs) = theirs
        && wire::is_as_sent(&theirs, body)
    {
        reference::assert_agree(ours.clone(), theirs);
    }
    packed_and_told(*mapping, Sample::of(&ours));
}

fn packed_and_told(mapping: u8, point: Sample) {
    let table = table(mapping);
    let (exact, tables) = (mapping.is_multiple_of(2), std::slice::from_ref(&table));
    let neighbours = neighbours();
    let packer = Packer::new(tables, qdrant::ROOT, exact)
        .with_dictionary(&mappings::Words)
        .among(neighbours.iter().chain(tables));
    let mut out = vec![Tuples::default(); relations(tables).len()];
    let notes = match packer.pack(&point.view(), &[], &mut out) {
        Ok(notes) => notes,
        Err(reject) => {
            assert!(judge::explains(&table, &point, &reject), "{reject}\n{point:?}");
            return assert!(out.iter().all(|tuples| *tuples == Tuples::default()));
        }
    };
    let unpacker = Unpacker::new(&table, qdrant::ROOT)
        .with_dictionary(&mappings::Words)
        .among(neighbours.iter().chain(tables));
    let own = rows(&out[0]);
    let children: Vec<Vec<Row<'_>>> = out[1..].iter().map(rows).collect();
    let back = unpacker.document(&own[0], &children).unwrap();
    judge::judge(&table, &point, exact, &notes, back);
}

fn table(mapping: u8) -> Table {
    mappings::table(&mut Choices::scattered(mapping.into(), 400))
}

/// Points for many mappings, as two generations of servers send them.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |mapping: u8| {
        let point = filled::point(
            &table(mapping),
            &mut Choices::scattered(3000 + u64::from(mapping), 400),
        );
        [
            &[mapping],
            wire::sent(&point, mapping.is_multiple_of(2)).as_slice(),
        ]
        .concat()
    };
    (0..64).map(seed).collect()
}
