//! A program on this machine: its arguments as they are, without a shell.

use std::{
    fs::File,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

use super::answer;
use crate::{
    service::{Event, Template, Who},
    text::format::shorten,
};

/// Bytes of what a program prints that are read.
const MOST_READ: u64 = 1024 * 1024;

/// Characters of what a program prints that an error shows.
const SHOWN: usize = 200;

/// A program and its arguments.
#[derive(Debug)]
pub struct Command {
    /// The program first.
    pub words: Vec<Template>,
    /// The program as it is called in errors.
    pub program: String,
    /// Where it is run, and where a program is that is named by a relative path: beside the target file.
    pub folder: PathBuf,
}

impl Command {
    pub(super) fn name(&self) -> String {
        format!("command {}", self.program)
    }

    pub(super) fn fill(&self, event: &Event) -> Result<Vec<String>, String> {
        let word = |word: &Template| {
            word.check(event, Who::NOBODY)?;
            Ok(word.fill(event, Who::NOBODY))
        };
        self.words.iter().map(word).collect()
    }

    /// The answer is what it prints. It has to end within `patience` and with exit status 0.
    pub(super) async fn run(
        &self,
        words: &[String],
        patience: Duration,
    ) -> Result<Response<Bytes>, String> {
        // Files, and not pipes: a program that leaves another one running would keep a pipe open.
        let said = |error: io::Error| format!("no room for what it prints: {error}");
        let (mut out, mut err) = (
            tempfile::tempfile().map_err(said)?,
            tempfile::tempfile().map_err(said)?,
        );
        let child = self.start(words, &out, &err);
        let mut child = child.map_err(|error| format!("cannot be started: {error}"))?;
        let mut group = Group::of(&child);
        let ended = tokio::time::timeout(patience, child.wait()).await;
        let ended = ended.map_err(|_| {
            let seconds = patience.as_secs_f64();
            format!("did not end within {seconds} s and was stopped")
        })?;
        group.0 = None;
        let status = ended.map_err(|error| error.to_string())?;
        if !status.success() {
            let printed = read(&mut err).map_err(said)?;
            return Err(format!("{status}{}", beginning(&printed)));
        }
        read(&mut out).map(answer).map_err(said)
    }

    fn start(&self, words: &[String], out: &File, err: &File) -> io::Result<Child> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let path = Path::new(program);
        let is_path = path.components().count() > 1 || program.starts_with('.');
        let program = if is_path && path.is_relative() {
            std::path::absolute(self.folder.join(path))?
        } else {
            path.to_owned()
        };
        let mut command = tokio::process::Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(err.try_clone()?)
            .process_group(0)
            .kill_on_drop(true);
        if !self.folder.as_os_str().is_empty() {
            command.current_dir(&self.folder);
        }
        command.spawn()
    }
}

/// A program with whatever it has started: all of it ends when this is dropped before the program has ended.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn read(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MOST_READ).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn beginning(printed: &[u8]) -> String {
    let text = String::from_utf8_lossy(printed);
    let text: Vec<_> = text.split_whitespace().collect();
    match text.join(" ") {
        text if text.is_empty() => String::new(),
        text => format!(": {}", shorten(&text, SHOWN)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    async fn run(script: &str, patience: Duration) -> Result<Response<Bytes>, String> {
        let command = Command {
            words: Vec::new(),
            program: "sh".to_owned(),
            folder: PathBuf::new(),
        };
        let words = ["sh", "-c", script].map(str::to_owned);
        command.run(&words, patience).await
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_stopped_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", file.display());
        let error = run(&script, Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(error, "did not end within 0.3 s and was stopped");
        let pid = std::fs::read_to_string(file).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        // Gone, or dead and not buried yet.
        let runs = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
        for _ in 0..100 {
            if !runs() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{stat} still runs");
    }

    #[tokio::test]
    async fn a_program_may_leave_another_one_running() {
        let patience = Duration::from_secs(20);
        // It keeps the output open, which nobody waits for.
        let answer = run("echo ready; sleep 1 &", patience).await.unwrap();
        assert_eq!(&answer.body()[..], b"ready\n");
    }
}
