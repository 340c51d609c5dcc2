//! `souk backup`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;

use crate::config::{BlobsUrl, EngineOptions};
use crate::wire;

/// Copies everything into a new folder, while the shop runs.
#[derive(Debug, Args)]
pub struct Backup {
    /// The folder to make; it must not be there yet. It appears whole or not at all.
    #[arg(value_name = "FOLDER")]
    to: PathBuf,
    /// Copy the signing keys too: whoever has them can sign in as anybody. Without them, people sign in again.
    #[arg(long)]
    with_keys: bool,
}

impl Backup {
    pub(super) fn run(&self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        anyhow::ensure!(!self.to.exists(), "{} is there already", self.to.display());
        let mut partial = self.to.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        if partial.exists() {
            std::fs::remove_dir_all(&partial)?;
        }
        make_private(&partial)?;
        let database = engines.database()?;
        super::block_on(async {
            Ok(wire::open_file(&database)?
                .backup(&partial.join("souk.db"))
                .await?)
        })
        .context("the database could not be copied")?;
        let BlobsUrl::Folder(blobs) = engines.blobs()?;
        // After the database: a picture that came in between is one too many, never one too few.
        let pictures = if blobs.exists() {
            copy_folder(&blobs, &partial.join("blobs"))?
        } else {
            0
        };
        if self.with_keys {
            std::fs::copy(engines.signing_keys()?, partial.join("signing-keys.json"))?;
        }
        std::fs::rename(&partial, &self.to)?;
        super::say(&format!(
            "{}: the database and {pictures} pictures",
            self.to.display()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<u64> {
    make_private(to)?;
    let mut copied = 0;
    for item in std::fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copied += copy_folder(&item.path(), &target)?;
        } else {
            std::fs::copy(item.path(), target)?;
            copied += 1;
        }
    }
    Ok(copied)
}
