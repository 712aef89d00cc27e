//! Prints the documented settings file: `cargo run --release -p config --example sample > config/example.toml`.

fn main() {
    print!("{}", config::sample());
}
