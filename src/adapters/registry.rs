//! Which runs are alive: a file for each run of this machine, locked by its process for as long as that lives.
//!
//! The operating system releases the lock however the process ends, so a file without a lock is that of a run that was killed, or
//! that has left something behind. Nothing is decided by a process number, which another process may have by then.

use std::{
    fs::{self, File, Permissions, TryLockError},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::remains::is_run_id;

/// The folder of the files, in the one for temporary files.
const FOLDER: &str = "coupon_bench_runs";

/// Runs of other users keep their files there, too, and only their own can remove them.
const FOLDER_MODE: u32 = 0o1777;

/// Others may see whether a run is alive.
const FILE_MODE: u32 = 0o644;

/// What a run says of itself. Holds no password.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Record {
    /// Part of the names of everything it creates.
    pub run_id: String,
    /// The number of its process, for people.
    pub process: u32,
    /// The services that it creates something on: the flag, and where the service is.
    pub services: Vec<(String, String)>,
    /// What it creates there.
    pub objects: Vec<String>,
    /// Whether it has ended and was asked to leave its objects behind.
    #[serde(default)]
    pub kept: bool,
}

/// The runs of this process that are under way.
static HERE: Mutex<Vec<Record>> = Mutex::new(Vec::new());

/// The entry of a run. Dropped without [`Registration::end`], its file stays, and tells of what may be left behind.
#[derive(Debug)]
pub struct Registration {
    record: Record,
    /// None where the file could not be made: such a run is not known to be alive.
    file: Option<(File, PathBuf)>,
}

/// How a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything that it had created is removed.
    Removed,
    /// Its objects are left behind, as asked.
    Kept,
    /// Something could not be removed.
    LeftBehind,
}

impl Registration {
    /// Enters a run before it creates anything. A run goes on without an entry where none can be made.
    pub fn enter(record: Record) -> Self {
        let file = enter(&folder(), &record);
        if let Err(error) = &file {
            tracing::warn!(%error, "the run is not registered, so clean cannot tell that it is alive");
        }
        here(|runs| runs.push(record.clone()));
        Self {
            record,
            file: file.ok(),
        }
    }

    /// Says how the run has ended.
    pub fn end(mut self, ended: Ended) {
        let Some((_, path)) = &self.file else { return };
        self.record.kept = ended == Ended::Kept;
        // What cannot be written or removed is found by clean.
        let _ = match ended {
            Ended::Removed => fs::remove_file(path),
            Ended::Kept => rewrite(path, &self.record),
            Ended::LeftBehind => Ok(()),
        };
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let id = &self.record.run_id;
        here(|runs| runs.retain(|record| record.run_id != *id));
    }
}

/// The runs of this process that are under way: what is left behind if it ends now.
pub fn under_way() -> Vec<Record> {
    let mut found = Vec::new();
    here(|runs| found.clone_from(runs));
    found
}

fn here(look: impl FnOnce(&mut Vec<Record>)) {
    look(&mut HERE.lock().unwrap_or_else(PoisonError::into_inner));
}

/// A run of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// What it says of itself.
    pub record: Record,
    /// Whether its process lives.
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

/// Removes the entry of a run of which nothing is left.
pub fn forget(run_id: &str) -> io::Result<()> {
    fs::remove_file(folder().join(run_id))
}

fn folder() -> PathBuf {
    std::env::temp_dir().join(FOLDER)
}

/// Written and locked before it gets its name: nobody sees it without its lock.
fn enter(folder: &Path, record: &Record) -> io::Result<(File, PathBuf)> {
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

fn rewrite(path: &Path, record: &Record) -> io::Result<()> {
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

    fn record(run_id: &str) -> Record {
        Record {
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
        fs::write(folder.join("notes"), "somebody else's").unwrap();
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
    fn a_run_is_under_way_here_until_it_has_ended() {
        let id = "00000000fedcba98";
        let is_here = || under_way().iter().any(|record| record.run_id == id);
        let registration = Registration::enter(record(id));
        assert!(is_here());
        registration.end(Ended::Removed);
        assert!(!is_here());
        assert!(!folder().join(id).exists());
    }
}
