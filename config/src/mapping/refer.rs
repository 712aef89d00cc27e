//! What is meant where a reference names only a table: the column that says the same as the one that refers.
//! Whether it can be referred to is left to `check`.

use super::{Column, Document, Function, Holds, Mapping, Source};

/// What a column says about a document, as far as its source tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// Its path below the database root.
    Path,
    /// Its id, the last part of the path.
    Id,
}

impl Names {
    /// What a column names documents by, if it does.
    pub(super) fn of(column: &Column) -> Option<Names> {
        let reference = column.holds == Holds::Reference;
        match (&column.from, column.apply[..].last()) {
            (Source::Document(Document::Path | Document::Parent), None) => Some(Names::Path),
            (Source::Document(Document::Id | Document::Wildcard(_)), None) => Some(Names::Id),
            (Source::Field(_) | Source::Document(Document::Value), None) if reference => Some(Names::Path),
            (Source::Field(_) | Source::Document(_), Some(Function::Id)) => Some(Names::Id),
            _ => None,
        }
    }
}

impl Mapping {
    /// Fills in the columns that references leave open: `_path` for paths, else the only column of the key.
    /// Where there is no such column, `_path` stands for it.
    pub(super) fn resolve_references(&mut self) {
        let keys: Vec<(String, Vec<String>)> = self
            .tables
            .iter()
            .map(|table| (table.name.clone(), table.key.clone()))
            .collect();
        let only_key = |table: &str| match keys
            .iter()
            .find(|(name, _)| name == table)
            .map(|(_, key)| &key[..])
        {
            Some([only]) => only.clone(),
            _ => "_path".to_owned(),
        };
        for table in &mut self.tables {
            let of_children = table.children.iter_mut().flat_map(|child| &mut child.columns);
            for column in table.columns.iter_mut().chain(of_children) {
                let path = Names::of(column) == Some(Names::Path);
                if let Some(target) = column
                    .references
                    .as_mut()
                    .filter(|target| target.column.is_empty())
                {
                    target.column = match path {
                        true => "_path".to_owned(),
                        false => only_key(&target.table),
                    };
                }
            }
        }
    }
}
