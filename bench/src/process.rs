//! What a process has cost so far, from `/proc`.

use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;

/// What a process has cost so far.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// Time on the processor, of all its threads, in user and kernel mode.
    pub cpu: Duration,
    /// Most memory that it ever held, in KiB (`VmHWM`).
    pub peak_kib: u64,
    /// Memory that it holds now, in KiB (`VmRSS`).
    pub rss_kib: u64,
}

impl Cost {
    /// The cost of a process of this machine.
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let folder = format!("/proc/{pid}");
        let stat = std::fs::read_to_string(format!("{folder}/stat"))
            .with_context(|| format!("process {pid}"))?;
        let status = std::fs::read_to_string(format!("{folder}/status"))?;
        let ticks = cpu_ticks(&stat).context("/proc/PID/stat has another form")?;
        let kib = |name| {
            field_kib(&status, name).with_context(|| format!("/proc/PID/status has no {name}"))
        };
        Ok(Self {
            cpu: Duration::from_millis(ticks * 1_000 / ticks_per_second()?),
            peak_kib: kib("VmHWM")?,
            rss_kib: kib("VmRSS")?,
        })
    }
}

/// What processes of this machine have cost so far, together; their peaks may have been at different times.
pub fn cost_of_all(pids: &[u32]) -> anyhow::Result<Cost> {
    let nothing = Cost {
        cpu: Duration::ZERO,
        peak_kib: 0,
        rss_kib: 0,
    };
    pids.iter().try_fold(nothing, |sum, pid| {
        let cost = Cost::of(*pid)?;
        Ok(Cost {
            cpu: sum.cpu + cost.cpu,
            peak_kib: sum.peak_kib + cost.peak_kib,
            rss_kib: sum.rss_kib + cost.rss_kib,
        })
    })
}

/// From here on a process's peak counts from what it holds now (proc(5), `clear_refs`).
pub fn forget_peak(pid: u32) -> anyhow::Result<()> {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").with_context(|| format!("process {pid}"))
}

/// The processes that a process started and that still run.
pub fn children(pid: u32) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(child) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // One that ended meanwhile has no file any more.
        let stat = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        if parent(&stat) == Some(pid) {
            found.push(child);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Bytes that this process has sent to the disk so far, or will have when the system writes its pages back.
pub fn bytes_written() -> anyhow::Result<u64> {
    let io = std::fs::read_to_string("/proc/self/io")?;
    let line = io
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "))
        .context("/proc/self/io has another form")?;
    Ok(line.parse()?)
}

/// Fields 14 and 15 of proc(5) `stat`; the name of the process, in parentheses, may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(ticks()? + ticks()?)
}

/// Field 4 of proc(5) `stat`.
fn parent(stat: &str) -> Option<u32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(1);
    fields.next()?.parse().ok()
}

fn field_kib(status: &str, name: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn ticks_per_second() -> anyhow::Result<u64> {
    let output = Command::new("getconf")
        .arg("CLK_TCK")
        .output()
        .context("getconf CLK_TCK")?;
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .context("getconf CLK_TCK said no number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_whatever_the_process_is_called() {
        let stat = "7 (a ) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(parent(stat), Some(1));
        let status = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1024 kB\n";
        assert_eq!(
            (field_kib(status, "VmHWM"), field_kib(status, "VmRSS")),
            (Some(2_048), Some(1_024))
        );
        assert_eq!(field_kib(status, "Vm"), None);
    }

    #[test]
    fn this_process_costs_something() {
        let cost = Cost::of(std::process::id()).unwrap();
        assert!(cost.rss_kib > 0 && cost.peak_kib >= cost.rss_kib);
    }

    #[test]
    fn what_a_process_started_is_found_and_counted_with_it() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let itself = std::process::id();
        assert!(children(itself).unwrap().contains(&child.id()));
        forget_peak(child.id()).unwrap();
        let both = cost_of_all(&[itself, child.id()]).unwrap();
        assert!(both.rss_kib > Cost::of(child.id()).unwrap().rss_kib);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
