//! Document names taken apart: the database they lie in, the path below it, the pattern of the path.

/// The database's root and the path below it. A name that begins with no database is all path.
pub(crate) fn split(name: &str) -> (&str, &str) {
    let mut slashes = name.match_indices('/').map(|(at, _)| at);
    let root = slashes.nth(4).map(|end| name.split_at(end));
    match root {
        Some((root, path)) if root.starts_with("projects/") && root.ends_with("/documents") => {
            (root, path.trim_start_matches('/'))
        }
        _ => ("", name),
    }
}

/// The document's own id.
pub(crate) fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The name of the document that a document lies below.
pub(crate) fn parent<'n>(name: &'n str, path: &str) -> Option<&'n str> {
    let (above, _) = path.rsplit_once('/')?;
    let (above, _) = above.rsplit_once('/')?;
    name.get(..name.len() - path.len() + above.len())
}

/// The collection it lies in, with `*` for every document above: `users/*/orders`.
/// A collection that is called `*` itself has a backslash before it.
pub(crate) fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    let Some((collection, _)) = path.rsplit_once('/') else {
        return pattern;
    };
    for (at, segment) in collection.split('/').enumerate() {
        if at > 0 {
            pattern.push('/');
        }
        match segment {
            _ if at % 2 == 1 => pattern.push('*'),
            "*" | "**" => pattern.extend(["\\", segment]),
            _ if segment.starts_with('\\') => pattern.extend(["\\", segment]),
            _ => pattern.push_str(segment),
        }
    }
    pattern
}
