//! Makes the library of `seam/seam.c`, which tests have loaded into a program before the system's own.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=seam/seam.c");
    let folder = std::env::var("OUT_DIR").unwrap_or_default();
    let library = Path::new(&folder).join("seam.so");
    let compiler = cc::Build::new().get_compiler();
    let mut command = compiler.to_command();
    command.args(["-std=gnu17", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o"]);
    command.arg(&library).args(["seam/seam.c", "-ldl"]);
    match command.status() {
        Ok(status) if status.success() => {}
        ended => panic!("seam/seam.c was not compiled by {command:?}: {ended:?}"),
    }
}
