//! Folders for the data of servers. One that a killed process left behind is removed by the next process that makes one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;

static MADE: AtomicU32 = AtomicU32::new(0);

/// A folder that goes with its handle.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes an empty one.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let all = std::env::temp_dir().join("souk-testbed");
        std::fs::create_dir_all(&all)?;
        if MADE.load(Ordering::Relaxed) == 0 {
            remove_left_behind(&all)?;
        }
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = all.join(format!("{}-{number}-{name}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next process.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Removes the folders of processes that are no more.
fn remove_left_behind(all: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(all)? {
        let entry = entry?;
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.split('-').next());
        let alive = owner.is_none_or(|pid| Path::new("/proc").join(pid).exists());
        if !alive {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}
