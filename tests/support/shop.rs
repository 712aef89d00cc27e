//! A few collections of an application, small enough to be moved once for each place a fault can strike.

use super::{World, emulator, server};
use rehearsal::application::Application;
use rehearsal::postgres::Server;
use rehearsal::rest::{Firestore, Write};
use serde_json::Value;
use tempfile::TempDir;

/// Goods with their vectors, people, and what lies two levels below them.
const COLLECTIONS: [&str; 3] = ["products", "users", "orders"];

/// The source of many targets.
pub(crate) struct Shop {
    world: World,
    documents: usize,
    quarantined: Vec<String>,
}

impl Shop {
    /// About `documents` documents in a fresh project.
    pub(crate) async fn open(documents: usize) -> Shop {
        let project = emulator().await.fresh_project();
        // These collections are two ninths of an application.
        let application = Application::sized(7, documents * 9 / 2).in_database(&project, "(default)");
        let sold_here = |path: &str| {
            path.rsplit('/')
                .nth(1)
                .is_some_and(|id| COLLECTIONS.contains(&id))
        };
        let drafts = application.documents().filter(|draft| sold_here(&draft.path));
        let quarantined = application
            .quarantined()
            .into_keys()
            .filter(|path| sold_here(path))
            .collect();
        Shop::of(project, drafts.map(Write::from).collect(), quarantined).await
    }

    /// These documents in `project`, of which `quarantined` cannot be stored.
    pub(crate) async fn of(project: String, documents: Vec<Write>, quarantined: Vec<String>) -> Shop {
        let emulator = emulator().await;
        let firestore = Firestore::new(emulator.host(), &project, "(default)").unwrap();
        let count = documents.len();
        firestore.commit(documents).await.unwrap();
        let world = World {
            firestore,
            application: Application::small(0),
            url: server().await.database("run").await.unwrap(),
            host: emulator.host().to_owned(),
            project,
            dir: TempDir::new().unwrap(),
        };
        Shop {
            world,
            documents: count,
            quarantined,
        }
    }

    pub(crate) fn documents(&self) -> usize {
        self.documents
    }

    /// The same documents with a new, empty target and no checkpoints.
    pub(crate) async fn target(&self) -> World {
        self.target_on(server().await).await
    }

    /// The same on a server of its own.
    pub(crate) async fn target_on(&self, server: &Server) -> World {
        self.world.again(server).await
    }

    /// Asserts that everything arrived in `target` exactly once.
    pub(crate) async fn assert_exact(&self, target: &World, summary: &Value, what: &str) {
        let verdict = target.verdict(summary).await;
        assert!(verdict.is_exact(), "{what}: {verdict}");
        assert_eq!(verdict.documents, self.documents, "{what}: {verdict}");
        let found: Vec<_> = verdict.quarantined.keys().cloned().collect();
        assert_eq!(found, self.quarantined, "{what}");
    }
}
