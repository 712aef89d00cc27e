//! How much memory this process may have before the system ends it: what its control groups say, in a container or not.
//! Both versions of Linux's control groups are read; where there are none, nothing is known and nothing changes.

use std::fs::read_to_string;
use std::path::Path;

/// What a run takes beside the memory it is granted: code, connections, RocksDB, the allocator's slack
/// (`tests/simulated/memory.rs` holds a run to it).
const BESIDE: u64 = 64 << 20;
/// Version 1 says so where there is no limit: the largest number of whole pages.
const ENDLESS: u64 = 1 << 62;

/// As much of `asked` as this process may have; told if that is less.
pub(crate) fn granted(asked: u64) -> u64 {
    let groups = read_to_string("/proc/self/cgroup").unwrap_or_default();
    let Some(limit) = limit(Path::new("/sys/fs/cgroup"), &groups) else {
        return asked;
    };
    let granted = asked.min(limit.saturating_sub(BESIDE));
    if granted < asked {
        tracing::warn!(
            limit,
            asked,
            granted,
            "the control group of this process has less memory than run.memory and what a run takes beside it: \
             batches wait for what there is"
        );
    }
    granted
}

/// The lowest limit of the groups that a process is in, and of those around them.
fn limit(mounted: &Path, groups: &str) -> Option<u64> {
    let limits = groups.lines().filter_map(|line| {
        // "4:memory:/a/b" in version 1, "0::/a/b" in version 2.
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        match controllers {
            "" => lowest(mounted, group, "memory.max"),
            _ if controllers.split(',').any(|one| one == "memory") => {
                lowest(&mounted.join("memory"), group, "memory.limit_in_bytes")
            }
            _ => None,
        }
    });
    limits.min()
}

/// The lowest limit from a group up to the root. A group that cannot be seen, as from within a container, has none.
fn lowest(root: &Path, group: &str, file: &str) -> Option<u64> {
    let limits = Path::new(group).ancestors().filter_map(|group| {
        let text = read_to_string(root.join(group).join(file)).ok()?;
        text.trim().parse().ok().filter(|limit| *limit < ENDLESS)
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, write};

    /// A tree of groups with these limits.
    fn tree(limits: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::TempDir::new().unwrap();
        for (file, limit) in limits {
            let file = root.path().join(file);
            create_dir_all(file.parent().unwrap()).unwrap();
            write(file, limit).unwrap();
        }
        root
    }

    #[test]
    fn the_lowest_limit_on_the_way_to_the_root_holds() {
        let root = tree(&[
            ("memory.max", "max\n"),
            ("pod/memory.max", "300\n"),
            ("pod/app/memory.max", "500\n"),
            ("other/memory.max", "1\n"),
        ]);
        assert_eq!(limit(root.path(), "0::/pod/app\n"), Some(300));
        assert_eq!(limit(root.path(), "0::/pod\n"), Some(300));
        assert_eq!(limit(root.path(), "0::/\n"), None);
        // Seen from within a container its own group is the root.
        assert_eq!(limit(&root.path().join("pod/app"), "0::/pod/app\n"), Some(500));
    }

    #[test]
    fn the_first_version_is_read_as_well() {
        let root = tree(&[
            ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/job/memory.limit_in_bytes", "700\n"),
            ("memory.max", "400\n"),
        ]);
        let groups = "12:pids:/job\n4:cpu,memory:/job\n1:name=systemd:/\n0::/\n";
        assert_eq!(limit(root.path(), groups), Some(400));
        assert_eq!(limit(root.path(), "4:memory:/job/task\n"), Some(700));
        assert_eq!(limit(root.path(), "4:memory:/\n"), None);
    }

    #[test]
    fn what_is_not_there_limits_nothing() {
        let root = tree(&[("a/memory.max", "what\n")]);
        for groups in ["", "nonsense", "0::", "0::/a", "0::/../../x", "7:memory:/gone"] {
            assert_eq!(limit(root.path(), groups), None, "{groups:?}");
        }
    }
}
