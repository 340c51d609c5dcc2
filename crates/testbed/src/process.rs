//! A child process that never outlives this one.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// A running child. Dropping it ends it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ending: Ending,
}

/// How a child is to end, when it is dropped and when this process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// SIGKILL.
    Killed,
    /// SIGTERM: it has children of its own to end.
    Asked,
}

/// Longest wait for one that was asked.
const ASKED: Duration = Duration::from_secs(5);

type Order = (Command, mpsc::Sender<std::io::Result<Child>>);

/// The kernel kills a child when the *thread* that started it ends, and threads of tests end early: all children are
/// started by one that lives as long as the process.
static STARTER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
    let (orders, taken) = mpsc::channel::<Order>();
    std::thread::spawn(move || {
        for (mut command, answer) in taken {
            let _ = answer.send(command.spawn());
        }
    });
    orders
});

impl Process {
    /// Starts `program` with its arguments, its environment and output as `adjust` says.
    pub fn start(
        program: &str,
        arguments: &[String],
        adjust: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        Self::start_to_end(Ending::Killed, program, arguments, adjust)
    }

    /// The same, with an ending of its own.
    pub fn start_to_end(
        ending: Ending,
        program: &str,
        arguments: &[String],
        adjust: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Self> {
        let signal = match ending {
            Ending::Killed => "KILL",
            Ending::Asked => "TERM",
        };
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", signal, "--", program])
            .args(arguments)
            .stdin(Stdio::null());
        adjust(&mut command);
        let (answer, answered) = mpsc::channel();
        STARTER.send((command, answer))?;
        let child = answered
            .recv()?
            .with_context(|| format!("cannot start {program}"))?;
        Ok(Self { child, ending })
    }

    /// Its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it wrote, where its output is a pipe; once.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// SIGKILL, and waits for its end.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for its end; SIGKILL past the deadline. Whether it ended by itself, and well.
    pub fn terminate(&mut self, deadline: Duration) -> bool {
        // Of one that has ended, the number may be another's by now.
        if let Ok(Some(status)) = self.child.try_wait() {
            return status.success();
        }
        self.signal("TERM");
        let until = Instant::now() + deadline;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
        false
    }

    /// SIGSTOP: it is there, and does nothing.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let _ = Command::new("kill")
            .args([format!("-{name}"), self.pid().to_string()])
            .status();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        match self.ending {
            Ending::Killed => self.kill(),
            Ending::Asked => drop(self.terminate(ASKED)),
        }
    }
}

/// A port of the loopback that was free a moment ago.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
