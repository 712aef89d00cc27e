//! `make demo`: an application moves from Firestore to PostgreSQL on this machine, and the move is killed half-way.
//! It promises that what it says about the result was found by the judge in the two databases, and that it fails
//! where the result is not exact; `etl` is the binary an operator would run, driven from outside.
//! Why it works is left to the product, what else could go wrong to the tests.

mod arguments;
mod crash;
mod encore;
mod proof;
mod queries;
mod screen;
mod source;
mod stage;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use arguments::Arguments;
use screen::Screen;
use stage::Stage;

/// What a shell reports of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)) {
        Ok(Some(arguments)) => demo(&arguments).await.unwrap_or_else(|error| {
            eprintln!("\ndemo: {error:#}");
            ExitCode::FAILURE
        }),
        Ok(None) => {
            print!("{}", arguments::USAGE);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("demo: {error:#}\n\n{}", arguments::USAGE);
            ExitCode::from(2)
        }
    }
}

async fn demo(arguments: &Arguments) -> Result<ExitCode> {
    let screen = Screen::here();
    let mut stop = Stop::listen()?;
    let etl = crash::binary()?;
    let played = tokio::select! {
        played = Box::pin(open(&screen, arguments, etl)) => played,
        () = stop.wanted() => return Ok(interrupted(&screen)),
    };
    let stage = played?;
    let played = tokio::select! {
        played = Box::pin(play(&screen, &stage)) => played,
        () = stop.wanted() => return Ok(interrupted(&screen)),
    };
    // What went wrong is said before anybody is asked to look around, for that is what they will look for.
    let code = match played {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\ndemo: {error:#}");
            ExitCode::FAILURE
        }
    };
    if arguments.keep {
        encore::say_what_is_there(&screen, &stage);
        tokio::select! {
            () = encore::enter() => {}
            () = stop.wanted() => {}
        }
    } else {
        encore::say_how_to_stay(&screen);
    }
    stage.end().await?;
    Ok(code)
}

/// The servers with the application's data.
async fn open(screen: &Screen, arguments: &Arguments, etl: PathBuf) -> Result<Stage> {
    let stage = Stage::set(screen, arguments.documents, etl).await?;
    stage.fill(screen).await?;
    Ok(stage)
}

/// The move, twice, and whether it is proven.
async fn play(screen: &Screen, stage: &Stage) -> Result<bool> {
    crash::kill_half_way(screen, stage).await?;
    crash::go_on(screen, stage).await?;
    let proven = proof::show(screen, stage).await?;
    if proven {
        queries::show(screen, stage).await?;
    }
    Ok(proven)
}

fn interrupted(screen: &Screen) -> ExitCode {
    screen.line("\nstopped; the servers are gone");
    ExitCode::from(INTERRUPTED)
}

/// Ctrl-C and the polite request to end.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Stop> {
        Ok(Stop {
            interrupt: signal(SignalKind::interrupt()).context("listen for Ctrl-C")?,
            terminate: signal(SignalKind::terminate()).context("listen for SIGTERM")?,
        })
    }

    async fn wanted(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
