//! Documents asked for by name, the collections and documents below a name, and writes.

use crate::errand::{Answers, Client, Errand, Place};
use crate::stage::{Stage, by_path, same};
use anyhow::{Context, ensure};
use rehearsal::process::Stream;
use serde_json::{Value as Json, json};
use simulator::{Id, Path};

fn path(text: &str) -> anyhow::Result<Path> {
    Ok(Path::parse(text)?)
}

/// The first document of a group, and the documents above it, the outermost first.
fn line_of_descent(stage: &Stage, group: &str) -> anyhow::Result<Vec<Path>> {
    let place = Place::Group(group.to_owned());
    let first = stage.oracle.of(&place).next().context("the group is empty")?;
    Ok((2..=first.ids().len())
        .step_by(2)
        .map(|length| first.first(length))
        .collect())
}

pub(crate) async fn collections(client: Client) -> anyhow::Result<()> {
    let shop = Stage::shop(client)?;
    let mut below = vec![Path::default()];
    // Below documents that exist, below a shop that does not, and below one that has nothing below it.
    below.extend(line_of_descent(&shop, "items")?);
    below.push(
        shop.oracle
            .with_missing(&path("shops")?)
            .into_iter()
            .next()
            .context("there is no shop")?,
    );
    let named = |path: &Path| (!path.is_root()).then(|| path.to_string());
    let errands: Vec<Errand> = below
        .iter()
        .map(|path| Errand::Collections { below: named(path) })
        .collect();
    for (below, said) in below.iter().zip(shop.run(&errands).await?) {
        let expected = shop.oracle.collections(below).into_iter();
        let expected: Vec<Json> = expected.map(|id| json!({"collection": id})).collect();
        same(&format!("collections below {below}"), &said, &expected)?;
    }
    Ok(())
}

pub(crate) async fn lists(client: Client) -> anyhow::Result<()> {
    let shop = Stage::shop(client)?;
    let mut places: Vec<Path> = vec![
        path("users")?,
        path("old notes")?,
        path("products")?,
        path("shops")?,
    ];
    places.extend(line_of_descent(&shop, "items")?.iter().filter_map(Path::parent));
    let errands: Vec<Errand> = places
        .iter()
        .map(|place| Errand::Listed {
            collection: place.to_string(),
        })
        .collect();
    for (place, said) in places.iter().zip(shop.run(&errands).await?) {
        // The crate cannot ask for documents that are missing.
        let expected: Vec<Path> = match client {
            Client::Node => shop.oracle.with_missing(place).into_iter().collect(),
            Client::Rust => shop
                .oracle
                .of(&Place::Collection(place.to_string()))
                .cloned()
                .collect(),
        };
        let expected: Vec<Json> = expected
            .iter()
            .map(|path| json!({"path": path.to_string()}))
            .collect();
        same(&format!("documents of {place}"), &said, &expected)?;
    }
    Ok(())
}

pub(crate) async fn gets(client: Client) -> anyhow::Result<()> {
    let shop = Stage::shop(client)?;
    let notes = Place::Collection("old notes".to_owned());
    let mut paths: Vec<Path> = shop.oracle.of(&notes).cloned().collect();
    paths.extend(line_of_descent(&shop, "items")?);
    paths.push(path("users/nobody")?);
    let mut errands: Vec<Errand> = paths
        .iter()
        .map(|path| Errand::Got {
            path: path.to_string(),
        })
        .collect();
    let ids = shop.oracle.of(&notes).filter_map(Path::last).map(Id::to_string);
    let ids: Vec<String> = ids.chain(["nothing".to_owned()]).collect();
    errands.push(Errand::GotMany {
        collection: "old notes".to_owned(),
        ids,
    });

    let mut said = shop.run(&errands).await?;
    let many = said.pop().context("the last errand")?;
    let mut expected = shop.oracle.lines(&notes);
    expected.push(shop.oracle.line(&path("old notes/nothing")?));
    // A server may answer in any order.
    same("many at once", &by_path(many), &by_path(expected))?;
    for (path, said) in paths.iter().zip(said) {
        same(&format!("{path}"), &said, &[shop.oracle.line(path)])?;
    }
    Ok(())
}

/// Takes what the strangest documents hold through a client and back.
pub(crate) async fn copies(client: Client) -> anyhow::Result<()> {
    let shop = Stage::shop(client)?;
    let notes = Place::Collection("old notes".to_owned());
    let copy = |path: &Path| {
        format!(
            "copies of notes/{}",
            path.last().map(Id::to_string).unwrap_or_default()
        )
    };
    let errand = |path: &Path| Errand::Copied {
        path: path.to_string(),
        to: copy(path),
    };
    let errands: Vec<Errand> = shop.oracle.of(&notes).map(errand).collect();
    let began = shop.simulator.clock().now();
    let said = shop.run(&errands).await?;
    let ended = shop.simulator.clock().now();
    for (original, said) in shop.oracle.of(&notes).zip(said) {
        let [line] = &said[..] else {
            anyhow::bail!("{original}: {said:?}")
        };
        let written: Option<i64> = line["created"].as_str().and_then(|micros| micros.parse().ok());
        ensure!(
            written > Some(began.0) && written <= Some(ended.0),
            "{original}: created {written:?}"
        );
        let mut expected = shop.oracle.line(original);
        expected["path"] = json!(copy(original));
        expected["created"] = line["created"].clone();
        expected["updated"] = line["created"].clone();
        if client == Client::Node {
            take_whole_doubles_for_integers(&mut expected);
        }
        same(&format!("the copy of {original}"), &said, &[expected])?;
    }
    Ok(())
}

/// JavaScript has one kind of number: its client writes a double without fraction as an integer.
fn take_whole_doubles_for_integers(line: &mut Json) {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    let double = line.get("double").and_then(Json::as_str);
    let double = double
        .and_then(|bits| u64::from_str_radix(bits, 16).ok())
        .map(f64::from_bits);
    if let Some(whole) = double.filter(|double| double.fract() == 0.0 && double.abs() <= SAFE) {
        if !(whole == 0.0 && whole.is_sign_negative()) {
            *line = json!({"integer": format!("{whole}")});
        }
        return;
    }
    match line {
        Json::Array(values) => values.iter_mut().for_each(take_whole_doubles_for_integers),
        Json::Object(fields) => fields.values_mut().for_each(take_whole_doubles_for_integers),
        _ => {}
    }
}

/// One client listens while the other writes.
pub(crate) async fn watches(client: Client) -> anyhow::Result<()> {
    let other = match client {
        Client::Rust => Client::Node,
        Client::Node => Client::Rust,
    };
    let shop = Stage::shop(client)?;
    let users = Place::Collection("users".to_owned());
    let chosen: Vec<String> = shop.oracle.of(&users).take(2).map(Path::to_string).collect();
    let [changed, gone] = &chosen[..] else {
        anyhow::bail!("there are no two users")
    };
    let added = "users/somebody new".to_owned();
    let there = shop.oracle.lines(&users);

    let watching = shop.start(
        client,
        Errand::Watched {
            from: users,
            last: gone.clone(),
        },
    )?;
    watching.line(Stream::Stdout, r#""current":"#).await?;
    let write = |path: &str| Errand::Written {
        path: path.to_owned(),
        text: format!("new in {path}"),
    };
    for path in [changed, &added] {
        shop.run_as(other, &[write(path)]).await?;
        watching.line(Stream::Stdout, &format!("new in {path}")).await?;
    }
    shop.run_as(other, &[Errand::Deleted { path: gone.clone() }])
        .await?;
    let said = Answers::of(watching).await?;
    ensure!(said.gave_up.is_none(), "{:?}", said.gave_up);
    let said = said.said.into_iter().flatten().collect::<Vec<Json>>();

    let moments: Vec<&[Json]> = said.split(|line| line.get("current").is_some()).collect();
    let [first, modified, new, removed, []] = moments[..] else {
        anyhow::bail!("{said:?}")
    };
    let expected: Vec<Json> = there.into_iter().map(|line| with(line, "added")).collect();
    same("what is there", &by_path(first.to_vec()), &by_path(expected))?;
    for (lines, path, kind) in [(modified, changed, "modified"), (new, &added, "added")] {
        let [line] = lines else {
            anyhow::bail!("{path}: {lines:?}")
        };
        ensure!(
            line["path"] == json!(path) && line["change"] == json!(kind),
            "{line}"
        );
        ensure!(
            line["fields"] == json!({"text": format!("new in {path}")}),
            "{line}"
        );
    }
    let line = with(shop.oracle.line(&path(gone)?), "removed");
    same("the one that is gone", removed, &[line])
}

fn with(mut line: Json, change: &str) -> Json {
    line["change"] = json!(change);
    line
}
