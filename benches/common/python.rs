//! A Python with packages in it.

use crate::process::succeed;
use std::path::PathBuf;
use std::process::Command;

/// One with exactly these `packages`, made in a folder of the cache when it is first asked for; or why there is none.
pub(crate) fn interpreter(folder: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = rehearsal::parts::cache()
        .map_err(|error| error.to_string())?
        .join(folder);
    let python = folder.join("bin/python");
    let versions = "import importlib.metadata as m, sys\n\
                    for package in sys.argv[1:]:\n  \
                    name, version = package.split('==')\n  \
                    assert m.version(name.split('[')[0]) == version, package";
    if succeed(Command::new(&python).args(["-c", versions]).args(packages)).is_ok() {
        return Ok(python);
    }
    succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    succeed(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet"])
            .args(packages),
    )?;
    Ok(python)
}
