//! What the role may do: make schemas and tables, own the ledger, and copy past row-level security.

use super::Session;
use crate::check::Finding;
use crate::fault::Fault;
use tokio_postgres::types::Type;
use transforms::quote;

pub(super) const RIGHTS: &str = "target.rights";
pub(super) const ROW_SECURITY: &str = "target.row_security";

/// What the role has; a schema that is not there is nobody's to be granted.
struct Rights {
    role: String,
    database: String,
    create_schemas: bool,
    in_etl: Option<bool>,
    in_schema: Option<bool>,
    /// Who owns the ledger, where the role may not act as them.
    ledger_of: Option<String>,
}

pub(super) async fn rights(session: &Session, schema: &str) -> Result<Finding, Fault> {
    let sql = "select current_user::text, current_database()::text, \
               has_database_privilege(current_database(), 'create'), \
               (select has_schema_privilege(oid, 'usage') and has_schema_privilege(oid, 'create') \
                from pg_namespace where nspname = 'etl'), \
               (select has_schema_privilege(oid, 'usage') and has_schema_privilege(oid, 'create') \
                from pg_namespace where nspname = $1), \
               (select min(pg_get_userbyid(c.relowner)::text) from pg_class c \
                join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'etl' \
                and c.relname in ('run', 'lane', 'quarantine') and not pg_has_role(c.relowner, 'usage'))";
    let row = session
        .row("ask for the role's rights", sql, &[(&schema, Type::TEXT)])
        .await?;
    let rights = Rights {
        role: row.get(0),
        database: row.get(1),
        create_schemas: row.get(2),
        in_etl: row.get(3),
        in_schema: row.get(4),
        ledger_of: row.get(5),
    };
    Ok(rights.judge(schema))
}

impl Rights {
    fn judge(&self, schema: &str) -> Finding {
        let role = quote(&self.role);
        let (mut lacking, mut grants) = (Vec::new(), Vec::new());
        // Asked for even where both schemas are there: CREATE SCHEMA IF NOT EXISTS wants the right before it looks.
        if !self.create_schemas {
            lacking.push(format!("create schemas in database {}", self.database));
            grants.push(format!(
                "GRANT CREATE ON DATABASE {} TO {role};",
                quote(&self.database)
            ));
        }
        for (name, granted) in [("etl", self.in_etl), (schema, self.in_schema)] {
            if granted == Some(false) {
                lacking.push(format!("create tables in schema {name}"));
                grants.push(format!(
                    "GRANT USAGE, CREATE ON SCHEMA {} TO {role};",
                    quote(name)
                ));
            }
        }
        if let Some(owner) = &self.ledger_of {
            // Creating what is missing of it also comments on it, which is the owner's right alone.
            lacking.push(format!("change the ledger in schema etl, which is {owner}'s"));
            let tables = ["run", "lane", "quarantine"];
            grants.extend(tables.map(|table| format!("ALTER TABLE etl.{table} OWNER TO {role};")));
        }
        if lacking.is_empty() {
            let found = format!("role {} may create the ledger and tables", self.role);
            return Finding::pass(RIGHTS, found);
        }
        let found = format!("role {} may not {}", self.role, lacking.join(" or "));
        let means = "a run would be refused (SQLSTATE 42501) before anything is created";
        let first = match &self.ledger_of {
            Some(owner) => format!("connect as {owner}, or as"),
            None => "as".to_owned(),
        };
        let next = format!("{first} an administrator run: {}", grants.join(" "));
        Finding::fail(RIGHTS, found, means, next)
    }
}

pub(super) async fn row_security(session: &Session, schema: &str) -> Result<Finding, Fault> {
    let sql = "select current_user::text, string_agg(format('%I.%I', n.nspname, c.relname), ', ' order by \
               n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace \
               where n.nspname in ('etl', $1) and c.relkind in ('r', 'p') and row_security_active(c.oid)";
    let row = session
        .row("look for row-level security", sql, &[(&schema, Type::TEXT)])
        .await?;
    let (role, tables): (String, Option<String>) = (row.get(0), row.get(1));
    let Some(tables) = tables else {
        let found = format!("no row-level security holds role {role} back");
        return Ok(Finding::pass(ROW_SECURITY, found));
    };
    Ok(Finding::warn(
        ROW_SECURITY,
        format!("row-level security holds for role {role} in {tables}"),
        "COPY into such a table is refused (SQLSTATE 0A000), so a run that needs one of them fails",
        format!(
            "connect as their owner, or run as an administrator: ALTER ROLE {} BYPASSRLS;",
            quote(&role)
        ),
    ))
}
