//! The file of `souk export`: lines of JSON (UTF-8), the same bytes for the same data whichever engine it left.
//!
//! The first line says what the file is, the last one how many rows it holds and the SHA-256 of all bytes before that
//! line. In between each line is a row, in canonical order. A file is read whole and checked before its first row goes
//! anywhere.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, ErrorKind, Read, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use souk_app::ports::Store;
use souk_app::ports::store::{Row, RowKind};
use tokio::sync::mpsc;

use crate::wire;

/// The version of the format.
const VERSION: u32 = 1;
/// Most bytes of a line: a product with all its texts is far below.
const LONGEST: u64 = 64 << 20;
/// Most rows of a batch.
const BATCH: usize = 500;

#[derive(Serialize, Deserialize)]
struct Head {
    souk: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Tail {
    end: End,
}

#[derive(Serialize, Deserialize)]
struct End {
    rows: u64,
    sha256: String,
}

/// Writes all data of a store to a new file, which only its owner can read; how many rows. The file appears whole or not
/// at all.
pub async fn export(store: Arc<dyn Store>, path: &Path) -> anyhow::Result<u64> {
    ensure!(!path.exists(), "{} is there already", path.display());
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    // One that was left behind may be readable for others, or lead elsewhere.
    match std::fs::remove_file(&partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} cannot be written", path.display()));
        }
        _ => {}
    }
    let mut open = OpenOptions::new();
    open.write(true).create_new(true).mode(0o600);
    let file = open
        .open(&partial)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    let (out, taken) = mpsc::channel(4);
    let writing = tokio::task::spawn_blocking(move || write(file, taken));
    let exported = store.export(out).await;
    let written = writing.await?;
    let done = async {
        exported?;
        let rows = written?;
        // A restore may have begun since it was looked for.
        wire::ensure_whole(&*store).await?;
        std::fs::rename(&partial, path)?;
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(rows)
    }
    .await;
    match done {
        Ok(rows) => Ok(rows),
        Err(error) => {
            let _ = std::fs::remove_file(&partial);
            Err(error)
        }
    }
}

fn write(file: File, mut rows: mpsc::Receiver<Vec<Row>>) -> anyhow::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut hash = Sha256::new();
    let mut count = 0;
    let mut line = |value: &dyn Fn(&mut Vec<u8>) -> serde_json::Result<()>,
                    hash: &mut Sha256|
     -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        value(&mut bytes)?;
        bytes.push(b'\n');
        hash.update(&bytes);
        Ok(out.write_all(&bytes)?)
    };
    let head = Head {
        souk: "export".to_owned(),
        version: VERSION,
    };
    line(&|bytes| serde_json::to_writer(bytes, &head), &mut hash)?;
    while let Some(batch) = rows.blocking_recv() {
        for row in batch {
            line(&|bytes| serde_json::to_writer(bytes, &row), &mut hash)?;
            count += 1;
        }
    }
    let end = Tail {
        end: End {
            rows: count,
            sha256: hexadecimal(hash.clone()),
        },
    };
    line(&|bytes| serde_json::to_writer(bytes, &end), &mut hash)?;
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(count)
}

/// Puts all rows of a file into a store without data; how many.
pub async fn restore(store: Arc<dyn Store>, path: &Path) -> anyhow::Result<u64> {
    let file = path.to_owned();
    let rows = tokio::task::spawn_blocking(move || read(&file, |_| Ok(()))).await??;
    ensure!(
        store.begin_restore().await?,
        "the database has data: restore into an empty one"
    );
    let (out, mut batches) = mpsc::channel::<Vec<Row>>(4);
    let file = path.to_owned();
    let reading = tokio::task::spawn_blocking(move || {
        let mut batch: Vec<Row> = Vec::new();
        let send = |batch: Vec<Row>| {
            let sent = batch.is_empty() || out.blocking_send(batch).is_ok();
            if sent {
                Ok(())
            } else {
                bail!("the store takes no more")
            }
        };
        read(&file, |row| {
            let other = batch
                .first()
                .is_some_and(|first| first.kind() != row.kind());
            if other || batch.len() == BATCH {
                send(std::mem::take(&mut batch))?;
            }
            batch.push(row);
            Ok(())
        })?;
        send(batch)
    });
    while let Some(batch) = batches.recv().await {
        store.restore(batch).await?;
    }
    reading.await??;
    store.end_restore().await?;
    Ok(rows)
}

/// Reads a file from end to end, and checks it; how many rows.
fn read(path: &Path, mut each: impl FnMut(Row) -> anyhow::Result<()>) -> anyhow::Result<u64> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
    let mut lines = Lines {
        from: BufReader::with_capacity(1 << 20, file),
        line: Vec::new(),
        number: 0,
    };
    let mut hash = Sha256::new();
    let head = lines.next()?.unwrap_or_default();
    let known: Head = serde_json::from_slice(head)
        .ok()
        .filter(|head: &Head| head.souk == "export")
        .with_context(|| format!("{shown} is no file of `souk export`"))?;
    ensure!(
        known.version == VERSION,
        "{shown} has format version {}, this program reads {VERSION}",
        known.version
    );
    hash.update(head);
    let mut rows = 0;
    let mut last: Option<RowKind> = None;
    loop {
        let number = lines.number + 1;
        let Some(line) = lines.next()? else {
            bail!("{shown} ends after line {}: it was cut off", number - 1);
        };
        if line.starts_with(br#"{"end":"#) {
            let tail: Tail = serde_json::from_slice(line)
                .with_context(|| format!("{shown}: line {number} cannot be read"))?;
            ensure!(
                tail.end.rows == rows && tail.end.sha256 == hexadecimal(hash),
                "{shown} was changed: its checksum is not that of its rows"
            );
            ensure!(
                lines.next()?.is_none(),
                "{shown} goes on after its end, in line {}",
                number + 1
            );
            return Ok(rows);
        }
        let row: Row = serde_json::from_slice(line)
            .with_context(|| format!("{shown}: line {number} cannot be read"))?;
        ensure!(
            last.is_none_or(|last| last <= row.kind()),
            "{shown}: line {number} is not in its place"
        );
        last = Some(row.kind());
        hash.update(line);
        rows += 1;
        each(row)?;
    }
}

struct Lines<R> {
    from: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: std::io::BufRead> Lines<R> {
    /// The next line, its end included.
    fn next(&mut self) -> anyhow::Result<Option<&[u8]>> {
        self.line.clear();
        let mut limited = (&mut self.from).take(LONGEST);
        limited.read_until(b'\n', &mut self.line)?;
        self.number += 1;
        ensure!(
            (self.line.len() as u64) < LONGEST,
            "line {} is longer than {LONGEST} bytes",
            self.number
        );
        Ok((!self.line.is_empty()).then_some(&self.line))
    }
}

fn hexadecimal(hash: Sha256) -> String {
    souk_app::ports::store::hash_text(&hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use souk_domain::JobId;
    use souk_domain::Timestamp;

    use super::*;

    fn rows(path: &Path) -> anyhow::Result<u64> {
        read(path, |_| Ok(()))
    }

    fn written(folder: &Path, count: u64) -> std::path::PathBuf {
        let path = folder.join("export");
        let (out, taken) = mpsc::channel(1);
        let batch = (0..count).map(|n| Row::DoneJob {
            id: JobId(uuid::Uuid::from_u128(n.into())),
            at: Timestamp::UNIX_EPOCH,
        });
        out.try_send(batch.collect()).expect("room");
        drop(out);
        let file = File::create(&path).expect("made");
        assert_eq!(write(file, taken).expect("written"), count);
        path
    }

    #[test]
    fn what_is_whole_is_read_and_what_is_not_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = written(folder.path(), 3);
        assert_eq!(rows(&path).expect("whole"), 3);
        let text = std::fs::read_to_string(&path).expect("read");
        let lines: Vec<&str> = text.lines().collect();
        let damaged = [
            (String::new(), "no file of `souk export`"),
            ("{}\n".to_owned(), "no file of `souk export`"),
            (
                text.replace("version\":1", "version\":2"),
                "format version 2",
            ),
            (lines[..3].join("\n"), "cut off"),
            (text.replace("0002", "0003"), "checksum"),
            (format!("{text}{{}}\n"), "goes on"),
            (
                text.replace(lines[2], "{\"kind\":\"other\"}"),
                "line 3 cannot be read",
            ),
            (lines[1..].join("\n"), "no file of `souk export`"),
            (
                [lines[0], lines[1], lines[2], lines[4]].join("\n"),
                "checksum",
            ),
        ];
        for (text, says) in damaged {
            std::fs::write(&path, &text).expect("written");
            let error = format!("{:#}", rows(&path).expect_err("damaged"));
            assert!(error.contains(says), "{error:?} does not say {says:?}");
        }
    }
}
