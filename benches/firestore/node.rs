//! A Node with packages in it.

use crate::process::succeed;
use std::path::PathBuf;
use std::process::Command;

/// A Node and the folder with exactly these `packages`, made in the cache when it is first asked for; or why there is
/// none. `npm` may find its packages wherever it is told to.
pub(crate) fn interpreter(folder: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = rehearsal::parts::cache()
        .map_err(|error| error.to_string())?
        .join(folder);
    let modules = folder.join("node_modules");
    let versions = "for (const package of process.argv.slice(1)) {\n\
                    const [, name, version] = /^(.+)@(.+)$/.exec(package);\n\
                    const path = `${process.env.NODE_PATH}/${name}/package.json`;\n\
                    if (JSON.parse(require('fs').readFileSync(path)).version !== version) throw package;\n}";
    let mut asked = Command::new("node");
    asked
        .args(["-e", versions])
        .args(packages)
        .env("NODE_PATH", &modules);
    if succeed(&mut asked).is_err() {
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let mut install = Command::new("npm");
        install
            .args([
                "install",
                "--save-exact",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ])
            .args(packages)
            .current_dir(&folder);
        succeed(&mut install)?;
        succeed(&mut asked)?;
    }
    Ok(modules)
}
