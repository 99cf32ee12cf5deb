//! A program on this machine. Its arguments are passed on unchanged, without a shell.

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
    service::{AttemptValues, EventValues, Template},
    text::format::shorten,
};

/// The maximum number of bytes of a program's output that are read.
const MOST_READ: u64 = 1024 * 1024;

/// The number of characters of a program's output that an error message shows.
const SHOWN: usize = 200;

/// A program and its arguments.
#[derive(Debug)]
pub struct Command {
    /// The program, then its arguments.
    pub words: Vec<Template>,
    /// The name of the program in error messages.
    pub program: String,
    /// The folder of the target file. The program runs there, and a relative path of a program is relative to it.
    pub folder: PathBuf,
}

impl Command {
    pub(super) fn name(&self) -> String {
        format!("command {}", self.program)
    }

    pub(super) fn fill(&self, event: &EventValues) -> Result<Vec<String>, String> {
        let word = |word: &Template| {
            word.check(event, AttemptValues::NONE)?;
            Ok(word.fill(event, AttemptValues::NONE))
        };
        self.words.iter().map(word).collect()
    }

    /// Runs the program. The response is its output. The program has to end within `patience` and with exit status 0.
    pub(super) async fn run(
        &self,
        words: &[String],
        patience: Duration,
    ) -> Result<Response<Bytes>, String> {
        // Files instead of pipes: a process that the program leaves running would keep a pipe open.
        let no_file = |error: io::Error| format!("cannot store its output: {error}");
        let (mut out, mut err) = (
            tempfile::tempfile().map_err(no_file)?,
            tempfile::tempfile().map_err(no_file)?,
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
            let printed = read(&mut err).map_err(no_file)?;
            return Err(format!("{status}{}", excerpt(&printed)));
        }
        read(&mut out).map(answer).map_err(no_file)
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

/// The process group of a program. Dropping it before the program has ended kills the program and the processes that it started.
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

fn excerpt(printed: &[u8]) -> String {
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
    async fn a_program_that_does_not_end_is_killed_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let script = format!("sleep 60 & echo $! > {}; wait", file.display());
        let error = run(&script, Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(error, "did not end within 0.3 s and was stopped");
        let pid = std::fs::read_to_string(file).unwrap();
        let stat = format!("/proc/{}/stat", pid.trim());
        // Gone, or a zombie that is not reaped yet.
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
        // The second process keeps the output open, and the command does not wait for it.
        let answer = run("echo ready; sleep 1 &", patience).await.unwrap();
        assert_eq!(&answer.body()[..], b"ready\n");
    }
}
