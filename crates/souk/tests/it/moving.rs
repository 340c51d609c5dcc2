//! A shop moves: `souk export` and `souk restore`, with the real binary.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use crate::binary::{Server, assert_verified, souk};

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    assert!(
        !output.status.success() && text(output).contains(why),
        "{}",
        text(output)
    );
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_shop_moves_to_another_file_and_is_the_same() {
    let (old, new, files) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let server = Server::start(old.path(), &["--demo"]);
    let first = path(files.path(), "first");
    done(&souk(old.path(), &["export", &first]));
    let mode = std::fs::metadata(&first).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    refused(&souk(old.path(), &["export", &first]), "is there already");
    assert!(server.terminate());

    done(&souk(new.path(), &["restore", &first]));
    refused(&souk(new.path(), &["restore", &first]), "has data");
    assert_verified(new.path());
    let second = path(files.path(), "second");
    done(&souk(new.path(), &["export", &second]));
    let bytes = std::fs::read(&first).unwrap();
    assert_eq!(bytes, std::fs::read(&second).unwrap());
    // It is served, and still knows its people.
    let server = Server::start(new.path(), &["--demo"]);
    assert!(server.terminate());
}

#[test]
fn what_is_damaged_is_refused_before_anything_is_written() {
    let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    assert!(Server::start(old.path(), &["--demo"]).terminate());
    let file = path(old.path(), "export");
    done(&souk(old.path(), &["export", &file]));
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.replacen("Salma", "Selma", 1)).unwrap();
    refused(&souk(new.path(), &["restore", &file]), "checksum");
    std::fs::write(&file, whole.as_bytes()).unwrap();
    done(&souk(new.path(), &["restore", &file]));
}
