//! Somebody else's server, named by `ETL_POSTGRES_URL`: databases are made there and removed again, nothing more.

use std::sync::Mutex;

use super::connect;

/// The server's URL and the databases made on it.
pub(super) struct Given {
    url: String,
    made: Mutex<Vec<String>>,
}

impl Given {
    pub(super) fn new(url: String) -> Given {
        Given {
            url,
            made: Mutex::default(),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Notes a database to remove when this is dropped.
    pub(super) fn remember(&self, database: &str) {
        self.made
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push(database.to_owned());
    }
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        let url = std::mem::take(&mut self.url);
        let made = std::mem::take(&mut *self.made.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        // A runtime cannot block inside another, and a drop may well happen inside one: hence the thread.
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(remove(&url, &made))
        });
        match removal.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("databases were left on the server in ETL_POSTGRES_URL: {error:#}"),
            Err(_) => eprintln!("databases were left on the server in ETL_POSTGRES_URL"),
        }
    }
}

async fn remove(url: &str, databases: &[String]) -> anyhow::Result<()> {
    if databases.is_empty() {
        return Ok(());
    }
    let client = connect(url).await?;
    for name in databases {
        client
            .batch_execute(&format!("drop database if exists {name} with (force)"))
            .await?;
    }
    Ok(())
}
