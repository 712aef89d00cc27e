//! `etl check`: looks at both ends and the checkpoint directory at the same time, tells everything that was found, and
//! says what to do next. Nothing is changed, and nothing is waited for without end.

mod report;

use crate::exit::Exit;
use crate::{Voice, say, say_as_it_is};
use config::mapping::Table;
use config::{Config, Source, Target};
use pipeline::check::{self, Finding, Verdict};
use pipeline::planning::Wish;
use report::Report;
use std::path::Path;
use std::time::Duration;

/// What looking at one end may take beyond the silences its own settings allow.
const MARGIN: Duration = Duration::from_secs(60);

pub(crate) fn verb(config: &Config, voice: Voice) -> anyhow::Result<Exit> {
    // All three are there: the configuration was asked for with `Needs::RUN`.
    let (Some(source), Some(target), Some(dir)) = (&config.source, &config.target, &config.checkpoint_dir)
    else {
        return Ok(Exit::Configuration);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let findings = runtime.block_on(look(config, source, target, dir));
    // A directory may still be open; what else sits in a blocking call is not waited for long.
    runtime.shutdown_timeout(crate::run::LETTING_GO);
    let arguments = std::env::args_os().skip(1);
    let arguments = arguments.map(|argument| argument.to_string_lossy().into_owned());
    let report = Report::new(findings, arguments);
    if voice.json {
        say(&format!("{}\n", serde_json::to_string(&report)?));
    } else {
        say_as_it_is(&report.page(voice.colour_on_page));
    }
    Ok(if report.would_run {
        Exit::Complete
    } else {
        Exit::Unreachable
    })
}

/// Everything there is to find, in the order a run meets it.
async fn look(config: &Config, source: &Source, target: &Target, dir: &Path) -> Vec<Finding> {
    // A stream may be silent for one such time, a question that has one message for two. Connecting may take one for
    // each host, and the last answer that is waited for one more.
    let of_source = source.stream_timeout() * 3 + MARGIN;
    let hosts = u32::try_from(target.connection.hosts.len()).unwrap_or(u32::MAX);
    let of_target = target.connection.connect_timeout * hosts.saturating_add(2) + MARGIN;
    let wanted = check::Wanted {
        source,
        mapping: &config.mapping,
    };
    let (mut findings, of_the_target) = tokio::join!(
        within(
            of_source,
            "source.answers",
            source_findings(source, &config.mapping.tables)
        ),
        within(
            of_target,
            "target.answers",
            check::target(target, &config.run, wanted)
        ),
    );
    // Not before the target was looked at: the connections it has free are counted there.
    let answers = of_the_target
        .iter()
        .all(|finding| finding.check != "target.answers" || finding.verdict == Verdict::Pass);
    findings.extend(of_the_target);
    let directory = check::directory(dir);
    let usable = directory.verdict != Verdict::Fail;
    findings.push(directory);
    if usable {
        let wish = Wish::asked(source, target, &config.mapping, &config.run);
        let join = config.run.join;
        let others = answers.then_some(check::Others { target, join });
        let beginning = check::beginning(dir, others, &wish);
        let beginning = within(of_target, "checkpoints.run", async {
            beginning.await.into_iter().collect()
        });
        findings.extend(beginning.await);
    }
    findings
}

async fn source_findings(source: &Source, tables: &[Table]) -> Vec<Finding> {
    match source {
        Source::Firestore(source) => Box::pin(check::source(source)).await,
        Source::Qdrant(source) => Box::pin(check::qdrant(source, tables)).await,
    }
}

/// The findings of one end, or that it took too long to come to any.
async fn within(
    limit: Duration,
    first: &'static str,
    looking: impl Future<Output = Vec<Finding>>,
) -> Vec<Finding> {
    let too_long = || {
        Finding::fail(
            first,
            format!(
                "no answer to all questions came within {} seconds",
                limit.as_secs()
            ),
            "a run would wait as long, again and again, and give up in the end",
            "see what lies between here and there: a firewall, a proxy, a server under load",
        )
    };
    // Looking takes long paths through both clients; on the heap it need not be moved.
    match tokio::time::timeout(limit, Box::pin(looking)).await {
        Ok(findings) => findings,
        Err(_) => vec![too_long()],
    }
}
