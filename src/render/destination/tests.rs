#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_longer_old_report_is_replaced_only_when_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    fs::write(&path, "an old and longer report").unwrap();

    let mut sink = Destination::open(&path).unwrap();
    let old = fs::read_to_string(&path).unwrap();
    assert_eq!(old, "an old and longer report");
    sink.write("new\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    assert_eq!(names(directory.path()), ["report.json"]);
}

#[test]
fn a_new_file_appears_when_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.xml");
    let mut sink = Destination::open(&path).unwrap();
    assert_eq!(names(directory.path()), [""; 0]);
    sink.write("<testsuites/>\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "<testsuites/>\n");
}

#[test]
fn an_output_that_is_not_finished_leaves_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("attempts.csv");
    fs::write(&path, "old").unwrap();
    let mut writing = Destination::open(&path).unwrap().writing().unwrap();
    writing.write_all(b"half of the new").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    drop(writing);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(directory.path()), ["attempts.csv"]);
}

#[test]
fn a_link_stays_a_link_whether_its_file_exists_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("latest.json");
    let behind = directory.path().join("today.json");
    std::os::unix::fs::symlink("today.json", &path).unwrap();
    for text in ["first", "second"] {
        Destination::open(&path).unwrap().write(text).unwrap();
        assert!(path.is_symlink());
        assert_eq!(fs::read_to_string(&behind).unwrap(), text);
    }
    std::os::unix::fs::symlink("loop", directory.path().join("loop")).unwrap();
    assert!(Destination::open(directory.path().join("loop")).is_err());
}

#[test]
fn a_replaced_file_keeps_its_mode_and_a_new_one_is_not_private() {
    let directory = tempfile::tempdir().unwrap();
    let (old, new) = (directory.path().join("old"), directory.path().join("new"));
    fs::write(&old, "").unwrap();
    fs::set_permissions(&old, Permissions::from_mode(0o640)).unwrap();
    Destination::open(&old).unwrap().write("text").unwrap();
    assert_eq!(mode(&old), 0o640);
    Destination::open(&new).unwrap().write("text").unwrap();
    let usual = directory.path().join("usual");
    fs::write(&usual, "").unwrap();
    assert_eq!(mode(&new), mode(&usual));
}

#[test]
fn a_device_is_written_directly_and_its_error_is_returned() {
    assert!(matches!(
        Destination::open("/dev/full").unwrap(),
        Destination::Direct(_)
    ));
    let error = Destination::open("/dev/full")
        .unwrap()
        .write("text")
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    Destination::open("/dev/null")
        .unwrap()
        .write("text")
        .unwrap();
}

/// `--json /dev/stdout >> log` must not empty the log.
#[test]
fn an_open_file_of_the_process_is_appended_to() {
    use std::os::fd::AsRawFd;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    fs::write(&path, "old\n").unwrap();
    let file = OpenOptions::new().append(true).open(&path).unwrap();
    let descriptor = format!("/dev/fd/{}", file.as_raw_fd());
    Destination::open(descriptor)
        .unwrap()
        .write("new\n")
        .unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\nnew\n");
}

#[test]
fn appended_text_follows_the_old_text() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("summary.md");
    Destination::append(&path, "one\n").unwrap();
    Destination::append(&path, "two\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "one\n\ntwo\n");
    assert!(Destination::append(directory.path(), "three").is_err());
}

#[test]
fn a_path_that_cannot_be_written_fails_on_opening() {
    let directory = tempfile::tempdir().unwrap();
    assert!(Destination::open(directory.path().join("missing/report.json")).is_err());
    assert!(Destination::open(directory.path()).is_err());
}

#[test]
fn a_dash_is_stdout() {
    assert!(matches!(
        Destination::open("-").unwrap(),
        Destination::Stdout
    ));
}

#[test]
fn only_a_broken_pipe_is_ignored() {
    assert!(reader_may_leave(Err(of_stdout(&io::ErrorKind::BrokenPipe.into()))).is_ok());
    assert!(reader_may_leave(Err(io::ErrorKind::StorageFull.into())).is_err());
}
