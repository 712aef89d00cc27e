//! Plans as files: what is written reads back, and what is wrong is told, all of it.

use super::*;

fn problems(text: &str) -> Vec<String> {
    let problems = Plan::parse(text, "plan.toml").unwrap_err();
    problems.to_string().lines().map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn a_plan_reads_back_as_written(plan in plans()) {
        let text = plan.to_toml();
        prop_assert_eq!(Plan::parse(&text, "plan"), Ok(plan), "{}", text);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(\\[\\[fault\\]\\]|seed|strike|for|=|\"|\\[|\\]|stall|-|[0-9]|[a-z]|\n| ){0,40}") {
        let _ = Plan::parse(&text, "plan");
    }

    #[test]
    fn a_plan_cut_off_anywhere_is_read_or_refused_with_a_line_it_has(plan in plans(), share in 0.0..1.0f64) {
        let text = plan.to_toml();
        let end = text.floor_char_boundary((text.len() as f64 * share) as usize);
        if let Err(problems) = Plan::parse(&text[..end], "plan") {
            let lines = text[..end].split('\n').count();
            prop_assert!(problems.0.iter().all(|problem| (1..=lines).contains(&problem.line)), "{}", problems);
        }
    }
}

#[test]
fn everything_that_can_be_written_means_what_it_says() {
    let text = r#"
        seed = 7
        pitr = true
        mode = "datastore"
        edition = "enterprise"
        clock_skew = "-5m"
        count_at_most = 1_000_000
        [quota]
        reads_per_second = 1000
        [[fault]]
        strike = "unavailable"
        methods = ["RunQuery"]
        collection = "orders"
        after_documents = [0, 1000]
        probability = 0.01
        skip = 3
        times = 5
        retry_after = "2s"
        [[fault]]
        strike = "stall"
        for = "30s"
        [[fault]]
        strike = "drip"
        bytes_per_second = 2_000
    "#;
    let unavailable = Fault::new(Strike::Unavailable)
        .methods([Method::RunQuery])
        .collection("orders")
        .after_documents_in(0..=1_000)
        .probability(0.01)
        .skip(3)
        .times(5)
        .retry_after(Duration::from_secs(2));
    let plan = Plan::new(7)
        .point_in_time_recovery()
        .datastore_mode()
        .enterprise()
        .clock_skew(SignedDuration::from_mins(-5))
        .reads_per_second(1_000)
        .count_at_most(1_000_000)
        .fault(unavailable)
        .fault(Fault::new(Strike::Stall).lasting(Duration::from_secs(30)))
        .fault(Fault::new(Strike::Drip).bytes_per_second(2_000));
    assert_eq!(Plan::parse(text, "plan"), Ok(plan));
    assert_eq!(Plan::parse("", "plan"), Ok(Plan::default()));
}

#[test]
fn everything_wrong_is_told_at_once_each_with_its_line() {
    let told = problems(
        r#"seed = -1
sed = 7
clock_skew = "5"
[quota]
reads_per_second = 0
[[fault]]
strike = "unavailble"
for = 30
[[fault]]
times = 1.5
[[fault]]
strike = "end_early"
methods = ["RunQuery", "GetDocument", "Runquery"]
after_documents = [9, 3]
probability = 2
retry_after = "2s"
colection = "orders"
"#,
    );
    let expected = [
        "line 1: `seed` cannot be `-1`; write a whole number",
        "line 2: nothing is called `sed` here; a plan has: seed, pitr, mode, edition, clock_skew, count_at_most, [quota], [[fault]]",
        "line 3: `clock_skew` cannot be `\"5\"`; write how far",
        "line 5: `reads_per_second` cannot be `0`; write a whole number above 0",
        "line 7: there is no strike `\"unavailble\"`; write one of: unavailable, deadline_exceeded, ",
        "line 8: `for` cannot be `30`; write a duration in quotes",
        "line 9: the rule has no `strike`; write one of: unavailable, ",
        "line 10: `times` cannot be `1.5`; write a whole number",
        "line 13: `end_early` befalls no `\"GetDocument\"`; it can befall: BatchGetDocuments, RunQuery, ",
        "line 13: `end_early` befalls no `\"Runquery\"`; it can befall: ",
        "line 14: `after_documents` cannot be `[9, 3]`; write a number of documents",
        "line 15: `probability` cannot be `2`; write a number from 0 to 1",
        "line 16: `end_early` knows no `retry_after`; it knows: strike, methods, collection, after_documents, ",
        "line 17: nothing is called `colection` here; a rule has: strike, ",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(
            told.starts_with(&format!("plan.toml {expected}")),
            "{told}\n{expected}"
        );
    }
}

#[test]
fn a_kind_of_database_is_one_of_those_there_are() {
    let plan = "mode = \"native\"\nedition = \"standard\"\n";
    assert_eq!(Plan::parse(plan, "plan"), Ok(Plan::default()));
    let told = problems("mode = \"mongodb\"\nedition = true\n");
    let expected = [
        "plan.toml line 1: `mode` cannot be `\"mongodb\"`; write \"native\" or \"datastore\"",
        "plan.toml line 2: `edition` cannot be `true`; write \"standard\" or \"enterprise\"",
    ];
    assert_eq!(told, expected);
}

#[test]
fn what_is_no_toml_hides_no_other_mistake() {
    let told =
        problems("seed = \npitr = 3\npitr = true\n[[fault]\nstrike = \"nonsense\"\n[[fault]]\nstrike = 5\n");
    let lines: Vec<&str> = told.iter().map(|text| text.split(':').next().unwrap()).collect();
    // Below the broken header of line 4 nothing is judged: nobody knows what it belongs to.
    assert_eq!(
        lines,
        [
            "plan.toml line 1",
            "plan.toml line 2",
            "plan.toml line 3",
            "plan.toml line 4",
            "plan.toml line 7"
        ]
    );
}

#[test]
fn every_word_names_what_it_stands_for() {
    for strike in Strike::ALL {
        assert_eq!(Strike::named(strike.word()), Some(strike));
        assert!(
            Method::ALL.into_iter().any(|method| strike.befalls(method)),
            "{strike:?}"
        );
    }
    for method in Method::ALL {
        assert_eq!(Method::named(method.name()), Some(method));
    }
}

#[test]
fn the_examples_can_be_used_and_the_page_about_them_knows_every_strike() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut examples = 0;
    for file in std::fs::read_dir(folder.join("plans")).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let plan = Plan::parse(&text, &path.display().to_string()).unwrap();
        assert_ne!(plan, Plan::new(plan.seed), "{} is fair weather", path.display());
        examples += 1;
    }
    assert!(examples >= 3);
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).collect();
    assert_eq!(examples.len(), 4, "of a Firestore and of a Qdrant");
    let example = |place: usize| examples[place].split("```").next().unwrap();
    Plan::parse(example(0), "README.md").unwrap();
    crate::dataset::Dataset::parse(example(1)).unwrap();
    crate::qdrant::Options::parse(example(2)).unwrap();
    crate::qdrant::Plan::parse(example(3)).unwrap();
    for strike in Strike::ALL {
        assert!(
            page.contains(&format!("| `{}` |", strike.word())),
            "README.md does not tell of {}",
            strike.word()
        );
    }
}
