//! `etl run`, twice: killed when half of the documents are committed, then started again with the same command.
//! It promises that the half is what PostgreSQL has committed, not what the program says of itself, and that rows
//! and ledger are looked at only when the server has let go of the dead program.
//! Whether all of it is right in the end is left to the proof.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::{Child, Command};
use tokio_postgres::Client;

use crate::screen::{Screen, Tone, number};
use crate::stage::Stage;

/// Between two looks at a table that tells nobody when it changes.
const GLANCE: Duration = Duration::from_millis(10);

/// Small enough that the kill falls into the middle of a collection; by default a few steps would move them all.
const SMALL: [&str; 2] = ["--batch-rows", "100"];

/// What of our environment the program sees: how to find things and how to draw, and nobody's leftover settings.
const PASSED_ON: [&str; 9] = [
    "PATH",
    "HOME",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "COLUMNS",
    "LANG",
    "LC_ALL",
    "TZ",
];

/// The `etl` that was built beside this program, or the one `ETL_BIN` names.
pub(crate) fn binary() -> Result<PathBuf> {
    let named = std::env::var_os("ETL_BIN").filter(|value| !value.is_empty());
    let path = match named {
        Some(named) => std::path::absolute(named).context("find the etl that ETL_BIN names")?,
        None => {
            let own = std::env::current_exe().context("find this program's own folder")?;
            own.with_file_name("etl")
        }
    };
    ensure!(
        path.is_file(),
        "there is no {}: run `make demo`, which builds it, or name one with ETL_BIN",
        path.display()
    );
    Ok(path)
}

/// Starts the run and kills it when half of the documents are committed; then says what is there.
pub(crate) async fn kill_half_way(screen: &Screen, stage: &Stage) -> Result<()> {
    screen.heading("3  etl run, killed half-way");
    say_command(screen, stage);
    let mut etl = start(stage)?;
    let half = stage.application.count() / 2;
    loop {
        tokio::select! {
            ended = etl.wait() => bail!(
                "etl run ended ({}) before half of the documents were committed, so there was nothing to kill; \
                 what it said stands above",
                ended.context("wait for etl run")?
            ),
            () = tokio::time::sleep(GLANCE) => {}
        }
        if committed(&stage.pg).await?.read >= half {
            break;
        }
    }
    etl.kill().await.context("kill etl run")?;
    screen.line(&format!("\n  {}", screen.paint(Tone::Bad, "SIGKILL")));
    released(&stage.pg).await?;
    let there = committed(&stage.pg).await?;
    let rows = rows(&stage.pg).await?;
    screen.line("  What PostgreSQL has committed at this moment:");
    screen.fact(
        "documents",
        &format!("{} of {}", number(there.read), number(stage.application.count())),
    );
    screen.fact("rows in the tables", &number(rows));
    screen.fact("in quarantine", &number(there.quarantined));
    screen.fact(
        "lanes",
        &format!(
            "{} done, {} under way, {} not begun",
            there.done, there.under_way, there.not_begun
        ),
    );
    ensure!(
        rows == there.loaded,
        "the ledger says {} rows, the tables have {rows}",
        there.loaded
    );
    screen.line("  The tables hold exactly the rows the ledger says: no batch is half there.");
    Ok(())
}

/// Starts the same command again and waits for its end.
pub(crate) async fn go_on(screen: &Screen, stage: &Stage) -> Result<()> {
    screen.heading("4  The same command again");
    say_command(screen, stage);
    let began = Instant::now();
    let ended = start(stage)?.wait().await.context("wait for etl run")?;
    ensure!(
        ended.success(),
        "etl run ended with {ended}; what it said stands above"
    );
    screen.line("");
    screen.fact(
        "complete after",
        &format!("{:.1} s", began.elapsed().as_secs_f64()),
    );
    screen.line(&format!("  {}", screen.paint(Tone::Quiet, stage.pace())));
    let honest = "no time and no rate on this screen says how fast Firestore is, or etl with it.";
    screen.line(&format!("  {}", screen.paint(Tone::Quiet, honest)));
    Ok(())
}

/// The arguments of both starts.
pub(crate) fn arguments(stage: &Stage) -> Vec<String> {
    let checkpoints = stage.checkpoints().to_string_lossy().into_owned();
    let fixed = ["run", "--source", "firestore", "--checkpoint-dir", &checkpoints];
    let all = fixed.into_iter().chain(SMALL).chain(["--metrics-listen", "off"]);
    all.map(str::to_owned).collect()
}

fn say_command(screen: &Screen, stage: &Stage) {
    screen.command(&format!("$ etl {}", arguments(stage).join(" ")));
}

/// On our terminal, so that it draws what it would draw for an operator.
fn start(stage: &Stage) -> Result<Child> {
    let mut command = Command::new(&stage.etl);
    command
        .args(arguments(stage))
        .env_clear()
        .env("DATABASE_URL", &stage.url)
        .env("FIRESTORE_EMULATOR_HOST", &stage.host)
        .env("GOOGLE_CLOUD_PROJECT", &stage.project)
        .current_dir(stage.folder())
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    for name in PASSED_ON {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .spawn()
        .with_context(|| format!("start {}", stage.etl.display()))
}

/// What the ledger says, which is committed together with the rows.
#[derive(Debug, Default)]
struct Committed {
    read: usize,
    loaded: usize,
    quarantined: usize,
    done: usize,
    under_way: usize,
    not_begun: usize,
}

async fn committed(pg: &Client) -> Result<Committed> {
    let there = "select to_regclass('etl.lane') is not null";
    let there: bool = pg
        .query_one(there, &[])
        .await
        .context("look for the ledger")?
        .get(0);
    if !there {
        return Ok(Committed::default());
    }
    let sums = "select coalesce(sum(read), 0)::bigint, coalesce(sum(loaded), 0)::bigint, \
                coalesce(sum(quarantined), 0)::bigint, count(*) filter (where state = 'end'), \
                count(*) filter (where state = 'at'), count(*) filter (where state = 'start') from etl.lane";
    let row = pg.query_one(sums, &[]).await.context("read the ledger")?;
    let sum = |place: usize| usize::try_from(row.get::<_, i64>(place)).context("understand the ledger");
    Ok(Committed {
        read: sum(0)?,
        loaded: sum(1)?,
        quarantined: sum(2)?,
        done: sum(3)?,
        under_way: sum(4)?,
        not_begun: sum(5)?,
    })
}

/// Waits until the server has noticed that its client is dead: until then a last commit may still land.
async fn released(pg: &Client) -> Result<()> {
    let others = "select count(*) from pg_stat_activity where datname = current_database() \
                  and backend_type = 'client backend' and pid <> pg_backend_pid()";
    while pg
        .query_one(others, &[])
        .await
        .context("look who is connected")?
        .get::<_, i64>(0)
        > 0
    {
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// Rows in all tables of the target, counted.
async fn rows(pg: &Client) -> Result<usize> {
    let tables = "select format('select count(*) from %I.%I', schemaname, tablename) from pg_tables \
                  where schemaname = 'public'";
    let mut sum = 0;
    for table in pg.query(tables, &[]).await.context("list the tables")? {
        let count: i64 = pg
            .query_one(table.get::<_, &str>(0), &[])
            .await
            .context("count a table")?
            .get(0);
        sum += usize::try_from(count)?;
    }
    Ok(sum)
}
