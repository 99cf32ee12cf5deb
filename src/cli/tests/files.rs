//! The errors of scenario files.

use super::{errors::error, *};

/// The error of `run` with this scenario file, the file's name shortened.
pub fn file_error(text: &str) -> String {
    let (_file, path) = file(text);
    error(&["--scenario", &path]).replace(&path, "x.toml")
}

#[test]
fn errors_of_files_have_a_line_and_a_key() {
    for (text, expected) in [
        (
            "strategy = 'naive'\nin-flight = 5",
            "unknown key \"in-flight\" in x.toml:2: did you mean \"in_flight\"?",
        ),
        (
            "limit = 100\nlimit = 200",
            "invalid TOML in x.toml:2: duplicate key \"limit\"",
        ),
        (
            "strategy = 'naive'\n\nlimit = 0",
            "invalid value \"0\" in x.toml:3 (limit): must be at least 1",
        ),
        (
            "strategy = 'naive'\nusers = -5",
            "invalid value \"-5\" in x.toml:2 (users): a count is a whole number, such as 10000, 10k or 1_000_000",
        ),
        (
            "strategy = 'naive'\nkeep = 'maybe'",
            "invalid value \"maybe\" in x.toml:2 (keep): must be on or off",
        ),
        (
            "strategy = 'naive'\ndb_connection = 'session'",
            "invalid value \"session\" in x.toml:2 (db_connection): write statement or request",
        ),
        (
            "limit = [1,\n2]",
            "wrong type in x.toml:1 (limit): expected one value, not an array",
        ),
        (
            "strategy = [\n'naive',\n'naiv']",
            "unknown strategy \"naiv\" in x.toml:3 (strategy): did you mean \"naive\"? (see coupon-bench strategies)",
        ),
        (
            "strategy = 'naive'\nassert = [\n  'issued == 100',\n  'p99 < 5',\n]",
            "invalid assertion in x.toml:4 (assert): invalid value \"5\" (p99 is a duration): a duration needs a \
             number and a unit (ns, us, µs, ms, s, m), such as 500ms\n  p99 < 5\n        ^",
        ),
        (
            "strategy = 'naive'\ntitle = \"a\\u001b[31m\"",
            "invalid value \"a\\u{1b}[31m\" in x.toml:2 (title): a title is one line of plain text",
        ),
        (
            "strategy = []",
            "wrong type in x.toml:1 (strategy): the array is empty, so leave out the key",
        ),
    ] {
        assert_eq!(file_error(text), expected);
    }
}

#[test]
fn errors_of_toml_have_a_line_and_a_key() {
    for (text, begins) in [
        ("limit = ", "invalid TOML in x.toml:1: "),
        (
            "\nlimit = 1.5",
            "wrong type in x.toml:2 (limit): invalid type: floating point `1.5`, expected a string",
        ),
        (
            "title = 3",
            "wrong type in x.toml:1 (title): invalid type: integer `3`, expected a string",
        ),
        (
            "[limit]\nx = 1",
            "wrong type in x.toml:1 (limit): invalid type: map",
        ),
        (
            "limit = 99999999999999999999",
            "wrong type in x.toml:1 (limit): ",
        ),
        (
            "colour = 1",
            "unknown key \"colour\" in x.toml:1: it is one of title, strategy, target, users, ",
        ),
    ] {
        let error_text = file_error(text);
        assert!(error_text.starts_with(begins), "{error_text}");
    }
}

#[test]
fn files_that_cannot_be_read() {
    let error_text = error(&["--scenario", "no/such.toml"]);
    assert_eq!(
        error_text,
        "cannot read the scenario file \"no/such.toml\": there is no such file"
    );
    let directory = tempfile::tempdir().unwrap();
    let error_text = error(&["--scenario", directory.path().to_str().unwrap()]);
    assert!(
        error_text.ends_with("the path is a directory, so name a file in it"),
        "{error_text}"
    );
    let (handle, path) = file("");
    std::fs::write(handle.path(), b"a = 1\nb = '\xff'").unwrap();
    assert!(error(&["--scenario", &path]).ends_with("the file is not UTF-8 in line 2"));
    std::fs::write(handle.path(), "#".repeat(1024 * 1024 + 1)).unwrap();
    let error_text = error(&["--scenario", &path]);
    assert!(
        error_text.contains("the file is larger than 1 MiB"),
        "{error_text}"
    );
}
