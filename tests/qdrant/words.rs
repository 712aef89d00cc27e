//! Of a move of points `etl` speaks of points: no page that it prints calls one a document, whatever it is asked.

use super::world::World;
use crate::support::test;
use rehearsal::process::Outcome;
use simulator::qdrant::{Collection, Distance, Mix, Odds, VectorParams};

/// Both streams of a command that must end with `code`.
async fn told(world: &World, arguments: &[&str], code: i32) -> String {
    let Outcome {
        status,
        stdout,
        stderr,
        ..
    } = world.etl(arguments).run().await.unwrap();
    let text = format!("{stdout}{stderr}");
    assert_eq!(status.code(), Some(code), "etl {arguments:?}\n{text}");
    assert!(
        !text.to_lowercase().contains("document"),
        "etl {arguments:?} speaks of documents:\n{text}"
    );
    for billed in ["reads billed", "read billed", "reads were billed"] {
        assert!(
            !text.contains(billed),
            "etl {arguments:?}: Qdrant bills nothing\n{text}"
        );
    }
    text
}

#[test]
fn points_are_called_points_by_every_verb() {
    test(async {
        let of = |name: &str, points| {
            Collection::new(name, points)
                .vector(VectorParams::new(4, Distance::Cosine))
                .payload(Mix::Plain)
        };
        let odds = Odds {
            nul: 0.01,
            ..Odds::default()
        };
        let notes = of("notes", 400).odds(odds);
        let world = World::of([notes, of("one", 1)]).await;
        let source = ["--source", "qdrant"];
        let with = |verb: &[&'static str]| [verb, &source[..]].concat();
        told(&world, &with(&["init"]), 0).await;
        std::fs::remove_file(world.folder().join("etl.toml")).unwrap();
        told(&world, &with(&["check"]), 0).await;
        let plan = told(&world, &with(&["plan", "--sql"]), 0).await;
        assert!(plan.contains("401 points in 4 lanes"), "{plan}");
        let mapped = "[tables.notes]\nfrom = \"notes\"\ndrop = [\"vector\"]\n[tables.notes.columns]\n\
                      title = { from = \"payload.title\", type = \"text\", misfit = \"quarantine\" }\n\
                      [mapping]\nunmapped = \"skip\"\n";
        world.settle(mapped);
        let plan = told(&world, &with(&["plan"]), 0).await;
        assert!(plan.contains("one (1 point)"), "{plan}");
        let run = told(&world, &with(&["run", "--metrics-listen", "off"]), 0).await;
        for words in ["400 points read", "every point is accounted for", "one (1 point)"] {
            assert!(run.contains(words), "{words}: {run}");
        }
        let status = told(&world, &["status"], 0).await;
        assert!(status.contains("400 of 400 points read"), "{status}");
        let list = told(&world, &["quarantine", "list", "--limit", "1"], 0).await;
        let path = list.lines().find(|line| line.starts_with("notes/")).unwrap();
        let path = path.split_whitespace().next().unwrap();
        told(&world, &["quarantine", "show", path], 0).await;
        told(&world, &["quarantine", "show", "notes/0-0"], 2).await;
        let export = ["export", "--to-firestore-json", "points.jsonl"];
        let exported = told(&world, &export, 0).await;
        assert!(exported.contains(" points"), "{exported}");
        // A key that tells no two points apart.
        let other = world.again().await;
        other.settle(
            &mapped
                .replace("from = \"notes\"\n", "from = \"notes\"\nkey = [\"kind\"]\n")
                .replace(
                    "[mapping]",
                    "kind = { value = \"note\", type = \"text\" }\n[mapping]",
                ),
        );
        let refused = other
            .etl(&with(&["run", "--metrics-listen", "off"]))
            .run()
            .await
            .unwrap();
        let text = format!("{}{}", refused.stdout, refused.stderr);
        assert!(
            !refused.status.success() && text.contains("tells its points apart"),
            "{text}"
        );
        assert!(!text.contains("document"), "{text}");
    });
}
