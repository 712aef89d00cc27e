//! The two servers, and the application's data in one of them.
//! It promises that nothing of it is left when the demo ends, however it ends.
//! What happens to the data is left to the scenes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use rehearsal::application::Application;
use rehearsal::postgres::{self, Server};
use rehearsal::rest::{Firestore, Write};
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::screen::{Screen, Tone, number};
use crate::source::Source;

/// The same data at every run.
const SEED: u64 = 2024;
/// Documents between two looks at how far the writing is.
const STRETCH: usize = 4_000;
/// Collections that are listed by name.
const LISTED: usize = 8;

/// Everything the scenes play on.
pub(crate) struct Stage {
    /// The binary an operator would run.
    pub(crate) etl: PathBuf,
    /// Where the documents are.
    pub(crate) firestore: Firestore,
    /// What the documents are.
    pub(crate) application: Application,
    /// Where the rows will be.
    pub(crate) pg: Client,
    /// The same, for others to connect to.
    pub(crate) url: String,
    /// The Firestore's address.
    pub(crate) host: String,
    /// The project in it.
    pub(crate) project: String,
    folder: TempDir,
    source: Source,
    _server: Server,
}

impl Stage {
    /// Starts the servers.
    pub(crate) async fn set(screen: &Screen, documents: usize, etl: PathBuf) -> Result<Stage> {
        screen.heading("1  Two servers on this machine");
        let began = Instant::now();
        screen.progress("starting PostgreSQL and a Firestore");
        let (server, source) = tokio::try_join!(Server::start(), Source::start())?;
        let url = server.database("etl_demo").await?;
        let pg = postgres::connect(&url).await?;
        let (host, project) = (source.host(), source.fresh_project());
        let stage = Stage {
            etl,
            firestore: Firestore::new(&host, &project, "(default)")?,
            application: Application::sized(SEED, documents).in_database(&project, "(default)"),
            pg,
            url,
            host,
            project,
            folder: tempfile::Builder::new()
                .prefix("etl-demo-")
                .tempdir()
                .context("create a folder for checkpoints")?,
            source,
            _server: server,
        };
        let version = stage.version().await?;
        screen.progress_done();
        screen.fact("PostgreSQL", &format!("{version}, {}", stage.shown_url()));
        screen.fact(
            stage.source.name(),
            &format!("{}, project {}", stage.host, stage.project),
        );
        for line in stage.source.excuse() {
            screen.fact("", &line);
        }
        screen.fact("ready after", &format!("{:.1} s", began.elapsed().as_secs_f64()));
        Ok(stage)
    }

    /// Writes the application's documents and says what they are.
    pub(crate) async fn fill(&self, screen: &Screen) -> Result<()> {
        let count = self.application.count();
        screen.heading(&format!("2  An application with {} documents", number(count)));
        let began = Instant::now();
        let mut documents = self.application.documents().map(Write::from).peekable();
        let mut written = 0;
        while documents.peek().is_some() {
            screen.progress(&format!(
                "writing through the API: {} of {}",
                number(written),
                number(count)
            ));
            self.firestore.commit(documents.by_ref().take(STRETCH)).await?;
            written = (written + STRETCH).min(count);
        }
        screen.progress_done();
        let seconds = began.elapsed().as_secs_f64();
        screen.fact("written", &format!("through the API, in {seconds:.1} s"));
        self.describe(screen);
        Ok(())
    }

    /// Collections by size, and what is odd about some documents.
    fn describe(&self, screen: &Screen) {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for path in self.application.paths() {
            let collection = path.rsplit('/').nth(1).unwrap_or_default();
            *sizes.entry(collection.to_owned()).or_default() += 1;
        }
        let mut sizes: Vec<(String, usize)> = sizes.into_iter().collect();
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let named: Vec<String> = sizes
            .iter()
            .take(LISTED)
            .map(|(name, size)| format!("{name} {}", number(*size)))
            .collect();
        screen.fact(
            "collections",
            &format!(
                "{}, and {} more",
                named.join(", "),
                sizes.len().saturating_sub(LISTED)
            ),
        );
        screen.fact(
            "among them",
            "subcollections, parents that do not exist, fields of five types, NaN and -0.0,",
        );
        screen.fact(
            "",
            "nanoseconds, ids with %2F, embeddings from a changed model, U+0000 in texts",
        );
        screen.fact("", &screen.paint(Tone::Quiet, "the same data at every run"));
    }

    /// Where `etl` keeps its checkpoints.
    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.folder.path().join("checkpoints")
    }

    /// A folder without an `etl.toml`.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The URL as it may be printed: the password of a server of our own is no secret, anybody else's is.
    pub(crate) fn shown_url(&self) -> String {
        match std::env::var_os("ETL_POSTGRES_URL").is_some_and(|url| !url.is_empty()) {
            true => without_password(&self.url),
            false => self.url.clone(),
        }
    }

    /// Ends everything. An emulator that somebody lent gets its memory back.
    pub(crate) async fn end(self) -> Result<()> {
        self.source.give_back(&self.project).await
    }

    /// What decides how fast the documents come.
    pub(crate) fn pace(&self) -> &'static str {
        self.source.pace()
    }

    async fn version(&self) -> Result<String> {
        let sql = "select format('%s with pgvector %s', current_setting('server_version'), extversion) \
                   from pg_extension where extname = 'vector'";
        let row = self
            .pg
            .query_one(sql, &[])
            .await
            .context("ask PostgreSQL for its version")?;
        Ok(row.get(0))
    }
}

/// A URL with `***` where its password was.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "***".to_owned();
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((user, address)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!(
                "{scheme}://{name}:***@{address}{}",
                path.split('?').next().unwrap_or_default()
            )
        }
        None => format!(
            "{scheme}://{authority}{}",
            path.split('?').next().unwrap_or_default()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_password_is_ever_shown(password in "[A-Z0-9%@:]{4,20}", option in "(\\?password=SECRET)?") {
            let shown = without_password(&format!("postgresql://user:{password}@db.example:5432/shop{option}"));
            prop_assert_eq!(shown, "postgresql://user:***@db.example:5432/shop");
        }
    }
}
