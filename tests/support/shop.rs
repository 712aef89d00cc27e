//! A few collections of an application, small enough to be moved once for each place a fault can strike.

use super::{World, emulator, server};
use rehearsal::application::Application;
use rehearsal::postgres::Server;
use rehearsal::rest::Write;
use serde_json::Value;

/// Goods with their vectors, people, and what lies two levels below them.
const COLLECTIONS: [&str; 3] = ["products", "users", "orders"];

/// The source of many targets.
pub(crate) struct Shop {
    world: World,
    documents: usize,
    quarantined: Vec<String>,
    stormy: bool,
}

impl Shop {
    /// About `documents` documents in a fresh project of the emulator.
    pub(crate) async fn open(documents: usize) -> Shop {
        let emulator = emulator().await;
        Shop::open_at(emulator.host(), emulator.fresh_project(), documents).await
    }

    /// The same in a project of the Firestore at `host`.
    pub(crate) async fn open_at(host: &str, project: String, documents: usize) -> Shop {
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
        Shop::at(host, project, drafts.map(Write::from).collect(), quarantined).await
    }

    /// These documents in a project of the emulator, of which `quarantined` cannot be stored.
    pub(crate) async fn of(project: String, documents: Vec<Write>, quarantined: Vec<String>) -> Shop {
        Shop::at(emulator().await.host(), project, documents, quarantined).await
    }

    async fn at(host: &str, project: String, documents: Vec<Write>, quarantined: Vec<String>) -> Shop {
        let world = World::of(host, &project, Application::small(0)).await;
        let count = documents.len();
        world.firestore.commit(documents).await.unwrap();
        Shop {
            world,
            documents: count,
            quarantined,
            stormy: false,
        }
    }

    /// The same, from a source in trouble of its own.
    pub(crate) fn in_storms(self) -> Shop {
        Shop { stormy: true, ..self }
    }

    /// Whether a start may fail because of the source.
    pub(crate) fn is_stormy(&self) -> bool {
        self.stormy
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
