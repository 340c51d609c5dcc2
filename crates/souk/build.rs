//! The web client is built into the binary: build again when it changes.

fn main() {
    println!("cargo:rerun-if-changed=../../web/dist");
}
