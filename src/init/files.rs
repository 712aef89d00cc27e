//! The files `etl init` leaves: the settings with their tables, and the same tables as a migration in SQL.
//! A file that is there already is never overwritten unless asked for.

use super::notes;
use clap::ArgMatches;
use pipeline::init::Surveyed;
use pipeline::plan::Identity;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where Supabase's CLI looks for migrations.
const SUPABASE: &str = "supabase/migrations";
/// Where others do.
const MIGRATIONS: &str = "migrations";

/// The files to be made.
#[derive(Debug)]
pub(super) struct Files {
    settings: PathBuf,
    tables: Option<PathBuf>,
    after: Option<PathBuf>,
    schema: String,
    force: bool,
}

impl Files {
    /// Names the files; refuses, before anything is read, where one is in the way.
    pub(super) fn free(matches: &ArgMatches) -> Result<Files, String> {
        let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
        let settings = path("write").unwrap_or_else(|| PathBuf::from("etl.toml"));
        let force = matches.get_flag("force");
        let migrations = path("migrations").unwrap_or_else(|| {
            let supabase = Path::new(SUPABASE);
            PathBuf::from(if supabase.is_dir() { SUPABASE } else { MIGRATIONS })
        });
        let sql = !matches.get_flag("no-migration");
        // The name by which migrations are ordered, in Supabase's form.
        let now = jiff::Timestamp::now();
        let stamped = |moment: jiff::Timestamp, name: &str| {
            migrations.join(format!("{}_etl_{name}.sql", moment.strftime("%Y%m%d%H%M%S")))
        };
        let later = now + jiff::SignedDuration::from_secs(1);
        let files = Files {
            settings,
            tables: sql.then(|| stamped(now, "tables")),
            after: sql.then(|| stamped(later, "after_load")),
            schema: matches
                .get_one("schema")
                .cloned()
                .unwrap_or_else(|| "public".to_owned()),
            force,
        };
        if !force && files.settings.exists() {
            return Err(format!(
                "{} is there already and may hold your work; write elsewhere with --write FILE, or over it with --force",
                files.settings()
            ));
        }
        Ok(files)
    }

    /// The settings file as a person names it.
    pub(super) fn settings(&self) -> String {
        self.settings.display().to_string()
    }

    /// Writes all of them and says which.
    pub(super) fn write(&self, source: &Identity, surveyed: &Surveyed) -> Result<Vec<String>, String> {
        let schema = self.schema.as_str();
        let mut names = vec![self.settings()];
        put(&self.settings, &settings(source, schema, surveyed), self.force)?;
        let tables = &surveyed.proposal.mapping.tables;
        if let (Some(path), Some(after)) = (&self.tables, &self.after) {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
            }
            put(path, &pipeline::init::tables_sql(tables, schema), self.force)?;
            put(after, &pipeline::init::after_sql(tables, schema), self.force)?;
            names.extend([path, after].map(|path| path.display().to_string()));
        }
        Ok(names)
    }
}

fn put(path: &Path, text: &str, force: bool) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let mut file = options.open(path).map_err(|error| unwritable(path, &error))?;
    file.write_all(text.as_bytes())
        .map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}

/// The settings that name a source.
fn identified(source: &Identity) -> String {
    match source {
        Identity::Firestore {
            project, database, ..
        } => {
            format!("project = {}\ndatabase = {}\n", quoted(project), quoted(database))
        }
        Identity::Qdrant { url } => format!("kind = \"qdrant\"\nurl = {}\n", quoted(url)),
    }
}

/// The settings file: where from, where to, and the tables with their evidence.
fn settings(source: &Identity, schema: &str, surveyed: &Surveyed) -> String {
    let how = match source {
        Identity::Qdrant { .. } => "counted by a pass over their ids".to_owned(),
        Identity::Firestore { .. } if surveyed.looked_at >= surveyed.documents => {
            format!("all of them were looked at; {} reads were billed", surveyed.reads)
        }
        Identity::Firestore { .. } => format!(
            "{} of them were looked at; {} reads were billed",
            surveyed.looked_at, surveyed.reads
        ),
    };
    let mut text = format!(
        "# Proposed by etl init from {source},\n# as it was at {}: {} {}, {how}.\n\
         # Nothing gets lost whatever you change: fields without a column are kept in _extra.\n\
         # `etl plan` tells what a run would do; README.md tells what can be written here.\n\n",
        surveyed.snapshot,
        surveyed.documents,
        source.records().many()
    );
    text.push_str(&format!(
        "[source]\n{}\n[target]\n# The URL belongs in the environment: DATABASE_URL\nschema = {}\n\n\
         [run]\ncheckpoint_dir = \"checkpoints\"\n\n",
        identified(source),
        quoted(schema)
    ));
    text.push_str(&config::mapping::write(&surveyed.proposal.mapping, &|place| {
        notes(surveyed, place)
    }));
    text
}

/// A text as TOML spells it; JSON's spelling is one of TOML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
