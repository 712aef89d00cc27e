//! Reading all documents of a place: in pages, as a stream, in partitions; counting them; reading some of their fields.

use crate::errand::{Client, Errand, Place};
use crate::stage::{Stage, by_path, same};
use anyhow::ensure;
use serde_json::{Value as Json, json};

fn collection(path: impl ToString) -> Place {
    Place::Collection(path.to_string())
}

/// Every group of the shop, the collection with the strangest ids, and one collection deep below.
fn places(stage: &Stage) -> Vec<Place> {
    let items = stage.oracle.of(&Place::Group("items".to_owned())).next();
    let deep = items.and_then(simulator::Path::parent).map(collection);
    let groups = stage.oracle.groups().into_iter().map(Place::Group);
    groups.chain([collection("old notes")]).chain(deep).collect()
}

async fn all_come(stage: &Stage, places: &[Place], errand: impl Fn(Place) -> Errand) -> anyhow::Result<()> {
    let errands: Vec<Errand> = places.iter().cloned().map(errand).collect();
    let said = stage.run(&errands).await?;
    for (place, said) in places.iter().zip(said) {
        same(&format!("{place:?}"), &said, &stage.oracle.lines(place))?;
    }
    Ok(())
}

pub(crate) async fn pages(client: Client) -> anyhow::Result<()> {
    let flat = Stage::flat(client)?;
    // The last page is full, and an empty one says that it was the last; then one that is not full.
    for limit in [250, 701] {
        all_come(&flat, &[collection("orders")], |from| Errand::Paged {
            from,
            limit,
        })
        .await?;
    }
    let shop = Stage::shop(client)?;
    all_come(&shop, &places(&shop), |from| Errand::Paged { from, limit: 97 }).await
}

pub(crate) async fn streams(client: Client) -> anyhow::Result<()> {
    let flat = Stage::flat(client)?;
    all_come(&flat, &[collection("orders")], |from| Errand::Streamed { from }).await?;
    let shop = Stage::shop(client)?;
    all_come(&shop, &places(&shop), |from| Errand::Streamed { from }).await
}

pub(crate) async fn partitions(client: Client) -> anyhow::Result<()> {
    for stage in [Stage::flat(client)?, Stage::shop(client)?] {
        let groups: Vec<String> = stage.oracle.groups().into_iter().collect();
        let partitions = 8;
        let errands: Vec<Errand> = groups
            .iter()
            .cloned()
            .map(|group| Errand::Partitioned { group, partitions })
            .collect();
        for (group, mut said) in groups.into_iter().zip(stage.run(&errands).await?) {
            let about = format!("partitions of {group:?}");
            let number = said.pop().and_then(|line| line["partitions"].as_u64());
            let expected = stage.oracle.lines(&Place::Group(group));
            // A partition has at least 128 documents.
            let enough = expected.len() < 256 || number > Some(1);
            ensure!(
                enough && number <= Some(partitions.into()),
                "{about}: {number:?} of them"
            );
            same(&about, &by_path(said), &by_path(expected))?;
        }
    }
    Ok(())
}

pub(crate) async fn counts(client: Client) -> anyhow::Result<()> {
    let shop = Stage::shop(client)?;
    let places = places(&shop);
    let errands: Vec<Errand> = places
        .iter()
        .cloned()
        .map(|from| Errand::Counted { from })
        .collect();
    for (place, said) in places.iter().zip(shop.run(&errands).await?) {
        same(
            &format!("{place:?}"),
            &said,
            &[json!({"count": shop.oracle.of(place).count()})],
        )?;
    }
    Ok(())
}

pub(crate) async fn projections(client: Client) -> anyhow::Result<()> {
    let shop = Stage::shop(client)?;
    let from = Place::Group("orders".to_owned());
    // Some documents have one of them, some have neither.
    let fields = vec!["currency".to_owned(), "total".to_owned()];
    let only = |mut line: Json| {
        if let Some(held) = line["fields"].as_object_mut() {
            held.retain(|name, _| fields.contains(name));
        }
        line
    };
    let expected: Vec<Json> = shop.oracle.lines(&from).into_iter().map(only).collect();
    let said = shop
        .run(&[Errand::Selected {
            from,
            fields: fields.clone(),
        }])
        .await?;
    same("two fields of all orders", &said[0], &expected)
}
