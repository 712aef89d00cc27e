//! The program as a Qdrant.

use super::{Arguments, say, text, until_told_to_stop};
use anyhow::{Context, anyhow};
use simulator::qdrant::{Collection, Options, Plan, Qdrant};
use std::net::SocketAddr;

/// What the arguments ask for.
pub(super) fn read(arguments: &Arguments) -> anyhow::Result<Options> {
    let mut options = match &arguments.qdrant {
        Some(path) => Options::parse(&text(path)?).map_err(|error| anyhow!("{}: {error}", path.display()))?,
        None => Options::default().with(Collection::items(arguments.points.unwrap_or(0))),
    };
    if let Some(version) = arguments.qdrant_version {
        options = options.version(version);
    }
    if let Some(path) = &arguments.plan {
        let mut plan = Plan::parse(&text(path)?).with_context(|| format!("read {}", path.display()))?;
        plan.seed = arguments.seed.unwrap_or(plan.seed);
        options = options.plan(plan);
    }
    let at = |port| SocketAddr::new(arguments.host, port);
    let grpc = at(arguments.port.unwrap_or(6334));
    Ok(options
        .workers(arguments.workers)
        .listen(grpc, at(arguments.rest_port)))
}

/// Serves until told to stop.
pub(super) fn serve(arguments: &Arguments, options: Options) -> anyhow::Result<()> {
    let collections = options.told();
    let server = Qdrant::start(options).with_context(|| format!("listen on {}", arguments.host))?;
    say(format_args!("listening on {}", server.url()));
    say(format_args!("REST on {}", server.rest_url()));
    say(collections);
    until_told_to_stop()?;
    let (points, bytes) = server.sent();
    say(format_args!("sent {points} points in {bytes} bytes"));
    for (method, calls) in server.calls() {
        say(format_args!("{method}: {calls} calls"));
    }
    for (rule, struck) in (1..).zip(server.struck()) {
        say(format_args!(
            "rule {rule}, {:?}: struck {} of {} calls",
            struck.strike, struck.times, struck.calls
        ));
    }
    Ok(())
}
