//! pgvector: whether documents with vectors could be loaded, and what is known to be wrong with the version there.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use config::mapping::Records;
use transforms::quote;

pub(super) const PGVECTOR: &str = "target.pgvector";

type Version = [u32; 3];

/// From here on, whatever Firestore keeps as a vector (2,048 components at most) can be loaded.
const LOADS: Version = [0, 4, 0];

/// A bug, by the versions that have it.
struct Bug {
    from: Version,
    /// The first version without it.
    mended: Version,
    what: &'static str,
}

/// What hurts rows or indexes made of them. From pgvector's CHANGELOG.md (github.com/pgvector/pgvector) and, where
/// named, its issues. IVFFlat indexes are there from the start, HNSW since 0.5.0.
const BUGS: [Bug; 6] = [
    // Issue 1036, entry of 0.8.7. (Issue 1006, mended in 0.8.6, is about 32-bit systems alone.)
    Bug {
        from: [0, 0, 0],
        mended: [0, 8, 7],
        what: "building an IVFFlat index may write beyond its memory",
    },
    // Entry of 0.8.3 and pull request 988, entry of 0.8.4 and issue 993.
    Bug {
        from: [0, 5, 0],
        mended: [0, 8, 4],
        what: "vacuuming an HNSW index while rows are written may damage it or fail",
    },
    // Issue 959, CVE-2026-3172.
    Bug {
        from: [0, 6, 0],
        mended: [0, 8, 2],
        what: "building an HNSW index in parallel may crash the server or leak data (CVE-2026-3172)",
    },
    // Entry of 0.7.4, issue 635.
    Bug {
        from: [0, 6, 0],
        mended: [0, 7, 4],
        what: "building an HNSW index in parallel lacks a lock",
    },
    // Entry of 0.5.0.
    Bug {
        from: [0, 0, 0],
        mended: [0, 5, 0],
        what: "there are no HNSW indexes",
    },
    // Entry of 0.4.0.
    Bug {
        from: [0, 0, 0],
        mended: LOADS,
        what: "vectors of more than 1,024 components are refused",
    },
];

/// What the server says of the extension.
struct Extension {
    installed: Option<String>,
    schema: Option<String>,
    /// Whether the role may use that schema.
    usable: bool,
    /// The version that would be created.
    offered: Option<String>,
    /// Whether the role could create it.
    creatable: bool,
    role: String,
}

pub(super) async fn pgvector(session: &Session, records: Records) -> Result<Finding, Fault> {
    let sql = "select e.extversion, n.nspname::text, coalesce(has_schema_privilege(n.oid, 'usage'), false), \
               a.default_version, coalesce(r.rolsuper or (v.trusted or not v.superuser) and \
               has_database_privilege(current_database(), 'create'), false), current_user::text \
               from (select 1) as one left join pg_extension e on e.extname = 'vector' \
               left join pg_namespace n on n.oid = e.extnamespace \
               left join pg_available_extensions a on a.name = 'vector' \
               left join pg_available_extension_versions v on v.name = 'vector' and v.version = a.default_version \
               left join pg_roles r on r.rolname = current_user";
    let row = session.row("ask for pgvector", sql, &[]).await?;
    let extension = Extension {
        installed: row.get(0),
        schema: row.get(1),
        usable: row.get(2),
        offered: row.get(3),
        creatable: row.get(4),
        role: row.get(5),
    };
    Ok(extension.judge(records.many()))
}

impl Extension {
    /// `many`: what the source's records are called.
    fn judge(&self, many: &str) -> Finding {
        let vectors_only = format!(
            "{many} without vectors do not need it; a run that meets one with a vector is refused before anything is \
             created"
        );
        match (&self.installed, &self.offered) {
            (Some(version), _) => match &self.schema {
                Some(schema) if !self.usable => {
                    let found = format!(
                        "{version} is installed in schema {schema}, which role {} may not use",
                        self.role
                    );
                    let (schema, role) = (quote(schema), quote(&self.role));
                    let next = format!("as an administrator run: GRANT USAGE ON SCHEMA {schema} TO {role};");
                    Finding::warn(PGVECTOR, found, vectors_only, next)
                }
                _ => known(version, format!("{version} is installed")),
            },
            (None, Some(version)) if self.creatable => known(
                version,
                format!("{version} is offered, and a run creates it where {many} hold vectors"),
            ),
            (None, Some(version)) => {
                // Not a no: some hosters let roles create it that PostgreSQL itself would refuse.
                let found = format!(
                    "{version} is offered, and role {}, no superuser, may not be allowed to create it",
                    self.role
                );
                let next =
                    format!("if {many} hold vectors, run once as an administrator: CREATE EXTENSION vector;");
                Finding::warn(PGVECTOR, found, vectors_only, next)
            }
            (None, None) => {
                let next = format!(
                    "if {many} hold vectors, install pgvector on the server (package postgresql-NN-pgvector; \
                     managed services offer it as \"vector\")"
                );
                Finding::warn(PGVECTOR, "the server does not have it", vectors_only, next)
            }
        }
    }
}

/// A pass, or what is known to be wrong with `version`.
fn known(version: &str, found: String) -> Finding {
    let Some(number) = parse(version) else {
        return Finding::pass(PGVECTOR, found);
    };
    let has = |bug: &&Bug| bug.from <= number && number < bug.mended;
    let bugs: Vec<&Bug> = BUGS.iter().filter(has).collect();
    let Some(enough) = bugs.iter().map(|bug| bug.mended).max() else {
        return Finding::pass(PGVECTOR, found);
    };
    let means: Vec<&str> = bugs.iter().map(|bug| bug.what).collect();
    let [major, minor, patch] = enough;
    let before = if number < LOADS {
        "before a run"
    } else {
        "loading works; before you build indexes"
    };
    let next = format!(
        "{before}, upgrade pgvector to {major}.{minor}.{patch} or newer, then run: \
         ALTER EXTENSION vector UPDATE;"
    );
    Finding::warn(PGVECTOR, found, means.join("; "), next)
}

fn parse(version: &str) -> Option<Version> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let mut part = || parts.next().unwrap_or(Some(0));
    Some([part()?, part()?, part()?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Verdict;

    #[test]
    fn a_version_has_the_bugs_that_came_before_their_mending() {
        let bugs = |version: &str| known(version, String::new()).means.unwrap_or_default();
        assert_eq!(bugs("0.8.7"), "");
        assert_eq!(bugs("1.0"), "");
        assert_eq!(bugs("0.10.0"), "");
        assert!(bugs("0.8.5").contains("IVFFlat") && !bugs("0.8.5").contains("HNSW"));
        assert!(bugs("0.8.1").contains("CVE-2026-3172") && !bugs("0.8.2").contains("CVE-2026-3172"));
        assert!(
            !bugs("0.5.1").contains("parallel"),
            "parallel builds came with 0.6.0"
        );
        assert!(bugs("0.3.2").contains("1,024"));
        assert_eq!(known("main", String::new()).verdict, Verdict::Pass);
    }
}
