//! What an index is, told to PostgreSQL and to a person.

use config::mapping::{Distance, Index, IndexColumn, Method, Type};
use transforms::quote;

/// An index, but for its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Definition {
    pub(super) unique: bool,
    method: &'static str,
    columns: Vec<Part>,
    /// Parameters of the method.
    with: Option<String>,
    /// The condition of a partial index.
    pub(super) filter: Option<String>,
    /// What building it takes.
    pub(super) effort: Effort,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    name: String,
    descending: bool,
    class: Option<Class>,
}

/// An operator class that is not the type's default.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Class {
    name: String,
    /// It lies where pgvector lies.
    of_pgvector: bool,
}

/// What a build takes of the server's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// Sorting, or filling in what it has: more memory helps a little.
    Sort,
    /// An HNSW graph, several times slower where it does not fit.
    Graph { vector_bytes: u64, m: u16 },
    /// The k-means of IVFFlat, refused where it does not fit.
    Lists { vector_bytes: u64, lists: u32 },
}

impl Definition {
    /// The plain index that proves that no two rows agree in `columns`.
    pub(super) fn unique(columns: &[String]) -> Definition {
        Definition {
            unique: true,
            ..Definition::plain("btree", columns)
        }
    }

    /// An index on `columns` with nothing to say but its method.
    pub(super) fn plain(method: &'static str, columns: &[String]) -> Definition {
        let part = |name: &String| Part {
            name: name.clone(),
            descending: false,
            class: None,
        };
        Definition {
            unique: false,
            method,
            columns: columns.iter().map(part).collect(),
            with: None,
            filter: None,
            effort: Effort::Sort,
        }
    }

    /// An index as the mapping asks for it; `of` tells the types of the columns.
    pub(super) fn asked(index: &Index, of: impl Fn(&str) -> Option<Type>) -> Definition {
        let (method, with) = match index.method {
            Method::Btree => ("btree", None),
            Method::Hash => ("hash", None),
            Method::Gin => ("gin", None),
            Method::Gist => ("gist", None),
            Method::Hnsw {
                m, ef_construction, ..
            } => {
                let with = format!("m = {m}, ef_construction = {ef_construction}");
                ("hnsw", Some(with))
            }
            Method::Ivfflat { lists, .. } => ("ivfflat", Some(format!("lists = {lists}"))),
        };
        let part = |column: &IndexColumn| Part {
            name: column.name.clone(),
            descending: column.descending,
            class: class(index.method, of(&column.name)),
        };
        let vector_bytes = index
            .on
            .first()
            .and_then(|column| of(&column.name))
            .map_or(0, vector_bytes);
        Definition {
            unique: index.unique,
            method,
            columns: index.on.iter().map(part).collect(),
            with,
            filter: index.filter.clone(),
            effort: match index.method {
                Method::Hnsw { m, .. } => Effort::Graph { vector_bytes, m },
                Method::Ivfflat { lists, .. } => Effort::Lists { vector_bytes, lists },
                _ => Effort::Sort,
            },
        }
    }

    /// Whether it proves that no two rows of the table agree in `columns`, in whatever order.
    pub(super) fn proves(&self, columns: &[String]) -> bool {
        self.unique
            && self.filter.is_none()
            && self.columns.len() == columns.len()
            && self.columns.iter().all(|part| columns.contains(&part.name))
    }

    /// The names of its columns.
    pub(super) fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(|part| part.name.as_str()).collect()
    }

    /// The statement that makes it on `table`, which is quoted. Without `pgvector`, the schema where that lies, its
    /// operator classes are looked for in the search path.
    pub(super) fn sql(&self, name: &str, table: &str, live: bool, pgvector: Option<&str>) -> String {
        let unique = if self.unique { "unique " } else { "" };
        let concurrently = if live { "concurrently " } else { "" };
        let columns: Vec<String> = self.columns.iter().map(|part| part.sql(pgvector)).collect();
        let mut sql = format!(
            "create {unique}index {concurrently}{} on {table} using {} ({})",
            quote(name),
            self.method,
            columns.join(", ")
        );
        if let Some(with) = &self.with {
            sql.push_str(&format!(" with ({with})"));
        }
        if let Some(filter) = &self.filter {
            // A condition may end in a comment.
            let end = if filter.contains("--") { "\n" } else { "" };
            sql.push_str(&format!(" where ({filter}{end})"));
        }
        sql
    }

    /// For a person: "unique index of users (city, born desc)".
    pub(super) fn sentence(&self, table: &str) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|part| {
                if part.descending {
                    format!("{} desc", part.name)
                } else {
                    part.name.clone()
                }
            })
            .collect();
        let kind = match (self.unique, self.method) {
            (true, _) => "unique ".to_owned(),
            (false, "btree") => String::new(),
            (false, method) => format!("{method} "),
        };
        let filter = match &self.filter {
            Some(filter) => format!(" where {filter}"),
            None => String::new(),
        };
        format!("{kind}index of {table} ({}){filter}", columns.join(", "))
    }
}

impl Part {
    fn sql(&self, pgvector: Option<&str>) -> String {
        let mut sql = quote(&self.name);
        match (&self.class, pgvector) {
            (Some(class), Some(schema)) if class.of_pgvector => {
                sql.push_str(&format!(" {}.{}", quote(schema), class.name));
            }
            (Some(class), _) => sql.push_str(&format!(" {}", class.name)),
            (None, _) => {}
        }
        if self.descending {
            sql.push_str(" desc");
        }
        sql
    }
}

fn class(method: Method, sql_type: Option<Type>) -> Option<Class> {
    let distance = match method {
        Method::Hnsw { distance, .. } | Method::Ivfflat { distance, .. } => distance,
        Method::Gin if sql_type == Some(Type::Json) => {
            return Some(Class {
                name: "jsonb_path_ops".to_owned(),
                of_pgvector: false,
            });
        }
        _ => return None,
    };
    let kind = match sql_type {
        Some(Type::Halfvec(_)) => "halfvec",
        Some(Type::Sparsevec(_)) => "sparsevec",
        _ => "vector",
    };
    let distance = match distance {
        Distance::Cosine => "cosine",
        Distance::L2 => "l2",
        Distance::Ip => "ip",
        Distance::L1 => "l1",
    };
    Some(Class {
        name: format!("{kind}_{distance}_ops"),
        of_pgvector: true,
    })
}

/// The most bytes a vector takes in a graph.
fn vector_bytes(sql_type: Type) -> u64 {
    /// HNSW takes no sparse vector with more elements than this that are not zero.
    const MOST_ELEMENTS: u64 = 1_000;
    match sql_type {
        Type::Vector(dimension) => 8 + 4 * u64::from(dimension),
        Type::Halfvec(dimension) => 8 + 2 * u64::from(dimension),
        Type::Sparsevec(dimension) => 16 + 8 * u64::from(dimension).min(MOST_ELEMENTS),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_takes_its_components_and_a_head() {
        for (sql, bytes) in [
            (Type::Vector(3), 20),
            (Type::Halfvec(3), 14),
            (Type::Sparsevec(3), 40),
            (Type::Sparsevec(30_000), 8_016),
            (Type::Json, 0),
        ] {
            assert_eq!(vector_bytes(sql), bytes, "{sql:?}");
        }
    }

    #[test]
    fn a_whole_unique_index_of_just_these_columns_proves_that_no_two_rows_agree() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let unique = Definition::unique(&names(&["a", "b"]));
        assert!(unique.proves(&names(&["b", "a"])));
        for others in [&["a"][..], &["a", "b", "c"], &["a", "c"]] {
            assert!(!unique.proves(&names(others)), "{others:?}");
        }
        assert!(!Definition::plain("btree", &names(&["a", "b"])).proves(&names(&["a", "b"])));
        let partial = Definition {
            filter: Some("a > 0".to_owned()),
            ..unique
        };
        assert!(!partial.proves(&names(&["a", "b"])));
    }

    #[test]
    fn classes_of_pgvector_are_looked_for_where_it_lies_and_others_are_not() {
        let part = |class| Part {
            name: "v".to_owned(),
            descending: false,
            class,
        };
        let vectors = Method::Hnsw {
            m: 16,
            ef_construction: 64,
            distance: Distance::L2,
        };
        let of_vectors = part(class(vectors, Some(Type::Halfvec(3))));
        assert_eq!(of_vectors.sql(Some("ext")), r#""v" "ext".halfvec_l2_ops"#);
        assert_eq!(of_vectors.sql(None), r#""v" halfvec_l2_ops"#);
        let of_json = part(class(Method::Gin, Some(Type::Json)));
        assert_eq!(of_json.sql(Some("ext")), r#""v" jsonb_path_ops"#);
        assert_eq!(part(class(Method::Gin, Some(Type::Vector(3)))).class, None);
    }
}
