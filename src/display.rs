//! A run as a person sees it: a live line on a terminal, one plain line every ten seconds elsewhere, an event of the log
//! where that is for programs.

use crate::Voice;
use crate::text::{bytes, count, duration};
use config::{LogFormat, in_line};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use pipeline::progress::{Phase, Progress, Snapshot};
use std::sync::Arc;
use std::time::Duration;

const FRAME: Duration = Duration::from_millis(100);
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// How the run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Redrawn in place.
    Live {
        /// Whether colour is welcome.
        colour: bool,
    },
    /// A line now and then.
    Plain,
    /// The same as an event.
    Logged,
}

impl Style {
    /// What `voice` wants.
    pub(crate) fn of(voice: &Voice) -> Style {
        match voice.log {
            LogFormat::Json => Style::Logged,
            LogFormat::Text if voice.live => Style::Live { colour: voice.colour },
            LogFormat::Text => Style::Plain,
        }
    }
}

/// Shows `progress` until the future is dropped.
pub(crate) async fn show(progress: Arc<Progress>, display: MultiProgress, style: Style, health: Duration) {
    match style {
        Style::Live { colour } => {
            tokio::join!(live(&progress, display, colour), watch(&progress, health));
        }
        Style::Plain => {
            tokio::join!(
                plain(&progress, |line| eprintln!("{line}")),
                watch(&progress, health)
            );
        }
        Style::Logged => {
            tokio::join!(
                plain(&progress, |line| tracing::info!("{line}")),
                watch(&progress, health)
            );
        }
    }
}

async fn live(progress: &Progress, display: MultiProgress, colour: bool) {
    let bar = display.add(ProgressBar::new(0));
    let (template, waiting) = if colour {
        ("{bar:32.cyan/dim} {percent:>3}%  {msg}", "{spinner:.cyan} {msg}")
    } else {
        ("[{bar:32}] {percent:>3}%  {msg}", "{spinner} {msg}")
    };
    let (Ok(template), Ok(waiting)) = (
        ProgressStyle::with_template(template),
        ProgressStyle::with_template(waiting),
    ) else {
        return;
    };
    let template = template.progress_chars("━━─");
    bar.set_style(waiting.clone());
    let _cleared = Cleared(bar.clone());
    let mut loading = false;
    loop {
        tokio::time::sleep(FRAME).await;
        let now = progress.snapshot();
        let is_loading = now.phase == Phase::Loading;
        if is_loading != loading {
            loading = is_loading;
            bar.set_style(if loading {
                template.clone()
            } else {
                waiting.clone()
            });
        }
        bar.set_length(now.planned.max(1));
        bar.set_position(now.total.read);
        bar.set_message(line(&now));
        bar.tick();
    }
}

/// Takes the live line off the screen when the display ends.
struct Cleared(ProgressBar);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

async fn plain(progress: &Progress, say: impl Fn(String)) {
    let mut tick = tokio::time::interval(PLAIN_EVERY);
    tick.tick().await;
    loop {
        tick.tick().await;
        let now = progress.snapshot();
        let percent = 100 * now.total.read / now.planned.max(1);
        match now.phase {
            Phase::Loading => say(format!("{percent}%  {}", line(&now))),
            _ => say(line(&now)),
        }
    }
}

/// Says so when nothing has moved for a while.
async fn watch(progress: &Progress, health: Duration) {
    let mut last = progress.snapshot().here.read;
    loop {
        tokio::time::sleep(health).await;
        let now = progress.snapshot();
        if now.phase == Phase::Loading && now.here.read == last && now.total.read < now.planned {
            tracing::warn!(
                seconds = health.as_secs(),
                "nothing has been committed for a while; waiting for the source, its quota, or the target"
            );
        }
        last = now.here.read;
    }
}

fn line(now: &Snapshot) -> String {
    match &now.phase {
        Phase::Connecting => "connecting".to_owned(),
        Phase::Planning(what) => format!("planning: {}", in_line(what)),
        Phase::Finishing(what) => format!("finishing: {}", in_line(what)),
        Phase::Loading => {
            let eta = now.eta.map_or("—".to_owned(), duration);
            let mut line = format!(
                "{} of {} {}  {}/s  {}/s  ETA {eta}  lanes {}/{}",
                count(now.total.read),
                count(now.planned),
                now.records.many(),
                count(now.rate as u64),
                bytes(now.bytes_rate as u64),
                now.lanes_done,
                now.lanes
            );
            if now.lanes_failed > 0 {
                line.push_str(&format!("  failed {}", count(now.lanes_failed)));
            }
            if now.total.quarantined > 0 {
                line.push_str(&format!("  quarantined {}", count(now.total.quarantined)));
            }
            let retries = pipeline::metrics::retries();
            if retries > 0 {
                line.push_str(&format!("  retries {}", count(retries)));
            }
            line
        }
    }
}
