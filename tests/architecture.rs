//! The claims of `ARCHITECTURE.md` and of the other pages about the source: modules, paths, sizes of files, and language.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Pages whose paths must exist.
const PAGES: [&str; 5] = [
    "ARCHITECTURE.md",
    "README.md",
    "README.ko.md",
    "src/strategies/README.md",
    "CHANGELOG.md",
];

/// Folders of the repository, with which a path in a page begins.
const ROOTS: [&str; 10] = [
    "benches/",
    "docs/",
    "examples/",
    "results/",
    "scenarios/",
    "schema/",
    "scripts/",
    "src/",
    "targets/",
    "tests/",
];

/// Paths that a page or a script names and that are not in the repository: templates, and results that a script writes.
const ABSENT: [&str; 1] = ["src/strategies/my_strategy.rs"];

/// The folders and pages whose language is checked.
const PLAIN: [&str; 10] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "README.md",
    "action.yml",
    "docs",
    "scenarios",
    "schema",
    "scripts",
    "src",
    "targets",
];

/// Pronouns that hide which actor a sentence is about.
const UNCLEAR: [&str; 6] = [
    "nobody",
    "somebody",
    "anybody",
    "everybody",
    "whoever",
    "whatever",
];

/// The account of the system that a server runs as if no other exists: a name, and no pronoun.
const ACCOUNT: &str = "in \"$@\" nobody;";

/// The modules whose files are checked for their length.
const SHORT: [&str; 1] = ["src"];

/// The most lines of a source file without tests.
const LONGEST: usize = 350;

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every text file below `folder`, which may be a file itself.
fn files(folder: &str) -> Vec<PathBuf> {
    if Path::new(folder).is_file() {
        return vec![PathBuf::from(folder)];
    }
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read_to_string(&path).is_ok() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The pages, and the scripts.
fn pages() -> Vec<PathBuf> {
    let docs = files("docs").into_iter();
    let pages = PAGES.iter().map(PathBuf::from);
    pages.chain(docs).chain(files("scripts")).collect()
}

/// The paths in a text: words that begin with one of [`ROOTS`], without wildcards and placeholders.
fn paths(text: &str) -> BTreeSet<String> {
    let of_path = |c: char| c.is_ascii_alphanumeric() || "/._-*{}$<>".contains(c);
    let words = text.split(|c: char| !of_path(c));
    words
        .map(|word| word.trim_start_matches("../").trim_end_matches(['.', '/']))
        .filter(|word| ROOTS.iter().any(|root| word.starts_with(root)))
        .filter(|word| !word.contains(['*', '{', '}', '$', '<', '>']))
        .map(str::to_owned)
        .collect()
}

/// The part of the changelog about versions that are not released.
fn unreleased(changelog: &str) -> &str {
    let (_, after) = changelog.split_once("## [Unreleased]").unwrap_or_default();
    after.split("\n## [").next().unwrap_or_default()
}

#[test]
fn the_architecture_lists_the_modules_of_the_library_in_their_order() {
    let library = read("src/lib.rs");
    let declared: Vec<_> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let documented: Vec<_> = library
        .lines()
        .filter_map(|line| Some(line.strip_prefix("//! - [`")?.split_once('`')?.0))
        .collect();
    assert_eq!(documented, declared, "the layout of src/lib.rs");
    let page = read("ARCHITECTURE.md");
    let listed: Vec<_> = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `src/")?.split_once('`')?.0))
        .collect();
    assert_eq!(listed, declared, "the table of ARCHITECTURE.md");
}

#[test]
fn every_path_in_a_page_or_a_script_exists() {
    let mut missing = Vec::new();
    for page in pages() {
        let text = read(&page);
        let text = if page == Path::new("CHANGELOG.md") {
            unreleased(&text)
        } else {
            &text
        };
        let absent = |path: &String| !Path::new(path).exists() && !ABSENT.contains(&path.as_str());
        let paths = paths(text).into_iter().filter(absent);
        missing.extend(paths.map(|path| format!("{path} in {}", page.display())));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_architecture_fits_on_two_screens() {
    let lines = read("ARCHITECTURE.md").lines().count();
    assert!(lines <= 100, "{lines} lines");
}

#[test]
fn comments_messages_and_pages_name_the_actor() {
    let mut unclear = Vec::new();
    for path in PLAIN.iter().flat_map(|folder| files(folder)) {
        let text = read(&path).replace(ACCOUNT, "").to_lowercase();
        for (number, line) in (1..).zip(text.lines()) {
            let words = line.split(|c: char| !c.is_ascii_alphabetic());
            let word = words.into_iter().find(|word| UNCLEAR.contains(word));
            unclear.extend(word.map(|word| format!("{word} in {}:{number}", path.display())));
        }
    }
    assert!(unclear.is_empty(), "{}", unclear.join("\n"));
}

#[test]
fn no_source_file_is_too_long() {
    let is_test = |path: &PathBuf| {
        let path = path.to_string_lossy();
        path.contains("tests") || path.contains("fixtures") || !path.ends_with(".rs")
    };
    let mut long = Vec::new();
    for path in SHORT.iter().flat_map(|folder| files(folder)) {
        let lines = read(&path).lines().count();
        if lines > LONGEST && !is_test(&path) {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn paths_are_found_in_every_form() {
    let found = |text| paths(text).into_iter().collect::<Vec<_>>();
    assert_eq!(
        found("[a](../results/peers.md), `src/lib.rs`."),
        ["results/peers.md", "src/lib.rs"]
    );
    assert!(found("results/race-*.svg and a/src/b").is_empty());
}
