//! As whom the server runs: PostgreSQL refuses root, and test machines often have nothing else.
//! A user namespace is tried first, since files then stay ours; where it is forbidden, as in many containers,
//! the account `nobody` runs the server.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, bail};

/// The uid and gid of `nobody`: PostgreSQL wants its own to have a name.
const NOBODY: u32 = 65_534;
const UNSHARE: [&str; 4] = ["unshare", "--user", "--map-user=65534", "--map-group=65534"];
const SETPRIV: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

/// The way to run the server's programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Account {
    /// As the user we are.
    Ourselves,
    /// As ourselves, in a namespace where we are called nobody.
    Namespace,
    /// As the account nobody.
    Nobody,
}

impl Account {
    /// The one that works here; found out once.
    pub(crate) fn here() -> anyhow::Result<Account> {
        static HERE: OnceLock<Option<Account>> = OnceLock::new();
        let found = HERE.get_or_init(|| {
            let root = Command::new("id")
                .arg("-u")
                .output()
                .is_ok_and(|id| id.stdout.trim_ascii() == b"0");
            let ways = [Account::Namespace, Account::Nobody];
            if root {
                ways.into_iter().find(|way| way.works())
            } else {
                Some(Account::Ourselves)
            }
        });
        let none = "PostgreSQL does not run as root, and neither unshare --user nor setpriv works here";
        found.with_context(|| format!("{none}: run as another user"))
    }

    /// `program` with `arguments`, under this account.
    pub(crate) fn command(self, program: &Path, arguments: &[&str]) -> Vec<OsString> {
        let mut words: Vec<OsString> = self.prefix().iter().map(OsString::from).collect();
        words.push(program.into());
        words.extend(arguments.iter().map(OsString::from));
        words
    }

    /// Hands `path` to the account that is going to write there.
    pub(crate) fn give(self, path: &Path) -> anyhow::Result<()> {
        let Account::Nobody = self else { return Ok(()) };
        let given = std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY));
        given.with_context(|| format!("give {} to nobody", path.display()))
    }

    /// Runs a command to its end and returns its answer; what it says on stderr is the error.
    pub(crate) fn run(self, program: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let words = self.command(program, arguments);
        let output = Command::new(&words[0])
            .args(&words[1..])
            .stdin(Stdio::null())
            .output();
        let output = output.with_context(|| format!("run {}", program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!(
                "{} ended with {}: {}",
                program.display(),
                output.status,
                said.trim()
            )
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn prefix(self) -> &'static [&'static str] {
        match self {
            Account::Ourselves => &[],
            Account::Namespace => &UNSHARE,
            Account::Nobody => &SETPRIV,
        }
    }

    fn works(self) -> bool {
        self.run(Path::new("true"), &[]).is_ok()
    }
}
