//! The machine: what a table means nothing without. Owns the refusal of folders that are not on a disk.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::stats::{as_f64, median, per_second};

/// What was measured of the disk.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    /// Writes of 4 KiB to the end of a file that were made durable one by one, in a second.
    pub syncs_per_second: f64,
}

/// The facts of this machine.
#[derive(Debug, Clone)]
pub struct Machine {
    cores: usize,
    processor: String,
    memory_mib: u64,
    file_system: String,
    load_before: String,
    before: Disk,
}

impl Machine {
    /// Looks at the machine and at the disk that the folder is on.
    pub fn look(folder: &Path) -> anyhow::Result<Self> {
        let line = |file: &str, name: &str| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let found = text.lines().find_map(|line| {
                line.strip_prefix(name)?
                    .split_once(':')
                    .map(|(_, value)| value.trim())
            });
            found.unwrap_or("unknown").to_owned()
        };
        let memory_kib = line("/proc/meminfo", "MemTotal")
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>();
        Ok(Self {
            cores: std::thread::available_parallelism()?.get(),
            processor: line("/proc/cpuinfo", "model name"),
            memory_mib: memory_kib.unwrap_or_default() / 1_024,
            file_system: file_system(folder)?,
            load_before: load(),
            before: Disk::measure(folder)?,
        })
    }

    /// The facts as Markdown, with the disk as it is at the end.
    pub fn markdown(&self, at_end: Disk) -> String {
        let mut text = String::from("## The machine\n\n| | |\n|---|---|\n");
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "| {name} | {value} |");
        };
        row(
            "cores",
            format!(
                "{} ({}), shared by the driver and what it measures",
                self.cores, self.processor
            ),
        );
        row("memory", format!("{} MiB", self.memory_mib));
        row("file system", self.file_system.clone());
        row(
            "disk: 4 KiB appended and made durable (`fdatasync`), one after the other",
            format!(
                "{:.0} a second before the run, {:.0} after it",
                self.before.syncs_per_second, at_end.syncs_per_second
            ),
        );
        row(
            "load of the machine (1, 5, 15 min) before the run",
            self.load_before.clone(),
        );
        row("load of the machine after it", load());
        if self.is_busy() {
            text.push_str("\n**The machine was busy with other work before the run: rates and latencies are low, and only ratios mean something.**\n");
        }
        text
    }
}

impl Machine {
    /// Whether others kept more than half of the cores busy before the run.
    fn is_busy(&self) -> bool {
        let minute = self
            .load_before
            .split(' ')
            .next()
            .and_then(|load| load.parse::<f64>().ok());
        minute.is_some_and(|load| load > as_f64(self.cores as u64) / 2.0)
    }
}

impl Disk {
    /// Measures the disk under a folder: the median of five times a quarter of a second.
    pub fn measure(folder: &Path) -> anyhow::Result<Self> {
        let mut rates = Vec::new();
        for _ in 0..5 {
            let mut file = tempfile::tempfile_in(folder)?;
            let (started, mut syncs) = (Instant::now(), 0);
            while started.elapsed() < Duration::from_millis(250) {
                file.write_all(&[0x5a; 4_096])?;
                file.sync_data()?;
                syncs += 1;
            }
            rates.push(per_second(syncs, started.elapsed()));
        }
        Ok(Self {
            syncs_per_second: median(rates),
        })
    }
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Refuses a folder that is memory.
pub fn is_on_disk(folder: &Path) -> anyhow::Result<()> {
    file_system(folder).map(drop)
}

/// The file system under a folder; an error when it is memory, where nothing is durable and every table would lie.
fn file_system(folder: &Path) -> anyhow::Result<String> {
    let folder = folder
        .canonicalize()
        .with_context(|| format!("{}", folder.display()))?;
    let mounts = std::fs::read_to_string("/proc/self/mounts")?;
    let kind = kind_of_mount(&mounts, &folder).context("the folder is on no known file system")?;
    anyhow::ensure!(
        !["tmpfs", "ramfs"].contains(&kind.as_str()),
        "{} is memory ({kind}), not a disk: give --folder",
        folder.display()
    );
    Ok(kind)
}

fn kind_of_mount(mounts: &str, folder: &Path) -> Option<String> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((Path::new(fields.next()?), fields.next()?))
    });
    // Of mounts on the same place the last one counts.
    let longest = mounts
        .filter(|(place, _)| folder.starts_with(place))
        .max_by_key(|(place, _)| place.components().count());
    longest.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/b /tmp/disk xfs rw 0 0\n";
        let kind = |folder: &str| kind_of_mount(mounts, Path::new(folder));
        assert_eq!(kind("/tmp/x"), Some("tmpfs".to_owned()));
        assert_eq!(kind("/tmp/disk/x"), Some("xfs".to_owned()));
        assert_eq!(kind("/tmpx"), Some("ext4".to_owned()));
    }

    #[test]
    fn memory_is_refused() {
        if std::fs::read_to_string("/proc/self/mounts")
            .unwrap()
            .contains("tmpfs /dev/shm tmpfs")
        {
            assert!(
                file_system(Path::new("/dev/shm"))
                    .unwrap_err()
                    .to_string()
                    .contains("--folder")
            );
        }
    }
}
