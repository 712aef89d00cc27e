//! The quarantine tried again: what a mended mapping or table can store leaves it, with every sum kept, whatever goes wrong.

use super::compared::{assert_same, in_source};
use super::source::{document, text};
use super::{aside, ends, export, load, number, object, settle};
use crate::support::shop::Shop;
use crate::support::{World, complete, emulator, test};
use rehearsal::proxy::{Proxy, Rule, Upstream};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DOCUMENTS: usize = 700;

/// People of whom every fifth has a name with U+0000, every seventh an age that is no number, every eleventh no town.
async fn people() -> Shop {
    let person = |n: usize| {
        let name = if n.is_multiple_of(5) { "A\0da" } else { "Ada" };
        let age = match n % 7 {
            0 => text("old"),
            _ => json!({ "integerValue": n.to_string() }),
        };
        let mut fields = json!({ "name": text(name), "age": age, "tags": { "arrayValue": { "values": [text("a"), text("b")] } } });
        if !n.is_multiple_of(11) {
            fields["town"] = text("Bern");
        }
        document(&format!("people/p{n:03}"), fields)
    };
    let all = (0..DOCUMENTS).map(person).collect();
    Shop::of(emulator().await.fresh_project(), all, Vec::new()).await
}

/// The mapping, strict or as lenient as is said.
fn mapping(nul: &str, misfit: &str, required: bool) -> String {
    format!(
        "[tables.people]\nfrom = \"people\"\nnul = \"{nul}\"\n\n[tables.people.columns]\nname = {{ type = \"text\" }}\n\
         age = {{ type = \"bigint\", misfit = \"{misfit}\" }}\ntown = {{ type = \"text\", required = {required} }}\n\n\
         [tables.people.children.people_tags]\nfrom = \"tags\"\nof = \"array\"\n\n\
         [tables.people.children.people_tags.columns]\ntag = {{ from = \"$value\", type = \"text\" }}\n"
    )
}

fn strict() -> String {
    mapping("quarantine", "quarantine", true)
}

fn lenient() -> String {
    mapping("escape", "overflow", false)
}

/// Documents in quarantine under the strict mapping, by path.
fn put_aside() -> usize {
    (0..DOCUMENTS)
        .filter(|n| n.is_multiple_of(5) || n.is_multiple_of(7) || n.is_multiple_of(11))
        .count()
}

async fn retry(world: &World, arguments: &[&str]) -> Value {
    let verb = ["quarantine", "retry", "--output", "json"];
    object(world.etl(&[&verb, arguments].concat())).await
}

/// Everything is there, once, and the ledger's sums are those of the tables.
async fn assert_whole(world: &World, in_quarantine: usize) {
    let client = world.client().await;
    let (rows, aside) = (DOCUMENTS - in_quarantine, in_quarantine as i64);
    assert_eq!(number(&client, "select count(*) from people").await, rows as i64);
    assert_eq!(
        number(&client, "select count(distinct _path) from people").await,
        rows as i64
    );
    assert_eq!(
        number(&client, "select count(*) from people_tags").await,
        2 * rows as i64
    );
    assert_eq!(
        number(&client, "select count(*) from etl.quarantine").await,
        aside
    );
    for (sum, what) in [
        (DOCUMENTS, "read"),
        (rows, "loaded"),
        (in_quarantine, "quarantined"),
    ] {
        let query = format!("select sum({what})::int8 from etl.lane");
        assert_eq!(number(&client, &query).await, sum as i64, "{what}");
    }
    for (place, rows) in [(1, rows), (2, 2 * rows)] {
        let query = format!("select sum(rows[{place}])::int8 from etl.lane");
        assert_eq!(number(&client, &query).await, rows as i64, "table {place}");
    }
}

#[test]
fn what_a_mended_mapping_can_store_leaves_the_quarantine() {
    test(async {
        let world = people().await.target().await;
        settle(&world, &strict());
        assert_eq!(load(&world).await["quarantined"], put_aside());
        assert_whole(&world, put_aside()).await;
        // Nothing was mended, nothing leaves.
        let unmended = retry(&world, &[]).await;
        assert_eq!(unmended["loaded"], json!({}));
        assert_whole(&world, put_aside()).await;
        // One policy: whatever has another obstacle too stays, with that.
        settle(&world, &mapping("escape", "quarantine", true));
        let only_nul = (0..DOCUMENTS)
            .filter(|n| n.is_multiple_of(5) && !n.is_multiple_of(7) && !n.is_multiple_of(11))
            .count();
        let told = retry(&world, &[]).await;
        assert_eq!(told["loaded"], json!({ "people": only_nul }), "{told}");
        assert_whole(&world, put_aside() - only_nul).await;
        let reasons: Vec<String> = aside(&world.client().await).await.into_values().collect();
        assert!(
            reasons
                .iter()
                .all(|reason| reason == "misfit" || reason == "required"),
            "{reasons:?}"
        );
        // The column still is NOT NULL: what lacks a town is refused by PostgreSQL, and says so.
        settle(&world, &lenient());
        retry(&world, &[]).await;
        let lack = (0..DOCUMENTS).filter(|n| n.is_multiple_of(11)).count();
        assert_whole(&world, lack).await;
        let detail = "select count(*) from etl.quarantine where sqlstate = '23502'";
        assert_eq!(number(&world.client().await, detail).await, lack as i64);
        world
            .client()
            .await
            .batch_execute("alter table people alter town drop not null")
            .await
            .unwrap();
        ends(
            world.etl(&["quarantine", "retry"]),
            0,
            &["left the quarantine, 0 stay there"],
        )
        .await;
        assert_whole(&world, 0).await;
        // The run is gone on with, and adds up; what was loaded says what the source says.
        assert_eq!(complete(world.run(&[])).await["quarantined"], 0);
        assert_same(
            &in_source(&world.firestore, None).await,
            &export(&world, &[]).await,
        );
        assert_eq!(retry(&world, &[]).await["loaded"], json!({}));
    });
}

#[test]
fn after_an_emergency_a_mended_mapping_goes_on() {
    test(async {
        let world = people().await.target().await;
        settle(&world, &strict());
        ends(
            world.run(&["--batch-rows", "20", "--lanes", "1"]),
            5,
            &["emergency stop"],
        )
        .await;
        ends(
            world.etl(&["status"]),
            0,
            &[
                "last start: ended ",
                "emergency stop",
                "next: find the reason with",
            ],
        )
        .await;
        world
            .client()
            .await
            .batch_execute("alter table people alter town drop not null")
            .await
            .unwrap();
        settle(&world, &lenient());
        assert_eq!(retry(&world, &[]).await["remaining"], json!({}));
        assert_eq!(complete(world.run(&[])).await["quarantined"], 0);
        assert_whole(&world, 0).await;
    });
}

#[test]
fn rows_of_another_mapping_are_not_put_beside_those_that_are_there() {
    test(async {
        let world = people().await.target().await;
        settle(&world, &strict());
        load(&world).await;
        settle(&world, &lenient().replace("bigint", "text"));
        let words = [
            "table people is written differently",
            "next: of a table that is loaded only `misfit`",
        ];
        ends(world.etl(&["quarantine", "retry"]), 7, &words).await;
        assert_whole(&world, put_aside()).await;
    });
}

#[test]
fn a_retry_of_one_reason_leaves_the_others_alone() {
    test(async {
        let world = people().await.target().await;
        settle(&world, &strict());
        load(&world).await;
        let before: BTreeMap<String, String> = aside(&world.client().await).await;
        settle(&world, &mapping("escape", "overflow", true));
        let told = retry(&world, &["--reason", "misfit"]).await;
        // What lacks a town besides stays, for that reason.
        let lacks_town = |path: &str| {
            path["people/p".len()..]
                .parse::<usize>()
                .unwrap()
                .is_multiple_of(11)
        };
        let mut loaded = 0;
        let left = before
            .into_iter()
            .filter_map(|(path, reason)| match reason.as_str() {
                "misfit" if lacks_town(&path) => Some((path, "required".to_owned())),
                "misfit" => {
                    loaded += 1;
                    None
                }
                _ => Some((path, reason)),
            });
        let left: BTreeMap<String, String> = left.collect();
        assert_eq!(aside(&world.client().await).await, left);
        assert!(loaded > 0);
        assert_eq!(told["loaded"], json!({ "people": loaded }));
    });
}

/// Cuts at every commit of a retry, before it reaches the server and after: nothing is lost or doubled.
#[test]
fn any_commit_of_a_retry_may_be_cut_or_its_answer_lost() {
    test(async {
        let shop = people().await;
        type Make = fn(u64) -> Rule;
        let ways: [Make; 2] = [
            |nth| Rule::LoseAnswer {
                sql: "commit".to_owned(),
                nth,
            },
            |nth| Rule::CutBefore {
                sql: "commit".to_owned(),
                nth,
            },
        ];
        for way in ways {
            let mut struck = 0;
            for nth in 1.. {
                let world = shop.target().await;
                settle(&world, &strict());
                load(&world).await;
                settle(&world, &mapping("escape", "overflow", true));
                let upstream = Upstream::postgres(&world.url).unwrap();
                let proxy = Proxy::start(upstream, vec![way(nth)]).await.unwrap();
                let url = proxy.url(&world.url).unwrap();
                let told = object(
                    world
                        .etl(&["quarantine", "retry", "--output", "json", "--retry-delay", "5ms"])
                        .env("DATABASE_URL", url),
                )
                .await;
                let lack = (0..DOCUMENTS).filter(|n| n.is_multiple_of(11)).count();
                assert_eq!(told["remaining"], json!({ "people": { "required": lack } }));
                assert_whole(&world, lack).await;
                if proxy.cuts() == 0 {
                    break;
                }
                struck += 1;
            }
            assert!(struck > 2, "only {struck} commits were cut");
        }
    });
}
