//! What there is to fuzz.

use crate::laws;

/// A law, and bytes to begin with.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// What it goes by, on the command line and in `corpus/`.
    pub name: &'static str,
    /// Panics where the bytes break it.
    pub law: fn(&[u8]),
    /// What a real source, file or directory would hand over.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: [Target; 10] = [
    Target {
        name: "answer",
        law: laws::answer::law,
        seeds: laws::answer::seeds,
    },
    Target {
        name: "cast",
        law: laws::cast::law,
        seeds: laws::cast::seeds,
    },
    Target {
        name: "checkpoint",
        law: laws::checkpoint::values,
        seeds: laws::checkpoint::seeds_of_values,
    },
    Target {
        name: "document",
        law: laws::document::law,
        seeds: laws::document::seeds,
    },
    Target {
        name: "json",
        law: laws::json::law,
        seeds: laws::json::seeds,
    },
    Target {
        name: "manifest",
        law: laws::checkpoint::manifest,
        seeds: laws::checkpoint::seeds_of_manifests,
    },
    Target {
        name: "plan",
        law: laws::plan::law,
        seeds: laws::plan::seeds,
    },
    Target {
        name: "point",
        law: laws::point::law,
        seeds: laws::point::seeds,
    },
    Target {
        name: "rows",
        law: laws::rows::law,
        seeds: laws::rows::seeds,
    },
    Target {
        name: "settings",
        law: laws::settings::law,
        seeds: laws::settings::seeds,
    },
];

/// The target of this name.
pub fn named(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
