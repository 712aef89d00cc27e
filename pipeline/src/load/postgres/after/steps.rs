//! What is made after the load, in order: each table's key and indexes, then the foreign keys of all.
//!
//! The steps follow from the mapping alone, so a plan can show them before anything is there.

use super::definition::Definition;
use super::foreign::Foreign;
use super::names::Names;
use config::mapping::{Child, Collection, Column, Index, Load, Table, Type};
use transforms::quote;

/// One index or constraint to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The table it belongs to, as the mapping names it.
    pub table: String,
    /// Its name, at most 63 bytes. Where something else has that name, it gets another one.
    pub name: String,
    /// What it is, for a person: "primary key of users (id)".
    pub sentence: String,
    /// The table with its schema, quoted.
    pub(super) qualified: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Key(Vec<String>),
    Index(Definition),
    Foreign(Foreign),
}

impl Step {
    /// The statements that make it where the table is not in use, as a plan shows them.
    pub fn sql(&self) -> String {
        self.plain(&self.name, None)
    }

    /// Whether it is a primary key. A run ends without one, and goes on without anything else.
    pub(crate) fn is_key(&self) -> bool {
        matches!(self.what, What::Key(_))
    }

    /// The same for a migration that may be applied before or after a run: what is there already is left alone, and
    /// rows that refer to nothing leave the constraint unvalidated. Tables without rows get no foreign keys: those
    /// would refuse the rows of a run, which come in no order.
    pub fn migration_sql(&self) -> String {
        const THERE: &str = "duplicate_table or duplicate_object or invalid_table_definition";
        match &self.what {
            What::Foreign(foreign) => {
                let add = format!(
                    "if exists (select from {}) then\n    {};\n  end if",
                    self.qualified,
                    foreign.add(&self.qualified, &self.name)
                );
                let validate = foreign.validate(&self.qualified, &self.name);
                block(&add, THERE) + &block(&validate, "foreign_key_violation or undefined_object")
            }
            What::Key(_) | What::Index(_) => block(&self.sql(), THERE),
        }
    }

    pub(super) fn plain(&self, name: &str, pgvector: Option<&str>) -> String {
        let table = &self.qualified;
        match &self.what {
            What::Key(columns) => {
                let (name, columns) = (quote(name), list(columns));
                format!("alter table {table} add constraint {name} primary key ({columns})")
            }
            What::Index(definition) => definition.sql(name, table, false, pgvector),
            What::Foreign(foreign) => {
                format!("{};\n{}", foreign.add(table, name), foreign.validate(table, name))
            }
        }
    }
}

/// A statement that passes over one kind of error, and says so.
fn block(statement: &str, passed_over: &str) -> String {
    // Identifiers may hold anything, a tag of a quoted text included.
    let tags = std::iter::successors(Some("$etl$".to_owned()), |tag| Some(tag.replace("$etl", "$etl_")));
    let tag = tags
        .into_iter()
        .find(|tag| !statement.contains(tag.as_str()))
        .unwrap_or_default();
    format!(
        "do {tag} begin\n  {statement};\nexception when {passed_over} then raise notice '%', sqlerrm;\nend {tag};\n"
    )
}

/// Columns as a statement lists them.
pub(super) fn list(columns: &[String]) -> String {
    let quoted: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    quoted.join(", ")
}

/// Everything that is made in `schema` after `tables` are loaded. Without `keys`, primary keys are left to the
/// operator; what foreign keys refer to is proved unique all the same.
pub fn steps(tables: &[Table], schema: &str, keys: bool) -> Vec<Step> {
    let relations = relations(tables);
    let foreign: Vec<Vec<Foreign>> = relations
        .iter()
        .map(|relation| relation.foreign(schema))
        .collect();
    let mut names = Names::taken(relations.iter().map(|relation| relation.name.to_owned()));
    let mut steps = Vec::new();
    for relation in &relations {
        let referred = foreign.iter().flatten().filter(|key| key.table == relation.name);
        let referred: Vec<&[String]> = referred.map(|key| &*key.to).collect();
        relation.own(schema, keys, &referred, &mut names, &mut steps);
    }
    for (relation, foreign) in relations.iter().zip(foreign) {
        let mut names = Names::default();
        for key in foreign {
            let parts: Vec<&str> = [relation.name]
                .into_iter()
                .chain(key.columns.iter().map(String::as_str))
                .collect();
            let name = names.give(&parts, "fkey", &key.sentence(""));
            steps.push(relation.step(schema, name, key.sentence(relation.name), What::Foreign(key)));
        }
    }
    steps
}

/// One PostgreSQL table: of documents, or of elements.
struct Relation<'t> {
    name: &'t str,
    key: Vec<String>,
    columns: &'t [Column],
    indexes: &'t [Index],
    /// The table of the documents that the elements are in.
    parent: Option<&'t str>,
    foreign_keys: &'t [config::mapping::ForeignKey],
    /// It was there before, with a key of its own.
    merged: bool,
}

fn relations(tables: &[Table]) -> Vec<Relation<'_>> {
    let mut relations = Vec::new();
    for table in tables {
        let key = if table.key.is_empty() {
            vec!["_path".to_owned()]
        } else {
            table.key.clone()
        };
        relations.push(Relation {
            name: &table.name,
            key,
            columns: &table.columns,
            indexes: &table.indexes,
            parent: None,
            foreign_keys: &table.foreign_keys,
            merged: table.load == Load::Merge,
        });
        let child = |child: &'_ Child| {
            let place = match child.of {
                Collection::Array => "_ordinal",
                Collection::Map => "_key",
            };
            vec!["_path".to_owned(), place.to_owned()]
        };
        relations.extend(table.children.iter().map(|of| Relation {
            name: &of.name,
            key: child(of),
            columns: &of.columns,
            indexes: &of.indexes,
            parent: Some(&table.name),
            foreign_keys: &[],
            merged: false,
        }));
    }
    relations
}

impl Relation<'_> {
    fn step(&self, schema: &str, name: String, sentence: String, what: What) -> Step {
        Step {
            table: self.name.to_owned(),
            name,
            sentence,
            qualified: format!("{}.{}", quote(schema), quote(self.name)),
            what,
        }
    }

    /// The key, what others need to refer to it, and the indexes.
    fn own(
        &self,
        schema: &str,
        keys: bool,
        referred: &[&[String]],
        names: &mut Names,
        steps: &mut Vec<Step>,
    ) {
        let mut proved: Vec<Vec<String>> = Vec::new();
        if keys && !self.merged {
            let name = names.give(&[self.name], "pkey", "primary key");
            let sentence = format!("primary key of {} ({})", self.name, self.key.join(", "));
            steps.push(self.step(schema, name, sentence, What::Key(self.key.clone())));
            proved.push(self.key.clone());
        }
        let asked: Vec<Definition> = self
            .indexes
            .iter()
            .map(|index| Definition::asked(index, |column| self.sql_type(column)))
            .collect();
        for columns in referred {
            let there = proved.iter().any(|key| same(key, columns));
            if !there && !asked.iter().any(|index| index.proves(columns)) {
                steps.push(self.index(schema, names, Definition::unique(columns)));
                proved.push(columns.to_vec());
            }
        }
        for definition in asked {
            steps.push(self.index(schema, names, definition));
        }
    }

    fn index(&self, schema: &str, names: &mut Names, definition: Definition) -> Step {
        let columns = definition.columns();
        let parts: Vec<&str> = [self.name].into_iter().chain(columns).collect();
        let name = names.give(&parts, "idx", &definition.sql("", "", false, None));
        let sentence = definition.sentence(self.name);
        self.step(schema, name, sentence, What::Index(definition))
    }

    fn foreign(&self, schema: &str) -> Vec<Foreign> {
        let mut foreign = Vec::new();
        if let Some(parent) = self.parent {
            let path = vec!["_path".to_owned()];
            foreign.push(Foreign::new(schema, path.clone(), parent, path));
        }
        for column in self.columns {
            if let Some(to) = &column.references {
                let columns = vec![column.name.clone()];
                foreign.push(Foreign::new(schema, columns, &to.table, vec![to.column.clone()]));
            }
        }
        for key in self.foreign_keys {
            foreign.push(Foreign::new(
                schema,
                key.columns.clone(),
                &key.table,
                key.to.clone(),
            ));
        }
        foreign
    }

    fn sql_type(&self, column: &str) -> Option<Type> {
        match self.columns.iter().find(|there| there.name == column) {
            Some(column) => Some(column.sql),
            None if column == "_extra" => Some(Type::Json),
            None => None,
        }
    }
}

/// Whether both are the same columns, in whatever order: a foreign key may name them in any.
fn same(one: &[String], other: &[String]) -> bool {
    one.len() == other.len() && one.iter().all(|column| other.contains(column))
}
