//! The modules of `src/lib.rs` are in the order of the data's way: each imports only from modules above it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The top-level modules in the order in which `lib.rs` declares them, without those of tests.
fn layers() -> Vec<String> {
    let lib = fs::read_to_string("src/lib.rs").expect("src/lib.rs");
    let modules = lib.lines().filter_map(|line| line.strip_prefix("pub mod "));
    modules
        .map(|name| name.trim_end_matches(';').to_owned())
        .collect()
}

/// Every source file of `folder` that is part of the program: tests may import what they need.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of src");
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.contains("tests") || name == "fixtures" {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path));
        } else if name.ends_with(".rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A file's text without comments and without its test module.
fn program(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let lines = text.lines().map(|line| match line.find("//") {
        Some(at) => &line[..at],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The top-level modules that `text` names, by `crate::module` or by `crate::{module, …}`.
fn imports(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, matched) in text.match_indices("crate::") {
        let rest = &text[at + matched.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => drop(found.insert(head(rest))),
        }
    }
    found
}

/// The first path segment of each item at the outermost level of a group, up to its closing brace.
fn heads(group: &str) -> Vec<String> {
    let mut depth = 0_u32;
    let mut outermost = String::new();
    for character in group.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            other if depth == 0 => outermost.push(other),
            _ => {}
        }
    }
    let heads = outermost.split(',').map(head);
    heads.filter(|head| !head.is_empty()).collect()
}

fn head(path: &str) -> String {
    let word = |character: &char| character.is_alphanumeric() || *character == '_';
    path.trim_start().chars().take_while(word).collect()
}

#[test]
fn every_module_imports_only_from_modules_above_it() {
    let layers = layers();
    let place = |name: &str| layers.iter().position(|layer| layer == name);
    let mut back = Vec::new();
    let mut edges = 0;
    for (layer, name) in layers.iter().enumerate() {
        for file in sources(&Path::new("src").join(name)) {
            for import in imports(&program(&file)) {
                let Some(to) = place(&import) else { continue };
                edges += 1;
                if to > layer {
                    back.push(format!("{name} -> {import} in {}", file.display()));
                }
            }
        }
    }
    assert!(edges > 500, "only {edges} imports were found");
    assert!(back.is_empty(), "{}", back.join("\n"));
}

#[test]
fn imports_are_read_in_every_form() {
    let read = |text| imports(text).into_iter().collect::<Vec<_>>();
    assert_eq!(read("use crate::ports::Clock;"), ["ports"]);
    assert_eq!(
        read("use crate::{model::{a, b::c}, text, ports::{Clock, x::{y}}};"),
        ["model", "ports", "text"]
    );
    assert_eq!(read("let x = crate::text::clean(y, z);"), ["text"]);
}
