//! libFuzzer over the law that `FUZZ_TARGET` names; `make fuzz` builds and calls it. The program's own `main`, and what
//! it takes for arguments, are libFuzzer's.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

static TARGET: LazyLock<fuzz::Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    fuzz::named(&name).unwrap_or_else(|| {
        let names = fuzz::TARGETS.map(|target| target.name).join(" ");
        eprintln!("FUZZ_TARGET={name} is none of: {names}");
        std::process::exit(2);
    })
});

/// Puts what to begin with where libFuzzer looks for it.
fn sow() {
    if let Ok(folder) = std::env::var("FUZZ_SEEDS") {
        for (number, seed) in (TARGET.seeds)().iter().enumerate() {
            let file = Path::new(&folder).join(format!("seed-{number}"));
            std::fs::write(file, seed).expect("the folder of seeds can be written to");
        }
    }
}

libfuzzer_sys::fuzz_target!(init: sow(), |data: &[u8]| (TARGET.law)(data));
