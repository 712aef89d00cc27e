//! `etl verify --search`: whether search answers the same on both sides, as text, as JSON, and as a page to look at.

mod questions;

use crate::exit::Exit;
use crate::{Voice, complain, say};
use clap::ArgMatches;
use config::{Config, Qdrant as Settings, Target};
use pipeline::fault::{Fault, Part};
use pipeline::load::postgres::{Ledger, Postgres};
use pipeline::parity::Report;
use pipeline::plan::Identity;
use pipeline::retry::Policy;
use pipeline::source::qdrant::Qdrant;
use pipeline::verify::Verify;
use questions::Questions;
use std::path::{Path, PathBuf};

pub(crate) fn verb(config: &Config, matches: &ArgMatches, voice: Voice) -> anyhow::Result<Exit> {
    let (Some(target), Some(source)) = (&config.target, config.qdrant()) else {
        complain(
            "`etl verify --search` compares a Qdrant with its tables: say --source qdrant and --qdrant-url",
        );
        return Ok(Exit::Configuration);
    };
    let file = matches.get_one::<PathBuf>("queries-file");
    let given = match file.map(|file| Questions::read(file)) {
        Some(Err(why)) => {
            complain(&why);
            return Ok(Exit::Configuration);
        }
        Some(Ok(given)) => Some(given),
        None => None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let reports = runtime.block_on(compare(config, source, target, given.as_ref(), matches));
    runtime.shutdown_timeout(crate::run::LETTING_GO);
    match reports {
        Ok(Ok(reports)) => tell(&reports, matches, &voice),
        Ok(Err(why)) => {
            complain(&why);
            Ok(Exit::Configuration)
        }
        Err(fault) => {
            complain(&fault.to_string());
            Ok(Exit::of_fault(&fault))
        }
    }
}

fn number<T: Copy + Send + Sync + 'static>(matches: &ArgMatches, name: &str, usual: T) -> T {
    matches.get_one::<T>(name).copied().unwrap_or(usual)
}

/// The reports, or what is wrong with the questions that were given.
async fn compare(
    config: &Config,
    source: &Settings,
    target: &Target,
    given: Option<&Questions>,
    matches: &ArgMatches,
) -> Result<Result<Vec<Report>, String>, Fault> {
    let postgres = Postgres::new(target, Policy::once(&config.run))?;
    let ledger = Ledger::new(postgres.clone());
    let identity = Identity::Qdrant {
        url: source.url.clone(),
    };
    let plan = match ledger.exists().await? {
        true => ledger.newest(&identity, &target.schema).await?,
        false => None,
    };
    let plan = plan.ok_or_else(|| {
        let message = format!("no run has moved {identity} into schema {}", target.schema);
        Fault::permanent(Part::Identity, "compare searches", message)
            .with_cause("no_run")
            .with_remedy("name the run's source and schema: --qdrant-url, --schema")
    })?;
    let qdrant = Qdrant::for_questions(source).await?;
    let efs: Vec<u32> = matches
        .get_many("ef")
        .map(|efs| efs.copied().collect())
        .unwrap_or_default();
    let verify = Verify {
        source: &qdrant,
        postgres: &postgres,
        plan: &plan,
        only: source.collections.as_deref(),
        questions: number(matches, "queries", 100_u32) as usize,
        given: given.map(|given| given.vectors.as_slice()),
        k: number(matches, "k", 10_u32) as usize,
        efs: &efs,
        bar_ms: f64::from(number(matches, "bar-ms", 100_u32)),
    };
    let strangers = match given {
        Some(given) => given.strangers(&verify.sizes().await?),
        None => None,
    };
    match strangers {
        Some(why) => Ok(Err(why)),
        None => verify.reports().await.map(Ok),
    }
}

fn tell(reports: &[Report], matches: &ArgMatches, voice: &Voice) -> anyhow::Result<Exit> {
    let mut pages = Vec::new();
    if let Some(file) = matches.get_one::<PathBuf>("report") {
        for (number, report) in reports.iter().enumerate() {
            let file = numbered(file, number);
            if let Err(error) = std::fs::write(&file, report.page()) {
                complain(&format!("{} cannot be written: {error}", file.display()));
                return Ok(Exit::Configuration);
            }
            pages.push(file.display().to_string());
        }
    }
    let same = reports.iter().all(Report::is_same);
    if voice.json {
        let object = serde_json::json!({ "same": same, "reports": reports, "pages": pages });
        say(&format!("{object}\n"));
    } else {
        for report in reports {
            say(&format!("{report}\n"));
        }
        for page in &pages {
            say(&format!("page: {page}\n"));
        }
        say(&format!("next: {}\n", next(same)));
    }
    Ok(if same { Exit::Complete } else { Exit::Sums })
}

fn next(same: bool) -> &'static str {
    match same {
        true => {
            "choose hnsw.ef_search by the recall it gives, and translate the thresholds of your application"
        }
        false => {
            "if points were written since the run, start `etl run` again: it mends what differs; then compare anew"
        }
    }
}

/// The first page has the name that was asked for, the others a number besides.
fn numbered(file: &Path, number: usize) -> PathBuf {
    if number == 0 {
        return file.to_path_buf();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let ending = file
        .extension()
        .map_or_else(String::new, |ending| format!(".{}", ending.to_string_lossy()));
    file.with_file_name(format!("{stem}-{}{ending}", number + 1))
}
