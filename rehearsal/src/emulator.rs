//! The official Firestore emulator: the judge of how Firestore behaves, on a port nobody else had.
//! It is bounded in memory, holds its data in memory only, and is gone with its owner.
//! With `FIRESTORE_EMULATOR_HOST` set, that one is used; unique projects keep its users apart.

use std::ffi::OsString;
use std::net::{TcpListener, UdpSocket};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::keeper::{GLANCE, Keeper};

const MAIN: &str = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";

/// How often another port is tried when somebody took the one that was free a moment ago.
const PORTS: usize = 5;

/// A running emulator, until dropped.
#[derive(Debug)]
pub struct Emulator {
    host: String,
    http: reqwest::Client,
    own: Option<Own>,
}

/// The order of the fields is the order of the end.
#[derive(Debug)]
struct Own {
    keeper: Keeper,
    _folder: TempDir,
    _claim: UdpSocket,
}

impl Emulator {
    /// Starts an empty emulator, or takes the one that `FIRESTORE_EMULATOR_HOST` names.
    pub async fn start() -> anyhow::Result<Emulator> {
        // What stands between this machine and the internet has no place between two local ports.
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .context("set up HTTP")?;
        if let Some(host) = crate::parts::variable("FIRESTORE_EMULATOR_HOST") {
            let there = answers(&http, &host).await;
            if !there {
                bail!("no Firestore emulator answers at {host}, which FIRESTORE_EMULATOR_HOST names")
            }
            return Ok(Emulator {
                host,
                http,
                own: None,
            });
        }
        let mut attempt = launch(&http).await;
        for _ in 1..PORTS {
            match attempt {
                Err(error) if error.to_string().contains("BindException") => attempt = launch(&http).await,
                other => return other,
            }
        }
        attempt
    }

    /// Where it listens, as `127.0.0.1:PORT`: gRPC and REST alike.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The name of a project that nobody has used, as Google allows them: no longer than 30 characters.
    pub fn fresh_project(&self) -> String {
        crate::unique::name("etl").replace('_', "-")
    }

    /// Removes every document of `project` in its default database.
    pub async fn wipe(&self, project: &str) -> anyhow::Result<()> {
        let host = &self.host;
        let url = format!("http://{host}/emulator/v1/projects/{project}/databases/(default)/documents");
        let answer = self
            .http
            .delete(url)
            .send()
            .await
            .context("wipe a project of the emulator")?;
        answer
            .error_for_status()
            .context("wipe a project of the emulator")?;
        Ok(())
    }

    /// The process id of an emulator of our own.
    pub fn pid(&self) -> Option<u32> {
        self.own.as_ref().map(|own| own.keeper.pid())
    }
}

async fn launch(http: &reqwest::Client) -> anyhow::Result<Emulator> {
    let (port, claim) = free_port()?;
    let host = format!("127.0.0.1:{port}");
    let folder = tempfile::Builder::new()
        .prefix("etl-firestore-")
        .tempdir_in("/tmp");
    let folder = folder.context("create a folder for the emulator's log")?;
    let command: [OsString; 8] = [
        crate::parts::java()?.into(),
        "-Xmx1g".into(),
        "-Duser.language=en".into(),
        "-cp".into(),
        crate::parts::emulator_jar()?.into(),
        MAIN.into(),
        "--host=127.0.0.1".into(),
        format!("--port={port}").into(),
    ];
    let mut keeper = Keeper::start(folder.path(), "KILL", &command)?;
    loop {
        let answered = answers(http, &host).await;
        keeper.must_run("the Firestore emulator")?;
        if answered {
            return Ok(Emulator {
                host,
                http: http.clone(),
                own: Some(Own {
                    keeper,
                    _folder: folder,
                    _claim: claim,
                }),
            });
        }
        tokio::time::sleep(GLANCE).await;
    }
}

/// A port that is free now, and our claim to it: the UDP port of the same number, which the emulator does not use.
/// Without it two emulators started at once could get the same port, and each would believe the other's answer.
/// Should anything else take the port before the emulator does, the next one is tried.
fn free_port() -> anyhow::Result<(u16, UdpSocket)> {
    let mut claim = None;
    for _ in 0..PORTS {
        let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
        let port = listener.local_addr().context("find a free port")?.port();
        match UdpSocket::bind(("127.0.0.1", port)) {
            Ok(socket) => return Ok((port, socket)),
            Err(error) => claim = Some(error),
        }
    }
    Err(claim.context("find a free port")?).context("find a free port")
}

async fn answers(http: &reqwest::Client, host: &str) -> bool {
    let Ok(answer) = http.get(format!("http://{host}/")).send().await else {
        return false;
    };
    answer.text().await.is_ok_and(|text| text.trim() == "Ok")
}
