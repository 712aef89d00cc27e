//! Names nobody has used: fit for a database and for a project alike.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// `prefix`, then the time, the process and a count: unique among processes that share a server, and short.
pub(crate) fn name(prefix: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "{prefix}_{:x}_{:x}_{count:x}",
        now.as_micros(),
        std::process::id()
    )
}
