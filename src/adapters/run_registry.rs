//! The runs of this machine: one file for each run, locked by the process of the run until the process ends.
//!
//! The operating system releases the lock when the process ends, also when it is killed. So a file without a lock belongs to a run
//! that was killed or that has left objects behind. Process numbers decide nothing, because another process can have the number.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::remains::is_run_id;

/// The folder of the files, in the folder for temporary files.
const FOLDER: &str = "coupon_bench_runs";

/// All users of the machine can create files in the folder, and only the owner of a file can remove it.
const FOLDER_MODE: u32 = 0o1777;

/// Other users can read whether a run is alive.
const FILE_MODE: u32 = 0o644;

/// The properties of a run. Without passwords.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct RunRecord {
    /// The id of the run, a part of the names of all its objects.
    pub run_id: String,
    /// The number of its process, for messages.
    pub process: u32,
    /// The services on which the run creates objects: the flag, and the address.
    pub services: Vec<(String, String)>,
    /// The objects that the run creates.
    pub objects: Vec<String>,
    /// Whether the run has ended and has kept its objects on request.
    #[serde(default)]
    pub kept: bool,
}

/// The runs of this process that are in progress.
static HERE: Mutex<Vec<RunRecord>> = Mutex::new(Vec::new());

/// The entry of a run. If it is dropped without [`RunRegistration::end`], its file stays and lists the objects that can be left.
#[derive(Debug)]
pub struct RunRegistration {
    record: RunRecord,
    /// `None` if the file could not be created. Such a run is not known to be alive.
    file: Option<(File, PathBuf)>,
}

/// The objects of a run at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// All objects are removed.
    Removed,
    /// All objects are kept, on request.
    Kept,
    /// Some objects could not be removed.
    LeftBehind,
}

impl RunRegistration {
    /// Creates the entry of a run before it creates objects. If the entry cannot be created, the run continues without one.
    pub fn enter(record: RunRecord) -> Self {
        let file = enter(&folder(), &record);
        if let Err(error) = &file {
            tracing::warn!(%error, "the run is not registered, so clean cannot tell that it is alive");
        }
        with_runs(|runs| runs.push(record.clone()));
        Self {
            record,
            file: file.ok(),
        }
    }

    /// Removes or updates the entry at the end of the run.
    pub fn end(mut self, ended: RunEnd) {
        let Some((_, path)) = &self.file else { return };
        self.record.kept = ended == RunEnd::Kept;
        // A file that cannot be written or removed is found by `clean`.
        let _ = match ended {
            RunEnd::Removed => fs::remove_file(path),
            RunEnd::Kept => rewrite(path, &self.record),
            RunEnd::LeftBehind => Ok(()),
        };
    }
}

impl Drop for RunRegistration {
    fn drop(&mut self) {
        let id = &self.record.run_id;
        with_runs(|runs| runs.retain(|record| record.run_id != *id));
    }
}

/// The runs of this process that are in progress. Their objects are left behind if the process ends now.
pub fn under_way() -> Vec<RunRecord> {
    let mut found = Vec::new();
    with_runs(|runs| found.clone_from(runs));
    found
}

fn with_runs(action: impl FnOnce(&mut Vec<RunRecord>)) {
    action(&mut HERE.lock().unwrap_or_else(PoisonError::into_inner));
}

/// A run of this machine that has an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its properties.
    pub record: RunRecord,
    /// Whether its process is alive.
    pub alive: bool,
}

/// The runs of this machine that have an entry.
pub fn registered() -> Vec<Registered> {
    registered_in(&folder())
}

fn registered_in(folder: &Path) -> Vec<Registered> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_run_id));
    files.filter_map(|entry| read(&entry.path()).ok()).collect()
}

/// Removes the entry of a run whose objects are all removed.
///
/// # Errors
/// The file cannot be removed.
pub fn forget(run_id: &str) -> io::Result<()> {
    fs::remove_file(folder().join(run_id))
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(FOLDER)
}

/// Writes and locks the file before it gets its name, so that no reader sees it without its lock.
fn enter(folder: &Path, record: &RunRecord) -> io::Result<(File, PathBuf)> {
    if fs::create_dir(folder).is_ok() {
        fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    }
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(FILE_MODE))
        .tempfile_in(folder)?;
    file.write_all(&serde_json::to_vec(record)?)?;
    file.as_file().lock()?;
    let path = folder.join(&record.run_id);
    let file = file.persist_noclobber(&path).map_err(|error| error.error)?;
    Ok((file, path))
}

fn rewrite(path: &Path, record: &RunRecord) -> io::Result<()> {
    fs::write(path, serde_json::to_vec(record)?)
}

fn read(path: &Path) -> io::Result<Registered> {
    let file = File::open(path)?;
    let alive = match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => return Err(error),
    };
    let record = serde_json::from_reader(&file)?;
    Ok(Registered { record, alive })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn record(run_id: &str) -> RunRecord {
        RunRecord {
            run_id: run_id.to_owned(),
            process: 1,
            services: vec![("--db".to_owned(), "postgres://h/x".to_owned())],
            objects: vec!["table coupon_bench_x_coupon".to_owned()],
            kept: false,
        }
    }

    #[test]
    fn a_run_is_alive_as_long_as_its_file_is_locked() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("runs");
        let (file, path) = enter(&folder, &record("0123456789abcdef")).unwrap();
        fs::write(folder.join("notes"), "another file").unwrap();
        let alive = |alive| Registered {
            record: record("0123456789abcdef"),
            alive,
        };
        assert_eq!(registered_in(&folder), [alive(true)]);
        drop(file);
        assert_eq!(registered_in(&folder), [alive(false)]);
        fs::remove_file(path).unwrap();
        assert_eq!(registered_in(&folder), []);
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o7777,
            FOLDER_MODE
        );
    }

    #[test]
    fn a_run_is_in_progress_until_it_has_ended() {
        let id = "00000000fedcba98";
        let is_here = || under_way().iter().any(|record| record.run_id == id);
        let registration = RunRegistration::enter(record(id));
        assert!(is_here());
        registration.end(RunEnd::Removed);
        assert!(!is_here());
        assert!(!folder().join(id).exists());
    }
}
