//! Names, sizes and depths: the largest that is allowed, and that one more is refused.

use crate::ask::collection;
use crate::expect::{Problems, invalid, refused, same};
use crate::law::{Law, law};
use crate::make::{array, bytes, fields, int, map, null, text};
use crate::order::IDS;
use crate::place::Place;
use anyhow::{Context, ensure};
use firestore::gcloud_sdk::google::firestore::v1 as proto;
use tonic::Code;

pub(crate) fn laws() -> Vec<Law> {
    vec![
        law!(any_id_that_is_not_reserved_is_kept),
        law!(reserved_ids_are_refused),
        law!(four_underscores_are_reserved_too).differs_on_emulator(
            "It accepts `____` as an id and as a field; Firestore reserves whatever matches `__.*__` \
             (firebase.google.com/docs/firestore/quotas, limits of collections, documents and fields).",
            |place| Box::pin(the_emulator_accepts_four_underscores(place)),
        ),
        law!(an_id_has_1500_bytes_at_most),
        law!(a_path_has_a_hundred_levels_at_most),
        law!(a_field_name_has_1500_bytes_at_most),
        law!(a_field_path_has_1500_bytes_at_most),
        law!(maps_lie_twenty_deep_at_most),
        law!(a_text_has_1048487_bytes_at_most),
        law!(a_document_has_a_mebibyte_at_most),
        law!(a_small_document_may_be_large_on_the_wire),
        law!(a_request_has_ten_mebibytes_at_most).differs_on_emulator(
            "It takes requests of 4 MiB at most; Firestore takes 10 (firebase.google.com/docs/firestore/quotas, limits of \
             writes and transactions).",
            |place| Box::pin(the_emulator_takes_four_mebibytes(place)),
        ),
        law!(forty_thousand_fields_are_a_document),
    ]
}

async fn any_id_that_is_not_reserved_is_kept(place: &Place) -> anyhow::Result<()> {
    let odd = [
        "a b",
        "a%2Fb",
        "a\nb",
        "'\"",
        "`",
        "\\",
        "...",
        ".a",
        "a.",
        "___",
        "__a",
        "*",
        "[]",
        "(default)",
        "~",
    ];
    let mut ids: Vec<&str> = IDS.into_iter().chain(odd).collect();
    let paths: Vec<String> = ids.iter().map(|id| format!("c/{id}")).collect();
    place.put(&paths).await?;
    for path in &paths {
        place.document(path).await.with_context(|| format!("{path:?}"))?;
    }
    let mut found = place.paths(&collection("c")).await?;
    found.sort();
    ids.sort_unstable();
    let expected: Vec<String> = ids.iter().map(|id| format!("c/{id}")).collect();
    same("the collection", found, expected)?;
    let as_collections: Vec<String> = ids
        .iter()
        .filter(|id| !id.starts_with("__id"))
        .map(|id| format!("{id}/a"))
        .collect();
    place.put(&as_collections).await.map(drop)
}

async fn reserved_ids_are_refused(place: &Place) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for id in [
        ".",
        "..",
        "__x__",
        "_____",
        "__id__",
        "__idx__",
        "__id0__",
        "__id07__",
        "__id+7__",
        "__id-0__",
        "__id9223372036854775808__",
    ] {
        let write = place.set(&format!("c/{id}"), fields([]));
        problems.note(invalid(
            &format!("the document {id:?}"),
            place.commit(vec![write]).await,
        ));
        let write = place.set(&format!("{id}/a"), fields([]));
        problems.note(invalid(
            &format!("the collection {id:?}"),
            place.commit(vec![write]).await,
        ));
    }
    let write = place.set("__id7__/a", fields([]));
    problems.note(invalid(
        "a collection of a number",
        place.commit(vec![write]).await,
    ));
    problems.none()
}

fn four_underscores(place: &Place) -> [proto::Write; 4] {
    [
        place.set("c/____", fields([])),
        place.set("____/a", fields([])),
        place.set("c/a", fields([("____", int(1))])),
        place.set("c/a", fields([("m", map([("____", int(1))]))])),
    ]
}

async fn four_underscores_are_reserved_too(place: &Place) -> anyhow::Result<()> {
    let mut problems = Problems::default();
    for write in four_underscores(place) {
        problems.note(invalid(
            &format!("{:?}", write.operation),
            place.commit(vec![write]).await,
        ));
    }
    problems.none()
}

async fn the_emulator_accepts_four_underscores(place: &Place) -> anyhow::Result<()> {
    for write in four_underscores(place) {
        place.change(vec![write]).await?;
    }
    Ok(())
}

async fn an_id_has_1500_bytes_at_most(place: &Place) -> anyhow::Result<()> {
    let longest = "é".repeat(750);
    place
        .put(&[format!("c/{longest}"), format!("{longest}/a")])
        .await?;
    place.document(&format!("c/{longest}")).await?;
    for path in [format!("c/{longest}x"), format!("{longest}x/a")] {
        let write = place.set(&path, fields([]));
        invalid("an id of 1,501 bytes", place.commit(vec![write]).await)?;
    }
    Ok(())
}

async fn a_path_has_a_hundred_levels_at_most(place: &Place) -> anyhow::Result<()> {
    let deepest = vec!["c/a"; 100].join("/");
    place.put(&[&deepest]).await?;
    place.document(&deepest).await?;
    let write = place.set(&format!("{deepest}/c/a"), fields([]));
    invalid("101 collections deep", place.commit(vec![write]).await)
}

async fn a_field_name_has_1500_bytes_at_most(place: &Place) -> anyhow::Result<()> {
    let longest = "é".repeat(750);
    place
        .change(vec![place.set("c/a", fields([(longest.as_str(), int(1))]))])
        .await?;
    let longer = format!("{longest}x");
    let write = place.set("c/a", fields([(longer.as_str(), int(1))]));
    invalid("a field of 1,501 bytes", place.commit(vec![write]).await)
}

fn nested(maps: usize) -> proto::Value {
    (0..maps).fold(int(1), |inside, _| map([("m", inside)]))
}

/// Names as they are, with a point between two; arrays on the way count nothing.
async fn a_field_path_has_1500_bytes_at_most(place: &Place) -> anyhow::Result<()> {
    let (fits, long) = ("`".repeat(1_496), "`".repeat(1_497));
    let below = |key: &str| map([("b", array([map([(key, int(1))])]))]);
    place
        .change(vec![place.set("c/a", fields([("a", below(&fits))]))])
        .await?;
    let write = place.set("c/a", fields([("a", below(&long))]));
    invalid("a path of 1,501 bytes", place.commit(vec![write]).await)
}

async fn maps_lie_twenty_deep_at_most(place: &Place) -> anyhow::Result<()> {
    let deepest = fields([("v", nested(20))]);
    place.change(vec![place.set("c/a", deepest.clone())]).await?;
    same("20 maps", &place.document("c/a").await?.fields, &deepest)?;
    let write = place.set("c/a", fields([("v", nested(21))]));
    invalid("21 maps", place.commit(vec![write]).await)?;
    let mixed = (0..10).fold(int(1), |inside, _| array([map([("m", inside)])]));
    place
        .change(vec![place.set("c/a", fields([("v", mixed.clone())]))])
        .await
        .context("10 maps in 10 arrays")?;
    let write = place.set("c/a", fields([("v", map([("m", mixed)]))]));
    invalid("11 maps in 10 arrays", place.commit(vec![write]).await)
}

async fn a_text_has_1048487_bytes_at_most(place: &Place) -> anyhow::Result<()> {
    let longest = "x".repeat(1_048_487);
    place
        .change(vec![place.set("c/a", fields([("t", text(longest.clone()))]))])
        .await?;
    same(
        "the text",
        &place.document("c/a").await?.fields["t"],
        &text(longest.clone()),
    )?;
    let write = place.set("c/a", fields([("t", text(longest.clone() + "x"))]));
    invalid("a text of 1,048,488 bytes", place.commit(vec![write]).await)?;
    place
        .change(vec![place.set("c/a", fields([("b", bytes(longest.clone()))]))])
        .await?;
    let write = place.set("c/a", fields([("b", bytes(longest + "x"))]));
    invalid("1,048,488 bytes", place.commit(vec![write]).await)
}

/// The most bytes of text that fit beside what a document `c/a` with two fields of one letter takes: its name (16 bytes,
/// and each id with one more), each field's name with one more, each text with one more, and 32 bytes.
const FITS: usize = 1_048_576 - (16 + 2 + 2) - 2 * (2 + 1) - 32;

async fn a_document_has_a_mebibyte_at_most(place: &Place) -> anyhow::Result<()> {
    let filled = |bytes: usize| {
        let (some, rest) = (text("x".repeat(500_000)), text("x".repeat(bytes - 500_000)));
        place.set("c/a", fields([("s", some), ("t", rest)]))
    };
    place
        .change(vec![filled(FITS)])
        .await
        .context("a document of 1,048,576 bytes")?;
    invalid("one byte more", place.commit(vec![filled(FITS + 1)]).await)
}

async fn a_small_document_may_be_large_on_the_wire(place: &Place) -> anyhow::Result<()> {
    let nulls = array(vec![null(); 1_000_000]);
    place
        .change(vec![place.set("c/a", fields([("v", nulls)]))])
        .await?;
    let found = place.documents(&collection("c")).await?;
    let Some(proto::value::ValueType::ArrayValue(found)) = &found[0].fields["v"].value_type else {
        anyhow::bail!("the array is gone")
    };
    same("elements", found.values.len(), 1_000_000)
}

async fn forty_thousand_fields_are_a_document(place: &Place) -> anyhow::Result<()> {
    let names: Vec<String> = (0..40_001).map(|n| format!("f{n}")).collect();
    let all = fields(names.iter().map(|name| (name.as_str(), int(1))));
    place.change(vec![place.set("c/a", all)]).await?;
    same("fields", place.document("c/a").await?.fields.len(), 40_001)
}

/// So many documents of a million bytes each.
fn megabytes(place: &Place, documents: usize) -> Vec<proto::Write> {
    let content = text("x".repeat(1_000_000));
    let write = |n| place.set(&format!("c/{n}"), fields([("t", content.clone())]));
    (0..documents).map(write).collect()
}

async fn a_request_has_ten_mebibytes_at_most(place: &Place) -> anyhow::Result<()> {
    place.change(megabytes(place, 10)).await.context("10 MB")?;
    ensure!(
        place.commit(megabytes(place, 11)).await.is_err(),
        "11 MB were accepted"
    );
    Ok(())
}

async fn the_emulator_takes_four_mebibytes(place: &Place) -> anyhow::Result<()> {
    place.change(megabytes(place, 4)).await.context("4 MB")?;
    let answer = place.commit(megabytes(place, 5)).await;
    refused(
        "5 MB",
        answer,
        Code::ResourceExhausted,
        "exceeds maximum size 4194304",
    )
}
