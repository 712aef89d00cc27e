//! What random mappings found once, each as a case that always finds it.

use crate::cases::Case;
use crate::mappings::documents::{ROOT, Sample};
use crate::target::{Target, plan};
use crate::{server, test};
use config::mapping::{Column, FieldPath, Holds, Misfit, Nul, Pattern, Scalar, Table, Type};
use transforms::Timestamp;
use transforms::json::Owned;

fn table(columns: Vec<Column>) -> Table {
    Table {
        name: "items".to_owned(),
        from: Pattern::group("items"),
        key: Vec::new(),
        nul: Nul::default(),
        columns,
        children: Vec::new(),
        drop: Vec::new(),
        indexes: Vec::new(),
        foreign_keys: Vec::new(),
        of: Default::default(),
        partition: None,
        toast_tuple_target: None,
        load: Default::default(),
    }
}

fn sample(id: &str, fields: Vec<(&str, Owned)>) -> Sample {
    let fields = fields.into_iter();
    Sample {
        name: format!("{ROOT}/items/{id}"),
        created: Some(Timestamp::default()),
        updated: Some(Timestamp::default()),
        fields: fields.map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

fn case(table: Table, samples: Vec<Sample>) -> Case {
    Case {
        seed: 0,
        tables: vec![table],
        exact_vectors: false,
        samples,
    }
}

/// The ledger says nothing of the order in which one transaction recorded them.
#[test]
fn of_a_field_amended_twice_the_original_with_u_0000_comes_back() {
    test(async {
        let number = Column {
            misfit: Misfit::Cast,
            ..Column::field(
                "a",
                FieldPath::top("a"),
                Type::Scalar(Scalar::Integer),
                Holds::Integer,
            )
        };
        let strips = Table {
            nul: Nul::Strip,
            ..table(vec![number])
        };
        let text = |text: &str| vec![("a", Owned::Text(text.to_owned()))];
        let case = case(strips, vec![sample("1", text("5\0")), sample("2", text("6\0"))]);
        let plan = plan(&case);
        let target = Target::new(&server().await.database("told").await.unwrap()).await;
        target.load(&case, &plan).await.unwrap();
        for moved in ["strip", "cast"] {
            // A row that is written anew lies behind the others.
            let rewrite = format!("update etl.amendment set at = at where policy = '{moved}'");
            assert_eq!(target.client.execute(&rewrite, &[]).await.unwrap(), 2);
            let back = target.documents(&plan, &case.tables[0], true).await.unwrap();
            let found: Vec<_> = back.into_iter().map(|document| document.fields).collect();
            let sent: Vec<_> = case.samples.iter().map(|sample| sample.fields.clone()).collect();
            assert_eq!(found, sent, "{moved} written last");
        }
    });
}
